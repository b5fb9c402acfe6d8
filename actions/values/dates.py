"""Dates: 去年底, 7月31号, 二零二一年七月, 2021-7-1, 下半年, 2021届.

A date may lean on the as-of date for its year only; 上个月, 三天前 and the like stand in `relative_dates`.
"""

from __future__ import annotations

import re
from datetime import date

from actions.values.lexer import DATE, NUMBER, Symbols
from actions.values.numerals import Numeral
from actions.values.relative_dates import PART_OF_MONTH, read_relative
from actions.values.spans import Impossible, Span, day_of, months, one_day, part_of_month, part_of_year
from actions.values.years import full_year, inferred_year, is_year, lasts, year_of

_N = NUMBER
_YEAR = re.compile(
    rf"(?:(?P<relative>(?:大前|前)年|[去今明]年度?|后年|(?<!以)[上下]{_N}?年度?(?!龄)|本年度?)|{_N}(?:年度?|届))的?"
)
_YEARS_AWAY = {"大前": -3, "前": -2, "去": -1, "上": -1, "今": 0, "本": 0, "明": 1, "下": 1, "后": 2}
_YEAR_RANGE = re.compile(rf"{_N}年?[-~到至](?P<to>{_N})年度?(?!{_N}|底|初|末)")
_PART_OF_YEAR = (
    "年?(?P<part_of_year>底(?![下薪层线数])|[末尾终]|初(?![中次期级步始衷二三])"
    "|中(?![专级职午秋标小央心国学等介断途毕]))"
)
_NOT_A_DAY = "[个人名位万千百%元块次岁多年月天来家口户号日点左以几.]"
_IN_YEAR = re.compile(
    rf"(?:(?P<half>[上下])半年|第?(?P<quarter>{_N})季度|(?P<new_year>元旦)"
    rf"|(?P<month_from>{_N})[-~到至、](?P<month_to>{_N})月份?"
    rf"|(?P<month>{_N})月(?:份?的?{PART_OF_MONTH}|份?的?(?P<day>{_N})[日号](?!人)|份的?|(?P<bare_day>{_N})(?!{_NOT_A_DAY})|)"
    rf"|(?P<numeric>{DATE})|{_PART_OF_YEAR})"
)
_BEHIND_A_NUMERAL = set("年届月日号季-~到至、")
_PER_MONTH = re.compile(rf"{_N}(?![日号])|[能补给领发才就挣多]")  # 一月三百: a month, not January


def read_date(symbols: Symbols, at: int, as_of: date, year: int | None = None) -> Span | Impossible | None:
    """The date that begins at symbol `at`. `year`: the year of a date joined before it (去年七月到九月)."""
    sym = symbols.sym
    if sym[at] == _N and sym[at + 1 : at + 2] not in _BEHIND_A_NUMERAL:
        return None
    if (years := _YEAR_RANGE.match(sym, at)) and (span := _year_range(symbols, years)):
        return span
    if match := _YEAR.match(sym, at):
        return _with_year(symbols, match, as_of)
    if (match := _IN_YEAR.match(sym, at)) and not match["part_of_year"]:
        return _in_year(symbols, match, at, as_of, year, given=False)
    return read_relative(symbols, at, as_of)


def _year_range(symbols: Symbols, match: re.Match[str]) -> Span | None:
    """2020-2021年."""
    first, last = (symbols.numerals[at].figures for at in (match.start(), match.start("to")))
    if not (is_year(first) and is_year(last) and first < last):
        return None
    low = date(int(first), 1, 1)
    return Span(low, date(int(last), 12, 31), low, "year", match.start(), match.end())


def _with_year(symbols: Symbols, match: re.Match[str], as_of: date) -> Span | Impossible | None:
    sym, at, words = symbols.sym, match.start(), match["relative"]
    year: int | None
    if words:
        if _N in words and symbols.numerals[at + 1].text != "一":
            return None
        year = as_of.year + _YEARS_AWAY[re.sub(f"{_N}?年度?$", "", words)]
    else:
        year = year_of(symbols, at, match.end(), as_of)
    if year is None or not 1 <= year <= 9999:
        return None
    rest = _IN_YEAR.match(sym, match.end())
    if rest:
        inner = _in_year(symbols, rest, at, as_of, year, given=True, relative=bool(words))
        if inner:
            return inner
    end = match.end() - match[0].endswith("的")
    return Span(date(year, 1, 1), date(year, 12, 31), date(year, 1, 1), "year", at, end)


def _in_year(
    symbols: Symbols,
    match: re.Match[str],
    start: int,
    as_of: date,
    year: int | None,
    *,
    given: bool,
    relative: bool = False,
) -> Span | Impossible | None:
    """A part of a year. `year` None: to be inferred; `given`: it stands in the text before; `relative`: as 去年."""
    numerals, end = symbols.numerals, match.end()
    chosen = as_of.year if year is None else year
    if match["half"]:
        first, last = (1, 6) if match["half"] == "上" else (7, 12)
        return months(chosen, first, last, "half", start, end, given=given)
    if match["quarter"]:
        quarter = numerals[match.start("quarter")].whole
        if quarter is None or not 1 <= quarter <= 4:
            return None
        return months(chosen, quarter * 3 - 2, quarter * 3, "quarter", start, end, given=given)
    if match["new_year"]:
        return one_day(date(chosen, 1, 1), start, end, given=given)
    if match["numeric"]:
        return _numeric(symbols, match.start("numeric"), start, as_of, year)
    if match["part_of_year"]:
        return part_of_year(match["part_of_year"], chosen, start, end, given=given)
    if match["month_from"]:
        first_month, last_month = (numerals[match.start(group)].whole for group in ("month_from", "month_to"))
        if first_month is None or last_month is None or not 1 <= first_month < last_month <= 12:
            return None
        chosen = inferred_year(first_month, 1, as_of, symbols.sym, end) if year is None else year
        return months(chosen, first_month, last_month, "month", start, end, given=given) if chosen > 0 else None
    return _month(symbols, match, start, as_of, year, given=given, relative=relative)


def _month(
    symbols: Symbols, match: re.Match[str], start: int, as_of: date, year: int | None, *, given: bool, relative: bool
) -> Span | Impossible | None:
    """七月, 7月31号, 七月底, 七八月."""
    sym, numerals, end = symbols.sym, symbols.numerals, match.end()
    named = numerals[match.start("month")]
    if not _is_month_name(named):
        return None
    if not given and named.text == "一" and _PER_MONTH.match(sym, match.end("month") + 1):
        return None
    low, high = int(named.low), int(named.high)
    day: int | None = None
    if match["day"]:
        day = numerals[match.start("day")].whole
        if day is None:
            return None
    elif match["bare_day"]:
        day = numerals[match.start("bare_day")].whole
        if day is None or not 1 <= day <= 31:  # 七月三百块: not a day
            day, end = None, match.start("bare_day")
    if not 1 <= low <= high <= 12:
        if not named.exact or not given and lasts(sym[max(0, start - 1) : start]):
            return None
        return Impossible(start, end)
    chosen = inferred_year(low, day or 1, as_of, sym, end) if year is None else year
    if not 1 <= chosen <= 9999:
        return None
    if day is not None:
        leap_day = (low, day) == (2, 29)
        if leap_day and year is None:
            chosen = next((y for y in range(chosen, max(0, chosen - 9), -1) if day_of(y, 2, 29)), chosen)
        found = day_of(chosen, low, day)
        return one_day(found, start, end, given=given) if found else Impossible(start, end, relative and leap_day)
    if match["part"]:
        return part_of_month(match["part"], chosen, high, start, end, given=given)
    return months(chosen, low, high, "month", start, end, given=given)


def _is_month_name(numeral: Numeral) -> bool:
    """二月 and 2月 name a month; 俩月 and 两月 count months; 十几月 is neither."""
    if numeral.counted or numeral.text[0] == "两" or (numeral.figures and numeral.chinese):
        return False
    return isinstance(numeral.value, int) and not any(c in numeral.text for c in "几多来余")


def _numeric(symbols: Symbols, at: int, start: int, as_of: date, year: int | None) -> Span | Impossible | None:
    """2021-07-01, 21.7.1, 7/31; the year written in it wins."""
    written = symbols.dates[at]
    month, day, given = written.month, written.day, year is not None
    if written.year is not None:
        chosen = full_year(f"{written.year:02}", as_of) if written.short_year else written.year
        given = True
    elif year is not None:
        chosen = year
    else:
        chosen = inferred_year(month, day or 1, as_of, symbols.sym, at + 1)
    if not 1 <= chosen <= 9999:
        return None
    if day is None:
        return months(chosen, month, month, "month", start, at + 1, given=given)
    found = day_of(chosen, month, day)
    return one_day(found, start, at + 1, given=given) if found else Impossible(start, at + 1)
