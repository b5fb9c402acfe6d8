"""The scan: at every symbol that may begin a value, the first reader that understands it wins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from actions.values.bounds import bounded
from actions.values.dates import Impossible, Span, dated, read_ago, read_date
from actions.values.durations import read_duration
from actions.values.lexer import DATE, NUMBER, Symbols, lex
from actions.values.quantities import read_money, read_none, read_number, read_percent
from actions.values.quantity import Dropped, Quantity, joined, of
from actions.values.value import Value

_BEGIN = re.compile(f"[{NUMBER}{DATE}大去前今明后昨上下本这当年月元百千半小第负没未-]")
_JOINER = re.compile("[-~到至—–]{1,2}|、")
_AMOUNT = re.compile(f"{NUMBER}|[百千]分之")
_JOINED_DATES = re.compile("[到至和、~—–-]{1,2}$|^$")


def find_values(text: str, as_of: date) -> list[Value]:
    """All values of an NFKC-normalised text, left to right, not overlapping. Dates are relative to `as_of`."""
    return [found for found in _scan(lex(text), as_of) if isinstance(found, Value)]


def invalid_dates(text: str, as_of: date | None = None) -> list[str]:
    """The raw characters of dates that do not exist (2月31日, 13月).

    Those that exist in some years only (去年2月29日, 上个月31号) are judged when `as_of` is given.
    """
    symbols = lex(text)
    return [
        symbols.raw[symbols.begin(found.start) : symbols.end(found.end)]
        for found in _scan(symbols, as_of or date(2000, 1, 1))
        if isinstance(found, Impossible) and (as_of is not None or not found.relative)
    ]


def _scan(symbols: Symbols, as_of: date) -> Iterator[Value | Impossible]:
    sym = symbols.sym
    free = 0  # first symbol that belongs to no value yet
    at = 0
    year: int | None = None  # of a date just before, if it was said
    while begin := _BEGIN.search(sym, at):
        at = begin.start()
        joined_year = year if _JOINED_DATES.match(sym[free:at]) and len(sym[free:at]) <= 2 else None
        found = _read(symbols, at, as_of, joined_year)
        if found is None:
            at += 1
            continue
        if isinstance(found, Dropped):
            at = free = found.end
            continue
        if isinstance(found, Impossible):
            yield found
            at = free = found.end
            continue
        if isinstance(found, Span):
            value = dated(symbols, free, found)
            year = found.low.year if found.year_given or joined_year else None
            consumed = found.end
        else:
            value = bounded(symbols, free, found)
            year = None
            consumed = found.end
        yield value
        at = free = consumed
        while at < len(sym) and symbols.begin(at) < value.end:
            at += 1
        free = at


def _read(symbols: Symbols, at: int, as_of: date, year: int | None) -> Span | Impossible | Quantity | Dropped | None:
    span = read_date(symbols, at, as_of, year)
    if span:
        return span
    quantity = _quantity(symbols, at)
    if isinstance(quantity, Quantity) and quantity.kind == "duration":
        return read_ago(symbols, quantity, as_of) or quantity
    return quantity


def _quantity(symbols: Symbols, at: int) -> Quantity | Dropped | None:
    """One quantity, or a range of two (20到30人)."""
    sym = symbols.sym
    first = _single(symbols, at)
    numeral = symbols.numerals.get(at)
    if not isinstance(first, Quantity):
        if numeral is None or numeral.figures and numeral.chinese:
            return first
        opening: Quantity = replace(of(numeral, "number", "", at, at + 1), bare=True)
    else:
        opening = first
    joiner = _JOINER.match(sym, opening.end)
    if joiner and _AMOUNT.match(sym, joiner.end()):
        second = _single(symbols, joiner.end())
        neighbours = joiner[0] != "、" or (numeral and (numeral.whole or 9) < 9)
        if isinstance(second, Quantity) and neighbours and (both := joined(opening, second)):
            if joiner[0] == "、" and both.high - both.low != both.factor * (second.scale if both.factor == 1 else 1):
                return first
            return both
    return first


def _single(symbols: Symbols, at: int) -> Quantity | Dropped | None:
    for read in (read_none, read_percent, read_duration, read_money):
        if quantity := read(symbols, at):
            return quantity
    return read_number(symbols, at)
