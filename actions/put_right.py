"""What was said before, put right by its name: changed, taken out, or the last message taken back.

“把裁员人数改成3” needs no more than its number (``assign``); here is what has none: “低保那个说错了，不是”,
“删掉低保”, “撤销”.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from actions.naming import named
from actions.offered_answers import choice_in_words
from actions.profile import Entry, Profile
from actions.reading import Reading
from actions.speak import entry_spoken, say
from eligibility.facts import plain
from knowledge import Question
from knowledge.text import normalise, without

_PART = re.compile(r"[,，。;；!！?？、\s]+")


def taken_out(reading: Reading) -> None:
    """“删掉低保”: not believed any more; if it matters it is asked again."""
    words = reading.state.room.knowledge.lexicon["put_right"]
    text = normalise(reading.state.text)
    if not any(word in text for word in words["remove"]) or reading.values:
        return
    about = without(text, (*words["remove"], *words["fillers"]))
    found = named(reading.state.room, about, _believed(reading)) or ([] if about else _last(reading))
    if found:
        _take_out(reading, found)
        reading.settled = True


def taken_back(reading: Reading) -> None:
    """“撤销”: what the last message that told something changed is as it was before."""
    words, undo = reading.state.room.knowledge.lexicon["put_right"], reading.state.undo
    text = normalise(reading.state.text)
    if not any(word in text for word in words["undo"]) or _PART.sub(
        "", without(text, (*words["undo"], *words["fillers"]))
    ):
        return
    reading.answered = reading.settled = True
    if not undo or undo["subject"] != reading.subject:
        reading.notes.append(say("nothing_to_undo"))
        return
    knowledge = reading.state.room.knowledge
    gone = Profile(knowledge, {key: one for key, one in reading.profile.slot.items() if key in undo["entries"]})
    back = Profile(knowledge, {key: one for key, one in undo["entries"].items() if one})
    kept = {key: one for key, one in reading.profile.slot.items() if key not in undo["entries"]}
    reading.profile = Profile(knowledge, {**kept, **back.slot})
    reading.notes.append(say("undone", facts=_spoken(reading, gone.entries()), back=_spoken(reading, back.entries())))
    reading.undone = True


def answered_otherwise(reading: Reading) -> None:
    """“我没领过，刚才点错了”, “低保那个说错了，不是”: an earlier answer, by the words of its choices or by its name."""
    state = reading.state
    if state.intent != "correct" or reading.recorded or reading.answered:
        return
    believed = _believed(reading)
    for question in _answered(reading, believed):
        choice = choice_in_words(question, normalise(state.text))
        if choice is not None and not _is_believed(believed, choice.sets):
            for fact, value in choice.sets.items():
                reading.record(fact, value, state.text)
            return
    wrong = _said_to_be_wrong(reading)
    found = named(state.room, wrong, [one for one in believed if isinstance(one.value, bool)]) if wrong else []
    said = _yes_or_no(reading)
    if found and said is None and not reading.values:
        _take_out(reading, found)
    for entry in found if said is not None else ():
        reading.record(entry.fact, said, state.text)


# --- what they share ---------------------------------------------------------------------------------------------
def _believed(reading: Reading) -> list[Entry]:
    return [*reading.profile.entries(reading.programme)]


def _last(reading: Reading) -> list[Entry]:
    """What the words said last told."""
    believed = _believed(reading)
    return [entry for entry in believed if entry.said == believed[-1].said] if believed else []


def _answered(reading: Reading, believed: list[Entry]) -> list[Question]:
    """The questions that were answered, the last one first."""
    order = {entry.fact: i for i, entry in enumerate(believed)}
    questions = reading.state.room.knowledge.questions.values()
    answered = [question for question in questions if order.keys() & {*question.facts}]
    return sorted(answered, key=lambda question: -max(order.get(fact, -1) for fact in question.facts))


def _is_believed(believed: list[Entry], sets: Mapping[str, Any]) -> bool:
    known = {entry.fact: plain(entry.value) for entry in believed}
    return all(known.get(fact) == value for fact, value in sets.items())


def _take_out(reading: Reading, entries: list[Entry]) -> None:
    for entry in entries:
        reading.profile = reading.profile.without(entry.fact, reading.programme)
    reading.notes.append(say("taken_out", facts=_spoken(reading, entries)))
    reading.answered = True


def _spoken(reading: Reading, entries: Iterable[Entry]) -> str:
    """Facts as they are said; several from the same words once."""
    facts = reading.state.room.knowledge.facts
    by_words = {entry.said: entry_spoken(facts[entry.fact], entry) for entry in reversed([*entries])}
    return "，".join(reversed(by_words.values()))


def _said_to_be_wrong(reading: Reading) -> str:
    """What is named where it says that something was wrong: of “低保那个说错了，不是” the 低保."""
    lexicon = reading.state.room.knowledge.lexicon
    marks = lexicon["slips"]["marks"]
    parts = [part for part in _PART.split(normalise(reading.state.text)) if any(mark in part for mark in marks)]
    return without("".join(parts), (*marks, *lexicon["put_right"]["fillers"]))


def _yes_or_no(reading: Reading) -> bool | None:
    """A plain 不是 or 有 as a part of its own."""
    lexicon = reading.state.room.knowledge.lexicon
    words, fillers = lexicon["yes_no"], lexicon["put_right"]["fillers"]
    parts = [without(part, fillers) for part in _PART.split(normalise(reading.state.text))]
    return next((value for value in (False, True) if any(part in words[value] for part in parts)), None)
