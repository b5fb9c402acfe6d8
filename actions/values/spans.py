"""Spans of days on the calendar. Everything outside the years 1 to 9999 is None, never an error."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from actions.values.value import Precision


@dataclass(frozen=True, slots=True)
class Span:
    """Symbols start..end name the days low..high; `year_given`: the year was said or follows from what was said."""

    low: date
    high: date
    value: date
    precision: Precision
    start: int
    end: int
    approx: bool = False
    year_given: bool = True


@dataclass(frozen=True, slots=True)
class Impossible:
    """Symbols start..end are written as a date that does not exist; `relative`: that depends on the as-of date."""

    start: int
    end: int
    relative: bool = False


def day_of(year: int, month: int, day: int) -> date | None:
    """The date, if there is such a day."""
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def shift_months(day: date, months: int) -> date | None:
    """The same day some months away (31 becomes the last day of a short month)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def shift_days(day: date, days: int) -> date | None:
    """The day some days away."""
    ordinal = day.toordinal() + days
    return date.fromordinal(ordinal) if 1 <= ordinal <= date.max.toordinal() else None


def month_end(day: date) -> date:
    """The last day of the month of `day`."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def one_day(day: date, start: int, end: int, *, given: bool) -> Span:
    """A single day."""
    return Span(day, day, day, "day", start, end, year_given=given)


def months(year: int, first: int, last: int, precision: Precision, start: int, end: int, *, given: bool) -> Span:
    """The months first..last of a year; the single value is the first day."""
    low = date(year, first, 1)
    return Span(low, month_end(date(year, last, 1)), low, precision, start, end, year_given=given)


def part_of_year(part: str, year: int, start: int, end: int, *, given: bool) -> Span:
    """年底 = 31 December; 年初 = January to March, 年中 = June and July, both approximate."""
    if part == "初":
        low, high = date(year, 1, 1), date(year, 3, 31)
    elif part == "中":
        low, high = date(year, 6, 1), date(year, 7, 31)
    else:
        return one_day(date(year, 12, 31), start, end, given=given)
    return Span(low, high, low, "quarter", start, end, approx=True, year_given=given)


def part_of_month(part: str, year: int, month: int, start: int, end: int, *, given: bool) -> Span:
    """月底 = its last day; 上旬, 中旬, 下旬 = 1–10, 11–20, 21–end; 月初 and 月中 are the same but approximate."""
    last = monthrange(year, month)[1]
    if part in ("底", "末", "尾"):
        return one_day(date(year, month, last), start, end, given=given)
    first, to = {"初": (1, 10), "上": (1, 10), "中": (11, 20), "下": (21, last)}[part[0]]
    low = date(year, month, first)
    return Span(low, date(year, month, to), low, "month", start, end, approx=len(part) == 1, year_given=given)


def widened(span: Span) -> tuple[date, date]:
    """左右, 前后: one unit more to either side; three days for a single day."""
    if span.precision in ("day", "week"):
        margin = 3 if span.precision == "day" else 7
        return shift_days(span.low, -margin) or span.low, shift_days(span.high, margin) or span.high
    margin = {"month": 1, "quarter": 3, "half": 6, "year": 12}[span.precision]
    low, high = shift_months(span.low, -margin), shift_months(span.high, margin)
    return low or span.low, month_end(high) if high else span.high
