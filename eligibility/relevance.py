"""Which open facts still matter, exactly.

The thresholds of a rule cut each fact's values into cells. Over these cells the rule is a decision diagram: assign the
open facts one after another, merge what is equal, drop a fact whose cells all lead to the same place. A fact that is
left in the diagram is relevant: two completions that differ only in it end differently. (Three-valued evaluation alone
would call facts relevant that are not, and leaves on one number would pass for independent.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from eligibility.expression import Comparison, Env
from eligibility.kleene import truth
from eligibility.model import ELIGIBLE, INELIGIBLE, Exceptional, Leaf, Node, Programme
from knowledge import Fact

# Every ordered fact lives on a grid of integers: smallest, largest, and sample points for ratios of two open facts.
_GRIDS: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "count": (0, 10**9, (1, 2, 3, 5, 10, 30, 100, 1000, 10**6)),
    "months": (0, 1200, (1, 6, 12, 60)),
    "days": (0, 36500, (1, 3, 30, 90, 360, 1000)),
    "year": (1900, 2200, (2000, 2020, 2021, 2100)),
    "percent": (0, 100 * 10**4, (10**4, 6 * 10**4, 20 * 10**4, 50 * 10**4)),
    "yuan": (0, 10**14, (100, 10**6, 10**9)),
    "date": (date(1900, 1, 1).toordinal(), date(2199, 12, 31).toordinal(), (date(2021, 7, 1).toordinal(),)),
}


def from_grid(kind: str, n: int) -> Any:
    """The value at grid point ``n``: an integer, an exact fraction (percent points, yuan) or a date."""
    if kind == "percent":
        return Fraction(n, 10**4)
    if kind == "yuan":
        return Fraction(n, 100)
    return date.fromordinal(n) if kind == "date" else n


def to_grid(kind: str, value: Any) -> int:
    """The grid point at or just below ``value``."""
    if kind == "date":
        return int(value.toordinal())
    return int(value * {"percent": 10**4, "yuan": 100}.get(kind, 1) // 1)


@dataclass(frozen=True)
class Cell:
    """Values of one fact between which the rule does not distinguish. ``low`` … ``high`` inclusive; equal for choices."""

    low: Any
    high: Any
    weight: Fraction


@dataclass(frozen=True, eq=False)
class Choice:
    """An inner node of the diagram: the fact, its cells and where each leads; ``support`` is every fact at or below it."""

    fact: str
    cells: tuple[Cell, ...]
    children: tuple[Diagram, ...]
    support: frozenset[str]


Outcome = str  # eligible, ineligible, or the id of an exceptional clause
Diagram = Choice | Outcome


def support(diagram: Diagram) -> frozenset[str]:
    """The facts on which the outcome still turns."""
    return diagram.support if isinstance(diagram, Choice) else frozenset()


class Relevance:
    """Decision diagrams of one programme. Remembers what it has worked out; safe to share, never to mutate outside."""

    def __init__(self, programme: Programme, catalogue: Mapping[str, Fact]) -> None:
        self.programme, self.catalogue = programme, catalogue
        self._diagrams: dict[object, Diagram] = {}
        self._nodes: dict[object, Choice] = {}
        self._flips: dict[object, list[int]] = {}

    # --- outcome -----------------------------------------------------------------------------------------------
    def outcome(self, env: Env) -> Outcome | None:
        """The settled outcome over ``env``, by three-valued logic; None while it is open."""
        for exception in self.programme.exceptions:
            if not _in_play(exception, env):
                continue
            holds = exception.expression.evaluate(env)
            if holds:
                return exception.id
            if holds is None:
                return None
        result = truth(self.programme.when, env)
        return None if result is None else ELIGIBLE if result else INELIGIBLE

    def open_conditions(self, env: Env) -> list[Leaf | Exceptional]:
        """The conditions that are unknown and not overruled by a decided neighbour, in the order of the text."""
        found: list[Leaf | Exceptional] = []
        for exception in self.programme.exceptions:
            if _in_play(exception, env) and exception.expression.evaluate(env) is None:
                found.append(exception)
        _collect_open(self.programme.when, env, found)
        return found

    # --- diagram -----------------------------------------------------------------------------------------------
    def diagram(self, env: Env) -> Diagram:
        """The decision diagram over the facts that are open in ``env``."""
        settled = self.outcome(env)
        if settled is not None:
            return settled
        conditions = self.open_conditions(env)
        key = self.residual_key(conditions, env)
        known = self._diagrams.get(key)
        if known is None:
            fact = next(name for condition in conditions for name in condition.facts if name not in env)
            cells = self.cells(fact, env, conditions)
            known = self._node(fact, cells, [self.diagram({**env, fact: cell.low}) for cell in cells])
            self._diagrams[key] = known
        return known

    def residual_key(self, conditions: Iterable[Leaf | Exceptional], env: Env) -> tuple[object, ...]:
        """What is left of the rule: the open conditions and the values already put into them."""
        return tuple(
            (condition.id, *(env.get(name) for name in condition.facts), env["as_of"] if _uses_date(condition) else None)
            for condition in conditions
        )

    def _node(self, fact: str, cells: list[Cell], children: list[Diagram]) -> Diagram:
        merged_cells, merged = _merge(cells, children, ordered=self.catalogue[fact].type in _GRIDS)
        if len(merged) == 1:
            return merged[0]
        key = (fact, tuple(merged_cells), tuple(child if isinstance(child, str) else id(child) for child in merged))
        node = self._nodes.get(key)
        if node is None:
            below = frozenset().union(*(support(child) for child in merged))
            node = Choice(fact, tuple(merged_cells), tuple(merged), below | {fact})
            self._nodes[key] = node
        return node

    # --- cells -------------------------------------------------------------------------------------------------
    def cells(self, fact: str, env: Env, conditions: Iterable[Leaf | Exceptional] | None = None) -> list[Cell]:
        """The cells into which the open conditions cut ``fact``, with uniform weights that sum to one."""
        kind = self.catalogue[fact].type
        if kind == "bool":
            return [Cell(value, value, Fraction(1, 2)) for value in (True, False)]
        if kind not in _GRIDS:
            values = list(self.catalogue[fact].values)
            return [Cell(value, value, Fraction(1, len(values))) for value in values]
        low, high, samples = _GRIDS[kind]
        cuts: set[int] = set()
        ratio = False
        for condition in self.open_conditions(env) if conditions is None else conditions:
            if fact not in condition.facts:
                continue
            for comparison in condition.expression.comparisons:
                flips = self._where_it_flips(comparison, fact, kind, env)
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
        self, comparison: Comparison, fact: str, kind: str, env: Env
    ) -> list[int] | None:
        """Grid points n where the comparison changes between n and n + 1; None if another of its facts is open."""
        low, high, _ = _GRIDS[kind]
        others = tuple((name, env[name]) for name in self._inputs(comparison) if name != fact and name in env)
        key = (id(comparison), fact, others)
        if key in self._flips:
            return self._flips[key]
        trial = dict(env)

        def sign(n: int) -> int | None:
            trial[fact] = from_grid(kind, n)
            left, right = comparison.left(trial), comparison.right(trial)
            return None if left is None or right is None else (left > right) - (left < right)

        first, last = sign(low), sign(high)
        if first is None or last is None:
            return None
        flips = sorted(_bisect(sign, low, high, first, last))
        self._flips[key] = flips
        return flips

    def _inputs(self, comparison: Comparison) -> list[str]:
        """The facts a comparison can read, through derived names."""
        names: list[str] = []
        for name in sorted(comparison.names):
            ways = self.programme.derived.get(name)
            names += [fact for way in ways for fact in way.facts] if ways else []
            names.append(name)
        return names


def _bisect(sign: Any, low: int, high: int, at_low: int, at_high: int) -> list[int]:
    """Where a monotone function of integers changes value, by halving."""
    if at_low == at_high:
        return []
    if high - low == 1:
        return [low]
    middle = (low + high) // 2
    at_middle = sign(middle)
    return _bisect(sign, low, middle, at_low, at_middle) + _bisect(sign, middle, high, at_middle, at_high)


def _merge(cells: list[Cell], children: list[Diagram], ordered: bool) -> tuple[list[Cell], list[Diagram]]:
    """Join cells that lead to the same place (neighbours only, where the values have an order)."""
    if not ordered:
        if all(child is children[0] or child == children[0] for child in children):
            return cells[:1], children[:1]
        return cells, children
    merged_cells, merged = [cells[0]], [children[0]]
    for cell, child in zip(cells[1:], children[1:], strict=True):
        if child is merged[-1] or child == merged[-1]:
            last = merged_cells[-1]
            merged_cells[-1] = Cell(last.low, cell.high, last.weight + cell.weight)
        else:
            merged_cells.append(cell)
            merged.append(child)
    return merged_cells, merged


def _collect_open(node: Node, env: Env, found: list[Leaf | Exceptional]) -> None:
    if truth(node, env) is not None:
        return
    if isinstance(node, Leaf):
        found.append(node)
        return
    for child in node.children:
        _collect_open(child, env, found)


def _in_play(exception: Exceptional, env: Env) -> bool:
    """Whether an exceptional clause is looked at: always, or once one of the facts it waits for was volunteered."""
    return not exception.given_only or any(name in env for name in exception.given_only)


def _uses_date(condition: Leaf | Exceptional) -> bool:
    return "as_of" in condition.expression.names
