"""Dates counted from the as-of date: 上个月, 月底, 年底, 昨天, 上周三, 15号之前, 三天前, 半年前."""

from __future__ import annotations

import re
from datetime import date, timedelta
from math import floor

from actions.values.durations import MONTHS
from actions.values.lexer import NUMBER, Symbols
from actions.values.quantity import Quantity
from actions.values.spans import (
    Impossible,
    Span,
    day_of,
    month_end,
    months,
    one_day,
    part_of_month,
    part_of_year,
    shift_days,
    shift_months,
)
from actions.values.value import Precision

_N = NUMBER
PART_OF_MONTH = "(?P<part>[上中下]旬|初(?![中次期级步])|底(?![下薪])|末|尾|中(?![专级职午秋]))"

_AWAY = {"上上": -2, "上": -1, "这": 0, "本": 0, "当": 0, "下": 1, "下下": 2}
_MONTH = re.compile(
    rf"(?:(?P<away>上上|(?<!以)上|下下|(?<!以)下|这)个?月|(?P<this>[本当])月)份?的?"
    rf"(?:{PART_OF_MONTH}|(?P<day>{_N})[日号](?!人))?"
)
_PART_OF_THIS_MONTH = re.compile(rf"(?<![每个{_N}])月{PART_OF_MONTH}")
_PART_OF_THIS_YEAR = re.compile(
    rf"(?<![每{_N}些几多少全一往历])(?<!每年)年(?P<part>底(?![下薪])|末|初(?![中次])|中(?=[的,。就才]|$))"
)
_DAY_OF_THIS_MONTH = re.compile(
    rf"(?P<day>{_N})(?:日|号(?!人))"
    "(?=之?前(?!后)|以[前后]|之?后|那天|当天|起|开始|截止|到期|[上下]午|早|晚|离职|失业的|辞|被裁|去的|交的|办的)"
)
_DAYS_AWAY = {"大前": -3, "前": -2, "昨": -1, "今": 0, "明": 1, "后": 2, "大后": 3}
_DAY = re.compile(r"(?P<away>大前|前|昨|今|明|大后|后)(?:天(?!性)|(?<=[昨今明])日)(?![残致失因环])")
_WEEK = re.compile(
    rf"(?P<away>上上|上|这|本|下下|下)个?(?:周|星期|礼拜)(?:(?P<weekday>{_N})(?![个家次])|(?P<end>[日天末]))?"
)
_QUARTER = re.compile("(?P<away>上|这|本|下)个?季度")

_AGO = re.compile("[之以]?前(?![后任期提年天])")
_AHEAD = re.compile("[之以]后|后(?![来续面天年])")
_OPENING = re.compile(r"(?:^|[,。;!?:\s过再等])$")  # 失业两年后 is counted from the loss of work, not from today


def read_relative(symbols: Symbols, at: int, as_of: date) -> Span | Impossible | None:
    """The date that begins at symbol `at`, counted from the as-of date."""
    sym = symbols.sym
    if match := _PART_OF_THIS_YEAR.match(sym, at):
        return part_of_year(match["part"], as_of.year, at, match.end(), given=False)
    if match := _MONTH.match(sym, at):
        return _month(symbols, match, as_of, _AWAY[match["away"] or match["this"]])
    if match := _PART_OF_THIS_MONTH.match(sym, at):
        return part_of_month(match["part"], as_of.year, as_of.month, at, match.end(), given=True)
    if match := _DAY_OF_THIS_MONTH.match(sym, at):
        day = symbols.numerals[at].whole
        return _day(as_of, day, at, match.end()) if day is not None and 1 <= day <= 31 else None
    if match := _DAY.match(sym, at):
        found = shift_days(as_of, _DAYS_AWAY[match["away"]])
        return one_day(found, at, match.end(), given=True) if found else None
    if match := _WEEK.match(sym, at):
        return _week(symbols, match, as_of)
    if match := _QUARTER.match(sym, at):
        first = shift_months(as_of.replace(month=(as_of.month - 1) // 3 * 3 + 1, day=1), 3 * _AWAY[match["away"]])
        return _quarter(first, at, match.end()) if first else None
    return None


def read_ago(symbols: Symbols, quantity: Quantity, as_of: date) -> Span | None:
    """三天前, 半年前, 两个月后. Days give a day, weeks a week, months a month, whole years a year."""
    match, sign = _AGO.match(symbols.sym, quantity.end), -1
    if match is None:
        match, sign = _AHEAD.match(symbols.sym, quantity.end), 1
        if match is None or not _OPENING.search(symbols.sym[max(0, quantity.start - 1) : quantity.start]):
            return None
    counts = [sign * floor(count) for count in (quantity.low, quantity.high, quantity.value)]
    shift = shift_months if quantity.unit == MONTHS else shift_days
    first, last, value = (shift(as_of, count) for count in counts)
    if first is None or last is None or value is None:
        return None
    low, high = min(first, last), max(first, last)
    precision: Precision = "day"
    if quantity.unit == MONTHS:
        if quantity.factor == 12 and quantity.low % 12 == 0:
            precision, low, high = "year", low.replace(month=1, day=1), high.replace(month=12, day=31)
        else:
            precision, low, high = "month", low.replace(day=1), month_end(high)
    elif quantity.factor == 7:
        precision = "week"
        low, high = shift_days(low, -low.weekday()) or low, shift_days(high, 6 - high.weekday()) or high
    elif quantity.factor == 15:
        low, high = shift_days(low, -3) or low, shift_days(high, 3) or high
    return Span(low, high, value, precision, quantity.start, match.end(), approx=low != high)


def _month(symbols: Symbols, match: re.Match[str], as_of: date, away: int) -> Span | Impossible | None:
    month = shift_months(as_of.replace(day=1), away)
    if month is None:
        return None
    start, end = match.span()
    if match["part"]:
        return part_of_month(match["part"], month.year, month.month, start, end, given=True)
    if match["day"]:
        return _day(month, symbols.numerals[match.start("day")].whole, start, end)
    return months(month.year, month.month, month.month, "month", start, end, given=True)


def _day(month: date, day: int | None, start: int, end: int) -> Span | Impossible:
    found = day_of(month.year, month.month, day) if day is not None else None
    return one_day(found, start, end, given=True) if found else Impossible(start, end, relative=True)


def _week(symbols: Symbols, match: re.Match[str], as_of: date) -> Span | None:
    """Monday to Sunday, or one day of it."""
    start, end = match.span()
    monday = shift_days(as_of, 7 * _AWAY[match["away"]] - as_of.weekday())
    sunday = monday and shift_days(monday, 6)
    if monday is None or sunday is None:
        return None
    if match["weekday"]:
        weekday = symbols.numerals[match.start("weekday")].whole
        if weekday is not None and 1 <= weekday <= 6:
            return one_day(monday + timedelta(weekday - 1), start, end, given=True)
        end = match.start("weekday")
    if match["end"] == "末":
        return Span(sunday - timedelta(1), sunday, sunday - timedelta(1), "day", start, end)
    if match["end"]:
        return one_day(sunday, start, end, given=True)
    return Span(monday, sunday, monday, "week", start, end)


def _quarter(first: date, start: int, end: int) -> Span:
    return months(first.year, first.month, first.month + 2, "quarter", start, end, given=True)
