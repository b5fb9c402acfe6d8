"""The scan: at every symbol that may begin a value, the first reader that understands it wins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from actions.values.bounds import bounded, dated
from actions.values.dates import read_date
from actions.values.durations import read_duration
from actions.values.lexer import DATE, NUMBER, Symbols, lex
from actions.values.quantities import read_money, read_none, read_number, read_percent
from actions.values.quantity import Dropped, Quantity, joined, of
from actions.values.relative_dates import read_ago
from actions.values.spans import Impossible, Span
from actions.values.value import Value

_BEGIN = re.compile(f"[{NUMBER}{DATE}大去前今明后昨上下本这当年月元百千半小第负没未-]")
_JOINER = re.compile("[-~到至—–]{1,2}|、")
_AMOUNT = re.compile(f"{NUMBER}|[百千]分之")
_JOINED_DATES = re.compile("[到至和、~—–-]{0,2}$")


def find_values(text: str, as_of: date) -> list[Value]:
    """All values of an NFKC-normalised text, left to right, not overlapping. Dates are relative to `as_of`."""
    return [found for found in _scan(lex(text), as_of) if isinstance(found, Value)]


def invalid_dates(text: str, as_of: date | None = None) -> list[str]:
    """The raw characters of dates that do not exist (2月31日, 13月).

    Those that exist in some years or months only (去年2月29日, 上个月31号) are judged when `as_of` is given.
    """
    symbols = lex(text)
    return [
        symbols.raw[symbols.begin(found.start) : symbols.end(found.end)]
        for found in _scan(symbols, as_of or date(2000, 1, 1))
        if isinstance(found, Impossible) and (as_of is not None or not found.relative)
    ]


def _scan(symbols: Symbols, as_of: date) -> Iterator[Value | Impossible]:
    sym = symbols.sym
    at = free = 0  # where to look next; the first symbol that belongs to no value yet
    year: int | None = None  # the year of the value just before
    while begin := _BEGIN.search(sym, at):
        at = begin.start()
        found = _read(symbols, at, as_of, year if _JOINED_DATES.match(sym[free : min(at, free + 3)]) else None)
        year = None if at > free + 2 else year
        if found is None:
            at += 1
        elif isinstance(found, Dropped):
            at = free = found.end
        elif isinstance(found, Impossible):
            yield found
            at = free = found.end
        elif isinstance(found, Span):
            value, at = dated(symbols, free, found)
            year, free = found.low.year if found.year_given or year else None, at
            yield value
        else:
            value, at = bounded(symbols, free, found)
            year, free = None, at
            yield value


def _read(symbols: Symbols, at: int, as_of: date, year: int | None) -> Span | Impossible | Quantity | Dropped | None:
    span = read_date(symbols, at, as_of, year)
    if span:
        return span
    quantity = _quantity(symbols, at)
    if isinstance(quantity, Quantity) and quantity.kind == "duration":
        return read_ago(symbols, quantity, as_of) or quantity
    return quantity


def _quantity(symbols: Symbols, at: int) -> Quantity | Dropped | None:
    """One quantity, or a range of two (20到30人, 两到三年, 三、四个)."""
    first = _single(symbols, at)
    numeral = symbols.numerals.get(at)
    if isinstance(first, Quantity):
        opening = first
    elif numeral and not (numeral.figures and numeral.chinese):
        opening = replace(of(numeral, "number", "", at, at + 1), bare=True)
    else:
        return first
    joiner = _JOINER.match(symbols.sym, opening.end)
    if joiner and _AMOUNT.match(symbols.sym, joiner.end()):
        second = _single(symbols, joiner.end())
        both = joined(opening, second) if isinstance(second, Quantity) else None
        if both and (joiner[0] != "、" or _follow(symbols, at, joiner.end())):
            return both
    return first


def _follow(symbols: Symbols, first: int, second: int) -> bool:
    """三、四个 is a range, 28、35 is a list: two single figures, one above the other."""
    numerals = symbols.numerals
    low, high = (numerals[at].whole if at in numerals else None for at in (first, second))
    return low is not None and high is not None and high == low + 1 and high < 10


def _single(symbols: Symbols, at: int) -> Quantity | Dropped | None:
    for read in (read_none, read_percent, read_duration, read_money):
        if quantity := read(symbols, at):
            return quantity
    return read_number(symbols, at)
