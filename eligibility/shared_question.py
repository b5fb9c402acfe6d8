"""The one question to ask next when several programmes are open at once.

The fewest questions in all cannot be worked out exactly over this many programmes, so the choice is greedy. Asked one
by one, the open programmes would cost E = Σ E(programme) questions, each E the expected number in that programme's own
best order (``QuestionOrder.expected``, uniform priors). Every question costs one and lowers E by what it saves in
expectation; asked is the one that saves the most. Facts that an answer implies (``implies:`` of the catalogue) count as
answered, in every programme, and a question put for several facts at once (a multi-select list) asks for all of them
that are open anywhere. The best question of any single programme saves a whole one there; a question that serves two
programmes saves more, and comes first.

The alternative, to choose by the number of open (programme, fact) pairs that an answer settles, was measured beside it
on random profiles (``screening_effort``): it prefers long lists of facts to the question that ends a programme, and
needs about one per cent more questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from eligibility.decide import Engine, with_implied
from eligibility.expression import Env
from eligibility.relevance import Rest
from knowledge import Knowledge


@dataclass(frozen=True)
class OpenProgramme:
    """A programme whose verdict still turns on facts the applicant can give.

    Attributes:
        may_ask: facts that may be asked. facts: those of them on which the verdict turns, in the order of the text.
    """

    id: str
    engine: Engine
    rest: Rest
    may_ask: frozenset[str]
    facts: tuple[str, ...]


@dataclass(frozen=True)
class SharedQuestion:
    """A question and the programmes it helps to decide.

    Attributes:
        programme: the one it is about, if it asks for facts of one application; else None.
        facts: fact ids, in the order of the programmes. saves: the expected number of questions it saves.
    """

    id: str
    programme: str | None
    facts: tuple[str, ...]
    serves: tuple[str, ...]
    saves: Fraction


def best_question(open_programmes: Sequence[OpenProgramme], knowledge: Knowledge) -> SharedQuestion | None:
    """The question that saves the most; of equals, the one for the programme that stands first.

    Args:
        open_programmes: the most promising first.
    """
    best: SharedQuestion | None = None
    for question, programme, facts in _candidates(open_programmes, knowledge):
        saved = {
            one.id: _saves(one, question, facts, knowledge)
            for one in open_programmes
            if programme in (None, one.id) and _touches(one, facts, knowledge)
        }
        total = sum(saved.values(), Fraction(0))
        if best is None or total > best.saves:
            best = SharedQuestion(question, programme, facts, tuple(saved), total)
    return best


def _candidates(
    open_programmes: Sequence[OpenProgramme], knowledge: Knowledge
) -> Iterable[tuple[str, str | None, tuple[str, ...]]]:
    """Question, its programme if it is about one, and every open fact it asks for."""
    common: dict[str, None] = {}
    found: dict[tuple[str, str | None], tuple[str, ...]] = {}
    for one in open_programmes:
        own = [name for name in one.facts if knowledge.facts[name].scope == "programme"]
        common |= dict.fromkeys(name for name in one.facts if name not in own)
        found |= {(question, one.id): facts for question, facts in one.engine.order.groups(own).items()}
    for one in open_programmes[:1]:
        for question in one.engine.order.groups(common):
            asked = knowledge.questions[question].facts if question in knowledge.questions else (question,)
            found[question, None] = tuple(name for name in common if name in asked)
    for (question, programme), facts in sorted(found.items(), key=lambda entry: _stands(entry, open_programmes)):
        yield question, programme, facts


def _stands(
    candidate: tuple[tuple[str, str | None], tuple[str, ...]], open_programmes: Sequence[OpenProgramme]
) -> tuple[int, int]:
    """Where a question stands: by the first programme it asks for, there by the order of the text."""
    (_, programme), facts = candidate
    return min(
        (place, one.facts.index(name))
        for place, one in enumerate(open_programmes)
        if programme in (None, one.id)
        for name in facts
        if name in one.facts
    )


def _touches(one: OpenProgramme, facts: Iterable[str], knowledge: Knowledge) -> bool:
    """Whether an answer could settle a fact that is open here, by itself or by what it implies."""
    return not _reach(facts, knowledge.facts).isdisjoint(one.facts)


def _reach(facts: Iterable[str], catalogue: Mapping[str, object]) -> set[str]:
    found: set[str] = set()
    todo = list(facts)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [other for implied in getattr(catalogue[name], "implies", {}).values() for other in implied]
    return found


def _saves(one: OpenProgramme, question: str, facts: tuple[str, ...], knowledge: Knowledge) -> Fraction:
    """By how much an answer lowers the expected number of questions of one programme."""
    order, relevance = one.engine.order, one.engine.relevance
    saved = order.expected(one.rest, one.may_ask)
    for weight, answer in order.answers(one.rest, question, facts):
        new: Env = {n: v for n, v in with_implied(answer, knowledge).items() if n not in one.rest.env}
        saved -= weight * order.expected(relevance.advance(one.rest, new), one.may_ask)
    return saved
