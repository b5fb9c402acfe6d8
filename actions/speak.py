"""Values and sentences in plain Chinese: formatting, and the templates of ``wording/`` filled in."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, Template

from actions.profile import Entry, Profile
from actions.state import Person
from knowledge import Clause, Fact, Knowledge
from knowledge.text import day

_WORDING = Path(__file__).with_name("wording")
_YOU = "您"
_JINJA = Environment(autoescape=False)  # noqa: S701 - plain text; every door escapes for itself


@lru_cache(maxsize=8)
def wording(name: str) -> Mapping[str, Any]:
    """A file of ``wording/`` as data."""
    return dict(yaml.safe_load((_WORDING / f"{name}.yml").read_text(encoding="utf-8")))


@lru_cache(maxsize=1024)
def _template(text: str) -> Template:
    return _JINJA.from_string(text)


def fill(template: str, **values: Any) -> str:
    """A template with its values."""
    return _template(template).render(**values)


def say(key: str, **values: Any) -> str:
    """The sentence ``key`` of messages.yml."""
    return fill(wording("messages")[key], **values)


def addressed(text: str, whom: Person | None) -> str:
    """A question put to “您”, about somebody else: 您办过失业登记吗？ → 您母亲办过失业登记吗？ Then 她 is enough."""
    if whom is None:
        return text
    first, *more = text.split(_YOU)
    return first + "".join((whom.pronoun if i else whom.name) + part for i, part in enumerate(more))


def yuan(fen: int) -> str:
    """72,000 or 33.30: whole yuan without decimals."""
    return f"{fen // 100:,}" if fen % 100 == 0 else f"{fen / 100:,.2f}"


def percent(value: Fraction | int) -> str:
    """A ratio as per cent, rounded to a tenth: ≈17.9%; exact ones without ≈."""
    points = Fraction(value) * 100
    tenths = round(points, 1)
    mark = "" if tenths == points else "≈"
    return f"{mark}{float(tenths):g}%"


def spoken(fact: Fact, value: Any) -> str:
    """A fact's value as it is said: 28 人, 12 万元 as 120,000 元, 企业."""
    if isinstance(value, bool):
        return fact.says.get(value) or ("是" if value else "否")
    if isinstance(value, date):
        return day(value)
    if fact.type == "yuan":
        return f"{yuan(int(Fraction(value) * 100))} 元"
    if fact.type == "percent":
        return f"{float(value):g}%"
    if fact.type == "choice":
        return fact.values.get(value, value)
    unit = fact.unit or {"months": "个月", "days": "天", "year": "年"}.get(fact.type, "")
    return f"{value} {unit}".strip()


def stated(fact: Fact, value: Any) -> str:
    """A fact as a short statement of its own: 企业；参保职工 28 人；没有残疾；失业时间 2020年11月1日."""
    if fact.type == "choice" or (fact.type == "bool" and fact.says):
        return spoken(fact, value)
    if fact.type == "bool":
        return f"{fact.zh}：{spoken(fact, value)}"
    return f"{_COUNTED.sub('', fact.zh)} {spoken(fact, value)}"


def entry_spoken(fact: Fact, entry: Entry) -> str:
    """One believed fact said back: 参保职工 28 人；参保职工 80多人（按 85 人算）；失业时间 2020年11月."""
    if entry.state == "declined":
        return f"{fact.zh}：{say('unsure')}"
    if not entry.approximate:
        return stated(fact, entry.value)
    if fact.type == "date":
        about = _month_or_year(entry.low, entry.high) or say("between_days", first=day(entry.low), last=day(entry.high))
    else:
        about = say("about", said=entry.said, value=spoken(fact, entry.value))
    return f"{_COUNTED.sub('', fact.zh)} {about}"


_COUNTED = re.compile("[人月天次]数$")  # of “参保职工人数”; the unit after the number says it again


def _month_or_year(first: date, last: date) -> str:
    """2020年11月 or 2020年 when the days from ``first`` to ``last`` are just that, else nothing."""
    whole = first.year == last.year and first.day == 1 and last.day == monthrange(last.year, last.month)[1]
    if whole and first.month == last.month:
        return f"{first.year}年{first.month}月"
    return f"{first.year}年" if whole and (first.month, last.month) == (1, 12) else ""


def summary(knowledge: Knowledge, profile: Profile, programme: str | None = None) -> str:
    """Everything believed, in one line."""
    return "；".join(entry_spoken(knowledge.facts[entry.fact], entry) for entry in profile.entries(programme))


def source(knowledge: Knowledge, clause: Clause) -> str:
    """辽人社发〔2021〕7号 一（一）"""
    return f"{knowledge.notices[clause.document].number} {clause.item}"


def one_line(quote: str) -> str:
    """A quote without the line breaks of the scan; every character stays."""
    return "".join(quote.split())
