"""What a decision stands on: the conditions that decide, the clauses behind them in their order, and the readings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from eligibility.expression import Env
from eligibility.model import CONDITIONAL, NEEDS_INFO, Assumption, Derived, Leaf, Overlay, Programme, Reason
from eligibility.pattern import REMEMBERED, Pattern


@dataclass(frozen=True, eq=False)
class Grounds:
    """What an outcome stands on, whatever the facts behind it.

    Attributes:
        deciding: ids of the conditions on which it rests, or still turns.
        because: their clauses, then those of the amount and of the results, then what else is known.
        readings: of the text, without which one of these conditions would be another one.
        derived: the ways to work out the values in these conditions, where a reading is in one of them.
    """

    deciding: tuple[str, ...]
    because: tuple[Reason, ...]
    readings: tuple[Assumption, ...]
    derived: tuple[tuple[Derived, ...], ...]

    def readings_over(self, env: Env) -> list[Assumption]:
        """The readings that the values worked out over ``env`` rest on."""
        found = []
        for ways in self.derived:
            for way in ways:
                value = way.expression.evaluate(env)
                if value is not None:
                    found += [way.assumption] if way.assumption and way.assumption.matters(env, value) else []
                    break
        return found


class GroundsOf:
    """The grounds of one programme's outcomes, remembered by pattern of truths."""

    def __init__(self, programme: Programme, speaking: Iterable[Overlay]) -> None:
        self.programme, self.speaking = programme, tuple(speaking)
        self.of = lru_cache(REMEMBERED)(self._work_out)

    def _work_out(
        self,
        pattern: Pattern,
        relevant: frozenset[str],
        verdict: str,
        amount: tuple[str, ...],
        results: tuple[str, ...],
    ) -> Grounds:
        """The grounds of one outcome.

        Args:
            relevant: the open facts on which the verdict turns.
            amount, results: the clauses behind these.
        """
        truths = pattern.truths
        deciding = [
            leaf
            for leaf in pattern.deciding
            if truths[leaf] is not None or not relevant or not relevant.isdisjoint(leaf.facts)
        ]
        names = dict.fromkeys(n for leaf in deciding if truths[leaf] is not None for n in leaf.expression.names)
        ways = [self.programme.derived[name] for name in names if name in self.programme.derived]
        return Grounds(
            tuple(leaf.id for leaf in deciding),
            self._because(pattern, deciding, verdict, amount, results),
            tuple(leaf.assumption for leaf in deciding if leaf.assumption and leaf in pattern.doubtful),
            tuple(one for one in ways if any(way.assumption for way in one)),
        )

    def _because(
        self,
        pattern: Pattern,
        deciding: Iterable[Leaf],
        verdict: str,
        amount: Iterable[str],
        results: Iterable[str],
    ) -> tuple[Reason, ...]:
        """The clauses behind the decision; first those it rests on, or on which it still turns."""
        reasons: dict[str, Reason] = {}

        def add(clauses: Iterable[str], role: str) -> None:
            for clause in clauses:
                reasons.setdefault(clause, Reason(clause, role))

        for exception in pattern.remainder.exceptions:
            add(exception.cite, "open")
        for leaf in deciding:
            known = pattern.truths[leaf] is not None
            if verdict == NEEDS_INFO and known:
                continue  # met so far, but nothing is decided
            role = "open" if verdict in (NEEDS_INFO, CONDITIONAL) and not known else "decides"
            for overlay in self.speaking:
                for fact in leaf.facts:
                    add(overlay.fact_cites.get(fact, ()), role)
            add(leaf.cite, role)
        add(amount, "amount")
        add(results, "result")
        for leaf, value in pattern.truths.items():
            add(leaf.cite if value is not None else (), "supports")
        return tuple(reasons.values())
