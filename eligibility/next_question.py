"""Which question to ask next: the one after which the fewest further questions are expected.

Exact (dynamic programming over what is left of the rule) for a programme of up to twelve questions. A wider one is
looked at one step ahead until seven are left: there, the best order of twelve takes seconds to find. Every cell of a
fact counts as equally likely; of a multi-select question, "none" and each single choice count alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction

from eligibility.expression import Env
from eligibility.model import NextQuestion
from eligibility.relevance import Relevance, Rest
from knowledge import Question

_EXACT_UP_TO, _EXACT_OF_A_WIDER_ONE = 12, 7
_NO_QUESTION = (Fraction(0), "")


class QuestionOrder:
    """Chooses the next question of one programme. Remembers what it has worked out, up to a limit."""

    def __init__(self, relevance: Relevance, questions: Mapping[str, Question], limit: int = 20_000) -> None:
        self.relevance, self.questions, self.limit = relevance, questions, limit
        self._asking: dict[str, list[Question]] = {}
        for question in questions.values():
            for fact in question.facts:
                self._asking.setdefault(fact, []).append(question)
        self.exact_up_to = _EXACT_UP_TO if self._most_questions() <= _EXACT_UP_TO else _EXACT_OF_A_WIDER_ONE
        self._expected: dict[object, tuple[Fraction, str]] = {}
        self._ahead: dict[object, str] = {}

    @property
    def size(self) -> int:
        """How much is remembered."""
        return len(self._expected) + len(self._ahead)

    def _most_questions(self) -> int:
        """How many questions the whole programme can take."""
        programme, catalogue = self.relevance.programme, self.relevance.catalogue
        facts = [name for condition in programme.conditions for name in condition.facts]
        return len(self.groups(f for f in facts if f not in programme.held_by and not catalogue[f].agency))

    def groups(self, facts: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Facts by the question that asks for most of them at once, of equals the plainest; else by their own id."""
        wanted = tuple(dict.fromkeys(facts))
        groups: dict[str, tuple[str, ...]] = {}
        for fact in wanted:
            asking = self._asking.get(fact, ())
            best = max(asking, key=lambda q: (sum(name in wanted for name in q.facts), -len(q.facts)), default=None)
            question = best.id if best else fact
            groups[question] = (*groups.get(question, ()), fact)
        return groups

    def next(self, rest: Rest, askable: frozenset[str]) -> NextQuestion | None:
        """The question to ask now. ``askable``: facts that may be asked (neither an authority's nor declined)."""
        open_facts = self.open_facts(rest, askable)
        if not open_facts:
            return None
        if self.size > self.limit:
            self._expected, self._ahead = {}, {}
        groups = self.groups(open_facts)
        worth = self._worth_asking(rest, groups, askable)
        chosen = worth[0] if len(worth) == 1 else self._best(rest, askable)[1]
        return NextQuestion(chosen, groups[chosen], "verdict")

    def expected(self, rest: Rest, askable: frozenset[str]) -> Fraction:
        """Expected number of questions until the verdict, asked in this order."""
        return self._best(rest, askable)[0]

    def open_facts(self, rest: Rest, askable: Collection[str]) -> list[str]:
        """The facts among ``askable`` on which the verdict still turns, in the order of the text."""
        return [name for name in self.relevance.open_facts(rest) if name in askable]

    def _best(self, rest: Rest, askable: frozenset[str]) -> tuple[Fraction, str]:
        if rest.outcome is not None:
            return _NO_QUESTION
        best = self._expected.get((askable, rest.key))
        if best is None:
            costs = []
            groups = self.groups(self.open_facts(rest, askable))
            for question in self._worth_asking(rest, groups, askable):
                cost = Fraction(1)
                for weight, answer in self.answers(rest, question, groups[question]):
                    cost += weight * self._best(self.relevance.advance(rest, answer), askable)[0]
                costs.append((cost, question))
            best = min(costs, key=lambda choice: choice[0], default=_NO_QUESTION)
            self._expected[(askable, rest.key)] = best
        return best

    def _worth_asking(
        self, rest: Rest, groups: Mapping[str, tuple[str, ...]], askable: frozenset[str]
    ) -> Sequence[str]:
        """The questions to compare: all while they are few, else the one after which the fewest stay relevant."""
        if len(groups) <= self.exact_up_to:
            return list(groups)
        key = (askable, rest.key)
        chosen = self._ahead.get(key)
        if chosen is None:
            chosen = self._ahead[key] = min(groups, key=lambda q: self._left_after(rest, q, groups[q], askable))
        return [chosen]

    def _left_after(self, rest: Rest, question: str, facts: tuple[str, ...], askable: frozenset[str]) -> Fraction:
        left = Fraction(0)
        for weight, answer in self.answers(rest, question, facts):
            left += weight * len(self.groups(self.open_facts(self.relevance.advance(rest, answer), askable)))
        return left

    def answers(self, rest: Rest, question: str, facts: tuple[str, ...]) -> list[tuple[Fraction, Env]]:
        """The possible answers to a question, with their weights."""
        asked = self.questions.get(question)
        if len(facts) == 1 or asked is None or not asked.choices:
            cells = self.relevance.cells(facts[0], rest.env, rest.conditions)
            return [(cell.weight, {facts[0]: cell.low}) for cell in cells]
        if asked.kind == "multi":
            none: Env = dict.fromkeys(facts, False)
            answers = [none, *({**none, fact: True} for fact in facts)]
        else:
            picked = [{name: value for name, value in one.sets.items() if name in facts} for one in asked.choices]
            answers = [answer for answer in picked if answer]
        return [(Fraction(1, len(answers)), answer) for answer in answers]
