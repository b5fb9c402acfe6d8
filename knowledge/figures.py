"""The quantities in a Chinese text: percentages, sums of money, dates, lengths of time, counts, multiples.

Used to hold what a rule calculates with, and what an answer says, against the words of the notices. One printed
quantity is known under every form in which a rule may write it: 1年 is also 12 months, 2021年12月 two days.
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from knowledge.text import normalise, without_space

Form = tuple[str, Fraction | date]
"""Unit and value; the units are those of `UNITS`."""

UNITS = ("percent", "ratio", "yuan", "times", "date", "year", "months", "days", "count")

_NUMBER = r"\d+(?:\.\d+)?"
_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"两": 2}
_IN_WORDS = r"[一二两三四五六七八九十]{1,3}"
_COUNTED = ("人", "名", "次", "份", "周岁", "岁", "户", "类", "届", "个")
_DOCUMENT = re.compile(r"[\u4e00-\u9fff]{1,8}〔\d{4}〕\d+号")
_NOT_QUANTITIES = (  # numbers of documents, articles, items and annexes
    r"[〔\[]\d{4}[〕\]]\d+号",
    r"\d+号文?",
    r"第\(?[\d一二三四五六七八九十]+\)?(?:条|项|类|部分|款)",
    r"附件?\d+",
)
_SKIPPED = re.compile("|".join(_NOT_QUANTITIES))
_FOUND = re.compile(
    rf"(?P<day>(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日)"
    rf"|(?P<month>(\d{{4}})年(\d{{1,2}})月)"
    rf"|(?P<year>(\d{{4}})(?:年|届))"
    rf"|(?P<percent>({_NUMBER})%)"
    r"|(?P<ratio>(\d+)/(\d+))"
    rf"|(?P<yuan>({_NUMBER})(万)?(?:元|块))"
    rf"|(?P<times>({_NUMBER})倍)"
    rf"|(?P<length>({_NUMBER}|{_IN_WORDS})(个月|月|年|日|天))"
    rf"|(?P<counted>({_IN_WORDS})(?:{'|'.join(_COUNTED)}))"
    rf"|(?P<count>({_NUMBER}))"
)
_MONTHS = {"个月": 1, "月": 1, "年": 12}


@dataclass(frozen=True)
class Figure:
    """One quantity as it is written (`text`, normalised), and the forms it is known under."""

    text: str
    forms: frozenset[Form]


def figures(text: str, in_words: bool = True) -> tuple[Figure, ...]:
    """Return the quantities of `text` in order, those written in Chinese numerals (两份) only if `in_words`.

    Numbers that count nothing are left out: of documents, articles, items, annexes, dates that do not exist.
    """
    return tuple(_read(_SKIPPED.sub(" ", normalise(text)), in_words))


def forms(text: str) -> frozenset[Form]:
    """Return every form of every quantity in `text`, and the years in the numbers of documents."""
    years = [("year", Fraction(year)) for number in document_numbers(text) for year in re.findall(r"\d{4}", number)[:1]]
    return frozenset(years).union(*(figure.forms for figure in figures(text)))


def document_numbers(text: str) -> tuple[str, ...]:
    """Return the numbers of documents named in `text`; words that stand right before one may hang on to it."""
    return tuple(_DOCUMENT.findall(without_space(text)))


def _read(text: str, in_words: bool) -> Iterator[Figure]:
    for match in _FOUND.finditer(text):
        kind = str(match.lastgroup)
        parts = [part for part in match.groups() if part is not None][1:]
        if kind in ("length", "counted") and not parts[0][0].isdigit() and not in_words:
            continue
        try:
            found = frozenset(_forms(kind, parts))
        except ValueError:  # no such day
            continue
        yield Figure(match.group(kind), found)


def _forms(kind: str, parts: list[str]) -> Iterator[Form]:
    if kind == "day":
        yield from _days(date(int(parts[0]), int(parts[1]), int(parts[2])))
    elif kind == "month":
        year, month = int(parts[0]), int(parts[1])
        yield from _days(date(year, month, 1))
        yield from _days(date(year, month, calendar.monthrange(year, month)[1]))
    elif kind == "year":
        year = int(parts[0])
        yield from _days(date(year, 1, 1))
        yield from _days(date(year, 12, 31))
    elif kind == "ratio":
        yield "ratio", Fraction(int(parts[0]), int(parts[1]) or 1)
    elif kind == "yuan":
        yield "yuan", Fraction(parts[0]) * (10_000 if len(parts) > 1 else 1)
    elif kind == "length":
        number, unit = _number(parts[0]), parts[1]
        yield ("months", number * _MONTHS[unit]) if unit in _MONTHS else ("days", number)
    elif kind == "percent":
        yield "percent", Fraction(parts[0])
    else:
        yield "times" if kind == "times" else "count", _number(parts[0])


def _days(day: date) -> Iterator[Form]:
    yield "date", day
    yield "year", Fraction(day.year)


def _number(word: str) -> Fraction:
    if word[0].isdigit():
        return Fraction(word)
    tens, ten, ones = word.rpartition("十")
    if not ten:
        return Fraction(int("".join(str(_DIGITS[digit]) for digit in word)))
    return Fraction((_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0))
