"""Facts from the outside world (JSON, YAML) made into the exact values the engine works with.

| catalogue type        | value       |        | catalogue type | value              |
|-----------------------|-------------|--------|----------------|--------------------|
| bool                  | bool        |        | yuan           | Fraction (yuan)    |
| count months days year| int         |        | percent        | Fraction (points)  |
| date                  | date        |        | choice         | str (a value id)   |
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from eligibility.errors import DecisionError, FactError, message
from knowledge import Fact, Knowledge

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
_INTEGERS = ("count", "months", "days", "year")
_LARGEST = 10**12
_DECIMALS = 30  # digits after the point that are kept; a longer tail is refused, not rounded


def read_facts(knowledge: Knowledge, given: Any) -> dict[str, Any]:
    """Check and convert a mapping of facts; null is left out (unknown).

    Raises:
        FactError: unknown id, wrong type, impossible date, negative count … with one Chinese sentence.
    """
    if not isinstance(given, Mapping):
        raise DecisionError("not_a_mapping", got=type(given).__name__)
    facts = {}
    for name, value in given.items():
        fact = known_fact(knowledge, name)
        if value is not None:
            facts[fact.id] = read_fact(fact, value)
    return facts


def known_fact(knowledge: Knowledge, name: Any) -> Fact:
    """The catalogue's entry for ``name``. Raises FactError, suggesting the nearest one."""
    fact = knowledge.facts.get(name) if isinstance(name, str) else None
    if fact is None:
        near = difflib.get_close_matches(str(name), list(knowledge.facts), 1)
        suggestion = message("did_you_mean", value=near[0]) if near else ""
        raise FactError("unknown_fact", str(name)[:60], suggestion=suggestion)
    return fact


def read_fact(fact: Fact, value: Any) -> Any:
    """One value of the catalogue's type. Raises FactError."""
    if fact.type == "bool":
        return _bool(fact, value)
    if fact.type in _INTEGERS:
        return _integer(fact, value)
    if fact.type in ("percent", "yuan"):
        return _fraction(fact, value)
    if fact.type == "date":
        return _date(fact, value)
    return _choice(fact, value)


def plain(value: Any) -> Any:
    """A fact's value as JSON: dates as ISO text, exact fractions as numbers."""
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _bool(fact: Fact, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong("wrong_bool", fact, value)
    return value


def _integer(fact: Fact, value: Any) -> int:
    number = _number("wrong_integer", fact, value)
    if number.denominator != 1:
        raise _wrong("wrong_integer", fact, value)
    return int(number)


def _fraction(fact: Fact, value: Any) -> Fraction:
    return _number("wrong_number", fact, value)


def _number(code: str, fact: Fact, value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Fraction, Decimal)):
        raise _wrong(code, fact, value)
    if not isinstance(value, (int, Fraction)):
        try:  # through the decimal text, so that 0.1 means one tenth
            value = Decimal(str(value))
        except InvalidOperation:
            raise _wrong(code, fact, value) from None
        if not value.is_finite():
            raise _wrong(code, fact, value)
        if value and value.adjusted() > len(str(_LARGEST)):  # before it is written out: 1e999999999 fills the memory
            raise _wrong("too_large", fact, value)
        if value and int(value.as_tuple().exponent) < -_DECIMALS:
            raise _wrong(code, fact, value)
    number = Fraction(value)
    if number < 0:
        raise _wrong("negative", fact, value)
    if number > _LARGEST:
        raise _wrong("too_large", fact, value)
    return number


def _date(fact: Fact, value: Any) -> date:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong("wrong_date", fact, value) from None
    day = day.date() if isinstance(day, datetime) else day
    if not EARLIEST <= day <= LATEST:
        raise _wrong("far_date", fact, value)
    return day


def _choice(fact: Fact, value: Any) -> str:
    if not isinstance(value, str) or (fact.values and value not in fact.values):
        raise _wrong("wrong_choice", fact, value, choices="、".join(fact.values))
    return value


def _wrong(code: str, fact: Fact, value: Any, **more: Any) -> FactError:
    try:
        shown = str(value)
    except ValueError:  # an integer too long to be written
        shown = "…"
    return FactError(code, fact.id, label=fact.zh, value=shown if len(shown) <= 40 else shown[:40] + "…", **more)
