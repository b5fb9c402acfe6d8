"""A quantity on its way to a Value: bounds in the unit of its kind, before the words around it are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from actions.values.numerals import Numeral, middle, simplify
from actions.values.value import Exact, Kind


@dataclass(frozen=True, slots=True)
class Quantity:
    """Symbols start..end say low..high; `factor` is what one of the spoken unit is worth (12 months for 年)."""

    kind: Kind
    low: Exact
    high: Exact
    value: Exact
    unit: str
    start: int
    end: int
    factor: Exact = 1
    scale: int = 1
    bare: bool = False

    def ending(self, end: int) -> Quantity:
        """The same quantity over more symbols."""
        return replace(self, end=end)

    def times(self, factor: Exact) -> Quantity:
        """All bounds multiplied."""
        return replace(
            self, low=_times(self.low, factor), high=_times(self.high, factor), value=_times(self.value, factor)
        )


@dataclass(frozen=True, slots=True)
class Dropped:
    """Symbols start..end were understood and are no value."""

    end: int


def of(numeral: Numeral, kind: Kind, unit: str, start: int, end: int, factor: Exact = 1) -> Quantity:
    """The numeral counted in a unit worth `factor`."""
    low, high, value = numeral.low, numeral.high, numeral.value
    if factor != 1:
        low, high, value = _times(low, factor), _times(high, factor), _times(value, factor)
    if kind in ("percent", "money") and 2 * numeral.value + 1 == numeral.low + numeral.high:
        value = simplify(Fraction(low + high) / 2)  # the middle was rounded down
    return Quantity(kind, low, high, value, unit, start, end, factor, numeral.scale)


def and_more(quantity: Quantity) -> Quantity:
    """多 behind the unit: less than one unit more (两年多: 24..35 months, 三块多: 3..4 yuan)."""
    if quantity.low != quantity.high:
        return quantity
    top = quantity.value + quantity.factor
    high = top - 1 if quantity.kind == "duration" and quantity.factor != 1 else top
    return replace(quantity, high=high, value=centre(quantity.kind, quantity.low, top))


def centre(kind: Kind, low: Exact, high: Exact) -> Exact:
    """The middle; whole numbers and durations round down, money and percent do not."""
    return simplify(Fraction(low + high) / 2) if kind in ("percent", "money") else middle(low, high)


def joined(first: Quantity, second: Quantity) -> Quantity | None:
    """20到30人, 3到5万, 两到三年: one range, when the two go together and rise."""
    if first.bare and not second.bare:
        scale = second.scale if second.scale > 1 and first.scale == 1 and first.high * second.scale < second.low else 1
        first = first.times(Fraction(second.factor) * scale)
    elif first.bare and second.scale > 1 and first.scale == 1 and first.high * second.scale < second.low:
        first = first.times(second.scale)
    elif (first.kind, first.unit) != (second.kind, second.unit):
        return None
    if not (0 <= first.low <= first.high < second.high and first.low < second.low):
        return None
    return replace(second, low=first.low, start=first.start, value=centre(second.kind, first.low, second.high))


def _times(number: Exact, factor: Exact) -> Exact:
    if isinstance(number, int) and isinstance(factor, int):
        return number * factor
    return number if factor == 1 else simplify(Fraction(number) * factor)
