"""How the simulated user puts things: phrases from ``phrases.yml``, numbers, sums and days in several spellings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from knowledge import Fact

_DIGITS = "零一二三四五六七八九"
_UNITS = {"months": "个月", "days": "天", "year": "年"}
_ROUGH_FROM, _ROUGH_TO = 20, 99  # head-counts for which people say “三十来个”


@cache
def phrases() -> Mapping[str, Any]:
    """The whole of ``phrases.yml``."""
    found: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_name("phrases.yml").read_text(encoding="utf-8"))
    return found


def said(fact: Fact, value: Any, way: str, rng: Random, as_of: date, rough: bool = False) -> str | None:
    """A fact in one of its phrases, None if there is none. ``way``: ``say`` (unasked) or ``answer``."""
    entry = phrases()["facts"].get(fact.id)
    if entry is None:
        return None
    by_value = entry if "say" in entry else entry.get({True: "true", False: "false"}.get(value, value), {})
    ways = by_value.get(way) or []
    if not ways:
        return None
    return str(rng.choice(ways)).replace("{v}", quantity(fact, value, rng, as_of, rough))


def quantity(fact: Fact, value: Any, rng: Random, as_of: date, rough: bool = False) -> str:
    """A number, sum or day in words; of a rough one only that the truth lies within. Nothing for other types."""
    if isinstance(value, date):
        return _rough_day(value, as_of, rng) if rough else _day(value, as_of, rng)
    if fact.type == "year":
        near = {as_of.year: "今年", as_of.year - 1: "去年"}
        return rng.choice([f"{value}年", near.get(value, f"{value}年")])
    if fact.type == "percent":
        return rng.choice([f"{_plain(value)}%", f"百分之{_plain(value)}"])
    if fact.type == "yuan":
        return _yuan(Fraction(value), rng)
    if fact.type in ("count", "months", "days"):
        return _count(fact, int(value), rng, rough)
    return ""


def may_be_rough(fact: Fact, value: Any) -> bool:
    """Whether people say such a value roughly: a month for a day, “三十来个” for a head-count."""
    return isinstance(value, date) or (fact.type == "count" and fact.unit == "人" and _ROUGH_FROM <= value <= _ROUGH_TO)


def chinese(number: int) -> str:
    """A whole number below 10,000 as it is read aloud."""
    if number < 10:
        return _DIGITS[number]
    for size, name in ((1000, "千"), (100, "百"), (10, "十")):
        if number >= size:
            head, rest = divmod(number, size)
            first = "" if size == 10 and head == 1 else _DIGITS[head]
            gap = "零" if rest and rest < size // 10 else ""
            return first + name + gap + (_read_on(rest, size) if rest else "")
    raise ValueError(number)


def _read_on(rest: int, size: int) -> str:
    """What follows a higher digit: “一百一十五”, where alone it is “十五”."""
    return "一" + chinese(rest) if size > 10 and 10 <= rest < 20 else chinese(rest)


def _count(fact: Fact, value: int, rng: Random, rough: bool) -> str:
    if rough and may_be_rough(fact, value):
        tens = min(range(_ROUGH_FROM, 100, 10), key=lambda ten: abs(ten - value))
        if abs(tens - value) <= 2:
            return rng.choice([f"{chinese(tens)}来个人", f"{tens}来人"])
    unit = _UNITS.get(fact.type) or (rng.choice(["人", "个人"]) if fact.unit == "人" else fact.unit)
    spelled = chinese(value) if value < 10_000 else str(value)
    spelled = "两" if value == 2 else spelled
    if fact.type == "months" and value and value % 12 == 0:
        return rng.choice([f"{value}{unit}", f"{value // 12}年", f"{spelled}{unit}"])
    return rng.choice([f"{value}{unit}", f"{value}{unit}", f"{spelled}{unit}"])


def _yuan(value: Fraction, rng: Random) -> str:
    ways = [f"{_plain(value)}元", f"{_plain(value)}块"]
    if value >= 10_000 and value % 1000 == 0:
        ways += [f"{_plain(value / 10_000)}万", f"{_plain(value / 10_000)}万块钱"]
    return rng.choice(ways)


def _day(day: date, as_of: date, rng: Random) -> str:
    ways = [f"{day.year}年{day.month}月{day.day}号", f"{day.year}年{day.month}月{day.day}日", day.isoformat()]
    near = {as_of.year: "今年", as_of.year - 1: "去年"}.get(day.year)
    return rng.choice([*ways, f"{near}{day.month}月{day.day}号"] if near else ways)


def _rough_day(day: date, as_of: date, rng: Random) -> str:
    near = {as_of.year: "今年", as_of.year - 1: "去年"}.get(day.year, f"{day.year}年")
    return rng.choice([f"{day.year}年{day.month}月", f"{near}{day.month}月份"])


def _plain(value: Any) -> str:
    number = Fraction(value)
    return str(int(number)) if number.denominator == 1 else f"{float(number):g}"
