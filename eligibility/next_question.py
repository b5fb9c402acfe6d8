"""Which question to ask next: the one after which the fewest further questions are expected.

Exact (dynamic programming over what is left of the rule) up to twelve questions, one step ahead beyond that. Every cell
of a fact counts as equally likely; of a multi-select question, "none" and each single choice count alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction

from eligibility.expression import Env
from eligibility.model import NextQuestion
from eligibility.relevance import Relevance, support
from knowledge import Question

_EXACT_UP_TO = 12


class QuestionOrder:
    """Chooses the next question of one programme."""

    def __init__(self, relevance: Relevance, questions: Mapping[str, Question]) -> None:
        self.relevance = relevance
        self.question_of: dict[str, str] = {}
        for question in questions.values():
            for fact in question.facts:
                self.question_of.setdefault(fact, question.id)
        self._expected: dict[object, tuple[Fraction, str | None]] = {}

    def groups(self, facts: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Open facts by the question that asks for them; a fact without a question of its own is asked by its id."""
        groups: dict[str, tuple[str, ...]] = {}
        for fact in facts:
            question = self.question_of.get(fact, fact)
            groups[question] = (*groups.get(question, ()), fact)
        return groups

    def next(self, env: Env, askable: Collection[str], purpose: str = "verdict") -> NextQuestion | None:
        """The question to ask now. ``askable``: facts that may be asked (neither an authority's nor declined)."""
        open_facts = self._open(env, askable)
        if not open_facts:
            return None
        groups = self.groups(open_facts)
        if len(groups) <= _EXACT_UP_TO:
            chosen = self._best(env, frozenset(askable))[1]
        else:
            chosen = min(groups, key=lambda q: self._one_step(env, groups[q], askable))
        assert chosen is not None
        return NextQuestion(chosen, groups[chosen], purpose)

    def expected(self, env: Env, askable: Collection[str]) -> Fraction:
        """Expected number of questions until the verdict, asked in the best order."""
        return self._best(env, frozenset(askable))[0]

    def _open(self, env: Env, askable: Collection[str]) -> list[str]:
        relevant = support(self.relevance.diagram(env))
        order = [name for c in self.relevance.open_conditions(env) for name in c.facts]
        return [name for name in dict.fromkeys(order) if name in relevant and name in askable]

    def _best(self, env: Env, askable: frozenset[str]) -> tuple[Fraction, str | None]:
        open_facts = self._open(env, askable)
        if not open_facts:
            return Fraction(0), None
        key = (self.relevance.residual_key(self.relevance.open_conditions(env), env), askable & set(open_facts))
        if key not in self._expected:
            best: tuple[Fraction, str | None] | None = None
            for question, facts in self.groups(open_facts).items():
                cost = 1 + sum(
                    (weight * self._best({**env, **answer}, askable)[0] for weight, answer in self._answers(env, facts)),
                    Fraction(0),
                )
                if best is None or cost < best[0]:
                    best = (cost, question)
            assert best is not None
            self._expected[key] = best
        return self._expected[key]

    def _one_step(self, env: Env, facts: tuple[str, ...], askable: Collection[str]) -> Fraction:
        """Expected number of questions that are still relevant after this one: the look-ahead for large programmes."""
        return sum(
            (
                weight * len(self.groups(self._open({**env, **answer}, askable)))
                for weight, answer in self._answers(env, facts)
            ),
            Fraction(0),
        )

    def _answers(self, env: Env, facts: tuple[str, ...]) -> list[tuple[Fraction, dict[str, object]]]:
        if len(facts) == 1:
            return [(cell.weight, {facts[0]: cell.low}) for cell in self.relevance.cells(facts[0], env)]
        none: dict[str, object] = dict.fromkeys(facts, False)
        answers = [none, *({**none, fact: True} for fact in facts)]
        return [(Fraction(1, len(answers)), answer) for answer in answers]
