"""One message read into the conversation: date and place, topic, answers, volunteered facts.

The NLU has marked spans (programme, fact, quantity …) without knowing what was asked. Here they get their meaning from
the question that is pending, the cue words of the lexicon, the fact's type and the date of the conversation.
The steps stand in ``STEPS`` and run top to bottom; each may add to the ``Reading``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from actions import retirement
from actions.assign import Scene, certainty, covers, fact_for, speaks_of, typed
from actions.hearsay import figures_put_forward
from actions.offered_answers import choice_of_the_question
from actions.programmes import programme_name
from actions.reading import Reading
from actions.speak import say
from actions.state import State
from actions.values import Value, find_values, invalid_dates
from knowledge.text import normalise, without

STATING = (
    "check",
    "inform",
    "affirm",
    "deny",
    "dont_know",
    "correct",
    "what_else",
    "nlu_fallback",
    "set_date",
    "resume",
)
"""Intents under which a sentence is taken to speak of the applicant; a question about the notices in general is not."""

_BY_DATE = re.compile("按.*(算|看|来|办|规定)")
_ASIDE = ("ask", "why", "stop", "bye", "restart", "human", "summary", "what_else", "abuse")
"""Intents that another action answers before the interview goes on."""
_SEPARATORS = re.compile(r"[、,，。;；\s]")


def read(state: State) -> Reading:
    """Read the latest message of a conversation."""
    reading = Reading(
        state,
        state.profile,
        state.programme,
        state.as_of,
        state.place,
        state.topics,
        state.told,
        state.pending,
        state.asked_for_date,
    )
    for step in STEPS:
        step(reading)
    return reading


# --- the steps ---------------------------------------------------------------------------------------------------
def door_date_and_place(reading: Reading) -> None:
    """The door's own date and place (page header, command line) hold until the user names another in words."""
    wanted = reading.state.metadata.get("as_of")
    if wanted and wanted != reading.door_date:
        reading.door_date = wanted
        reading.as_of = date.fromisoformat(wanted)
        reading.told = None
    place = reading.state.metadata.get("place")
    if place and place != reading.place:
        reading.place = place
        reading.told = None


def values_in_the_text(reading: Reading) -> None:
    """Numbers, money, percentages, durations and dates, untyped; impossible dates are said, not guessed."""
    reading.values = find_values(reading.state.text, reading.as_of)
    for said in invalid_dates(reading.state.text):
        reading.problems.append({"problem": "impossible_date", "said": said})


def slips_of_the_tongue(reading: Reading) -> None:
    """“裁了5个，哦不，4个”: the second takes the place of the first; “是12个，不是15个”: the denied one goes."""
    text, slips = reading.state.text, reading.state.room.knowledge.lexicon["slips"]
    marks = (*slips["marks"], *slips["fillers"])
    kept: list[Value] = []
    for value in reading.values:
        before = kept[-1] if kept else None
        between = _SEPARATORS.sub("", text[before.end : value.start]) if before else ""
        if before and before.kind == value.kind and between and not without(between, marks):
            kept[-1] = replace(value, start=before.start, end=before.end)
        else:
            kept.append(value)
    denials = tuple(slips["denials"])
    denied = [value for value in kept if text[: value.start].rstrip().endswith(denials)]
    reading.values = [value for value in kept if value not in denied] or kept


def supposed(reading: Reading) -> None:
    """“要是35人呢”, “那今年3月呢”: what would be, not what is."""
    text = normalise(reading.state.text)
    words = {name: tuple(listed) for name, listed in reading.state.room.knowledge.lexicon["what_if"].items()}
    about = text.startswith(words["about_begins"]) and text.rstrip("?？").endswith(words["about_ends"])
    reading.what_if = reading.programme is not None and (text.startswith(words["begins"]) or about)


def topic(reading: Reading) -> None:
    """Which programme is talked about. A question in passing does not leave a running interview."""
    state = reading.state
    named = next((name for name in state.named("programme") if name in state.room.rules.benefits), None)
    if state.intent == "resume" and named is None and state.topics:
        named = state.topics[-1]
    in_passing = state.interviewing and state.intent not in ("check", "resume", "inform")
    if named is None and reading.programme and _speaks_of_another_applicant(reading):
        reading.topics = (*(t for t in reading.topics if t != reading.programme), reading.programme)
        reading.turn_to(None)
    if named is None or named == reading.programme or in_passing:
        return
    if reading.programme:
        reading.topics = (*(t for t in reading.topics if t not in (named, reading.programme)), reading.programme)
    reading.turn_to(named)
    reading.switched = True


def _speaks_of_another_applicant(reading: Reading) -> bool:
    """“我今年毕业，还能领什么” in the middle of a firm's interview: the person asks for themselves now."""
    state, current = reading.state, reading.current
    if state.intent not in ("what_else", "check") or current is None:
        return False
    facts = state.room.knowledge.facts
    names = [name.partition("=")[0] for name in state.named("fact")]
    scopes = {facts[name].scope for name in names if name in facts} - {"programme"}
    return bool(scopes) and current.subject not in scopes


def another_date(reading: Reading) -> None:
    """“按2021年9月1日算”: the conversation moves to that date; a year alone means the programme's last day in it."""
    if reading.state.intent != "set_date" or _told_birth(reading):
        return
    if reading.what_if and not _BY_DATE.search(reading.state.text):
        return
    if reading.question is not None and reading.question.kind == "date" and not _BY_DATE.search(reading.state.text):
        return  # an answer to “什么时候”, however much it looks like a wish
    said = next((value for value in reading.values if value.kind == "date"), None)
    window = _last_day(reading)
    in_that_year = said is not None and said.precision == "year" and window is not None and window.year == _year(said)
    exact = said is not None and said.precision == "day"
    wanted = window if said is None or in_that_year else said.value if exact else said.high
    if isinstance(wanted, date):
        reading.as_of, reading.told, reading.date_set, reading.answered = wanted, None, True, True
        reading.values = [value for value in reading.values if value is not said]


def _told_birth(reading: Reading) -> retirement.Birth | None:
    asked = reading.question is not None and retirement.FACT in reading.question.facts
    return retirement.birth_told(reading.state, reading.values, reading.as_of, asked)


def retirement_from_birth(reading: Reading) -> None:
    """“我是1966年5月生的，男的”: no retirement date, but one follows from it."""
    state, current = reading.state, reading.current
    if state.intent in ("ask", "why") or (current is not None and current.subject != "person"):
        return
    birth = _told_birth(reading)
    if birth is None:
        return
    law = state.room.knowledge.retirement
    first, last = birth.span(law, reading.as_of)
    reading.record(retirement.FACT, first, low=first, high=last, **retirement.entry(birth))
    reading.notes += [note] if (note := retirement.worked_out(birth, law, reading.as_of)) else []
    asked_age = reading.question is not None and "age" in reading.question.facts
    if not asked_age:
        reading.values = [value for value in reading.values if value.text not in birth.said]


def _of_a_relative(state: State, found: Mapping[str, Any]) -> bool:
    """“老婆有残疾”: said of somebody else. A false yes would send the user out for nothing; at worst we ask."""
    kin = tuple(state.room.knowledge.lexicon.get("kin", ()))
    return state.text[: int(found.get("start") or 0)].endswith(kin)


def _within_a_name(state: State, found: Mapping[str, Any]) -> bool:
    """“毕业年度培训补贴”: a word of a programme's name says nothing of the one who asks; a whole name may say both."""
    return any(
        name["start"] <= found["start"]
        and found["end"] <= name["end"]
        and found["end"] - found["start"] < name["end"] - name["start"]
        for name in state.entities
        if name.get("entity") == "programme"
    )


def _of_themselves(state: State) -> bool:
    """“我是农村两后生，能给多少”: a question, but what it says before is said of the one who asks."""
    words = state.room.knowledge.lexicon.get("of_themselves", ())
    return any(word in normalise(state.text) for word in words)


def stated_facts(reading: Reading) -> None:
    """Facts recognised by the lexicon (“律所”, “有残疾证”, “没裁人”), kept whether they were asked or not."""
    state = reading.state
    if state.intent not in STATING and not reading.question:
        return
    if state.intent == "ask" and not _of_themselves(state):
        return
    settled = set(reading.recorded)  # by the choice; among several words for one fact the last one counts
    for found in state.entities:
        if found.get("entity") != "fact":
            continue
        name, _, raw = str(found["value"]).partition("=")
        fact = state.room.knowledge.facts.get(name)
        if fact is None or name in settled or not speaks_of(fact, reading.current):
            continue
        if fact.scope == "person" and _of_a_relative(state, found):
            continue
        if _within_a_name(state, found):
            continue
        value: Any = {"true": True, "false": False}.get(raw, raw)
        if fact.type in ("count", "months", "days"):
            value = int(raw)
        reading.record(name, value, str(state.text[found.get("start", 0) : found.get("end", 0)]))


def stated_values(reading: Reading) -> None:
    """Each number goes to the fact whose cue stands nearest, else to the fact that is asked, else to its unit's own."""
    state = reading.state
    stating = state.intent in STATING or (reading.question is not None and state.intent != "ask")
    if not stating or not reading.values:
        return
    correcting = state.intent == "correct" or reading.what_if
    taken: set[str] = set(reading.recorded)
    rough = {entry.fact for entry in reading.profile.entries(reading.programme) if entry.approximate}
    scene = Scene(
        state.room, state.text, tuple(reading.values), reading.current, reading.question, reading.profile,
        correcting, _missing(reading),
    )  # fmt: skip
    doubted = {value.start for value in figures_put_forward(state)}
    # the surest first: in “28个人裁了5个” the 28 must not take the place of the 5
    for value in sorted(reading.values, key=lambda value: certainty(scene, value)):
        if value.start in doubted or _within_a_fact(state, value):
            continue
        if isinstance(value.low, (int, Fraction)) and value.low < 0:
            reading.problems.append({"problem": "negative", "said": value.text})
            continue
        fact = fact_for(scene, value, taken)
        found = typed(fact, value) if fact is not None else None
        if fact is not None and found is None:
            reading.problems.append({"problem": "not_read", "said": value.text})
        elif fact is not None and found is not None:
            taken.add(fact.id)
            reading.values.remove(value)
            said_again = reading.question is not None and fact.id in rough.intersection(reading.question.facts)
            reading.record(fact.id, *(found[:2] if said_again else found))  # asked for the exact number: it stands


def topic_of_what_was_told(reading: Reading) -> None:
    """Facts told before any programme was named: if only one programme turns on all of them, it is the topic."""
    if reading.programme is not None or not reading.recorded or reading.state.intent == "ask":
        return
    rules, told = reading.state.room.rules, [reading.profile.slot[name]["said"] for name in reading.recorded]
    by_words = [{n for n, said in zip(reading.recorded, told, strict=True) if said == words} for words in set(told)]
    fits = [
        programme.id
        for programme in rules.benefits.values()
        if programme.kind == "benefit" and all(covers(programme) & facts for facts in by_words)
    ]
    if len(fits) == 1:
        reading.turn_to(fits[0])
        reading.switched = True
        reading.notes.append(say("topic_inferred", name=programme_name(reading.state, fits[0])))
        stated_facts(reading)
        stated_values(reading)  # what only makes sense under a programme: “二十八人”


def doubtful(reading: Reading) -> None:
    """Two numbers that hardly go together are said back, not swallowed."""
    facts = reading.profile.facts(reading.programme or "")
    for doubt in reading.state.room.knowledge.lexicon.get("doubtful", ()):
        more, than = facts.get(doubt["more"]), facts.get(doubt["than"])
        new = bool({doubt["more"], doubt["than"]} & {*reading.recorded})
        if new and more is not None and than is not None and more > than:
            reading.notes.append(say("doubtful", says=doubt["says"]))


def _within_a_fact(state: State, value: Value) -> bool:
    """“一个人也没裁”: the number is part of words that state a fact by themselves."""
    facts = [found for found in state.entities if found.get("entity") == "fact"]
    return any(found["start"] <= value.start and value.end <= found["end"] for found in facts)


def what_it_replaces(reading: Reading) -> None:
    """Whether something believed before was put right."""
    before = reading.state.profile.facts(reading.programme or "")
    now = reading.profile.facts(reading.programme or "")
    reading.corrected = any(name in before and before[name] != now.get(name) for name in reading.recorded)


def cannot_tell(reading: Reading) -> None:
    """“不知道” declines what was asked; it is not asked again."""
    question = reading.question
    if reading.state.intent != "dont_know" or question is None or reading.recorded:
        return
    exact = {entry.fact for entry in reading.profile.entries(reading.programme) if not entry.approximate}
    for fact in question.facts:
        if fact not in exact:
            reading.profile = reading.profile.declined(fact, reading.programme)
            reading.declined.append(fact)


def outcome_of_reading(reading: Reading) -> None:
    """Whether the interview goes on from here, or another action answers first."""
    known = reading.state.profile.facts(reading.programme or "")
    reading.what_if = reading.what_if and any(fact in known for fact in reading.recorded)  # else it is simply told
    if reading.state.intent in _ASIDE and not reading.chosen and not reading.what_if:
        return
    if reading.recorded or reading.declined or reading.switched or reading.date_set or reading.problems:
        reading.answered = True


STEPS = (
    door_date_and_place,
    values_in_the_text,
    slips_of_the_tongue,
    supposed,
    topic,
    another_date,
    choice_of_the_question,
    retirement_from_birth,
    stated_facts,
    stated_values,
    topic_of_what_was_told,
    doubtful,
    what_it_replaces,
    cannot_tell,
    outcome_of_reading,
)


# --- what the steps share -----------------------------------------------------------------------------------------
def _year(value: Value) -> int | None:
    return value.low.year if isinstance(value.low, date) else None


def _missing(reading: Reading) -> frozenset[str]:
    """The facts the programme under discussion is still waiting for."""
    if reading.programme is None:
        return frozenset()
    facts = reading.profile.facts(reading.programme)
    decision = reading.state.room.rules.decide(reading.programme, facts, as_of=reading.as_of, place=reading.place)
    return frozenset((*decision.missing, *decision.missing_for_amount))


def _last_day(reading: Reading) -> date | None:
    """The last day on which the programme under discussion was open."""
    programme = reading.current
    if programme is None:
        return None
    decision = reading.state.room.rules.decide(
        programme.id, reading.profile.facts(programme.id), as_of=reading.as_of, place=reading.place
    )
    return decision.window.until
