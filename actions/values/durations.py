"""Durations: 一年半, 三年零两个月, 俩月, 半年, 十五天, 差俩月满一年.

Years and months are counted in months (unit 月); weeks and days in days (unit 天). A month and a half has no whole number
of months and is said in days, thirty to the month.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from actions.values.lexer import NUMBER, Symbols
from actions.values.numerals import Numeral, about
from actions.values.quantity import Quantity, and_more, of
from actions.values.value import Exact

MONTHS, DAYS, WORKING_DAYS = "月", "天", "工作日"

_N = NUMBER
_MORE = "(?P<more>多(?!少))?"
_YEARS_AND_MONTHS = re.compile(
    rf"(?P<years>{_N})周?年(?P<joined>[零又加])?(?P<months>{_N})(?P<ge>个)?月(?:[零又加]?(?P<days>{_N})天)?"
)
_YEARS = re.compile(rf"(?P<years>{_N})(?:周?年(?!级|制|代)|个年头)(?P<half>半)?{_MORE}")
_MONTHS = re.compile(rf"(?P<months>{_N})(?P<ge>个)?{_MORE}(?P<about>来(?=月))?(?P<half>半)?月(?!份)(?:(?P<after>多(?!少))|[零又加]?(?P<days>{_N})天)?")
_HALF = re.compile(rf"(?P<size>[大小])?半(?:(?P<year>年)(?!级)|个?(?P<inside>多)?月){_MORE}")
_WEEKS = re.compile(rf"(?P<weeks>{_N})个?(?:周(?![岁年])|星期|礼拜){_MORE}")
_DAYS = re.compile(rf"(?P<days>{_N})(?:(?P<working>个?工作日)|天|日(?=以?内|之内)){_MORE}")
_QUARTERS = re.compile(rf"(?P<quarters>{_N})个季度")
_UNTIL = re.compile("[就才]?(?:[满够足到]|不[满够足到])了?")  # 差俩月满一年
_LACKING = re.compile("[还就只]{0,2}差了?")  # 一年还差俩月
_SPENT = re.compile("[了满够缴交领共]$")  # 交了24月: months, not a month of the year


def read_duration(symbols: Symbols, at: int) -> Quantity | None:
    """The duration that begins at symbol `at`; with 差 … 满 … the remaining difference."""
    first = _plain(symbols, at)
    if first is None:
        return None
    sym = symbols.sym
    lacking = sym[at - 1 : at] == "差"
    between = (_UNTIL if lacking else _LACKING).match(sym, first.end)
    if between:
        second = _plain(symbols, between.end())
        if second and second.unit == first.unit:
            whole, part = (second, first) if lacking else (first, second)
            if part.high <= whole.low:
                return Quantity(
                    "duration",
                    whole.low - part.high,
                    whole.high - part.low,
                    whole.value - part.value,
                    whole.unit,
                    at - 1 if lacking else at,
                    second.end,
                )
    return first


def _plain(symbols: Symbols, at: int) -> Quantity | None:
    sym, numerals = symbols.sym, symbols.numerals
    if sym[at : at + 1] != NUMBER:
        return _half(sym, at)
    numeral = numerals[at]
    if numeral.figures and numeral.chinese:  # 二一(年)
        return None
    if (match := _YEARS_AND_MONTHS.match(sym, at)) and (
        match["ge"] or match["joined"] or _means_months(numerals[match.start("months")])
    ):
        return _years_and_months(match, numerals)
    if match := _YEARS.match(sym, at):
        years = _whole(of(numeral, "duration", MONTHS, at, match.end(), 12))
        if match["half"]:
            years = replace(years.ending(match.end()), low=years.low + 6, high=years.high + 6, value=years.value + 6)
            return replace(and_more(replace(years, factor=6)), factor=12) if match["more"] else years
        return and_more(years) if match["more"] else years
    if match := _MONTHS.match(sym, at):
        if not (match["ge"] or _means_months(numeral) or (_SPENT.search(sym[max(0, at - 1) : at]) and numeral.value > 12)):
            return None
        if match["half"]:
            return _whole(of(replace_half(numeral), "duration", DAYS, at, match.end(), 30))
        months = _whole(of(numeral, "duration", MONTHS, at, match.end()))
        if match["about"] and numeral.exact:
            low, high = about(months.value)
            return replace(months, low=low, high=high)
        if match["days"]:
            return replace(months, high=months.high + 1)
        return and_more(months) if match["more"] or match["after"] else months
    if match := _WEEKS.match(sym, at):
        weeks = _whole(of(numeral, "duration", DAYS, at, match.end(), 7))
        return and_more(weeks) if match["more"] else weeks
    if match := _DAYS.match(sym, at):
        days = _whole(of(numeral, "duration", WORKING_DAYS if match["working"] else DAYS, at, match.end()))
        return and_more(days) if match["more"] else days
    if match := _QUARTERS.match(sym, at):
        return _whole(of(numeral, "duration", MONTHS, at, match.end(), 3))
    return None


def replace_half(numeral: Numeral) -> Numeral:
    """The numeral and a half."""
    half = Fraction(1, 2)
    return replace(numeral, low=numeral.low + half, high=numeral.high + half, value=numeral.value + half)


def _half(sym: str, at: int) -> Quantity | None:
    """半年 = 6 months, 半个月 = 15 days; 大半年 = 7..9, 小半年 = 4..5."""
    match = _HALF.match(sym, at)
    if match is None or sym[max(0, at - 1) : at] in tuple("上下前后"):
        return None
    if match["year"]:
        low, high, value = {"大": (7, 9, 8), "小": (4, 5, 5), None: (6, 6, 6)}[match["size"]]
        if match["more"]:
            high, value = 11, 8
        return Quantity("duration", low, high, value, MONTHS, at, match.end(), 6)
    low, high = (16, 29) if match["more"] or match["inside"] or match["size"] == "大" else (15, 15)
    return Quantity("duration", low, high, (low + high) // 2, DAYS, at, match.end(), 15)


def _means_months(numeral: Numeral) -> bool:
    """俩月, 仨月, 两月 are months long; 二月 is February."""
    return numeral.counted or numeral.text == "两"


def _years_and_months(match: re.Match[str], numerals: dict[int, Numeral]) -> Quantity:
    years, months = numerals[match.start("years")], numerals[match.start("months")]
    odd_days = 1 if match["days"] else 0
    return _whole(
        Quantity(
            "duration",
            years.low * 12 + months.low,
            years.high * 12 + months.high + odd_days,
            years.value * 12 + months.value,
            MONTHS,
            match.start(),
            match.end(),
        )
    )


def _whole(quantity: Quantity) -> Quantity:
    """Whole months or days: bounds rounded outwards, the value down."""
    low, high, value = floor(quantity.low), ceil(quantity.high), floor(quantity.value)
    return replace(quantity, low=low, high=high, value=value)


def shift(quantity: Quantity) -> tuple[int, int, int]:
    """low, high and value as int."""
    return _int(quantity.low), _int(quantity.high), _int(quantity.value)


def _int(number: Exact) -> int:
    return floor(number)
