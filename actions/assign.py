"""Which fact a value belongs to: the one whose cue stands nearest, else the one that was asked, else its unit's own.

Better not recorded than recorded wrongly: a value that fits nothing is left alone, and the question is asked again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

from actions.naming import named
from actions.profile import Profile
from actions.room import Room, words_for
from actions.values import Value
from eligibility.asked import options
from eligibility.model import Programme
from knowledge import Fact, Question
from knowledge.text import without

_CLAUSE_BORDER = re.compile(r"[，,。；;！!？?、\s]")
_FAR = 12  # characters between a cue and its number beyond which they have nothing to do with each other
_BESIDE = 1  # the same, less the cue's own length: what stands right beside it
_JOINED = 3  # characters at most, between two numbers
_RIGHT_BEFORE = (-float("inf"), 0)  # the rank of a word that is a cue only there
_UNBOUNDED = 10**6
_MONTH = (Fraction(365, 12), Fraction(30), Fraction(31))
"""Days in a month: on average, at least and at most, over more than one."""
_HEADS = ("", "人", "个", "名", "位", "口", "次")


@dataclass(frozen=True)
class Scene:
    """What is known while the values of one message are given their facts.

    Attributes:
        others: what people are called who are not talked about.
    """

    room: Room
    text: str
    values: tuple[Value, ...]
    programme: Programme | None
    question: Question | None
    profile: Profile
    correcting: bool
    missing: frozenset[str]
    others: tuple[str, ...]


def fact_for(scene: Scene, value: Value, taken: set[str]) -> Fact | None:
    """The fact a value belongs to, or None: better not recorded than recorded wrongly."""
    facts = scene.room.knowledge.facts
    asked = [facts[name] for name in (scene.question.facts if scene.question else ()) if name not in taken]
    known = [
        entry
        for entry in scene.profile.entries(scene.programme.id if scene.programme else None)
        if entry.state == "given"
    ]
    candidates = [
        fact
        for fact in _relevant(scene)
        if fact.id not in taken and _fits(fact, value, fact in asked) and not _of_another_thing(scene, value, fact)
    ]
    if scene.correcting:
        believed = [facts[entry.fact] for entry in reversed(known)]
        same_unit = {entry.fact for entry in known if value.unit and value.unit in entry.said}
        again = [fact for fact in believed if fact in candidates]
        by_name = named(scene.room, scene.text, [entry for entry in known if facts[entry.fact] in again])
        chosen = _nearest_cue(scene, value, candidates)
        chosen = chosen or next((facts[entry.fact] for entry in by_name if len(by_name) == 1), None)
        chosen = chosen or next((fact for fact in again if fact.id in same_unit), None)
        if chosen or again:
            return chosen or again[0]
    on_that_day = _about_a_day(scene, value, candidates)
    if on_that_day:
        return on_that_day
    if _not_counted(scene, value) or _none_of_ours(scene, value):
        return None
    cued = _nearest_cue(scene, value, [fact for fact in candidates if "at" not in words_for(scene.room, fact.id)])
    if cued or _only_denied(scene, value, candidates):
        return cued
    if rate := _share(scene, value, candidates):
        return rate
    fitting = next((f for f in asked if _fits(f, value, True) and not _of_another_thing(scene, value, f)), None)
    if fitting and not (value.unit and _other_unit(scene, fitting, value)):
        return fitting
    units = candidates if scene.programme else []  # “两个都是” with nothing under discussion is no head-count
    by_unit = next((f for f in units if value.unit in words_for(scene.room, f.id).get("units", ())), fitting)
    return by_unit or (_only_one_missing(scene, value, candidates) if value.kind != "number" else None)


def certainty(scene: Scene, value: Value) -> tuple[float, int]:
    """How surely words beside the value say which fact it is, the surest lowest: “裁了5个” before “28个人裁了”."""
    cue = _cue(scene, value, [fact for fact in _relevant(scene) if _fits(fact, value, False)])
    return cue[0] if cue else (float("inf"), 0)


def _not_counted(scene: Scene, value: Value) -> bool:
    """“有俩自己辞职走的”: the words beside the number say that it is none of what is counted here."""
    before, after = _around(scene, value)
    return value.kind == "number" and any(
        word in before or word in after
        for fact in _relevant(scene)
        for word in words_for(scene.room, fact.id).get("not_counted", ())
    )


def _none_of_ours(scene: Scene, value: Value) -> bool:
    """“大学毕业三年了”, “孩子19”: beside the value stands what it is of, and that is nothing we ask for."""
    words = scene.room.knowledge.lexicon.get("none_of_ours", {})
    before, after = _around(scene, value)
    if value.kind == "number":
        return before.endswith(scene.others) or _goes_on(scene, value)
    return before.endswith(tuple(words.get("before", ()))) or after.startswith(tuple(words.get("behind", ())))


def _goes_on(scene: Scene, value: Value) -> bool:
    """“孩子5岁和8岁”: a number joined to one that is none of ours, in its unit, is no more ours."""
    before = max((one for one in scene.values if one.end <= value.start), key=lambda one: one.end, default=None)
    if before is None or before.kind != value.kind or before.unit != value.unit:
        return False
    between = scene.text[before.end : value.start]
    joins = scene.room.knowledge.lexicon["none_of_ours"]["joins"]
    joined = 0 < len(between) <= _JOINED and all(one in joins or one in "、,，" or one.isspace() for one in between)
    return joined and _none_of_ours(scene, before)


def _of_another_thing(scene: Scene, value: Value, fact: Fact) -> bool:
    """“失业金上个月领完”: what stands in the clause is easily taken for what is asked (失业), and is another."""
    things = _other_things(scene.room, fact.id)
    start, end = _clause(scene.text, value)
    clause = scene.text[start:end]
    rest = without(clause, things)
    return rest != clause and not any(cue in rest for cue in words_for(scene.room, fact.id).get("cues", ()))


@lru_cache(maxsize=256)
def _other_things(room: Room, fact: str) -> tuple[str, ...]:
    """What is no answer to the question for a fact (``other_things`` in questions.yml)."""
    return tuple(thing for one in room.knowledge.questions.values() if fact in one.facts for thing in one.other_things)


def _share(scene: Scene, value: Value, candidates: list[Fact]) -> Fact | None:
    """“裁员5%”: a percentage right beside the cue of a count is the rate that the rule works out from that count."""
    if value.kind != "percent" or scene.programme is None:
        return None
    facts = scene.room.knowledge.facts
    for ways in scene.programme.derived.values():
        inputs = list(dict.fromkeys(name for way in ways for name in way.facts))
        rate = next((fact for fact in candidates if fact.id in inputs), None)
        counts = [facts[name] for name in inputs if name in facts and facts[name].type == "count"]
        cue = _cue(scene, value, counts) if rate and counts else None
        if rate and cue and cue[0][0] <= _BESIDE:
            return rate
    return None


def _about_something_else(scene: Scene, value: Value, candidates: list[Fact]) -> bool:
    """“社保补贴领满三年了”: beside it stands the cue of a fact of another kind, so nothing follows for these."""
    others = [fact for fact in scene.room.knowledge.facts.values() if fact not in candidates]
    near, far = _nearest_cue(scene, value, others), _nearest_cue(scene, value, candidates)
    return near is not None and far is None


def _only_one_missing(scene: Scene, value: Value, candidates: list[Fact]) -> Fact | None:
    """A date, duration or sum without a cue belongs to the one fact of its kind that is still missing."""
    if _about_something_else(scene, value, candidates):
        return None
    missing = [fact for fact in candidates if fact.id in scene.missing]
    return missing[0] if len(missing) == 1 else None


def _relevant(scene: Scene) -> list[Fact]:
    """Facts a number may be about: those of the programme under discussion, or all that fit the kind of applicant."""
    facts = scene.room.knowledge.facts
    programme = scene.programme
    if programme is None:
        return [
            fact
            for fact in facts.values()
            if words_for(scene.room, fact.id).get("cues") and speaks_of(fact, scene.programme)
        ]
    return [facts[name] for name in dict.fromkeys(_facts_of(programme)) if name in facts and not facts[name].agency]


def covers(programme: Programme | None) -> set[str]:
    """Every fact a programme turns on: conditions, ratios, exceptions, amount, windows, results."""
    return set(_facts_of(programme)) if programme else set()


def _facts_of(programme: Programme) -> Iterable[str]:
    for leaf in programme.leaves:
        yield from leaf.facts
    for ways in programme.derived.values():
        for way in ways:
            yield from way.facts
    for exception in programme.exceptions:
        yield from exception.facts
    yield from programme.amount.base_facts if programme.amount else ()
    for option in options(programme):
        yield from option.facts


def _fits(fact: Fact, value: Value, asked: bool) -> bool:
    if value.kind == "number":
        if fact.type == "count":  # “12万” is money that somebody did not call so
            return (value.unit in _HEADS and "万" not in value.text) or value.unit == fact.unit
        large = isinstance(value.low, (int, Fraction)) and value.low >= 1000
        if value.unit == "" and fact.type == "yuan" and large:
            return True
        bare = value.unit == "" and asked
        return bare and fact.type in ("yuan", "percent", "days") or bare and fact.type == "months" and value.low == 0
    wanted = {"percent": "percent", "money": "yuan", "date": "date"}
    if value.kind == "duration" and value.unit == "月":
        return fact.type == "months" or (asked and fact.type == "days")  # “九个月” to “多少天”
    if value.kind == "duration":
        return fact.type == "days"
    if fact.type == "year":
        return value.kind == "date" and value.precision == "year"
    return wanted[value.kind] == fact.type


def _nearest_cue(scene: Scene, value: Value, facts: Iterable[Fact]) -> Fact | None:
    cue = _cue(scene, value, facts)
    return cue[1] if cue else None


def _cue(scene: Scene, value: Value, facts: Iterable[Fact]) -> tuple[tuple[float, int], Fact] | None:
    """The fact with a cue word closest to the value inside the same clause; a cue in front counts as nearer.

    Words so common that they are a cue only right before the number (“我们28个人”) are ``adjacent`` in the lexicon.
    """
    best: tuple[tuple[float, int], Fact] | None = None
    before, after = _around(scene, value)
    for fact in facts:
        words = words_for(scene.room, fact.id)
        if any(before.endswith(word) for word in words.get("adjacent", ())):
            return _RIGHT_BEFORE, fact
        for cue in words.get("cues", ()):
            at = _last_of_its_own(scene.room, before, cue)
            behind = _first_of_its_own(scene.room, after, cue)
            if _denied(before, at) or _denied(after, behind):
                continue  # “三年没交社保” says nothing of how long it was paid
            distance = len(before) - at - len(cue) if at >= 0 else None
            if behind >= 0 and (distance is None or behind + 2 < distance):
                distance = behind + 2
            if distance is not None and distance <= _FAR:
                rank = (distance - len(cue), -len(cue))
                if best is None or rank < best[0]:
                    best = (rank, fact)
    return best


def is_cue(
    room: Room, text: str, values: Iterable[Value], facts: Iterable[str], span: tuple[int, int] | None = None
) -> bool:
    """Whether a value has, in its clause, a cue of one of the facts; if ``span``: one that covers it."""
    catalogue = [room.knowledge.facts[name] for name in facts]
    for value in values:
        start, end = _clause(text, value)
        for fact in catalogue:
            if not _fits(fact, value, False):
                continue
            for cue in words_for(room, fact.id).get("cues", ()):
                for found in re.finditer(re.escape(cue), text[start:end]):
                    at = start + found.start(), start + found.end()
                    if span is None or (at[0] <= span[0] and span[1] <= at[1]):
                        return True
    return False


def same_clause(text: str, one: Value, other: Value) -> bool:
    """Whether no border stands between two values."""
    return one is not other and _clause(text, one) == _clause(text, other)


def _last_of_its_own(room: Room, text: str, cue: str) -> int:
    """Where the cue last stands and is no part of a longer one (失业 is not meant in 失业保险费); -1: nowhere."""
    at = text.rfind(cue)
    while at >= 0 and any(text.startswith(longer, at) for longer in _longer_cues(room, cue)):
        at = text.rfind(cue, 0, at)
    return at


def _first_of_its_own(room: Room, text: str, cue: str) -> int:
    """The same for where it first stands."""
    at = text.find(cue)
    while at >= 0 and any(text.startswith(longer, at) for longer in _longer_cues(room, cue)):
        at = text.find(cue, at + 1)
    return at


@lru_cache(maxsize=1024)
def _longer_cues(room: Room, cue: str) -> tuple[str, ...]:
    entries = (room.knowledge.lexicon.get("facts") or {}).values()
    cues = {other for entry in entries for other in entry.get("cues", ())}
    return tuple(other for other in cues if other != cue and other.startswith(cue))


def _around(scene: Scene, value: Value) -> tuple[str, str]:
    """What stands before and behind a value in its own clause."""
    start, end = _clause(scene.text, value)
    return scene.text[start : value.start], scene.text[value.end : end]


def _clause(text: str, value: Value) -> tuple[int, int]:
    """Where the clause with a value begins and ends."""
    start = max((m.end() for m in _CLAUSE_BORDER.finditer(text, 0, value.start)), default=0)
    border = _CLAUSE_BORDER.search(text, value.end)
    return start, border.start() if border else len(text)


def _only_denied(scene: Scene, value: Value, facts: Iterable[Fact]) -> bool:
    """“三年没交社保”: the words around the value deny what they would otherwise make it."""
    cues = [cue for fact in facts for cue in words_for(scene.room, fact.id).get("cues", ())]
    return any(_denied(part, part.find(cue)) for part in _around(scene, value) for cue in cues)


def _denied(text: str, at: int) -> bool:
    return at > 0 and text[at - 1] in "没未不"


def _about_a_day(scene: Scene, value: Value, facts: Iterable[Fact]) -> Fact | None:
    """A fact that speaks of one day (“2020年末参保人数”) takes the number said beside that day."""
    if value.kind == "date":
        return None
    text = scene.text
    for fact in facts:
        day = words_for(scene.room, fact.id).get("at")
        for other in scene.values:
            between = text[min(other.end, value.end) : max(other.start, value.start)]
            near = len(between) <= 2 * _FAR and not _CLAUSE_BORDER.search(between.strip())
            exact = other.kind == "date" and other.precision in ("day", "month")
            if day and near and exact and other.low <= day <= other.high:  # type: ignore[operator]
                return fact
    return None


def _other_unit(scene: Scene, fact: Fact, value: Value) -> bool:
    """Whether the value's unit belongs to another fact than the one asked (“28个人” when layoffs are asked: no)."""
    owners = [f for f in _relevant(scene) if value.unit in words_for(scene.room, f.id).get("units", ())]
    return fact.type != "count" and bool(owners) and fact not in owners


def typed(fact: Fact, value: Value) -> tuple[Any, str, Any, Any] | None:
    """(value, said, low, high) in the catalogue's type; bounds only where the words were approximate."""
    if isinstance(value.value, date):
        if fact.type == "year":
            return value.value.year, value.text, None, None
        low, high = value.low or value.value, value.high or value.value
        return high if fact.until else value.value, value.text, *((low, high) if low != high else (None, None))
    best = Fraction(value.value)
    if fact.type in ("count", "months", "days") and best.denominator != 1:
        return None
    least = Fraction(value.low) if isinstance(value.low, (int, Fraction)) else Fraction(0)
    most = Fraction(value.high) if isinstance(value.high, (int, Fraction)) else max(best * 10, Fraction(_UNBOUNDED))
    if fact.type == "days" and value.unit == "月":
        best, least, most = (_days(months, days) for months, days in zip((best, least, most), _MONTH, strict=True))
    if value.kind in ("percent", "money"):  # “高于6%” is not 6 %: the named bound itself does not belong
        step = Fraction(1, 100)
        if value.comparator == "more_than":
            best = least = least + step
        elif value.comparator == "less_than":
            best = most = most - step
    return best, value.text, *((least, most) if least != most else (None, None))


def _days(months: Fraction, each: Fraction) -> Fraction:
    """Whole days in so many months."""
    return Fraction(round(months * each))


def speaks_of(fact: Fact, programme: Programme | None) -> bool:
    """A unit's facts are not taken from a person's story (“我从公司辞职”), nor the reverse, unless a rule reads it."""
    if fact.scope == "programme":
        return programme is not None
    return programme is None or fact.scope == programme.subject or fact.id in covers(programme)
