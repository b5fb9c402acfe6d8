"""One decision, step by step.

place → question left to another text → exceptional clauses (transition first) → conditions → amount, results, reasons.
Unknown is never "no": what is open is asked (``needs_info``), or named (``conditional``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from eligibility import amount as money
from eligibility.errors import DecisionError, message
from eligibility.expression import Env
from eligibility.facts import plain
from eligibility.grounds import GroundsOf
from eligibility.model import (
    BENEFIT,
    CONDITIONAL,
    ELIGIBLE,
    INELIGIBLE,
    NEEDS_INFO,
    NOT_IN_NOTICE,
    Assumption,
    Branch,
    Decision,
    Delegated,
    Exceptional,
    Later,
    NextQuestion,
    Programme,
    Reason,
)
from eligibility.next_question import QuestionOrder
from eligibility.options import first, possible, unsettled
from eligibility.pattern import Pattern, Patterns
from eligibility.relevance import Diagram, Relevance, Rest, support
from eligibility.statements import state
from eligibility.what_if import boundaries
from eligibility.window import Windows
from knowledge import Knowledge

ENGINE_VERSION = "1"
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class _Results:
    """The named results that hold, the clauses and readings behind them, and the open facts the others wait for."""

    values: Mapping[str, Any]
    cites: tuple[str, ...]
    readings: tuple[Assumption, ...]
    open_facts: tuple[str, ...]


@dataclass(frozen=True)
class _Asked:
    """What is to be decided: the facts as given, all that is known with them (``env``), and what was asked besides."""

    facts: Mapping[str, Any]
    env: dict[str, Any]
    places: tuple[str, ...]
    declined: frozenset[str]
    question: str | None
    about: str | None


class Engine:
    """One programme with its worked-out diagrams, and one engine more for each way in which further notices speak."""

    def __init__(self, programme: Programme, knowledge: Knowledge) -> None:
        self.programme, self.knowledge = programme, knowledge
        self.relevance = Relevance(programme, knowledge.facts)
        self.order = QuestionOrder(self.relevance, knowledge.questions)
        self.exceptions = {exception.id: exception for exception in programme.exceptions}
        self.agency = frozenset(programme.held_by) | {n for n, fact in knowledge.facts.items() if fact.agency}
        self.user_facts = frozenset(knowledge.facts) - self.agency
        self.speaking = () if programme.localised else programme.overlays
        self._patterns, self._grounds = Patterns(programme), GroundsOf(programme, self.speaking)
        self._windows = Windows(programme, knowledge)
        self._exceptional_readings = [one.assumption for one in programme.exceptions if one.assumption]
        self._localised = {id(one): Engine(one, knowledge) for one in programme.localised.values()}

    def at(self, as_of: date, places: tuple[str, ...]) -> Engine:
        """The engine of the notices in force on this day, in these places."""
        return self._localised.get(id(self.programme.at(as_of, places)), self)

    # --- the steps of one decision -----------------------------------------------------------------------------
    def decide(
        self,
        facts: Mapping[str, Any],
        as_of: date,
        places: tuple[str, ...],
        declined: frozenset[str],
        question: str | None,
        about: str | None,
    ) -> Decision:
        """Decide; ``places``: where, and everything it lies in. Raises DecisionError: unknown question."""
        facts = {name: value for name, value in facts.items() if value is not None}
        env = self.environment(facts, as_of)
        asked = _Asked(facts, env, places, declined, question, about)
        if self.programme.place not in places:
            refer_to = (message("other_place", place=places[0]),)
            return replace(self._blank(asked), verdict=NOT_IN_NOTICE, refer_to=refer_to)
        if question is not None:
            delegated = self._delegated(question, env)
            if delegated:
                return self._left_to_another_text(self._blank(asked), delegated)
        if self.programme.kind != BENEFIT:
            return state(self._blank(asked), self.programme, self.knowledge, env, about)
        pattern = self._patterns.of(env)
        rest = Rest(env, pattern.remainder)
        outcome = self.relevance.diagram(rest)
        if isinstance(outcome, str) and outcome in self.exceptions:
            return self._exceptional(self._blank(asked), self.exceptions[outcome], env)
        return self._ordinary(asked, pattern, rest, outcome)

    def _ordinary(self, asked: _Asked, pattern: Pattern, rest: Rest, outcome: Diagram) -> Decision:
        env, declined, relevant = asked.env, asked.declined, support(outcome)
        open_facts = self.relevance.open_facts(rest) if relevant else ()
        may_ask = self.user_facts - declined if declined else self.user_facts
        missing = tuple([name for name in open_facts if name in may_ask])
        verdict = outcome if isinstance(outcome, str) else NEEDS_INFO if missing else CONDITIONAL
        settled = verdict != INELIGIBLE

        named = {**env, **pattern.named}  # amount and results may call conditions by their names
        worth = money.work_out(self.programme.amount if settled else None, named)
        results = self._results(named, verdict)
        grounds = self._grounds.of(pattern, relevant, verdict, worth.cites, results.cites)
        for_amount = tuple([name for name in worth.open_facts if name in may_ask and name not in missing])
        asked_before = (*missing, *for_amount)
        for_results = tuple([name for name in results.open_facts if name in may_ask and name not in asked_before])
        readings = [one for one in self._exceptional_readings if one.matters(env, False)]
        readings += [*grounds.readings, *worth.assumptions, *results.readings, *grounds.readings_over(env)]
        return Decision(
            programme=self.programme.id,
            verdict=verdict,
            as_of=env["as_of"],
            place=asked.places[0],
            window=self._windows.of(env),
            facts=asked.facts,
            amount=worth.money,
            missing=missing,
            missing_for_amount=for_amount,
            missing_for_results=for_results if settled else (),
            depends_on=self._depends_on(open_facts) if verdict == CONDITIONAL else (),
            assumptions=tuple(dict.fromkeys([reading.id for reading in readings])),
            refer_to=self._refer_to(worth, results),
            results=results.values,
            because=grounds.because,
            leaves=pattern.leaves,
            deciding=grounds.deciding,
            later=Later(
                decision_id=lambda: self._identity(asked),
                next_question=lambda: self._next_question(rest, may_ask, for_amount, for_results) if settled else None,
                would_change=lambda: {} if settled else boundaries(self.programme, self.relevance, env, self.agency),
                branches=lambda: self._branches(env, open_facts, declined, rest) if verdict == CONDITIONAL else (),
            ),
        )

    def _exceptional(self, blank: Decision, exception: Exceptional, env: Env) -> Decision:
        reading = exception.assumption
        return replace(
            blank,
            verdict=exception.verdict,
            depends_on=exception.depends_on,
            assumptions=(reading.id,) if reading and reading.matters(env, True) else (),
            refer_to=exception.refer_to,
            results={name: plain(value.evaluate(env)) for name, value in exception.results.items()},
            because=tuple(Reason(clause, "decides") for clause in exception.cite),
            deciding=(exception.id,),
        )

    def _left_to_another_text(self, blank: Decision, asked: list[Delegated]) -> Decision:
        clauses = dict.fromkeys(clause for one in asked for clause in one.cite)
        return replace(
            blank,
            verdict=NOT_IN_NOTICE,
            refer_to=tuple(dict.fromkeys(text for one in asked for text in one.refer_to)),
            results={"says": message("joined").join(dict.fromkeys(one.says for one in asked))},
            because=tuple(Reason(clause, "decides") for clause in clauses),
        )

    # --- what a decision stands on -----------------------------------------------------------------------------
    def environment(self, facts: Mapping[str, Any], as_of: date) -> dict[str, Any]:
        """Facts, what follows from them, and what a further notice settles: its word stands above what is given."""
        env = {**with_implied(facts, self.knowledge), "as_of": as_of}
        for overlay in self.speaking:
            env.update(overlay.facts)
        return env

    def expected_questions(self, facts: Mapping[str, Any], as_of: date) -> float:
        """Expected number of questions to the verdict in the best order."""
        return float(self.order.expected(self.relevance.rest(self.environment(facts, as_of)), self.user_facts))

    def _blank(self, asked: _Asked) -> Decision:
        return Decision(
            programme=self.programme.id,
            verdict=NOT_IN_NOTICE,
            as_of=asked.env["as_of"],
            place=asked.places[0],
            window=self._windows.of(asked.env),
            facts=asked.facts,
            later=Later(lambda: self._identity(asked)),
        )

    def _identity(self, asked: _Asked) -> str:
        identity = {
            "packs": self.knowledge.hash,
            "engine": ENGINE_VERSION,
            "programme": self.programme.id,
            "question": asked.question,
            "about": asked.about,
            "as_of": asked.env["as_of"].isoformat(),
            "place": asked.places[0],
            "facts": {name: str(value) for name, value in sorted(asked.facts.items())},
            "declined": sorted(asked.declined),
        }
        return hashlib.sha256(_CANONICAL.encode(identity).encode()).hexdigest()

    def _delegated(self, question: str, env: Env) -> list[Delegated]:
        """The texts that answer ``question``, as far as the facts tell; none if the decision itself does."""
        if question in self.programme.delegated:
            given = self.programme.delegated[question]
            return [one for one in given if one.condition is None or one.condition.evaluate(env) is not False]
        if question == "amount" or question in self.programme.results:
            return []
        choices = "、".join(dict.fromkeys(["amount", *self.programme.results, *self.programme.delegated]))
        raise DecisionError("unknown_question", "question", value=str(question)[:60], choices=choices)

    # --- outcomes ----------------------------------------------------------------------------------------------
    def _results(self, env: dict[str, Any], verdict: str) -> _Results:
        """The results over ``env``; each is added to it by its name, by which later ones may call it."""
        values: dict[str, Any] = {}
        cites: list[str] = []
        readings: list[Assumption] = []
        open_facts: list[str] = []
        for name, options in self.programme.results.items():
            if verdict not in self.programme.result_verdicts.get(name, (ELIGIBLE, CONDITIONAL, NEEDS_INFO)):
                continue
            option = first(options, env)
            env[name] = value = option.worth(env) if option else None
            if option and value is not None:
                values[name] = plain(value)
                cites += option.cite
                readings += [option.assumption] if option.assumption and option.assumption.matters(env, value) else []
            else:
                open_facts += unsettled(possible(options, env), env)
        return _Results(values, tuple(cites), tuple(readings), tuple(dict.fromkeys(open_facts)))

    def _depends_on(self, open_facts: tuple[str, ...]) -> tuple[str, ...]:
        named = [self.programme.held_by.get(name) or self.knowledge.facts[name].zh for name in open_facts]
        return tuple(dict.fromkeys(named))

    def _refer_to(self, worth: money.Worth, results: _Results) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys([*(worth.money.refer_to if worth.money else ()), *results.values.get("refer_to", ())])
        )

    def _next_question(
        self, rest: Rest, may_ask: frozenset[str], for_amount: tuple[str, ...], for_results: tuple[str, ...]
    ) -> NextQuestion | None:
        """First what the verdict turns on, in the cheapest order; then what only the amount or a result needs."""
        question = self.order.next(rest, may_ask)
        if question is not None:
            return question
        for purpose, facts in (("amount", for_amount), ("result", for_results)):
            for name, asked in self.order.groups(facts).items():
                return NextQuestion(name, asked, purpose)
        return None

    def _branches(
        self, env: Env, open_facts: tuple[str, ...], declined: frozenset[str], rest: Rest
    ) -> tuple[Branch, ...]:
        """What each range of the first declined fact would lead to."""
        fact = next((name for name in open_facts if name in declined), None)
        if fact is None:
            return ()
        found: list[Branch] = []
        ordered = self.knowledge.facts[fact].type not in ("bool", "choice")
        for cell in self.relevance.cells(fact, env, rest.conditions):
            verdict = self._verdict({**env, fact: cell.low})
            if ordered and found and found[-1].verdict == verdict:
                found[-1] = replace(found[-1], high=cell.high)
            else:
                found.append(Branch(fact, cell.low, cell.high, verdict))
        if ordered:  # the grid's own ends are no bounds of the rule
            found[0] = replace(found[0], low=None)
            found[-1] = replace(found[-1], high=None)
        return tuple(found)

    def _verdict(self, env: Env) -> str:
        outcome = self.relevance.diagram(self.relevance.rest(env))
        if not isinstance(outcome, str):
            return CONDITIONAL
        return self.exceptions[outcome].verdict if outcome in self.exceptions else outcome


def with_implied(facts: Mapping[str, Any], knowledge: Knowledge) -> dict[str, Any]:
    """Facts together with what they imply (``implies:`` of the catalogue): nobody is asked twice."""
    known, catalogue = dict(facts), knowledge.facts
    todo = [name for name in facts if name in catalogue and catalogue[name].implies]
    while todo:
        name = todo.pop()
        for other, value in catalogue[name].implies.get(known[name], {}).items():
            if other not in known:
                known[other] = value
                todo.append(other)
    return known
