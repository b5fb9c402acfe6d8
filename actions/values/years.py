"""Which year is meant: 21年, 零八年, 20年 (the year 2020 or twenty years?), 11月 without a year."""

from __future__ import annotations

import re
from datetime import date

from actions.values.lexer import NUMBER, Symbols
from actions.values.spans import day_of

FIRST_YEAR, LAST_YEAR = 1900, 2099
"""Four figures outside these are not a year."""

_TWO_FIGURE_PAST, _TWO_FIGURE_AHEAD = 6, 5
"""20年 by itself is a year when it lies in as_of - 6 … as_of + 5, else a length of time."""

_DATING_BEHIND = re.compile(
    rf"年?[底末初]|的?{NUMBER}月|的?[上下]半年"
    "|就?(?:毕业|出生|生人|参军|入伍|退伍|失业|下岗|离职|入职|参加|被?裁|那年|的时候)"
)
_NEIGHBOUR_YEAR = re.compile(rf"年?[底末初]|{NUMBER}月|出生|生人|生的")  # 七八年三月: 1978
_LASTING_BEFORE = re.compile("[了满够足近约干缴交作龄共有差过续计达至少超]$")
_LASTING_BEHIND = re.compile(rf"[了多半以内零]|{NUMBER}个|还?差|左右|工龄|教龄|社保|之?前|之?后|期")

_DEADLINE = re.compile("之?前|以[前内]|截止|为止|到期|止")
_HAPPENED = re.compile(
    "[^,。;!?]{0,3}?(?:失业|失的业|没的?工作|离职|离的职|下岗|下的岗|裁|辞了|毕业的|[办领交]的|丢|停|黄了|倒闭)"
)


def is_year(figures: str) -> bool:
    """Four figures that can only be a year before 年."""
    return len(figures) == 4 and FIRST_YEAR <= int(figures) <= LAST_YEAR


def lasts(before: str) -> bool:
    """Does the text before announce a length of time (交了20年, 满20年)?"""
    return _LASTING_BEFORE.search(before[-1:]) is not None


def year_of(symbols: Symbols, at: int, end: int, as_of: date) -> int | None:
    """The year that the numeral at `at`, followed by 年 up to `end`, names; None when it counts years."""
    numeral, sym = symbols.numerals[at], symbols.sym
    figures = numeral.figures
    if is_year(figures):
        return int(figures)
    if numeral.chinese and numeral.whole and is_year(str(numeral.whole)):  # 二千零二十一年
        return numeral.whole
    if numeral.chinese and not numeral.exact and _NEIGHBOUR_YEAR.match(sym, end) and len(numeral.text) == 2:
        return full_year(f"{numeral.low}{numeral.high}"[:2], as_of)
    if len(figures) != 2:
        return None
    if numeral.chinese or figures[0] == "0" or int(figures) > 60 or sym[end - 1] == "届":
        return full_year(figures, as_of)
    if _DATING_BEHIND.match(sym, end):
        return full_year(figures, as_of)
    if lasts(sym[max(0, at - 1) : at]) or _LASTING_BEHIND.match(sym, end):
        return None
    year = full_year(figures, as_of)
    return year if as_of.year - _TWO_FIGURE_PAST <= year <= as_of.year + _TWO_FIGURE_AHEAD else None


def full_year(figures: str, as_of: date) -> int:
    """21 → 2021, 98 → 1998: at most ten years ahead of the as-of date."""
    year = as_of.year - as_of.year % 100 + int(figures)
    return year - 100 if year > as_of.year + 10 else year


def inferred_year(month: int, day: int, as_of: date, sym: str, end: int) -> int:
    """The year of a month or day named without one; the words behind it begin at symbol `end`.

    It is the year of the as-of date; the year before, when the day would lie more than half a year ahead or lies ahead
    and is told as past (11月失业的). Never the year before when a deadline is meant (之前, 截止).
    """
    begin = day_of(as_of.year, month, day) or day_of(as_of.year, month, 1)
    ahead = (begin - as_of).days if begin else 0
    if ahead > 0 and not _DEADLINE.match(sym, end) and (ahead > 183 or _HAPPENED.match(sym, end)):
        return as_of.year - 1
    return as_of.year
