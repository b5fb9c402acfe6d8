"""The fewest questions that any order of asking can need, found by trying every order: what the engine's own order is
held against (`tools/bench.py`, `tests/eligibility/test_question_order.py`).

What the figures mean is the engine's: which facts one question asks for together, which answers it may get and how
likely each is. How the best order is found is not: no decision diagram, no look ahead, no bound. After every answer the
programme is decided anew, and every question that may still be asked is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from eligibility import Decision, Rulebook
from eligibility.model import NEEDS_INFO

Facts = Mapping[str, Any]


class EveryOrder:
    """All ways to interview about one programme, on one day, in one place."""

    def __init__(self, rules: Rulebook, programme: str, as_of: date, place: str) -> None:
        self.rules, self.programme, self.as_of, self.place = rules, programme, as_of, place
        self.engine = rules.engine(programme, as_of, place)
        self._fewest: dict[frozenset[tuple[str, Any]], Fraction] = {}
        self._ours: dict[frozenset[tuple[str, Any]], Fraction] = {}

    def questions(self, facts: Facts) -> int:
        """How many questions are left to ask for the verdict, facts that are asked together being one."""
        return len(self.rules.questions_for(self.programme, self._decide(facts).missing))

    def fewest(self, facts: Facts) -> Fraction:
        """The expected number of questions to the verdict, if after each answer the best one is asked."""
        key = frozenset(facts.items())
        if key not in self._fewest:
            decision = self._decide(facts)
            groups = self.engine.order.groups(decision.missing) if decision.verdict == NEEDS_INFO else {}
            costs = [
                1 + sum(weight * self.fewest(more) for weight, more in self._after(facts, question, asked))
                for question, asked in groups.items()
            ]
            self._fewest[key] = min(costs, default=Fraction(0))
        return self._fewest[key]

    def ours(self, facts: Facts) -> Fraction:
        """The same, if the question that the decision names is asked each time."""
        key = frozenset(facts.items())
        if key not in self._ours:
            decision, cost = self._decide(facts), Fraction(0)
            if decision.verdict == NEEDS_INFO and decision.next_question:
                question, asked = decision.next_question.id, decision.next_question.facts
                cost = 1 + sum(weight * self.ours(more) for weight, more in self._after(facts, question, asked))
            self._ours[key] = cost
        return self._ours[key]

    def _decide(self, facts: Facts) -> Decision:
        return self.rules.decide(self.programme, facts, as_of=self.as_of, place=self.place)

    def _after(self, facts: Facts, question: str, asked: tuple[str, ...]) -> Iterator[tuple[Fraction, Facts]]:
        rest = self.engine.relevance.rest(self.engine.environment(facts, self.as_of))
        for weight, answer in self.engine.order.answers(rest, question, asked):
            yield weight, {**facts, **answer}
