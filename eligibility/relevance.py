"""Which open facts still matter, exactly.

The thresholds of a rule cut each fact's values into cells. Over these cells the rule is a decision diagram: assign the
open facts one after another, merge what is equal, drop a fact whose cells all lead to the same place. A fact that is
left in the diagram is relevant: two completions that differ only in it end differently. (Three-valued evaluation alone
would call facts relevant that are not, and leaves on one number would pass for independent.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from eligibility.cells import Cell, Cells
from eligibility.expression import Env
from eligibility.kleene import truth_over
from eligibility.model import Condition, Programme
from eligibility.remainder import Outcome, Remainder, after, in_play
from knowledge import Fact


@dataclass(frozen=True, eq=False)
class Choice:
    """An inner node of the diagram: a fact, and where its cells lead; ``support``: the facts at or below it."""

    fact: str
    children: tuple[Diagram, ...]
    support: frozenset[str]


Diagram = Choice | Outcome
_NOTHING: frozenset[str] = frozenset()


def support(diagram: Diagram) -> frozenset[str]:
    """The facts on which the outcome still turns."""
    return diagram.support if isinstance(diagram, Choice) else _NOTHING


@dataclass(frozen=True, eq=False)
class Rest:
    """What is left of a rule over some facts (``env``)."""

    env: Env
    of: Remainder

    @property
    def outcome(self) -> Outcome | None:
        """The outcome where three-valued logic settles it."""
        return self.of.outcome

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions that are unknown and not overruled by a settled neighbour, in the order of the text."""
        return self.of.conditions

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """What these conditions may still ask for, in the order of the text."""
        asks = (ask for condition in self.conditions for ask in condition.asks)
        return tuple(dict.fromkeys(name for ask in asks for name in ask.open_facts(self.env)))

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Equal for two rests that agree on every completion: open conditions, and the values put into them."""
        return (self.of.open, *map(self.env.get, self.of.reads))


class _Memory:
    """What has been worked out. Nodes are shared, so that equal diagrams are identical: forgotten all together."""

    def __init__(self) -> None:
        self.diagrams: dict[object, Diagram] = {}
        self.nodes: dict[object, Choice] = {}
        self.open_facts: dict[object, tuple[str, ...]] = {}

    @property
    def size(self) -> int:
        return len(self.diagrams) + len(self.nodes) + len(self.open_facts)


class Relevance:
    """Decision diagrams of one programme, remembered up to a limit. Safe to share between threads."""

    def __init__(self, programme: Programme, catalogue: Mapping[str, Fact], limit: int = 20_000) -> None:
        self.programme, self.catalogue, self.limit = programme, catalogue, limit
        facts = dict.fromkeys(name for condition in programme.conditions for name in condition.facts)
        self._place = {name: place for place, name in enumerate(facts)}
        self._cells = Cells(catalogue)
        self._memory = _Memory()

    @property
    def size(self) -> int:
        """How much is remembered."""
        return self._memory.size + self._cells.size

    def rest(self, env: Env) -> Rest:
        """What is left of the rule over ``env``."""
        exceptions = tuple(exception for exception in self.programme.exceptions if in_play(exception, env))
        return Rest(env, after(exceptions, self.programme.when, truth_over(env)))

    def advance(self, rest: Rest, more: Env) -> Rest:
        """What is left of ``rest`` once ``more`` facts are known as well."""
        env = {**rest.env, **more}
        return Rest(env, after(rest.of.exceptions, rest.of.tail, truth_over(env), more))

    def cells(self, fact: str, env: Env, conditions: Iterable[Condition]) -> list[Cell]:
        """The cells into which ``conditions`` cut ``fact`` over ``env``, with uniform weights that sum to one."""
        return self._cells.of(fact, env, conditions)

    def diagram(self, rest: Rest) -> Diagram:
        """The decision diagram over the facts that are open in ``rest``."""
        if self.size > self.limit:
            self._cells.forget()
            self._memory = _Memory()  # whoever is at work keeps the old one to the end
        return self._diagram(rest, self._memory)

    def may_end(self, rest: Rest, outcome: Outcome) -> bool:
        """Whether some completion of ``rest`` ends in ``outcome``. Where one does, much is left untried."""
        return self._may_end(rest, outcome, set())

    def open_facts(self, rest: Rest) -> tuple[str, ...]:
        """The open facts on which the outcome still turns, in the order of the text."""
        found = self._memory.open_facts.get(rest.key)
        if found is None:
            relevant = support(self.diagram(rest))
            found = tuple(name for name in rest.facts if name in relevant)
            self._memory.open_facts[rest.key] = found
        return found

    def _diagram(self, rest: Rest, memory: _Memory) -> Diagram:
        settled = rest.outcome
        if settled is not None:
            return settled
        known = memory.diagrams.get(rest.key)
        if known is None:
            fact, cells = self._next(rest)
            children = [self._diagram(self.advance(rest, {fact: cell.low}), memory) for cell in cells]
            known = memory.diagrams[rest.key] = self._node(fact, cells, children, memory)
        return known

    def _may_end(self, rest: Rest, outcome: Outcome, tried: set[object]) -> bool:
        """``tried``: what has been looked at, of which none ended so."""
        settled = rest.outcome
        if settled is not None:
            return settled == outcome
        if rest.key in tried:
            return False
        tried.add(rest.key)
        fact, cells = self._next(rest)
        return any(self._may_end(self.advance(rest, {fact: cell.low}), outcome, tried) for cell in cells)

    def _next(self, rest: Rest) -> tuple[str, list[Cell]]:
        """The fact that is assigned next, the same order on every path, and its cells."""
        fact = min(rest.facts, key=self._place.__getitem__)
        return fact, self.cells(fact, rest.env, rest.conditions)

    def _node(self, fact: str, cells: list[Cell], children: list[Diagram], memory: _Memory) -> Diagram:
        """The one node for this fact and these branches; none where all lead to the same place.

        One order of facts on every path, and only cuts that make a difference: so equal functions are one node.
        """
        if all(child == children[0] for child in children):
            return children[0]
        ordered = self._cells.ordered(fact)
        key: list[object] = [fact]
        for i, (cell, child) in enumerate(zip(cells, children, strict=True)):
            if not (ordered and i and child == children[i - 1]):
                key += [cell.low, child if isinstance(child, str) else id(child)]
        node = memory.nodes.get(tuple(key))
        if node is None:
            below = frozenset().union(*(support(child) for child in children))
            node = memory.nodes.setdefault(tuple(key), Choice(fact, tuple(children), below | {fact}))
        return node
