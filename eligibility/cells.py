"""The cells of a fact: the ranges of its values between which the conditions of a rule do not distinguish.

A condition on one number changes its truth at a few grid points, which are found by halving. Where it compares two open
facts (a ratio), there is no one such point: then the cells are sampled, so that every pattern finds its witness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from eligibility.expression import Comparison, Env
from eligibility.facts import EARLIEST, LATEST
from eligibility.model import Condition
from knowledge import Fact

# Every ordered fact lives on a grid of integers: smallest, largest, and sample points for ratios of two open facts.
_GRIDS: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "count": (0, 10**12, (1, 30)),
    "months": (0, 10**4, (1, 12)),
    "days": (0, 10**6, (1, 30)),
    "year": (0, 10**4, (2020,)),
    "percent": (0, 10**8, (10**4, 50 * 10**4)),
    "yuan": (0, 10**14, (100, 10**6)),
    "date": (EARLIEST.toordinal(), LATEST.toordinal(), (date(2021, 7, 1).toordinal(),)),
}


def from_grid(kind: str, n: int) -> Any:
    """The value at grid point ``n``: an integer, an exact fraction (percent points, yuan) or a date."""
    if kind == "percent":
        return Fraction(n, 10**4)
    if kind == "yuan":
        return Fraction(n, 100)
    return date.fromordinal(n) if kind == "date" else n


@dataclass(frozen=True)
class Cell:
    """Values of one fact between which the rule does not distinguish: ``low`` … ``high``, equal for choices."""

    low: Any
    high: Any
    weight: Fraction


class Cells:
    """Cuts the facts of a catalogue. Remembers where conditions change their truth, until it is told to forget."""

    def __init__(self, catalogue: Mapping[str, Fact]) -> None:
        self.catalogue = catalogue
        self._flips: dict[object, list[int]] = {}

    @property
    def size(self) -> int:
        """How much is remembered."""
        return len(self._flips)

    def forget(self) -> None:
        """Start anew."""
        self._flips = {}

    def ordered(self, fact: str) -> bool:
        """Whether the fact's values are numbers or dates."""
        return self.catalogue[fact].type in _GRIDS

    def of(self, fact: str, env: Env, conditions: Iterable[Condition]) -> list[Cell]:
        """The cells into which ``conditions`` cut ``fact`` over ``env``, with uniform weights that sum to one."""
        kind = self.catalogue[fact].type
        if kind == "bool":
            return [Cell(value, value, Fraction(1, 2)) for value in (True, False)]
        if kind not in _GRIDS:
            values = list(self.catalogue[fact].values)
            return [Cell(value, value, Fraction(1, len(values))) for value in values]
        low, high, samples = _GRIDS[kind]
        cuts: set[int] = set()
        ratio = False
        for condition in conditions:
            if fact not in condition.reads:
                continue
            breaks: list[int] = []
            for comparison in condition.inner:
                breaks += self._where_it_flips(comparison, condition, fact, env, []) or ()
            cuts.update(breaks)
            for comparison in condition.expression.comparisons:
                flips = self._where_it_flips(comparison, condition, fact, env, breaks)
                ratio = ratio or flips is None
                cuts.update(flips or ())
        edges = [low - 1, *sorted(cut for cut in cuts if low <= cut < high), high]
        cells = []
        for below, top in zip(edges, edges[1:], strict=False):
            # with the other side of a ratio open too, sample inside the cell, so that every pattern finds its witness
            inner = sorted({n for point in samples for n in (point - 1, point) if below < n < top}) if ratio else []
            weight = Fraction(1, (len(edges) - 1) * (len(inner) + 1))
            bounds = [below, *inner, top]
            for a, b in zip(bounds, bounds[1:], strict=False):
                cells.append(Cell(from_grid(kind, a + 1), from_grid(kind, b), weight))
        return cells

    def _where_it_flips(
        self,
        comparison: Comparison,
        condition: Condition,
        fact: str,
        env: Env,
        breaks: Sequence[int],
    ) -> list[int] | None:
        """Grid points n where the comparison changes between n and n + 1; None if another of its facts is open.

        Args:
            breaks: grid points after which its sides follow another formula; between them they run one way.
        """
        kind = self.catalogue[fact].type
        low, high, _ = _GRIDS[kind]
        key = (id(comparison), fact, *(env.get(name) for name in condition.reads if name != fact))
        if key in self._flips:
            return self._flips[key]
        trial = dict(env)

        def sides(n: int) -> tuple[Any, Any]:
            trial[fact] = from_grid(kind, n)
            return comparison.left(trial), comparison.right(trial)

        def sign(n: int) -> int:
            left, right = sides(n)
            return bool(left > right) - bool(left < right)

        turns = {n for n in breaks if low <= n < high}
        for first, last in zip([low, *(n + 1 for n in sorted(turns))], [*sorted(turns), high], strict=True):
            if None in sides(first) or None in sides(last):
                return None
            turns.update(_bisect(sign, first, last, sign(first), sign(last)))
        flips = [n for n in sorted(turns) if comparison.holds(*sides(n)) is not comparison.holds(*sides(n + 1))]
        self._flips[key] = flips
        return flips


def _bisect(sign: Callable[[int], int], low: int, high: int, at_low: int, at_high: int) -> list[int]:
    """Where a monotone function of integers changes value, by halving."""
    if at_low == at_high:
        return []
    if high - low == 1:
        return [low]
    middle = (low + high) // 2
    at_middle = sign(middle)
    return _bisect(sign, low, middle, at_low, at_middle) + _bisect(sign, middle, high, at_middle, at_high)
