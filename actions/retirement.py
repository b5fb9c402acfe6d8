"""When somebody retires, worked out from the birth or the age they told: the law is data, the sums are ours to do.

People asked for their retirement date say when they were born. The law (knowledge/retirement.py) turns that into a
date for each kind of person; who is which kind is asked, never guessed, and only where it makes a difference.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from actions.profile import Profile
from actions.speak import say
from actions.state import State
from actions.values import Value
from knowledge.retirement import RetirementLaw, plus_months
from knowledge.text import normalise

FACT = "retires_on"
_YOUNGEST, _OLDEST = 35, 75  # years: outside, a number is no age that brings retirement into sight


@dataclass(frozen=True)
class Birth:
    """A birth as it was told: its first and last possible day, the words, and who it may be (kinds of the law).

    ``value``: what of the message it was read from; None when it was told before.
    """

    first: date
    last: date
    said: str
    kinds: tuple[str, ...]
    value: Value | None = None

    def span(self, law: RetirementLaw, as_of: date) -> tuple[date, date]:
        """The earliest and the latest day of retirement, under the law of ``as_of``."""
        ends = [law.retirement_date(day, kind, as_of) for kind in self.kinds for day in (self.first, self.last)]
        return min(ends), max(ends)


def birth_told(
    state: State,
    profile: Profile,
    values: list[Value],
    as_of: date,
    asked: bool,
    sex: str | None = None,
    named: Container[int] = (),
) -> Birth | None:
    """The birth or age in a message; of one told before, what this message adds about the kind of person.

    Args:
        values: what the message states in numbers and dates, not yet given to a fact.
        asked: whether the retirement date is the question that is open.
        sex: male or female, where it is known whom the talk is about (“我妈”).
        named: where in the text the naming of that person ends (“我妈52”).
    """
    law, words = state.room.knowledge.retirement, state.room.knowledge.lexicon.get("retirement") or {}
    text = state.text
    kinds = _kinds(law, words, normalise(text), sex)
    before = _before(profile)
    spans = (_born(one, text, words, as_of, asked, bool(kinds) or one.start in named) for one in values)
    found = next(((one, span) for one, span in zip(values, spans, strict=True) if span), None)
    if found is None:
        if before is None or kinds is None or not asked:
            return None
        return Birth(before.first, before.last, before.said, kinds)
    value, (first, last, said) = found
    return Birth(first, last, said, kinds or (before.kinds if before else _of_sex(law, sex)), value)


def entry(birth: Birth) -> dict[str, Any]:
    """What the profile keeps with the retirement date, so that the kind can still be asked."""
    return {"born": [birth.first.isoformat(), birth.last.isoformat()], "kinds": list(birth.kinds), "said": birth.said}


def kinds_to_ask(state: State) -> list[str]:
    """The kinds of person the retirement date still hangs on, as they are offered; empty when it is settled."""
    birth = _before(state.profile)
    names = state.room.knowledge.retirement.kinds
    return [names[kind] for kind in birth.kinds] if birth and len(birth.kinds) > 1 else []


def worked_out(birth: Birth, law: RetirementLaw, as_of: date) -> str:
    """One sentence that says how the date was reached; empty while the kind is open."""
    if len(birth.kinds) != 1:
        return ""
    first, last = birth.span(law, as_of)
    same = (first.year, first.month) == (last.year, last.month)
    return say("retires_worked_out", said=birth.said, kind=law.kinds[birth.kinds[0]], first=first, last=last, same=same)


def _before(profile: Profile) -> Birth | None:
    kept = profile.slot.get(FACT) or {}
    if "born" not in kept:
        return None
    first, last = (date.fromisoformat(day) for day in kept["born"])
    return Birth(first, last, str(kept["said"]), tuple(kept["kinds"]))


def _kinds(law: RetirementLaw, words: Mapping[str, Any], text: str, known: str | None) -> tuple[str, ...] | None:
    """Who is spoken of: a kind by its own words, else all kinds of the sex; None where nothing is said."""
    for kind, name in law.kinds.items():
        if text.strip() == normalise(name):
            return (kind,)
    for sex in ("male", "female"):
        said = any(word in text for word in words.get(sex, ()))
        if said or sex == known:
            of_sex = _of_sex(law, sex)
            told = tuple(kind for kind in of_sex if any(word in text for word in words.get(kind, ())))
            return told or (of_sex if said else None)
    return None


def _of_sex(law: RetirementLaw, sex: str | None) -> tuple[str, ...]:
    return tuple(kind for kind in law.kinds if sex in (None, kind.split("_")[0]))


def _born(
    value: Value, text: str, words: Mapping[str, Any], as_of: date, asked: bool, of_a_person: bool
) -> tuple[date, date, str] | None:
    behind, front = text[value.end :], text[: value.start]
    if value.kind == "date" and isinstance(value.low, date) and isinstance(value.high, date):
        says_birth = behind.startswith(tuple(words.get("born_behind", ()))) or front.endswith(
            tuple(words.get("born_before", ()))
        )
        long_past = asked and value.high.year <= as_of.year - _YOUNGEST
        return (value.low, value.high, value.text + say("born")) if says_birth or long_past else None
    if value.kind != "number" or not isinstance(value.value, int) or not _YOUNGEST <= value.value <= _OLDEST:
        return None
    bare = value.unit == "" and (asked or of_a_person or re.match("(?:岁|周岁|了)", behind))
    of_age = value.unit == "岁" or bare
    if not of_age:
        return None
    youngest = plus_months(as_of, -12 * value.value)
    return plus_months(youngest, -12) + timedelta(days=1), youngest, say("aged", years=value.value)
