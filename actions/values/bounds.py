"""The words around a value: 不到, 超过, 以上, 左右, 大概, 之前 …, and what they do to its bounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from actions.values.lexer import Symbols
from actions.values.numerals import about
from actions.values.quantity import Quantity
from actions.values.spans import Span, widened
from actions.values.value import Comparator, Exact, Value

_REACH = 10  # symbols before a value that are looked at
_BRACKET = r"\((?:包?含|包括)[^)]{0,6}\)"

_BEFORE = re.compile(
    "(?:(?P<at_most>(?:不|没有?|未)(?:超过?|多于|高于|大于)|最多|至多|顶多|撑死|最高|封顶|≤|<=)"
    "|(?P<at_least>至少|最少|起码|最低|不(?:少于|低于|小于|下于?)|≥|>=)"
    "|(?P<less_than>不到|不足|不满|不够|少于|低于|小于|未[满到达]|没有?[交缴干领上做]?[到满够]|还没到|没达到|<)"
    "|(?P<more_than>超过|超出|超|多于|高于|大于|不止|>)"
    "|(?P<nearly>将近|接近|(?P<recent>(?<![将接最附远靠])近)|(?<![尽赶加])快到?)"
    "|(?P<about>大概齐?|大约|约莫|差不多|估计|可能|好像|(?<![合节预签违契])约)"
    "|(?P<full>(?<![期未没不圆届])满了?|够)"
    ")[了有是得也就在为能够]{0,2}个?$"
)
_AFTER = re.compile(
    rf"(?:{_BRACKET})?(?P<excluding>\(不(?:包?含|包括)[^)]{{0,6}}\))?"
    r"(?:(?P<at_least>及?以上|往上|朝上|\+(?![0-9A-Za-z]))|(?P<at_most>及?以下|以内|之内|以里|内(?![蒙部地容]))"
    r"|(?P<less_than>都?不到(?![岗位场]))|(?P<more_than>开外|以外)"
    r"|(?P<about>左右|上下(?!班)|的?样子)|(?P<over>出头))"
    rf"(?:的?{_BRACKET})?(?P<excluding_after>\(不(?:包?含|包括)[^)]{{0,6}}\))?"
)
_BEFORE_DATE = re.compile(
    "(?:(?P<at_most>截[至止]到?|不[晚迟]于)|(?P<at_least>不早于)|(?P<less_than>早于)|(?P<more_than>[晚迟]于)"
    "|(?P<about>大概|大约|差不多|估计|可能|好像|应该|(?<![合节预签违契])约))[是在就得]{0,2}$"
)
_AFTER_DATE = re.compile(
    rf"(?P<around>左右|前后|上下)?(?P<including>{_BRACKET})?"
    r"(?:(?P<less_than>之前|以前|前(?![后几任期提途台往头面半年天月]))"
    r"|(?P<at_most>为止|截止|到期|止(?!步))|(?P<more_than>之后|以后|后(?![续来面勤年天]))"
    r"|(?P<at_least>起(?![来码步])|以来|开始))?"
)
_COMPARATORS: tuple[Comparator, ...] = ("at_most", "at_least", "less_than", "more_than")
_EXCLUSIVE: dict[Comparator, Comparator] = {"at_most": "less_than", "at_least": "more_than"}
_INCLUSIVE: dict[Comparator, Comparator] = {"less_than": "at_most", "more_than": "at_least"}


@dataclass(frozen=True, slots=True)
class _Words:
    """The words around symbols start..end, which are now part of them. blur: about, nearly or over."""

    start: int
    end: int
    comparator: Comparator | None
    blur: str | None


def bounded(symbols: Symbols, free: int, quantity: Quantity) -> tuple[Value, int]:
    """The Value of a quantity with the words around it, and the symbol behind it; symbols from `free` on are unused."""
    words = _around_quantity(symbols.sym, free, quantity)
    low: Exact | None = quantity.low
    high: Exact | None = quantity.high
    value = quantity.value
    whole = quantity.kind in ("number", "duration") and isinstance(low, int) and isinstance(high, int)
    step = 1 if whole else 0
    least = 0 if quantity.high >= 0 else None
    match words.comparator:
        case "at_most":
            low = least
        case "less_than":
            low, high = least, quantity.high - step
            value = min(value, high)
        case "at_least":
            high = None
        case "more_than":
            low, high = quantity.low + step, None
            value = max(value, low)
        case None:
            low, high, value = _blurred(quantity, words.blur)
    if low is not None and high is not None and high < low:  # 不到零个
        low, high, value = quantity.low, quantity.high, quantity.value
    start, end = symbols.begin(words.start), symbols.end(words.end)
    typed = Value(
        kind=quantity.kind,
        low=None if low is None else _typed(quantity, low, floor),
        high=None if high is None else _typed(quantity, high, ceil),
        value=_typed(quantity, value, floor),
        approx=low != high,
        unit=quantity.unit,
        text=symbols.raw[start:end],
        start=start,
        end=end,
        comparator=words.comparator,
    )
    return typed, words.end


def dated(symbols: Symbols, free: int, span: Span) -> tuple[Value, int]:
    """The Value of a span of days with the words around it, and the symbol behind it."""
    start, end, low, high, approx = span.start, span.end, span.low, span.high, span.approx
    comparator: Comparator | None = None
    reach = max(free, start - _REACH)
    if before := _BEFORE_DATE.search(symbols.sym[reach:start]):
        start = reach + before.start()
        comparator = _comparator(before)
        approx = approx or bool(before["about"])
    if after := _AFTER_DATE.match(symbols.sym, end):
        end = after.end()
        behind = _comparator(after)
        if behind and after["including"]:
            behind = _INCLUSIVE.get(behind, behind)
        comparator = comparator or behind
        if after["around"]:
            low, high = widened(span)
            approx = True
    raw_start, raw_end = symbols.begin(start), symbols.end(end)
    value = Value(
        kind="date",
        low=low,
        high=high,
        value=span.value,
        approx=approx,
        unit="",
        text=symbols.raw[raw_start:raw_end],
        start=raw_start,
        end=raw_end,
        comparator=comparator,
        precision=span.precision,
    )
    return value, end


def _around_quantity(sym: str, free: int, quantity: Quantity) -> _Words:
    """The words before win over the words behind; both belong to the text."""
    start, end = quantity.start, quantity.end
    comparator: Comparator | None = None
    blur: str | None = None
    reach = max(free, start - _REACH)
    before = _BEFORE.search(sym[reach:start])
    if before and _applies(before, quantity):
        start = reach + before.start()
        comparator = "at_least" if before["full"] else _comparator(before)
        blur = "nearly" if before["nearly"] else "about" if before["about"] else None
    if after := _AFTER.match(sym, end):
        end = after.end()
        if comparator is None:
            comparator = _comparator(after)
            if comparator and (after["excluding"] or after["excluding_after"]):
                comparator = _EXCLUSIVE.get(comparator, comparator)
            blur = blur or ("about" if after["about"] else "over" if after["over"] else None)
    return _Words(start, end, comparator, blur)


def _applies(before: re.Match[str], quantity: Quantity) -> bool:
    """满 goes with time and age only; 近三年 are the last three years."""
    if before["full"]:
        return quantity.kind == "duration" or quantity.unit == "岁"
    return not (before["recent"] and quantity.kind == "duration")


def _comparator(match: re.Match[str]) -> Comparator | None:
    return next((comparator for comparator in _COMPARATORS if match[comparator]), None)


def _blurred(quantity: Quantity, blur: str | None) -> tuple[Exact, Exact, Exact]:
    """左右: a tenth to either side; 将近: a tenth below; 出头: a tenth above. What is vague already stays as it is."""
    low, high, value = quantity.low, quantity.high, quantity.value
    if blur is None or low != high:
        return low, high, value
    continuous = quantity.kind in ("money", "percent")
    below, above = about(Fraction(value) if continuous else value)
    if blur == "nearly":
        return below, value, value
    if blur == "over":
        low = value if continuous or isinstance(value, Fraction) else value + 1
        return low, above, low
    return below, above, value


def _typed(quantity: Quantity, number: Exact, to_whole: Callable[[Exact], int]) -> Exact:
    """Money and percent are Fractions, durations int, numbers as they are."""
    if quantity.kind in ("money", "percent"):
        return Fraction(number)
    return to_whole(number) if quantity.kind == "duration" else number
