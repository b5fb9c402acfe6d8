"""One decision, step by step.

place → question left to another text → exceptional clauses (transition first) → conditions → amount, results, reasons.
Unknown is never "no": what is open is asked (``needs_info``), or named (``conditional``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from eligibility import amount as money
from eligibility.errors import DecisionError, message
from eligibility.explain import Truths, justification
from eligibility.expression import Env
from eligibility.facts import plain
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
    Leaf,
    NextQuestion,
    Programme,
    Reason,
)
from eligibility.next_question import QuestionOrder
from eligibility.options import first_value
from eligibility.relevance import Diagram, Relevance, Rest, support
from eligibility.statements import state
from eligibility.what_if import boundaries
from eligibility.window import window_of
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
        self._localised = {id(one): Engine(one, knowledge) for one in programme.localised.values()}

    def at(self, as_of: date, places: tuple[str, ...]) -> Engine:
        """The engine of the notices in force on this day, in these places."""
        return self._localised.get(id(self.programme.at(as_of, places)), self)

    # --- the steps of one decision -----------------------------------------------------------------------------
    def decide(
        self,
        facts: dict[str, Any],
        as_of: date,
        places: tuple[str, ...],
        declined: frozenset[str],
        question: str | None,
        about: str | None,
    ) -> Decision:
        """Decide; ``places``: where, and everything it lies in. Raises DecisionError: unknown question."""
        facts = {name: value for name, value in facts.items() if value is not None}
        env = self.environment(facts, as_of)
        blank = self._blank(facts, env, places, declined, question, about)
        if self.programme.place not in places:
            return replace(blank, verdict=NOT_IN_NOTICE, refer_to=(message("other_place", place=places[0]),))
        if question is not None:
            asked = self._delegated(question, env)
            if asked:
                return self._left_to_another_text(blank, asked)
        if self.programme.kind != BENEFIT:
            return state(blank, self.programme, self.knowledge, env, about)
        truths = {leaf: leaf.expression.evaluate(env) for leaf in self.programme.leaves}
        rest = self.relevance.rest(env, truths)
        outcome = self.relevance.diagram(rest)
        if isinstance(outcome, str) and outcome in self.exceptions:
            return self._exceptional(blank, self.exceptions[outcome], env)
        return self._ordinary(blank, env, declined, truths, rest, outcome)

    def _ordinary(
        self,
        blank: Decision,
        env: dict[str, Any],
        declined: frozenset[str],
        truths: Truths,
        rest: Rest,
        outcome: Diagram,
    ) -> Decision:
        relevant = support(outcome)
        open_facts = tuple(name for name in rest.facts if name in relevant) if relevant else ()
        may_ask = self.user_facts - declined if declined else self.user_facts
        missing = tuple(name for name in open_facts if name in may_ask)
        verdict = outcome if isinstance(outcome, str) else NEEDS_INFO if missing else CONDITIONAL
        settled = verdict != INELIGIBLE

        doubtful = frozenset(leaf for leaf, value in truths.items() if _doubtful(leaf, value, env))
        deciding = justification(self.programme.when, truths, doubtful)
        if relevant:
            deciding = [leaf for leaf in deciding if truths[leaf] is not None or relevant & {*leaf.facts}]
        worth = money.work_out(self.programme.amount if settled else None, env)
        results = self._results(env, verdict)

        for_amount = tuple(name for name in worth.open_facts if name in may_ask and name not in missing)
        asked_before = (*missing, *for_amount)
        for_results = tuple(name for name in results.open_facts if name in may_ask and name not in asked_before)
        return replace(
            blank,
            verdict=verdict,
            amount=worth.money,
            missing=missing,
            missing_for_amount=for_amount,
            missing_for_results=for_results if settled else (),
            depends_on=self._depends_on(open_facts) if verdict == CONDITIONAL else (),
            assumptions=self._assumptions(deciding, truths, doubtful, env, (*worth.assumptions, *results.readings)),
            refer_to=self._refer_to(worth, results),
            results=results.values,
            because=self._because(verdict, rest, deciding, truths, worth, results.cites),
            leaves={leaf.id: value for leaf, value in truths.items()},
            deciding=tuple(leaf.id for leaf in deciding),
            later=replace(
                blank.later,
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

    def _blank(
        self,
        facts: Mapping[str, Any],
        env: Env,
        places: tuple[str, ...],
        declined: frozenset[str],
        question: str | None,
        about: str | None,
    ) -> Decision:

        def identity() -> dict[str, Any]:
            return {
                "packs": self.knowledge.hash,
                "engine": ENGINE_VERSION,
                "programme": self.programme.id,
                "question": question,
                "about": about,
                "as_of": env["as_of"].isoformat(),
                "place": places[0],
                "facts": {name: str(value) for name, value in sorted(facts.items())},
                "declined": sorted(declined),
            }

        return Decision(
            programme=self.programme.id,
            verdict=NOT_IN_NOTICE,
            as_of=env["as_of"],
            place=places[0],
            window=window_of(self.programme, self.knowledge, env),
            facts=facts,
            later=Later(lambda: hashlib.sha256(_CANONICAL.encode(identity()).encode()).hexdigest()),
        )

    def _delegated(self, question: str, env: Env) -> list[Delegated]:
        """The texts that answer ``question``, as far as the facts tell; none if the decision itself does."""
        if question in self.programme.delegated:
            given = self.programme.delegated[question]
            return [one for one in given if one.condition is None or one.condition.evaluate(env) is not False]
        if question == "amount" or question in self.programme.results:
            return []
        choices = "、".join(dict.fromkeys(["amount", *self.programme.results, *self.programme.delegated]))
        raise DecisionError("unknown_question", "question", value=str(question)[:60], choices=choices)

    # --- readings ----------------------------------------------------------------------------------------------
    def _assumptions(
        self, deciding: list[Leaf], truths: Truths, doubtful: frozenset[Leaf], env: Env, others: Iterable[Assumption]
    ) -> tuple[str, ...]:
        """Every named reading without which this decision could be another one."""
        used = [e.assumption for e in self.programme.exceptions if e.assumption and e.assumption.matters(env, False)]
        used += [leaf.assumption for leaf in deciding if leaf.assumption and leaf in doubtful]
        used += others
        known = [leaf for leaf in deciding if truths[leaf] is not None]
        for name in dict.fromkeys(name for leaf in known for name in leaf.expression.names):
            for way in self.programme.derived.get(name, ()):
                value = way.expression.evaluate(env)
                if value is not None:
                    used += [way.assumption] if way.assumption and way.assumption.matters(env, value) else []
                    break
        return tuple(dict.fromkeys(assumption.id for assumption in used))

    # --- outcomes ----------------------------------------------------------------------------------------------
    def _results(self, env: Env, verdict: str) -> _Results:
        values: dict[str, Any] = {}
        cites: list[str] = []
        readings: list[Assumption] = []
        open_facts: list[str] = []
        for name, options in self.programme.results.items():
            if verdict not in (self.programme.result_verdicts.get(name) or (ELIGIBLE, CONDITIONAL, NEEDS_INFO)):
                continue
            value, still = first_value(options, env), money.possible(options, env)
            if value is not None:
                values[name] = plain(value)
                cites += still[0].cite
                reading = still[0].assumption
                readings += [reading] if reading and reading.matters(env, value) else []
            else:
                open_facts += money.unsettled(still, env)
        return _Results(values, tuple(cites), tuple(readings), tuple(dict.fromkeys(open_facts)))

    def _because(
        self,
        verdict: str,
        rest: Rest,
        deciding: list[Leaf],
        truths: Truths,
        worth: money.Worth,
        result_cites: Iterable[str],
    ) -> tuple[Reason, ...]:
        """The clauses behind the decision; first those it rests on, or on which it still turns."""
        reasons: dict[str, Reason] = {}

        def add(clauses: Iterable[str], role: str) -> None:
            for clause in clauses:
                reasons.setdefault(clause, Reason(clause, role))

        for exception in rest.exceptions:
            add(exception.cite, "open")
        for leaf in deciding:
            if verdict == NEEDS_INFO and truths[leaf] is not None:
                continue  # met so far, but nothing is decided
            role = "open" if verdict in (NEEDS_INFO, CONDITIONAL) and truths[leaf] is None else "decides"
            for overlay in self.speaking:
                for fact in leaf.facts:
                    add(overlay.fact_cites.get(fact, ()), role)
            add(leaf.cite, role)
        if worth.money is not None and self.programme.amount is not None:
            for option in worth.options:
                add(option.cite, "amount")
            add(self.programme.amount.base_cite, "amount")
        add(result_cites, "result")
        for leaf, value in truths.items():
            add(leaf.cite if value is not None else (), "supports")
        return tuple(reasons.values())

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


def _doubtful(leaf: Leaf, value: bool | None, env: Env) -> bool:
    """Whether a condition is what it is only under a named reading of the text."""
    return value is not None and leaf.assumption is not None and leaf.assumption.matters(env, value)


def with_implied(facts: Mapping[str, Any], knowledge: Knowledge) -> dict[str, Any]:
    """Facts together with what they imply (``implies:`` of the catalogue): nobody is asked twice."""
    known = dict(facts)
    todo = list(facts)
    while todo:
        name = todo.pop()
        fact = knowledge.facts.get(name)
        for other, value in (fact.implies.get(known[name], {}) if fact and fact.implies else {}).items():
            if other not in known:
                known[other] = value
                todo.append(other)
    return known
