"""What is left of a rule once some of its conditions are settled: the open exceptional clauses, and the open part of
the tree."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from eligibility.expression import Env
from eligibility.kleene import TruthOf, leaves_of, reduce
from eligibility.model import ELIGIBLE, INELIGIBLE, Condition, Exceptional, Node

Outcome = str  # eligible, ineligible, or the id of an exceptional clause


@dataclass(frozen=True, eq=False)
class Remainder:
    """What is left of a rule, whatever the facts that settled the rest of it.

    Attributes:
        exceptions: exceptional clauses that may still hold, in their order.
        tail: what follows if none of them does: the settled outcome, or the open part of the tree.
    """

    exceptions: tuple[Exceptional, ...]
    tail: Node | Outcome

    @cached_property
    def outcome(self) -> Outcome | None:
        """The outcome where three-valued logic settles it."""
        return self.tail if isinstance(self.tail, str) and not self.exceptions else None

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions that are unknown and not overruled by a settled neighbour, in the order of the text."""
        return self.exceptions if isinstance(self.tail, str) else (*self.exceptions, *leaves_of(self.tail))

    @cached_property
    def open(self) -> tuple[str, ...]:
        """What tells one remainder of a rule from another: the open conditions say what became of the others."""
        ids = tuple(condition.id for condition in self.conditions)
        return (*ids, self.tail) if isinstance(self.tail, str) else ids

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Everything the truth of its conditions may depend on."""
        return tuple(dict.fromkeys(name for condition in self.conditions for name in condition.reads))


def after(
    exceptions: Iterable[Exceptional], tail: Node | Outcome, truth_of: TruthOf, changed: Collection[str] | None = None
) -> Remainder:
    """What is left of these; ``changed``: the facts that are new since they were left, None: any."""
    still_open = list[Exceptional]()
    for exception in exceptions:
        holds = truth_of(exception)
        if holds:
            return Remainder(tuple(still_open), exception.id)
        if holds is None:
            still_open.append(exception)
    if not isinstance(tail, str):
        left = reduce(tail, truth_of, changed)
        tail = (ELIGIBLE if left else INELIGIBLE) if isinstance(left, bool) else left
    return Remainder(tuple(still_open), tail)


def in_play(exception: Exceptional, env: Env) -> bool:
    """Whether an exceptional clause is looked at: always, or once one of the facts it waits for was volunteered."""
    return not exception.given_only or any(name in env for name in exception.given_only)
