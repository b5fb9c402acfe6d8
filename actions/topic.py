"""What a message is about: for whom, and which programme; what was under discussion before is laid aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from actions.assign import covers, is_cue
from actions.programmes import programme_name
from actions.reading import Reading
from actions.speak import say
from actions.state import SELF, Topic
from actions.stated import stated_facts, stated_values
from eligibility.model import Programme


def whom(reading: Reading) -> None:
    """“我妈…”, “那我自己呢”: the talk turns to somebody else, with what is known of them."""
    wanted = reading.spoken.subject
    if wanted != reading.subject:
        reading.lay_aside()
        reading.turn_to_subject(wanted)
        reading.switched = True
        if reading.state.intent == "what_else" or (reading.current and reading.current.subject != "person"):
            reading.programme = None
    reading.values = [value for value in reading.values if reading.spoken.who(value.start) == reading.subject]


def topic(reading: Reading) -> None:
    """Which programme is talked about. A question in passing does not leave a running interview."""
    state = reading.state
    named = next(_named(reading), None)
    if state.intent == "resume" and named is None and reading.topics and not _broken_off(reading):
        _take_up(reading)
        return
    if named is None and (concerned := _corrected(reading)) is not None:
        _take_up(reading, concerned)
        return
    in_passing = state.interviewing and not reading.switched and state.intent not in ("check", "resume", "inform")
    if named is None and reading.programme and _speaks_of_another_applicant(reading):
        reading.lay_aside()
        reading.turn_to(None)
    if named is None or named == reading.programme or in_passing:
        return
    if reading.programme:
        reading.lay_aside()
        reading.topics = tuple(other for other in reading.topics if other != (reading.subject, named))
    reading.turn_to(named)
    reading.switched = True
    if reading.current and reading.current.subject == "unit" and reading.subject != SELF:
        reading.turn_to_subject(SELF)  # a firm is the user's own


def _broken_off(reading: Reading) -> bool:
    """Whether what is under discussion was stopped with a question open: then that is what “接着刚才的” means."""
    return not reading.state.interviewing and reading.next_question(reading.profile) is not None


def _named(reading: Reading) -> Iterator[str]:
    """The programmes named as such: not in “我还没认定就业困难”, nor as what a sum is of (“社保补贴一共8000元”)."""
    state = reading.state
    own = covers(reading.current) if reading.current and state.interviewing and not state.asks else set()
    facts = [one for one in state.entities if one["entity"] == "fact"]
    for name in state.entities:
        if name["entity"] != "programme" or name["value"] not in state.room.rules.benefits:
            continue
        span = name["start"], name["end"]
        told = any(_reaches_into(one, span) or (_covers(one, span) and _fact(one) in own) for one in facts)
        if not told and not is_cue(state.room, state.text, reading.values, covers(reading.current), span):
            yield str(name["value"])


def _reaches_into(fact: Mapping[str, Any], span: tuple[int, int]) -> bool:
    """Whether the words of a fact begin before a name, or are longer: “没认定零就业” reaches into “零就业家庭”."""
    return bool(fact["start"] < span[0] < fact["end"]) or (_covers(fact, span) and fact["end"] > span[1])


def _covers(fact: Mapping[str, Any], span: tuple[int, int]) -> bool:
    return bool(fact["start"] <= span[0] and span[1] <= fact["end"])


def _fact(found: Mapping[str, Any]) -> str:
    return str(found["value"]).partition("=")[0]


def _corrected(reading: Reading) -> Topic | None:
    """What was laid aside last that a correction is about, if it says nothing of what is under discussion."""
    if reading.state.intent != "correct" or reading.state.interviewing:
        return None
    facts = {_fact(found) for found in reading.state.entities if found["entity"] == "fact"}
    room, text = reading.state.room, reading.state.text

    def says(programme: Programme | None) -> bool:
        return bool(facts & covers(programme)) or is_cue(room, text, reading.values, covers(programme))

    own = [one for one in reversed(reading.topics) if one[0] == reading.subject]
    force = reading.state.programme_in_force
    return None if says(reading.current) else next((one for one in own if says(force(one[1], reading.as_of))), None)


def _take_up(reading: Reading, wanted: Topic | None = None) -> None:
    """“接着刚才的”: what was laid aside last, or what is ``wanted`` of it."""
    subject, programme = wanted or reading.topics[-1]
    if (subject, programme) == (reading.subject, reading.programme):
        return
    reading.lay_aside()
    reading.topics = tuple(other for other in reading.topics if other != (subject, programme))
    if subject != reading.subject:
        reading.turn_to_subject(subject)
    reading.turn_to(programme)
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


def topic_of_the_last_answer(reading: Reading) -> None:
    """“20天” after “培训一天给多少生活费”: told of the programme that was just asked about, if it turns on it."""
    state, name = reading.state, reading.state.asked.get("programme")
    if reading.programme is not None or reading.recorded or state.intent != "inform" or state.asks:
        return
    if name not in state.room.rules.benefits:
        return
    reading.turn_to(str(name))
    stated_facts(reading)
    stated_values(reading)
    if reading.recorded:
        reading.switched = True
    else:
        reading.turn_to(None)


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
