"""One message read into the conversation: date and place, topic, answers, volunteered facts.

The NLU has marked spans (programme, fact, quantity …) without knowing what was asked. Here they get their meaning from
the question that is pending, the cue words of the lexicon, the fact's type and the date of the conversation.
The steps stand in ``STEPS`` and run top to bottom; each may add to the ``Reading``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from actions.offered_answers import answer_to_another_question, choice_of_the_question
from actions.put_right import answered_otherwise, taken_back, taken_out
from actions.reading import Reading
from actions.state import State
from actions.stated import (
    cannot_tell,
    doubtful,
    retirement_from_birth,
    stated_facts,
    stated_values,
    tells_a_day,
    told_birth,
    what_it_replaces,
)
from actions.subjects import spoken_of
from actions.topic import topic, topic_of_the_last_answer, topic_of_what_was_told, whom
from actions.values import Value, find_values, invalid_dates
from knowledge.text import normalise, without

_BY_DATE = re.compile("按.*(算|看|来|办|规定)")
_LONGEST_WISH = 24  # characters; a longer message in which no “按…” stands before the day tells when something was
_BY = re.compile("[按照][^,，。;；]{0,3}$")
_ASIDE = ("ask", "why", "stop", "bye", "restart", "human", "summary", "what_else", "abuse")
"""Intents that another action answers before the interview goes on."""
_SEPARATORS = re.compile(r"[、,，。;；\s]")


def read(state: State) -> Reading:
    """Read the latest message of a conversation."""
    reading = Reading(
        state,
        spoken_of(state),
        state.subject,
        state.profile,
        dict(state.profiles),
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
        if reading.settled:
            break
    outcome_of_reading(reading)
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
    same_case = reading.programme is not None and not reading.switched  # “那我妈呢” is somebody else
    reading.what_if = same_case and (text.startswith(words["begins"]) or about)


def another_date(reading: Reading) -> None:
    """“按2021年9月1日算”: the conversation moves to that date; a year alone means the programme's last day in it."""
    if reading.state.intent != "set_date" or told_birth(reading):
        return
    if not _by_date(reading) and (reading.what_if or tells_a_day(reading) or len(reading.state.text) > _LONGEST_WISH):
        return
    said = next((value for value in reading.values if value.kind == "date"), None)
    if said is None and not any(word in reading.state.text for word in reading.state.room.knowledge.lexicon["then"]):
        return  # “一个月按几天算” names no day
    window = _last_day(reading)
    in_that_year = said is not None and said.precision == "year" and window is not None and window.year == _year(said)
    exact = said is not None and said.precision == "day"
    wanted = window if said is None or in_that_year else said.value if exact else said.high
    if isinstance(wanted, date):
        reading.as_of, reading.told, reading.date_set, reading.answered = wanted, None, True, True
        reading.values = [value for value in reading.values if value is not said]


def outcome_of_reading(reading: Reading) -> None:
    """Whether the interview goes on from here, or another action answers first."""
    known = reading.before.facts(reading.programme or "")
    reading.what_if = reading.what_if and any(fact in known for fact in reading.recorded)  # else it is simply told
    if reading.state.intent in _ASIDE and not reading.chosen and not reading.what_if:
        return
    moved = (reading.recorded, reading.declined, reading.aside, reading.switched, reading.date_set, reading.problems)
    reading.answered = reading.answered or any(moved)


STEPS = (
    door_date_and_place,
    values_in_the_text,
    slips_of_the_tongue,
    whom,
    supposed,
    topic,
    taken_back,
    taken_out,
    another_date,
    choice_of_the_question,
    retirement_from_birth,
    stated_facts,
    stated_values,
    answered_otherwise,
    answer_to_another_question,
    topic_of_the_last_answer,
    topic_of_what_was_told,
    doubtful,
    what_it_replaces,
    cannot_tell,
)


def _by_date(reading: Reading) -> bool:
    """“按2021年9月1日算”, “按当时的规定”; in “按满期算 …12月31号受理的” no day is meant."""
    text, days = reading.state.text, [value for value in reading.values if value.kind == "date"]
    return any(_BY.search(text[: day.start]) for day in days) if days else bool(_BY_DATE.search(text))


# --- what the steps share -----------------------------------------------------------------------------------------
def _year(value: Value) -> int | None:
    return value.low.year if isinstance(value.low, date) else None


def _last_day(reading: Reading) -> date | None:
    """The last day on which the programme under discussion was open."""
    programme = reading.current
    if programme is None:
        return None
    decision = reading.state.room.rules.decide(
        programme.id, reading.profile.facts(programme.id), as_of=reading.as_of, place=reading.place
    )
    return decision.window.until
