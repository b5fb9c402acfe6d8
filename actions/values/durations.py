"""Durations: 一年半, 三年零两个月, 俩月, 半年, 十五天, 差俩月满一年.

Years and months are counted in months (unit 月), weeks and days in days (unit 天), 工作日 by itself.
A month and a half is no whole number of months: it is given in days, thirty to the month.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from actions.values.lexer import NUMBER, Symbols
from actions.values.numerals import Numeral, about
from actions.values.quantity import Quantity, and_more, of
from actions.values.years import lasts

MONTHS, DAYS, WORKING_DAYS = "月", "天", "工作日"

_LONGEST = 150  # years
_N = NUMBER
_MORE = "(?P<more>多(?!少))?"
_ODD_DAYS = rf"(?:[零又加]?(?P<days>{_N})天)?"
_YEARS_AND_MONTHS = re.compile(rf"(?P<years>{_N})周?年(?P<joined>[零又加])?(?P<months>{_N})(?P<ge>个)?月{_ODD_DAYS}")
_YEARS = re.compile(rf"(?P<years>{_N})(?:周?年(?!级|制|代)|个年头)(?:[零又加](?P<days>{_N})天|(?P<half>半)?{_MORE})")
_MONTHS = re.compile(
    rf"(?P<months>{_N})(?P<ge>个)?{_MORE}(?P<about>来(?=月))?(?P<half>半)?月(?!份)(?:(?P<after>多(?!少))|{_ODD_DAYS})"
)
_HALF = re.compile(rf"(?<![上下前后])(?P<size>[大小])?半(?:(?P<year>年)(?!级)|个?(?P<inside>多)?月){_MORE}")
_WEEKS = re.compile(rf"{_N}个?(?:周(?![岁年])|星期|礼拜){_MORE}")
_DAYS = re.compile(rf"{_N}(?:(?P<working>个?工作日)|天|日(?=以?内|之内)){_MORE}")
_QUARTERS = re.compile(rf"{_N}个季度")
_UNTIL = re.compile("[就才]?(?:不?[满够足到]了?)?")  # 差俩月满一年
_LACKING = re.compile("[还就只]{0,2}差了?")  # 一年还差俩月


def read_duration(symbols: Symbols, at: int) -> Quantity | None:
    """The duration that begins at symbol `at`; with 差 … 满 … what is left of the second."""
    first = _plain(symbols, at)
    if first is None:
        return None
    lacking = symbols.sym[at - 1 : at] == "差"
    between = (_UNTIL if lacking else _LACKING).match(symbols.sym, first.end)
    second = _plain(symbols, between.end()) if between else None
    if second is None:
        return first
    whole, part = (second, first) if lacking else (first, second)
    if (whole.unit, part.unit) == (MONTHS, DAYS) and part.high < 31:
        part = replace(part, low=0, high=1, value=1)  # some days short of a month
    elif whole.unit != part.unit:
        return first
    if part.high > whole.low:
        return first
    return Quantity(
        "duration",
        whole.low - part.high,
        whole.high - part.low,
        whole.value - part.value,
        whole.unit,
        at - lacking,
        second.end,
    )


def _plain(symbols: Symbols, at: int) -> Quantity | None:
    """A duration without 差."""
    sym, numerals = symbols.sym, symbols.numerals
    numeral = numerals.get(at)
    if numeral is None:
        return _half(sym, at)
    if numeral.figures and numeral.chinese:  # 二一年
        return None
    if (match := _YEARS_AND_MONTHS.match(sym, at)) and (
        match["ge"] or match["joined"] or _counts_months(numerals[match.start("months")])
    ):
        more = of(numerals[match.start("months")], "duration", MONTHS, at, match.end())
        return _years(numeral, at, match.end(), more, odd_days=bool(match["days"]))
    if match := _YEARS.match(sym, at):
        years = _years(numeral, at, match.end(), odd_days=bool(match["days"]))
        if years and match["half"]:
            years = replace(years, low=years.low + 6, high=years.high + 6, value=years.value + 6)
            return replace(and_more(replace(years, factor=6)), factor=12) if match["more"] else years
        return and_more(years) if years and match["more"] else years
    if match := _MONTHS.match(sym, at):
        return _months(numeral, match, sym)
    for pattern, unit, factor in ((_WEEKS, DAYS, 7), (_DAYS, DAYS, 1), (_QUARTERS, MONTHS, 3)):
        if match := pattern.match(sym, at):
            groups = match.groupdict()
            unit = WORKING_DAYS if groups.get("working") else unit
            quantity = _whole(of(numeral, "duration", unit, at, match.end(), factor))
            return and_more(quantity) if groups.get("more") else quantity
    return None


def _years(numeral: Numeral, at: int, end: int, more: Quantity | None = None, *, odd_days: bool) -> Quantity | None:
    """Years, with months and odd days behind them."""
    if numeral.high > _LONGEST:
        return None
    years = of(numeral, "duration", MONTHS, at, end, 12)
    if more:
        low, high, value = years.low + more.low, years.high + more.high, years.value + more.value
        years = replace(years, low=low, high=high, value=value, factor=1)
    return _whole(replace(years, high=years.high + odd_days))


def _months(numeral: Numeral, match: re.Match[str], sym: str) -> Quantity | None:
    """三个月, 俩月, 一个半月, 三个多月, 交了24月; 三月 is March."""
    at, end = match.span()
    spent = lasts(sym[max(0, at - 1) : at]) and numeral.value > 12
    if not (match["ge"] or _counts_months(numeral) or spent):
        return None
    if match["half"]:
        half = Fraction(1, 2)
        halved = replace(numeral, low=numeral.low + half, high=numeral.high + half, value=numeral.value + half)
        return _whole(of(halved, "duration", DAYS, at, end, 30))
    months = _whole(of(numeral, "duration", MONTHS, at, end))
    if match["about"] and numeral.exact:
        low, high = about(months.value)
        return replace(months, low=low, high=high)
    if match["days"]:
        return replace(months, high=months.high + 1)
    return and_more(months) if match["more"] or match["after"] else months


def _counts_months(numeral: Numeral) -> bool:
    """俩月, 仨月, 两月 are lengths; 二月 is February."""
    return numeral.counted or numeral.text == "两"


def _half(sym: str, at: int) -> Quantity | None:
    """半年 = 6 months, 大半年 = 7..9, 小半年 = 4..5, 半年多 = 6..11; 半个月 = 15 days, 半个多月 = 16..29."""
    match = _HALF.match(sym, at)
    if match is None:
        return None
    if match["year"]:
        low, high, value = {"大": (7, 9, 8), "小": (4, 5, 5), None: (6, 11, 8) if match["more"] else (6, 6, 6)}[
            match["size"]
        ]
        return Quantity("duration", low, high, value, MONTHS, at, match.end(), 6)
    longer = match["more"] or match["inside"] or match["size"] == "大"
    low, high = (16, 29) if longer else (15, 15)
    return Quantity("duration", low, high, (low + high) // 2, DAYS, at, match.end(), 15)


def _whole(quantity: Quantity) -> Quantity:
    """Whole months or days: bounds rounded outwards, the value down."""
    low, high, value = floor(quantity.low), ceil(quantity.high), floor(quantity.value)
    return replace(quantity, low=low, high=high, value=value)
