"""How likely a programme is, exactly: the share of completions of the applicant's own open facts that end well.

Completions are weighed as ``next_question`` weighs answers: of what still matters, question by question in the order of
the text, every cell of a fact alike; of a multi-select question, "none" and each single choice alike. They are summed
over what the decision diagram leaves open, exactly: nothing is drawn at random.
"""

from __future__ import annotations

from fractions import Fraction

from eligibility.decide import Engine
from eligibility.model import CONDITIONAL, ELIGIBLE
from eligibility.relevance import Diagram, Rest
from eligibility.remainder import Outcome


class Likelihood:
    """The likelihood of one programme. Remembers what it has worked out, up to a limit.

    A completion ends well if nothing the applicant could tell stands against it: eligible, or hanging on an
    authority's word alone, which is no matter of likelihood.
    """

    def __init__(self, engine: Engine, limit: int = 20_000) -> None:
        self.engine, self.limit = engine, limit
        self._known: dict[object, Fraction] = {}

    def of(self, rest: Rest) -> Fraction:
        """The share of what is left of the rule, 0 … 1; declined facts are summed over like any other."""
        if len(self._known) > self.limit:
            self._known = {}
        return self._share(rest)

    def _share(self, rest: Rest) -> Fraction:
        if rest.outcome is not None:
            return Fraction(self._ends_well(rest.outcome))
        share = self._known.get(rest.key)
        if share is None:
            share = self._known[rest.key] = self._sum(rest)
        return share

    def _sum(self, rest: Rest) -> Fraction:
        order, relevance = self.engine.order, self.engine.relevance
        groups = order.groups(order.open_facts(rest, self.engine.user_facts))
        for question, facts in groups.items():  # the first one, in the order of the text; the others follow below it
            answers = order.answers(rest, question, facts)
            return sum((w * self._share(relevance.advance(rest, answer)) for w, answer in answers), Fraction(0))
        return Fraction(self._may_end_well(relevance.diagram(rest)))

    def _may_end_well(self, diagram: Diagram) -> bool:
        if isinstance(diagram, str):
            return self._ends_well(diagram)
        return any(self._may_end_well(child) for child in diagram.children)

    def _ends_well(self, outcome: Outcome) -> bool:
        exception = self.engine.exceptions.get(outcome)
        return outcome == ELIGIBLE if exception is None else exception.verdict in (ELIGIBLE, CONDITIONAL)
