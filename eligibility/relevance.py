"""Which open facts still matter, exactly.

The thresholds of a rule cut each fact's values into cells. Over these cells the rule is a decision diagram: assign the
open facts one after another, merge what is equal, drop a fact whose cells all lead to the same place. A fact that is
left in the diagram is relevant: two completions that differ only in it end differently. (Three-valued evaluation alone
would call facts relevant that are not, and leaves on one number would pass for independent.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from eligibility.expression import Comparison, Env
from eligibility.facts import EARLIEST, LATEST
from eligibility.kleene import TruthOf, leaves_of, reduce, truth_over
from eligibility.model import ELIGIBLE, INELIGIBLE, Exceptional, Leaf, Node, Programme
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


def to_grid(kind: str, value: Any) -> int:
    """The grid point at or just below ``value``."""
    if kind == "date":
        return int(value.toordinal())
    return int(value * {"percent": 10**4, "yuan": 100}.get(kind, 1) // 1)


@dataclass(frozen=True)
class Cell:
    """Values of one fact between which the rule does not distinguish: ``low`` … ``high``, equal for choices."""

    low: Any
    high: Any
    weight: Fraction


@dataclass(frozen=True, eq=False)
class Choice:
    """An inner node of the diagram: a fact, and where its cells lead; ``support``: the facts at or below it."""

    fact: str
    children: tuple[Diagram, ...]
    support: frozenset[str]


Outcome = str  # eligible, ineligible, or the id of an exceptional clause
Diagram = Choice | Outcome


def support(diagram: Diagram) -> frozenset[str]:
    """The facts on which the outcome still turns."""
    return diagram.support if isinstance(diagram, Choice) else frozenset()


@dataclass(frozen=True, eq=False)
class Rest:
    """What is left of a rule over some facts.

    Attributes:
        env: the facts.
        exceptions: exceptional clauses that may still hold, in their order.
        tail: what follows if none of them does: the settled outcome, or the open part of the tree.
    """

    env: Env
    exceptions: tuple[Exceptional, ...]
    tail: Node | Outcome

    @property
    def outcome(self) -> Outcome | None:
        """The outcome where three-valued logic settles it."""
        return self.tail if isinstance(self.tail, str) and not self.exceptions else None

    @cached_property
    def conditions(self) -> tuple[Leaf | Exceptional, ...]:
        """The conditions that are unknown and not overruled by a settled neighbour, in the order of the text."""
        return self.exceptions if isinstance(self.tail, str) else (*self.exceptions, *leaves_of(self.tail))

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """What these conditions may still ask for, in the order of the text."""
        asks = (ask for condition in self.conditions for ask in condition.asks)
        return tuple(dict.fromkeys(name for ask in asks for name in ask.open_facts(self.env)))

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Equal for two rests that agree on every completion: open conditions, and the values put into them."""
        known = self.env.get
        parts = [(condition.id, *map(known, condition.reads)) for condition in self.conditions]
        return (*parts, self.tail if isinstance(self.tail, str) else None)


class _Memory:
    """What has been worked out. Nodes are shared, so that equal diagrams are identical: forgotten all together."""

    def __init__(self) -> None:
        self.diagrams: dict[object, Diagram] = {}
        self.nodes: dict[object, Choice] = {}
        self.flips: dict[object, list[int]] = {}

    @property
    def size(self) -> int:
        return len(self.diagrams) + len(self.nodes) + len(self.flips)


class Relevance:
    """Decision diagrams of one programme, remembered up to a limit. Safe to share between threads."""

    def __init__(self, programme: Programme, catalogue: Mapping[str, Fact], limit: int = 20_000) -> None:
        self.programme, self.catalogue, self.limit = programme, catalogue, limit
        conditions: tuple[Leaf | Exceptional, ...] = (*programme.exceptions, *programme.leaves)
        facts = dict.fromkeys(name for condition in conditions for name in condition.facts)
        self._place = {name: place for place, name in enumerate(facts)}
        self._memory = _Memory()

    @property
    def size(self) -> int:
        """How much is remembered."""
        return self._memory.size

    # --- what is left ------------------------------------------------------------------------------------------
    def rest(self, env: Env, truths: Mapping[Leaf, bool | None] | None = None) -> Rest:
        """What is left of the rule over ``env``; ``truths``: of its conditions there, if at hand."""
        in_play = tuple(exception for exception in self.programme.exceptions if _in_play(exception, env))
        return self._left(env, in_play, self.programme.when, truths.__getitem__ if truths else truth_over(env))

    def advance(self, rest: Rest, more: Env) -> Rest:
        """What is left of ``rest`` once ``more`` facts are known as well."""
        env = {**rest.env, **more}
        return self._left(env, rest.exceptions, rest.tail, truth_over(env), more)

    def _left(
        self,
        env: Env,
        exceptions: tuple[Exceptional, ...],
        tail: Node | Outcome,
        truth_of: TruthOf,
        changed: Collection[str] | None = None,
    ) -> Rest:
        still_open = list[Exceptional]()
        for exception in exceptions:
            holds = exception.expression.evaluate(env)
            if holds:
                return Rest(env, tuple(still_open), exception.id)
            if holds is None:
                still_open.append(exception)
        if not isinstance(tail, str):
            left = reduce(tail, truth_of, changed)
            tail = (ELIGIBLE if left else INELIGIBLE) if isinstance(left, bool) else left
        return Rest(env, tuple(still_open), tail)

    # --- diagram -----------------------------------------------------------------------------------------------
    def diagram(self, rest: Rest) -> Diagram:
        """The decision diagram over the facts that are open in ``rest``."""
        if self._memory.size > self.limit:
            self._memory = _Memory()  # whoever is at work keeps the old one to the end
        return self._diagram(rest, self._memory)

    def _diagram(self, rest: Rest, memory: _Memory) -> Diagram:
        settled = rest.outcome
        if settled is not None:
            return settled
        known = memory.diagrams.get(rest.key)
        if known is None:
            fact = min(rest.facts, key=self._place.__getitem__)
            cells = self._cells(fact, rest.env, rest.conditions, memory)
            children = [self._diagram(self.advance(rest, {fact: cell.low}), memory) for cell in cells]
            known = memory.diagrams[rest.key] = self._node(fact, cells, children, memory)
        return known

    def _node(self, fact: str, cells: list[Cell], children: list[Diagram], memory: _Memory) -> Diagram:
        """The one node for this fact and these branches; none where all lead to the same place.

        One order of facts on every path, and only cuts that make a difference: so equal functions are one node.
        """
        if all(child == children[0] for child in children):
            return children[0]
        ordered = self.catalogue[fact].type in _GRIDS
        key: list[object] = [fact]
        for i, (cell, child) in enumerate(zip(cells, children, strict=True)):
            if not (ordered and i and child == children[i - 1]):
                key += [cell.low, child if isinstance(child, str) else id(child)]
        node = memory.nodes.get(tuple(key))
        if node is None:
            below = frozenset().union(*(support(child) for child in children))
            node = memory.nodes.setdefault(tuple(key), Choice(fact, tuple(children), below | {fact}))
        return node

    # --- cells -------------------------------------------------------------------------------------------------
    def cells(self, fact: str, env: Env, conditions: Iterable[Leaf | Exceptional]) -> list[Cell]:
        """The cells into which ``conditions`` cut ``fact`` over ``env``, with uniform weights that sum to one."""
        return self._cells(fact, env, conditions, self._memory)

    def _cells(self, fact: str, env: Env, conditions: Iterable[Leaf | Exceptional], memory: _Memory) -> list[Cell]:
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
                breaks += self._where_it_flips(comparison, condition, fact, env, memory, []) or ()
            cuts.update(breaks)
            for comparison in condition.expression.comparisons:
                flips = self._where_it_flips(comparison, condition, fact, env, memory, breaks)
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
        condition: Leaf | Exceptional,
        fact: str,
        env: Env,
        memory: _Memory,
        breaks: Sequence[int],
    ) -> list[int] | None:
        """Grid points n where the comparison changes between n and n + 1; None if another of its facts is open.

        Args:
            breaks: grid points after which its sides follow another formula; between them they run one way.
        """
        kind = self.catalogue[fact].type
        low, high, _ = _GRIDS[kind]
        key = (id(comparison), fact, *(env.get(name) for name in condition.reads if name != fact))
        if key in memory.flips:
            return memory.flips[key]
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
        memory.flips[key] = flips
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


def _in_play(exception: Exceptional, env: Env) -> bool:
    """Whether an exceptional clause is looked at: always, or once one of the facts it waits for was volunteered."""
    return not exception.given_only or any(name in env for name in exception.given_only)
