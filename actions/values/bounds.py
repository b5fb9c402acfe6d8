"""The words around a quantity: 不到, 超过, 以上, 左右, 大概 …, and what they do to its bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor

from actions.values.lexer import Symbols
from actions.values.numerals import about
from actions.values.quantity import Quantity
from actions.values.value import Comparator, Exact, Value

_REACH = 10  # symbols before a quantity that are looked at
_FILLER = "[了有是得也就在为能够]{0,2}个?"

_BEFORE = re.compile(
    "(?:"
    "(?P<at_most>(?:不|没有?|未)(?:超过?|多于|高于|大于)|最多|至多|顶多|撑死|最高|封顶)"
    "|(?P<at_least>至少|最少|起码|最低|不(?:少于|低于|小于|下于?))"
    "|(?P<less_than>不到|不足|不满|不够|少于|低于|小于|未[满到达]|没有?[到满够]|还没到|没达到)"
    "|(?P<more_than>超过|超出|超|多于|高于|大于|不止)"
    "|(?P<nearly>将近|接近|(?P<recent>(?<![将接最附远靠])近)|(?<![尽赶加])快到?)"
    "|(?P<about>大概齐?|大约|约莫|差不多|估计|可能|好像|(?<![合节预签违契])约)"
    "|(?P<full>(?<![期未没不圆届])满了?|够(?=了?$))"
    rf"){_FILLER}$"
)
_AFTER = re.compile(
    r"(?P<including>\((?:包?含|包括)[^)]{0,6}\))?(?P<excluding>\(不(?:包?含|包括)[^)]{0,6}\))?"
    r"(?:(?P<at_least>及?以上|往上|朝上|\+(?![0-9A-Za-z]))|(?P<at_most>及?以下|以内|之内|以里|内(?!蒙))"
    r"|(?P<less_than>都?不到(?!一?[年月日号])|没到)|(?P<more_than>开外|以外)|(?P<about>左右|上下|前后|(?:的)?样子)|(?P<over>出头))"
    r"(?:的?\((?:包?含|包括)[^)]{0,6}\))?(?P<excluding_after>\(不(?:包?含|包括)[^)]{0,6}\))?"
)
_COMPARATORS: tuple[Comparator, ...] = ("at_most", "at_least", "less_than", "more_than")
_STRICT: dict[Comparator, Comparator] = {"at_most": "less_than", "at_least": "more_than"}


@dataclass(frozen=True, slots=True)
class _Words:
    start: int
    end: int
    comparator: Comparator | None
    blur: str | None  # about, nearly, over


def bounded(symbols: Symbols, floor_: int, quantity: Quantity) -> Value:
    """The Value of a quantity together with its comparator; `floor_` is the first symbol that is still free."""
    words = _words(symbols.sym, floor_, quantity)
    low: Exact | None = quantity.low
    high: Exact | None = quantity.high
    value = quantity.value
    whole = quantity.kind == "duration" or (isinstance(quantity.low, int) and isinstance(quantity.high, int) and quantity.kind == "number")
    step = 1 if whole else 0
    bottom = 0 if quantity.high >= 0 else None
    match words.comparator:
        case "at_most":
            low = bottom
        case "less_than":
            low, high = bottom, quantity.high - step
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
    approx = low != high
    start, end = symbols.begin(words.start), symbols.end(words.end)
    return Value(
        quantity.kind,
        _typed(quantity, low, down=True),
        _typed(quantity, high, down=False),
        _typed(quantity, value, down=True) or 0,
        approx,
        quantity.unit,
        symbols.raw[start:end],
        start,
        end,
        words.comparator,
    )


def _words(sym: str, floor_: int, quantity: Quantity) -> _Words:
    """The words before win over the words behind; both belong to the text."""
    start, end = quantity.start, quantity.end
    comparator: Comparator | None = None
    blur = None
    reach = max(floor_, start - _REACH)
    before = _BEFORE.search(sym[reach:start])
    if before and before["recent"] and quantity.kind == "duration":  # 近三年: the last three years
        before = None
    if before and before["full"] and not (quantity.kind == "duration" or quantity.unit == "岁"):
        before = None
    if before:
        start = reach + before.start()
        comparator = next((c for c in _COMPARATORS if before[c]), None)
        if before["full"]:
            comparator = "at_least"
        blur = next((b for b in ("nearly", "about") if before[b]), None)
    after = _AFTER.match(sym, end)
    if after:
        end = after.end()
        if comparator is None:
            comparator = next((c for c in _COMPARATORS if after[c]), None)
            if comparator and (after["excluding"] or after["excluding_after"]):
                comparator = _STRICT.get(comparator, comparator)
            blur = blur or next((b for b in ("about", "over") if after[b]), None)
    return _Words(start, end, comparator, blur)


def _blurred(quantity: Quantity, blur: str | None) -> tuple[Exact, Exact, Exact]:
    """左右: a tenth to either side; 将近: a tenth below; 出头: a tenth above. What is vague already stays."""
    low, high, value = quantity.low, quantity.high, quantity.value
    if blur is None or low != high:
        return low, high, value
    continuous = quantity.kind in ("money", "percent")
    below, above = about(Fraction(value) if continuous else value)
    if blur == "nearly":
        return below, value, value
    if blur == "over":
        return (value if continuous else value + 1), above, (value if continuous else value + 1)
    return below, above, value


def _typed(quantity: Quantity, number: Exact | None, *, down: bool) -> Exact | None:
    if number is None:
        return None
    if quantity.kind in ("money", "percent"):
        return Fraction(number)
    if quantity.kind == "duration":
        return floor(number) if down else ceil(number)
    return number
