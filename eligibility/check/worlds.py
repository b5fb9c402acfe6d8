"""All worlds that a programme can tell apart: what a condition can be, and on what an outcome turns, over every cell.

Built on the decision diagrams of ``eligibility.relevance``; exact for every single day that is tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

from eligibility.check.packs import Packs
from eligibility.check.written import expressions
from eligibility.expression import Comparison, Env, Expression
from eligibility.kleene import leaves_of
from eligibility.model import ELIGIBLE, Ask, Exceptional, Group, Guarded, Leaf, Node, Programme
from eligibility.relevance import Diagram, Relevance, support
from knowledge import Fact, SourceFile

_FORCED = "_forced"  # a condition under test, as a fact of its own
_DAYS = (date(2021, 8, 1), date(2026, 1, 1))


class Worlds:
    """One programme as the notices that speak have it, on the days around each of its dates."""

    def __init__(self, programme: Programme, catalogue: Mapping[str, Fact], days: Iterable[date]) -> None:
        self.programme = programme
        forced = Fact(_FORCED, "bool", "programme", _FORCED, "", {}, False, "", {}, {})
        self._catalogue = {**catalogue, _FORCED: forced}
        settled = {} if programme.localised else {k: v for one in programme.overlays for k, v in one.facts.items()}
        self._environments: list[Env] = [{**settled, "as_of": day} for day in days]
        self._named = _named(programme)

    def truths(self, node: Node) -> frozenset[bool]:
        """The truth values that ``node`` takes."""
        return frozenset(truth for one in self._diagrams(node) for truth in _outcomes(one))

    def may_hold(self, node: Node) -> bool:
        """Whether ``node`` is ever true: a search that ends with the first world where it is."""
        trial = self._trial(node)
        return any(trial.may_end(trial.rest(env), ELIGIBLE) for env in self._environments)

    def turns_on(self, leaf: Leaf) -> bool:
        """Whether an outcome would be another one if ``leaf`` were forced."""
        free = Expression(_FORCED, lambda env: env.get(_FORCED), (_FORCED,), "bool")
        forced = replace(leaf, expression=free, asks=(Ask((_FORCED,)),), reads=frozenset({_FORCED}), inner=())
        when = _with(self.programme.when, leaf, forced)
        trial = Relevance(replace(self.programme, when=when, leaves=tuple(leaves_of(when))), self._catalogue)
        return any(_FORCED in support(trial.diagram(trial.rest(env))) for env in self._environments)

    def leaf(self, one: Exceptional | Guarded) -> Leaf:
        """What an exceptional clause or an option waits for, as a condition of its own."""
        if isinstance(one, Exceptional):
            return Leaf(one.id, one.expression, one.asks, one.reads, one.inner, one.cite)
        condition = one.condition or Expression("true", lambda env: True, (), "bool")
        reads, inner = _behind(condition, self._named)
        facts = [name for name in sorted(reads) if name in self._catalogue]

        def evaluate(env: Env) -> bool | None:
            """A result that has no value here leaves it open whatever is known: then it does not hold."""
            value: bool | None = condition.evaluate(env)
            return False if value is None and all(name in env for name in facts) else value

        settled = replace(condition, evaluate=evaluate)
        return Leaf(f"option_{id(one)}", settled, tuple(Ask((name,)) for name in facts), reads, inner, one.cite)

    def _diagrams(self, node: Node) -> Iterator[Diagram]:
        trial = self._trial(node)
        return (trial.diagram(trial.rest(env)) for env in self._environments)

    def _trial(self, node: Node) -> Relevance:
        """``node`` as if it were the whole rule."""
        programme = replace(self.programme, exceptions=(), when=node, leaves=tuple(leaves_of(node)))
        return Relevance(programme, self._catalogue)


def worlds_of(packs: Packs, name: str) -> list[Worlds]:
    """A programme in every way in which the notices may have it."""
    days = sorted(_days(packs.programme_files[name]))
    return [Worlds(one, packs.knowledge.facts, days) for one in packs.variants(packs.rules.programmes[name])]


def negated(node: Node) -> Node:
    """The contrary."""
    return Group("not", (node,), node.reads)


def joined(*nodes: Node) -> Node:
    """All of them."""
    return Group("all", nodes, frozenset[str]().union(*(node.reads for node in nodes)))


def _days(files: Iterable[SourceFile]) -> set[date]:
    """The days around every date that the files write, and two days far from them."""
    days = set(_DAYS)
    for file in files:
        for one in expressions(file):
            for word in one.text.replace("(", " ").replace(")", " ").split():
                try:
                    day = date.fromisoformat(word)
                except ValueError:
                    continue
                days |= {day, day + timedelta(days=1)}
    return days


_Behind = tuple[frozenset[str], tuple[Comparison, ...]]


def _named(programme: Programme) -> dict[str, list[Expression]]:
    """The expressions behind every name that an option may use: conditions, derived values, results."""
    named: dict[str, list[Expression]] = {}
    for group in _nodes(programme.when):
        if group.id:
            named[group.id] = [leaf.expression for leaf in leaves_of(group)]
    for name, ways in programme.derived.items():
        named[name] = [way.expression for way in ways]
    for name, options in programme.results.items():
        named[name] = [expression for option in options for expression in option.expressions]
    return named


def _behind(expression: Expression, named: Mapping[str, list[Expression]]) -> _Behind:
    """The facts that an expression depends on, through whatever it names, and every comparison on the way."""
    reads: set[str] = set()
    comparisons = dict.fromkeys(expression.comparisons)
    for name in expression.names:
        if name not in named:
            reads.add(name)
        for inner in named.get(name, ()):
            facts, more = _behind(inner, named)
            reads |= facts
            comparisons |= dict.fromkeys(more)
    return frozenset(reads), tuple(comparisons)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Group):
        for child in node.children:
            yield from _nodes(child)


def _outcomes(diagram: Diagram) -> Iterator[bool]:
    if isinstance(diagram, str):
        yield diagram == ELIGIBLE
    else:
        yield from (True, False)  # a node that is left leads to both


def _with(node: Node, old: Leaf, new: Leaf) -> Node:
    if isinstance(node, Leaf):
        return new if node is old else node
    children = tuple(_with(child, old, new) for child in node.children)
    return replace(node, children=children, reads=frozenset[str]().union(*(child.reads for child in children)))
