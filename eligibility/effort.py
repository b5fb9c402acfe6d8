"""How many questions one programme takes: interviews played through with the facts of cases, in two orders.

The applicant knows what the case states; what it does not state, he declines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eligibility.cases import day_of
from eligibility.model import NEEDS_INFO, Condition, Decision, Programme
from eligibility.rulebook import Rulebook

_APPLICATION = "application_date"  # not yet made: as_of stands in


@dataclass(frozen=True)
class Interview:
    """One interview played through: the facts asked for, question by question, and where it ended."""

    questions: tuple[tuple[str, ...], ...]
    decision: Decision


@dataclass(frozen=True)
class Effort:
    """Average number of questions to a verdict over some cases; ``programme`` None: over all of them."""

    programme: str | None
    cases: int
    ours: float
    text_order: float


def play(rules: Rulebook, case: Mapping[str, Any], in_text_order: bool = False) -> Interview:
    """Interview the applicant of one case until the verdict no longer needs information.

    Args:
        in_text_order: every fact of the programme in the order of the rule, whether it still matters or not.

    Raises:
        DecisionError: a case that cannot be decided.
    """
    day = day_of(case)
    programme = rules.programme_at(case["programme"], day, case["place"])
    truth = rules.read(case.get("facts") or {})
    known = {name: value for name, value in truth.items() if name not in _asked_facts(rules, programme)}
    declined: set[str] = set()
    questions: list[tuple[str, ...]] = []
    plan = _in_text_order(rules, programme) if in_text_order else iter(())
    while True:
        decision = rules.decide(programme.id, known, as_of=day, place=case["place"], declined=declined)
        if decision.verdict != NEEDS_INFO:
            return Interview(tuple(questions), decision)
        asked = decision.next_question.facts if decision.next_question else ()
        if in_text_order:
            asked = next(facts for facts in plan if not {*facts} & {*known, *declined})
        questions.append(asked)
        told, unsure = answer(asked, truth)
        known |= told
        declined |= unsure


def answer(asked: Iterable[str], truth: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """What an applicant says to a question: the facts that he knows, and the names of those he cannot tell."""
    names = list(asked)
    return {name: truth[name] for name in names if name in truth}, {name for name in names if name not in truth}


def effort(rules: Rulebook, cases: Iterable[Mapping[str, Any]]) -> list[Effort]:
    """Average questions per programme and in all: over cases that ask for a verdict of a benefit."""
    counts: dict[str, list[tuple[int, int]]] = {}
    for case in cases:
        if case["programme"] in rules.benefits and not case.get("question"):
            both = (len(play(rules, case).questions), len(play(rules, case, in_text_order=True).questions))
            counts.setdefault(case["programme"], []).append(both)
    rows = [_average(programme, found) for programme, found in sorted(counts.items())]
    every = [both for found in counts.values() for both in found]
    return [*rows, _average(None, every)] if every else []


def _average(programme: str | None, counts: list[tuple[int, int]]) -> Effort:
    ours, text_order = (sum(column) / len(counts) for column in zip(*counts, strict=True))
    return Effort(programme, len(counts), ours, text_order)


def _asked_facts(rules: Rulebook, programme: Programme) -> frozenset[str]:
    """The facts an interview has to ask for: not an authority's, nor those that count only when volunteered."""
    agency = {name for name, fact in rules.knowledge.facts.items() if fact.agency}
    volunteered = {name for exception in programme.exceptions for name in exception.given_only}
    return frozenset(_facts(programme)) - agency - volunteered - {*programme.held_by, _APPLICATION}


def _facts(programme: Programme) -> list[str]:
    """The facts of a rule in the order of the text, where the transition stands last."""
    conditions: list[Condition] = [*programme.leaves, *programme.exceptions]
    return [name for condition in conditions for name in condition.facts]


def _in_text_order(rules: Rulebook, programme: Programme) -> Iterator[tuple[str, ...]]:
    """Question by question, the facts of the rule in the order in which its conditions mention them."""
    asked = _asked_facts(rules, programme)
    yield from rules.questions_for(programme.id, [name for name in _facts(programme) if name in asked])
