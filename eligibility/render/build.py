"""A programme made into its sheet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

from eligibility.check.written import pack_file, programme_of
from eligibility.expression import Expression
from eligibility.model import BENEFIT, Programme
from eligibility.place import places_containing
from eligibility.render.changes import changes
from eligibility.render.sections import Variant
from eligibility.render.sheet import Line, Moment, Section, Sheet, Standing
from eligibility.render.wording import say, wording
from eligibility.rulebook import Rulebook
from eligibility.window import Windows
from knowledge import Knowledge, SourceFile
from knowledge.text import day


def sheet_of(rules: Rulebook, programme: str, as_of: date, place: str) -> Sheet:
    """Everything that there is to see of a programme on a day at a place.

    Raises:
        DecisionError: unknown programme or place.
    """
    base, knowledge = rules.programme(programme), rules.knowledge
    places = places_containing(knowledge, place)
    here = base.at(as_of, places)
    notice = knowledge.notices[here.document]
    speaking = [overlay.document for overlay in base.overlays if overlay.speaks(as_of, places)]
    overlays, marks = _overlays(rules, base, speaking)
    files = _files(knowledge, base.id, speaking)
    sections = Variant(rules, here, _written(files), marks).sections()
    if overlays:
        sections += (Section("overlays", wording()["head"]["overlays"], overlays),)
    return Sheet(
        id=here.id,
        title=here.title,
        summary=here.summary,
        source=say("head", "source", number=notice.number, item=here.item),
        document=here.document,
        as_of=as_of,
        place=place,
        standing=standing_of(rules, base, as_of, place),
        sections=sections,
        files=tuple(pack_file(file) for file in files),
        moments=tuple(_moments(knowledge, base)),
        places=tuple(dict.fromkeys(one.place for one in knowledge.notices.values())),
    )


def standing_of(rules: Rulebook, programme: Programme, as_of: date, place: str) -> Standing:
    """The programme in time and place, whoever asks. Raises DecisionError for an unknown place."""
    places = places_containing(rules.knowledge, place)
    if programme.place not in places:
        return Standing("elsewhere", say("standing", "elsewhere", place=place))
    here = programme.at(as_of, places)
    window = Windows(here, rules.knowledge).of({"as_of": as_of})
    key = _standing_key(here, window.state)
    return Standing(window.state, say("standing", key, until=day(window.until) if window.until else ""), window.note)


def _standing_key(programme: Programme, state: str) -> str:
    """The state; more exactly where the deadline depends on the case."""
    options = programme.windows
    if programme.kind != BENEFIT and state == "undated":
        return "statement"
    if state == "undated":
        return "undated_own" if options else state
    if state not in ("open", "closed") or not options:
        return state
    if options[-1].condition is not None:
        return f"{state}_partly"
    return f"{state}_latest" if len(options) > 1 else state


def _overlays(rules: Rulebook, base: Programme, documents: Collection[str]) -> tuple[tuple[Line, ...], dict[str, str]]:
    """The further notices with what each changes; and the marks of those that speak: condition or fact → words."""
    knowledge, lines, marks = rules.knowledge, [], dict[str, str]()
    for i, overlay in enumerate(base.overlays):
        notice = knowledge.notices[overlay.document]
        after = min((speaking for speaking in base.localised if i in speaking), key=len)  # with the fewest others
        before = tuple(other for other in after if other != i)
        found = tuple(changes(knowledge, _sections(rules, base, before), _sections(rules, base, after), overlay))
        words = say("note", "speaks", number=notice.number, place=overlay.place, since=day(overlay.since))
        notes = () if overlay.document in documents else (wording()["note"]["silent"],)
        lines.append(Line(words, notes=notes, children=tuple(line for _, line in found)))
        if overlay.document in documents:
            marks |= {line.key: say("mark", kind, short=notice.short) for kind, line in found if kind != "drops"}
    return tuple(lines), marks


def _sections(rules: Rulebook, base: Programme, speaking: tuple[int, ...]) -> tuple[Section, ...]:
    """The programme as these of its further notices have it; as its own notice has it where they never speak alone."""
    documents = [base.overlays[i].document for i in speaking] if speaking in base.localised else []
    written = _written(_files(rules.knowledge, base.id, documents))
    return Variant(rules, base.localised.get(speaking, base), written).sections()


def _moments(knowledge: Knowledge, base: Programme) -> Iterator[Moment]:
    """The days from which something is otherwise: notices, deadlines, later documents."""
    notice = knowledge.notices[base.document]
    found = {notice.date_not_after: say("moment", "issued" if notice.date else "known", short=notice.short)}
    for overlay in base.overlays:
        found[overlay.since] = say("moment", "since", short=knowledge.notices[overlay.document].short)
    for one in (base, *base.localised.values()):
        for option in one.windows:
            last = option.value.evaluate({}) if isinstance(option.value, Expression) else None
            if last is not None:
                then = last + timedelta(days=1)
                state = Windows(one, knowledge).of({"as_of": then}).state
                if state != "replaced":
                    found[last] = wording()["moment"]["last"]
                    found[then] = wording()["moment"]["after" if state == "closed" else "after_partly"]
    for entry in knowledge.successors.get(base.id, ()):
        found.setdefault(entry["from"], wording()["moment"][f"{entry['status']}_later"])
    yield from (Moment(when, words) for when, words in sorted(found.items()))


def _files(knowledge: Knowledge, programme: str, speaking: Collection[str]) -> list[SourceFile]:
    """The files that speak on a programme: its own, then those of the further notices."""
    found = [source for source in knowledge.programme_files if programme_of(source) == programme]
    own = [source for source in found if "extends" not in source.data]
    return own + [one for one in found if one not in own and knowledge.notice_of(one.path).id in speaking]


def _written(files: Sequence[SourceFile]) -> dict[str, str]:
    """Where each condition is written; a further notice's word stands above."""
    found = {}
    for source in files:
        for place in source.lines:
            if place[:1] in (("when",), ("also",)) and place[-1] == "id":
                entry = source.data
                for step in place:
                    entry = entry[step]
                name = str(entry)
            elif place[:1] == ("conditions",) and len(place) == 2:
                name = str(place[1])
            else:
                continue
            found[name] = say("note", "file", file=pack_file(source), line=source.line_of(place))
    return found
