"""The names that the expressions of one programme may use, and what lies behind each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from eligibility.expression import Comparison, Env, Evaluate, Expression, Vocabulary
from eligibility.model import Ask, Derived
from knowledge import Fact

_TYPES = {
    "bool": "bool",
    "count": "number",
    "months": "number",
    "days": "number",
    "year": "number",
    "percent": "number",
    "yuan": "number",
    "date": "date",
    "choice": "symbol",
}


class Names:
    """Facts and, as the file is read, its derived values, conditions and results."""

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self._types = {"as_of": "date", **{name: _TYPES[fact.type] for name, fact in facts.items()}}
        self._values = {name: tuple(fact.values) for name, fact in facts.items() if fact.values}
        self._resolve: dict[str, Evaluate] = {}
        self._asked: dict[str, tuple[str, ...]] = {"as_of": ()}
        self._reads: dict[str, frozenset[str]] = {}
        self._inner: dict[str, tuple[Comparison, ...]] = {}
        self.vocabulary = Vocabulary(self._types, self._values, self._resolve)
        self.claimed: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._types

    def claim(self, name: str) -> bool:
        """Take ``name`` for one thing of the programme; False if it stands for something already."""
        free = name not in self and name not in self.claimed
        self.claimed.add(name)
        return free

    def learn(
        self,
        name: str,
        kind: str,
        evaluate: Evaluate,
        asked: Iterable[str],
        reads: Iterable[str],
        values: Sequence[str] = (),
    ) -> None:
        """Let later expressions speak of ``name``."""
        self._types[name], self._resolve[name] = kind, evaluate
        self._asked[name], self._reads[name] = tuple(dict.fromkeys(asked)), frozenset(reads)
        if values:
            self._values[name] = tuple(values)

    def learn_derived(self, name: str, ways: Sequence[Derived]) -> None:
        """A value worked out in the first way whose facts are there; at least one way must hold in every case.

        Asked for are the ways open to asking, up to the first that holds in every case (a way for volunteered facts
        only if there is no other); nothing, if as_of stands in.
        """
        evaluations = tuple(way.expression.evaluate for way in ways)

        def evaluate(env: Env) -> object:
            for one in evaluations:
                value = one(env)
                if value is not None:
                    return value
            return None

        in_turn = sorted(ways, key=lambda way: way.given_only)
        until = next(i for i, way in enumerate(in_turn) if way.condition is None)
        never_lacking = any(not way.facts for way in ways if not way.given_only)
        asked = [] if never_lacking else [fact for way in in_turn[: until + 1] for fact in way.facts]
        reads = [name for way in ways for name in self.reads_of(way.expression)]
        self.learn(name, ways[0].expression.type, evaluate, asked, reads)
        inner = [c for way in ways for c in (*way.expression.comparisons, *self.inner_of(way.expression))]
        self._inner[name] = tuple(inner)

    def asks_of(self, expression: Expression) -> tuple[Ask, ...]:
        """What to ask for an expression: per name, for a derived value only while it is unknown."""
        return tuple(Ask(self._asked.get(name, (name,)), self._resolve.get(name)) for name in expression.names)

    def facts_of(self, expression: Expression) -> tuple[str, ...]:
        """The facts worth asking for an expression, in the order of the text."""
        return tuple(dict.fromkeys(fact for ask in self.asks_of(expression) for fact in ask.facts))

    def inner_of(self, expression: Expression) -> tuple[Comparison, ...]:
        """The comparisons inside the derived values it mentions."""
        return tuple(comparison for name in expression.names for comparison in self._inner.get(name, ()))

    def reads_of(self, expression: Expression) -> frozenset[str]:
        """Everything its value may depend on: facts, and ``as_of``."""
        return frozenset(fact for name in expression.names for fact in self._reads.get(name, (name,)))
