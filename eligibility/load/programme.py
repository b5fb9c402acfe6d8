"""One programme, as its own file and some further notices (``extends:``) have it; a later word stands above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eligibility.duties import load_duties
from eligibility.kleene import leaves_of
from eligibility.load.answers import read_aspects, read_delegated
from eligibility.load.conditions import Conditions
from eligibility.load.derived import read_derived
from eligibility.load.outcomes import Results, read_amount, read_exceptions, read_windows, with_further_clauses
from eligibility.load.reader import Place, Reader
from eligibility.model import BENEFIT, DUTY, INFORMATIONAL, KINDS, Programme
from eligibility.names import Names
from knowledge import Knowledge, SourceFile
from knowledge.fields import typed

_ABOUT = ("id", "kind", "title", "source", "subject", "summary", "next_step", "delegated", "aspects")
_RULE = ("held_by_agency", "derive", "exceptions", "when", "amount", "results", "window", "what_if")
_STATEMENT = ("cite", "says")


def compile_programme(knowledge: Knowledge, base: SourceFile, further: Sequence[SourceFile] = ()) -> Programme:
    """The programme of ``base`` where the ``further`` files speak, the earliest of them first.

    Raises:
        PackError: a file that cannot be used, with the line and how to mend it.
    """
    names = Names(knowledge.facts)
    own, *others = [Reader(knowledge, source, names) for source in (base, *further)]
    files, latest_first = (own, *others), [*reversed(others), own]
    top = own.fields((), own.data, *_ABOUT, *_RULE, *_STATEMENT)
    origin = own.fields(("source",), top.data.get("source"), "document", "item")
    document = origin.one_of("document", tuple(knowledge.notices))
    kind = top.one_of("kind", KINDS) if "kind" in top.data else BENEFIT
    speaking = {str(name): file for file in files for name in file.section("derive", dict)}
    derived = {name: read_derived(file, name) for name, file in speaking.items()}
    when = Conditions(own, others).read(decides=kind == BENEFIT)
    results = Results()
    for file in files:
        results.read(file)

    def word_on(key: str) -> Reader:
        return next((file for file in latest_first if file.data.get(key) is not None), own)

    return Programme(
        id=top.need("id"),
        title=top.need("title"),
        document=document,
        item=origin.need("item"),
        subject=top.one_of("subject", ("unit", "person")),
        place=knowledge.notices[document].place,
        summary=top.need("summary"),
        held_by={name: words for file in files for name, words in _held_by(file).items()},
        exceptions=read_exceptions(own),
        when=when,
        amount=with_further_clauses(read_amount(word_on("amount")), others),
        results=results.options,
        result_verdicts=results.verdicts,
        windows=read_windows(word_on("window")),
        may_change=_may_change(own),
        delegated={name: texts for file in files for name, texts in read_delegated(file).items()},
        aspects={name: aspect for file in files for name, aspect in read_aspects(file).items()},
        derived=derived,
        overlays=(),
        next_step=_next_step(word_on("next_step")),
        leaves=tuple(leaves_of(when)),
        kind=kind,
        says=top.need("says") if kind == INFORMATIONAL else None,
        cite=own.cite(top) if kind == INFORMATIONAL else (),
        duties=load_duties(knowledge) if kind == DUTY else {},
    )


def _held_by(reader: Reader) -> Mapping[str, str]:
    """The facts that an authority holds, with how they are called there."""
    place: Place = ("held_by_agency",)
    data = reader.section("held_by_agency", dict)
    reader.known_facts(place, data)
    return {name: typed(reader.source, (*place, name), words, str) for name, words in data.items()}


def _may_change(reader: Reader) -> tuple[str, ...]:
    """The facts of which an applicant is told what would change a refusal."""
    fields = reader.fields(("what_if",), reader.data.get("what_if") or {}, "may_change")
    return reader.known_facts(("what_if", "may_change"), fields.texts("may_change"))


def _next_step(reader: Reader) -> str | None:
    return typed(reader.source, ("next_step",), reader.data.get("next_step") or "", str) or None
