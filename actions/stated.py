"""What a message states: facts by their words, numbers and dates by what stands beside them and by what was asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from actions import retirement
from actions.assign import Scene, certainty, covers, fact_for, is_cue, same_clause, speaks_of, typed
from actions.hearsay import figures_put_forward
from actions.offered_answers import answer_said, first_part
from actions.only_asked import cannot_be_told, only_asked
from actions.reading import Reading
from actions.speak import say
from actions.state import SELF, State
from actions.subjects import kin, of_theirs, person_called
from actions.values import Value, find_values
from eligibility.decide import with_implied
from knowledge import Fact
from knowledge.text import normalise

_PART = re.compile(r"[,，。;；!！?？、\s]+")

_A_CASE = 2  # parts of a message
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


def retirement_from_birth(reading: Reading) -> None:
    """“我是1966年5月生的，男的”: no retirement date, but one follows from it."""
    state, current = reading.state, reading.current
    if state.intent in ("ask", "why") or (current is not None and current.subject != "person"):
        return
    birth = told_birth(reading)
    if birth is None:
        return
    law = state.room.knowledge.retirement
    first, last = birth.span(law, reading.as_of)
    reading.record(retirement.FACT, first, low=first, high=last, **retirement.entry(birth))
    reading.notes += [note] if (note := retirement.worked_out(birth, law, reading.as_of)) else []
    asked_age = reading.question is not None and "age" in reading.question.facts
    if not asked_age:
        reading.values = [value for value in reading.values if value is not birth.value]


def stated_facts(reading: Reading) -> None:
    """Facts recognised by the lexicon (“律所”, “有残疾证”, “没裁人”), kept whether they were asked or not."""
    state, case = reading.state, _tells_a_case(reading)
    if state.intent not in STATING and not reading.question and not case:
        return
    if state.intent == "ask" and not case and not _of_themselves(reading):
        return
    corrects = state.intent == "correct"
    believed = with_implied(reading.before.facts(reading.programme or ""), state.room.knowledge) if corrects else {}
    settled = set(reading.recorded)  # by the choice; among several words for one fact the last one counts
    for found in state.entities:
        if found.get("entity") != "fact":
            continue
        name, _, raw = str(found["value"]).partition("=")
        fact = state.room.knowledge.facts.get(name)
        if fact is None or name in settled or not speaks_of(fact, reading.current):
            continue
        if corrects and _only_named_as_wrong(state, found):
            continue
        if only_asked(state, found):
            if cannot_be_told(state, found) and name not in reading.declined:
                reading.profile = reading.profile.declined(name, reading.programme)
                reading.declined.append(name)
            continue
        if _within_a_name(state, found) and name not in (reading.question.facts if reading.question else ()):
            continue
        if is_cue(state.room, state.text, reading.values, covers(reading.current), (found["start"], found["end"])):
            continue  # “农村低保一个月500元”: whose sum it is
        value: Any = {"true": True, "false": False}.get(raw, raw)
        if fact.type in ("count", "months", "days"):
            value = int(raw)
        if name not in believed or believed[name] != value:  # “残疾那个说错了” only names it
            _give(reading, fact, value, found)


def stated_values(reading: Reading) -> None:
    """Each number goes to the fact whose cue stands nearest, else to the fact that is asked, else to its unit's own."""
    state, case = reading.state, _tells_a_case(reading)
    answers = reading.question is not None and not state.asks and state.intent != "ask"
    stating = state.intent in STATING or case or answers
    if not stating or not reading.values:
        return
    correcting = state.intent == "correct" or reading.what_if
    taken: set[str] = set(reading.recorded)
    rough = {entry.fact for entry in reading.profile.entries(reading.programme) if entry.approximate}
    scene = Scene(
        state.room, state.text, tuple(reading.values), reading.current, reading.question, reading.profile,
        correcting, reading.missing, kin(state.room, besides=reading.subject),
    )  # fmt: skip
    doubted = {value.start for value in figures_put_forward(state)}
    slip = _last_slip(state)
    # the surest first: in “28个人裁了5个” the 28 must not take the place of the 5; before all, what puts others right
    for value in sorted(reading.values, key=lambda value: (value.start < slip, certainty(scene, value))):
        if value.start in doubted or _within_a_fact(state, value) or _only_says_when(reading, value):
            continue
        others = [one for one in scene.values if one is not value]
        if is_cue(state.room, state.text, others, covers(reading.current), (value.start, value.end)):
            continue  # “城市低保一个月700元”: the month is what the sum is for
        if isinstance(value.low, (int, Fraction)) and value.low < 0:
            reading.problems.append({"problem": "negative", "said": value.text})
            continue
        fact = fact_for(scene, value, taken)
        if value.start < slip and (meant := fact_for(scene, value, set())) and meant.id in taken:
            continue  # “28人裁了5人，不对，裁了6人”
        passing = (state.intent not in STATING and not case) or value.text in state.room.knowledge.lexicon["today"]
        if fact is not None and passing and not _surely(reading, value, fact):
            continue  # “今天可真冷” tells no day, whatever is missing one
        found = typed(fact, value) if fact is not None else None
        if fact is not None and found is None:
            reading.problems.append({"problem": "not_read", "said": value.text})
        elif fact is not None and found is not None:
            taken.add(fact.id)
            reading.values.remove(value)
            said_again = reading.question is not None and fact.id in rough.intersection(reading.question.facts)
            reading.record(fact.id, *(found[:2] if said_again else found))  # asked for the exact number: it stands


def _last_slip(state: State) -> int:
    """Where “不对”, “说错了” stands last in the message: what is said behind it takes the place of what was."""
    return max((state.text.rfind(mark) for mark in state.room.knowledge.lexicon["slips"]["marks"]), default=-1)


def doubtful(reading: Reading) -> None:
    """Two numbers that hardly go together are said back, not swallowed."""
    facts = reading.profile.facts(reading.programme or "")
    for doubt in reading.state.room.knowledge.lexicon.get("doubtful", ()):
        more, than = facts.get(doubt["more"]), facts.get(doubt["than"])
        new = bool({doubt["more"], doubt["than"]} & {*reading.recorded})
        if new and more is not None and than is not None and more > than:
            reading.notes.append(say("doubtful", says=doubt["says"]))


def what_it_replaces(reading: Reading) -> None:
    """Whether something believed before was put right."""
    before = reading.before.facts(reading.programme or "")
    now = reading.profile.facts(reading.programme or "")
    reading.corrected = any(name in before and before[name] != now.get(name) for name in reading.recorded)


def cannot_tell(reading: Reading) -> None:
    """“不知道” declines what was asked; it is not asked again."""
    question = reading.question
    at_first = first_part(answer_said(reading)) in reading.state.room.knowledge.lexicon["cannot_tell"]
    told = reading.recorded or reading.declined  # “不知道是不是重点帮扶县” declines that, not what is asked
    if question is None or not (at_first or (reading.state.intent == "dont_know" and not told)):
        return
    exact = {entry.fact for entry in reading.profile.entries(reading.programme) if not entry.approximate}
    for fact in reading.asked:
        if fact not in exact and fact not in reading.recorded:
            reading.profile = reading.profile.declined(fact, reading.programme)
            reading.declined.append(fact)


def _give(reading: Reading, fact: Fact, value: Any, found: Mapping[str, Any]) -> None:
    """A fact goes to the one it is said of; a firm is the user's own, an application that of who is talked about.

    What was said of somebody as the user's relative (“我妈有残疾”) is kept as what it is for that relative.
    """
    said = str(reading.state.text[found["start"] : found["end"]])
    whose = {"unit": SELF, "programme": reading.subject}.get(fact.scope) or _whose(reading, found)
    name = fact.id
    if whose not in (None, SELF) and reading.spoken.named_in(found["start"], found["end"]):
        name = of_theirs(reading.state.room, name) or name
    if whose == reading.subject:
        reading.record(name, value, said)
    elif whose is not None:
        reading.record_of(whose, name, value, said)


def _whose(reading: Reading, found: Mapping[str, Any]) -> str | None:
    """Whose fact the words state; None: of somebody the lexicon cannot tell."""
    room, before, who = reading.state.room, reading.state.text[: found["start"]], reading.spoken.who(found["start"])
    relative = who == SELF and before.endswith(kin(room))  # “家里老婆有残疾”
    return person_called(room, before) if relative else who


def told_birth(reading: Reading) -> retirement.Birth | None:
    """The birth or age that the message tells of whom the talk is about."""
    asked = reading.question is not None and retirement.FACT in reading.question.facts
    person = reading.state.person(reading.subject)
    named = {part.mention[1] for part in reading.spoken.parts if any(part.mention) and part.who == reading.subject}
    sex = person.sex if person else None
    return retirement.birth_told(reading.state, reading.profile, reading.values, reading.as_of, asked, sex, named)


def tells_a_day(reading: Reading) -> bool:
    """“2019年参加的培训”, or a day that was asked for: an answer, however much it looks like a wish."""
    state = reading.state
    days = [value for value in reading.values if value.kind == "date"]
    facts = state.room.knowledge.facts
    asked = {facts[name].type for name in reading.question.facts} if reading.question else set()
    return bool({"date", "year"} & asked) or is_cue(state.room, state.text, days, covers(reading.current))


def _surely(reading: Reading, value: Value, fact: Fact) -> bool:
    """Whether a value is what was asked for, or has a cue of the fact beside it."""
    asked = reading.question is not None and fact.id in reading.question.facts
    return asked or is_cue(reading.state.room, reading.state.text, [value], [fact.id])


def _only_says_when(reading: Reading, value: Value) -> bool:
    """“今年培训了4次”, “去年裁了5个”: a year beside a number in one clause is when, and no date of its own."""
    if value.kind != "date" or value.precision != "year":
        return False
    text, every = reading.state.text, find_values(reading.state.text, reading.as_of)
    return any(same_clause(text, value, other) for other in every if other.kind != "date")


def _within_a_name(state: State, found: Mapping[str, Any]) -> bool:
    """“毕业年度培训补贴”: a word of a programme's name says nothing of the one who asks; a whole name may say both."""
    return any(
        name["start"] <= found["start"]
        and found["end"] <= name["end"]
        and found["end"] - found["start"] < name["end"] - name["start"]
        for name in state.entities
        if name.get("entity") == "programme"
    )


def _only_named_as_wrong(state: State, found: Mapping[str, Any]) -> bool:
    """“城市低保标准说错了，…”: what stands before such a mark, in the same part, is only named."""
    marks = state.room.knowledge.lexicon["slips"]["marks"]
    part = _PART.split(state.text[found["end"] :], maxsplit=1)
    return len(part) > 1 and bool(part[1].strip()) and any(mark in part[0] for mark in marks)


def _of_themselves(reading: Reading) -> bool:
    """“我是农村两后生，能给多少”: a question, but what it says before is said of the one it is asked for."""
    words = reading.state.room.knowledge.lexicon.get("of_themselves", ())
    named = any(part.who == reading.subject != SELF for part in reading.spoken.parts)
    return named or any(word in normalise(reading.state.text) for word in words)


def _tells_a_case(reading: Reading) -> bool:
    """“企业，100人，裁了6人，缴费10万，能返多少”: a question with a case told before it, in parts that ask nothing."""
    state = reading.state
    if state.intent != "ask" or reading.current is None:
        return False
    stated, of_theirs = 0, False
    for part in re.finditer(rf"(?:(?!{_PART.pattern}).)+[?？]?", state.text):
        inside = [one for one in state.entities if part.start() <= one["start"] and one["end"] <= part.end()]
        kinds = {one["entity"] for one in inside}
        days = [value.start for value in reading.values if value.kind == "date"]
        tells = "fact" in kinds or any(one["entity"] == "quantity" and one["start"] not in days for one in inside)
        if tells and "aspect" not in kinds and not state.asks_in_words(normalise(part.group())):
            stated, of_theirs = stated + 1, of_theirs or "fact" in kinds
    return stated >= _A_CASE and of_theirs  # “30人以下的单位，裁员率20%，能返多少” is nobody's case


def _within_a_fact(state: State, value: Value) -> bool:
    """“一个人也没裁”: the number is part of words that state a fact by themselves."""
    facts = [found for found in state.entities if found.get("entity") == "fact"]
    return any(found["start"] <= value.start and value.end <= found["end"] for found in facts)
