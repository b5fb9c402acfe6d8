"""The truths of a programme's conditions, and what follows from them alone, whatever the facts behind them.

A rule has few patterns of truths and an endless number of facts: what is left of the rule, and the conditions that
carry it, are worked out the first time a pattern is met, and then remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from eligibility.explain import justification
from eligibility.expression import Env
from eligibility.kleene import settled
from eligibility.model import Condition, Group, Leaf, Node, Programme
from eligibility.remainder import Remainder, after, in_play

REMEMBERED = 4096  # patterns of a programme

Truths = tuple["bool | None", ...]


@dataclass(frozen=True, eq=False)
class Pattern:
    """One pattern of truths.

    Attributes:
        truths: of every condition of the tree; leaves: the same by id; named: those of named groups, too.
        doubtful: conditions that are what they are only under a named reading of the text.
        deciding: the fewest conditions that carry the outcome, as far as they are known.
    """

    truths: Mapping[Leaf, bool | None]
    leaves: Mapping[str, bool | None]
    named: Mapping[str, bool | None]
    doubtful: frozenset[Leaf]
    remainder: Remainder
    deciding: tuple[Leaf, ...]


class Patterns:
    """The patterns of one programme that have been met, the least used forgotten. Safe to share between threads."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self._tests = tuple(leaf.expression.evaluate for leaf in programme.leaves)
        self._read = tuple((i, leaf.assumption) for i, leaf in enumerate(programme.leaves) if leaf.assumption)
        self._groups = tuple(_named(programme.when))
        self._pattern = lru_cache(REMEMBERED)(self._work_out)

    def of(self, env: Env) -> Pattern:
        """The pattern that the facts in ``env`` make."""
        exceptions = self.programme.exceptions
        holds = tuple([in_play(one, env) and one.expression.evaluate(env) for one in exceptions])
        truths = tuple([test(env) for test in self._tests])
        doubtful = tuple([i for i, one in self._read if truths[i] is not None and one.matters(env, truths[i])])
        return self._pattern(holds, truths, doubtful)

    def _work_out(self, holds: Truths, truths: Truths, doubtful: tuple[int, ...]) -> Pattern:
        leaves = self.programme.leaves
        of_leaves = dict(zip(leaves, truths, strict=True))
        of_all = dict[Condition, "bool | None"](zip(self.programme.conditions, (*holds, *truths), strict=True))
        by_id = {leaf.id: value for leaf, value in of_leaves.items()}
        in_doubt = frozenset(leaves[i] for i in doubtful)
        return Pattern(
            of_leaves,
            by_id,
            by_id | {name: settled(group, of_all.__getitem__) for name, group in self._groups},
            in_doubt,
            after(self.programme.exceptions, self.programme.when, of_all.__getitem__),
            tuple(justification(self.programme.when, of_leaves, in_doubt)),
        )


def _named(node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node, Group):
        yield from ((node.id, node),) if node.id else ()
        for child in node.children:
            yield from _named(child)
