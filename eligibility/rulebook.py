"""All programmes, compiled, and the one way to decide.

The order of a decision: place → question left to another text → exceptional clauses (transition first) → conditions →
amount, results, window. Unknown is never "no": what is open is asked (``needs_info``), or named (``conditional``).
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from eligibility import amount as money
from eligibility.errors import DecisionError, message
from eligibility.explain import considered, justification, unique
from eligibility.expression import Env
from eligibility.facts import plain, read_facts
from eligibility.kleene import truth
from eligibility.load import first_value, load_programmes
from eligibility.model import (
    CONDITIONAL,
    ELIGIBLE,
    INELIGIBLE,
    NEEDS_INFO,
    NOT_IN_NOTICE,
    Aspect,
    Assumption,
    Branch,
    Decision,
    Delegated,
    Exceptional,
    Leaf,
    Money,
    NextQuestion,
    Overlay,
    Programme,
    Reason,
)
from eligibility.next_question import QuestionOrder
from eligibility.place import places_containing
from eligibility.present import decision_to_json
from eligibility.relevance import Relevance, support
from eligibility.what_if import boundaries
from eligibility.window import window_of
from knowledge import Knowledge

ENGINE_VERSION = "1"


class Rulebook:
    """The programmes of the packs, ready to decide.

    Raises:
        PackError: a programme file that cannot be read, with file, line and how to mend it.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.programmes: Mapping[str, Programme] = load_programmes(knowledge)
        self._engines = {name: _Engine(programme, knowledge) for name, programme in self.programmes.items()}

    def programme(self, name: str) -> Programme:
        """The programme with this id. Raises DecisionError, suggesting the nearest one."""
        if name not in self.programmes:
            near = difflib.get_close_matches(str(name), list(self.programmes), 1)
            suggestion = message("did_you_mean", value=near[0]) if near else ""
            raise DecisionError("unknown_programme", "programme", value=str(name)[:60], suggestion=suggestion)
        return self.programmes[name]

    def decide(
        self,
        programme: str,
        facts: Mapping[str, Any],
        *,
        as_of: date,
        place: str,
        declined: Iterable[str] = (),
        question: str | None = None,
        about: str | None = None,
    ) -> Decision:
        """Decide one programme.

        Args:
            facts: fact id → exact value (see ``eligibility.facts``); absent = unknown.
            declined: facts the applicant was asked and cannot tell.
            question: something asked beyond the verdict (``amount``, ``layoff_rate_formula`` …).
            about: a clause id, for programmes of duties.

        Raises:
            DecisionError: unknown programme, place or question.
        """
        self.programme(programme)
        return self._engines[programme].decide(
            dict(facts), as_of, places_containing(self.knowledge, place), frozenset(declined), question, about
        )

    def read(self, facts: Any) -> dict[str, Any]:
        """Facts from JSON or YAML as exact values. Raises FactError."""
        return read_facts(self.knowledge, facts)

    def aspect(self, programme: str, name: str, place: str, as_of: date) -> Aspect | None:
        """Where the notices answer one aspect of a programme, the city's notice before the province's."""
        engine = self._engines[programme]
        for overlay in engine.overlays(as_of, places_containing(self.knowledge, place)):
            if name in overlay.aspects:
                return overlay.aspects[name]
        return engine.programme.aspects.get(name)

    def expected_questions(self, programme: str, facts: Mapping[str, Any], as_of: date, place: str) -> float:
        """Expected number of questions to the verdict in the best order (uniform priors)."""
        engine = self._engines[programme]
        env = engine.environment(dict(facts), as_of, places_containing(self.knowledge, place))[0]
        return float(engine.order.expected(env, engine.askable(env, frozenset())))

    def to_json(self, decision: Decision) -> dict[str, Any]:
        """The decision in the public JSON shape."""
        return decision_to_json(decision, self.knowledge)


class _Engine:
    """One programme with its worked-out diagrams."""

    def __init__(self, programme: Programme, knowledge: Knowledge) -> None:
        self.programme, self.knowledge = programme, knowledge
        self.relevance = Relevance(programme, knowledge.facts)
        self.order = QuestionOrder(self.relevance, knowledge.questions)
        self.agency = frozenset(programme.held_by) | {n for n, fact in knowledge.facts.items() if fact.agency}

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
        env, overlays = self.environment(facts, as_of, places)
        blank = self._blank(facts, env, places, declined, question, about)
        if self.programme.place not in places:
            return replace(blank, verdict=NOT_IN_NOTICE, refer_to=(message("other_place", place=places[0]),))
        if question is not None:
            asked = self._delegated(question, overlays)
            if asked is not None:
                return self._left_to_another_text(blank, asked)
        outcome = self.relevance.diagram(env)
        exception = next((e for e in self.programme.exceptions if e.id == outcome), None)
        if exception is not None:
            return self._exceptional(blank, exception, env)
        return self._ordinary(blank, env, overlays, declined)

    def _ordinary(
        self, blank: Decision, env: dict[str, Any], overlays: list[Overlay], declined: frozenset[str]
    ) -> Decision:
        outcome = self.relevance.diagram(env)
        relevant = support(outcome)
        in_order = [n for c in self.relevance.open_conditions(env) for n in c.facts if n in relevant]
        in_order += sorted(relevant - set(in_order))
        open_facts = tuple(dict.fromkeys(in_order))
        missing = tuple(name for name in open_facts if name not in self.agency and name not in declined)
        verdict = outcome if isinstance(outcome, str) else NEEDS_INFO if missing else CONDITIONAL
        settled = verdict != INELIGIBLE
        leaves = {leaf.id: leaf.expression.evaluate(env) for leaf in self.programme.leaves}
        deciding = justification(self.programme.when, env)
        amount, options, used = money.work_out(self.programme.amount if settled else None, env)
        results, result_cites, result_open = self._results(env, verdict)
        amount_open = [n for n in money.open_facts(self.programme.amount if settled else None, env) if n not in missing]
        amount_open = [n for n in amount_open if n not in self.agency and n not in declined]
        result_open = [n for n in result_open if n not in (*missing, *amount_open, *self.agency, *declined)]
        assumptions = [a.id for a in [leaf.assumption for leaf in deciding] + used if a and _used(a, deciding, env)]
        assumptions += self._derivations(deciding, env)
        return replace(
            blank,
            verdict=verdict,
            amount=amount,
            missing=missing if verdict == NEEDS_INFO else (),
            missing_for_amount=tuple(amount_open),
            missing_for_results=tuple(dict.fromkeys(result_open)),
            depends_on=self._depends_on(open_facts) if verdict == CONDITIONAL else (),
            assumptions=tuple(dict.fromkeys(assumptions)),
            would_change=boundaries(self.programme, self.relevance, env, self.agency) if not settled else {},
            refer_to=self._refer_to(amount, results),
            results=results,
            next_question=self._next_question(env, declined, amount_open, result_open) if settled else None,
            because=self._because(deciding, env, overlays, options, amount, result_cites),
            leaves=leaves,
            deciding=tuple(leaf.id for leaf in deciding),
            branches=self._branches(env, open_facts, declined) if verdict == CONDITIONAL else (),
        )

    def _exceptional(self, blank: Decision, exception: Exceptional, env: Env) -> Decision:
        results = {name: plain(value.evaluate(env)) for name, value in exception.results.items()}
        return replace(
            blank,
            verdict=exception.verdict,
            depends_on=exception.depends_on,
            refer_to=exception.refer_to,
            results=results,
            because=tuple(Reason(clause, "decides") for clause in exception.cite),
            deciding=(exception.id,),
        )

    def _left_to_another_text(self, blank: Decision, asked: Delegated) -> Decision:
        return replace(
            blank,
            verdict=NOT_IN_NOTICE,
            refer_to=asked.refer_to,
            results={"says": asked.says},
            because=tuple(Reason(clause, "decides") for clause in asked.cite),
        )

    # --- what a decision stands on -----------------------------------------------------------------------------
    def environment(
        self, facts: dict[str, Any], as_of: date, places: tuple[str, ...]
    ) -> tuple[dict[str, Any], list[Overlay]]:
        """Facts, what follows from them, and what the city's notice settles."""
        env = {**_implied(facts, self.knowledge), "as_of": as_of}
        overlays = self.overlays(as_of, places)
        for overlay in overlays:
            for name, value in overlay.facts.items():
                env.setdefault(name, value)
        return env, overlays

    def overlays(self, as_of: date, places: tuple[str, ...]) -> list[Overlay]:
        return [one for one in self.programme.overlays if one.place in places and as_of >= one.since]

    def askable(self, env: Env, declined: frozenset[str]) -> frozenset[str]:
        names = {name for leaf in self.programme.leaves for name in leaf.facts}
        names |= {name for exception in self.programme.exceptions for name in exception.facts}
        return frozenset(name for name in names if name not in env) - self.agency - declined

    def _blank(
        self,
        facts: Mapping[str, Any],
        env: Env,
        places: tuple[str, ...],
        declined: frozenset[str],
        question: str | None,
        about: str | None,
    ) -> Decision:
        identity = {
            "packs": self.knowledge.hash,
            "engine": ENGINE_VERSION,
            "programme": self.programme.id,
            "question": question,
            "about": about,
            "as_of": env["as_of"].isoformat(),
            "place": places[0],
            "facts": {name: str(plain(value)) for name, value in sorted(facts.items())},
            "declined": sorted(declined),
        }
        canonical = json.dumps(identity, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return Decision(
            programme=self.programme.id,
            verdict=NOT_IN_NOTICE,
            as_of=env["as_of"],
            place=places[0],
            window=window_of(self.programme, self.knowledge, env),
            amount=None,
            missing=(),
            missing_for_amount=(),
            missing_for_results=(),
            depends_on=(),
            assumptions=(),
            would_change={},
            refer_to=(),
            results={},
            next_question=None,
            because=(),
            leaves={},
            deciding=(),
            branches=(),
            facts=dict(facts),
            decision_id=hashlib.sha256(canonical.encode()).hexdigest(),
        )

    def _delegated(self, question: str, overlays: list[Overlay]) -> Delegated | None:
        """Who answers ``question``, the city's notice before the province's; None if the decision itself does."""
        for overlay in overlays:
            if question in overlay.delegated:
                return overlay.delegated[question]
        if question in self.programme.delegated:
            return self.programme.delegated[question]
        if question == "amount" or question in self.programme.results:
            return None
        choices = "、".join(["amount", *self.programme.results, *self.programme.delegated])
        raise DecisionError("unknown_question", "question", value=question[:60], choices=choices)

    def _results(self, env: Env, verdict: str) -> tuple[dict[str, Any], list[str], list[str]]:
        """The named results that hold now, their clauses, and the open facts that the others wait for."""
        results: dict[str, Any] = {}
        cites: list[str] = []
        open_facts: list[str] = []
        for name, options in self.programme.results.items():
            on = self.programme.result_verdicts.get(name) or (ELIGIBLE, CONDITIONAL, NEEDS_INFO)
            if verdict not in on:
                continue
            value = first_value(options, env)
            still = money.possible(options, env)
            if value is not None:
                results[name] = plain(value)
                cites += still[0].cite
            elif len(still) > 1 or (still and still[0].facts):
                open_facts += [fact for option in still for fact in option.facts if fact not in env]
        return results, cites, open_facts

    def _derivations(self, deciding: list[Leaf], env: Env) -> list[str]:
        """Assumptions of the derived values that the deciding conditions were worked out from."""
        found = []
        for leaf in deciding:
            for name in leaf.expression.names:
                for way in self.programme.derived.get(name, ()):
                    if way.expression.evaluate(env) is not None:
                        if way.assumption:
                            found.append(way.assumption)
                        break
        return found

    def _because(
        self,
        deciding: list[Leaf],
        env: Env,
        overlays: list[Overlay],
        options: list[Any],
        amount: Money | None,
        result_cites: list[str],
    ) -> tuple[Reason, ...]:
        reasons: dict[str, Reason] = {}

        def add(clauses: Iterable[str], role: str) -> None:
            for clause in clauses:
                reasons.setdefault(clause, Reason(clause, role))

        for leaf in deciding:
            settled = truth(leaf, env) is not None
            for overlay in overlays:
                for fact in leaf.facts:
                    add(overlay.fact_cites.get(fact, ()), "decides" if settled else "open")
            add(leaf.cite, "decides" if settled else "open")
        if amount is not None:
            for option in options:
                add(option.cite, "amount")
            for overlay in overlays:
                add(overlay.cites.get("amount.base", ()), "amount")
            add(self.programme.amount.base_cite if self.programme.amount else (), "amount")
        add(result_cites, "result")
        for leaf in unique(considered(self.programme.when, env)):
            add(leaf.cite, "supports")
        return tuple(reasons.values())

    def _depends_on(self, open_facts: tuple[str, ...]) -> tuple[str, ...]:
        named = [self.programme.held_by.get(name) or self.knowledge.facts[name].zh for name in open_facts]
        return tuple(dict.fromkeys(named))

    def _refer_to(self, amount: Money | None, results: Mapping[str, Any]) -> tuple[str, ...]:
        given = results.get("refer_to") or ()
        return tuple(dict.fromkeys([*(amount.refer_to if amount else ()), *given]))

    def _next_question(
        self, env: Env, declined: frozenset[str], amount_open: list[str], result_open: list[str]
    ) -> NextQuestion | None:
        question = self.order.next(env, self.askable(env, declined))
        for purpose, facts in (("amount", amount_open), ("result", result_open)):
            if question is None and facts:
                name, asked = next(iter(self.order.groups(dict.fromkeys(facts)).items()))
                question = NextQuestion(name, asked, purpose)
        return question

    def _branches(self, env: Env, open_facts: tuple[str, ...], declined: frozenset[str]) -> tuple[Branch, ...]:
        """What each range of the first declined fact would lead to."""
        fact = next((name for name in open_facts if name in declined), None)
        if fact is None:
            return ()
        found: list[Branch] = []
        for cell in self.relevance.cells(fact, env):
            outcome = self.relevance.diagram({**env, fact: cell.low})
            verdict = outcome if isinstance(outcome, str) else CONDITIONAL
            if found and found[-1].verdict == verdict and cell.low != cell.high:
                found[-1] = replace(found[-1], high=cell.high)
            else:
                found.append(Branch(fact, cell.low, cell.high, verdict))
        return tuple(found)


def _used(assumption: Assumption, deciding: list[Leaf], env: Env) -> bool:
    """Whether the reading made a difference: the other one would give another truth (on a boundary day, say)."""
    if assumption.applies is not None and not assumption.applies(env):
        return False
    if assumption.otherwise is None:
        return True
    leaf = next((leaf for leaf in deciding if leaf.assumption is assumption), None)
    return leaf is None or assumption.otherwise(env) != leaf.expression.evaluate(env)


def _implied(facts: dict[str, Any], knowledge: Knowledge) -> dict[str, Any]:
    """Facts together with what they imply (``implies:`` of the catalogue): nobody is asked twice."""
    known = dict(facts)
    todo = list(facts)
    while todo:
        name = todo.pop()
        fact = knowledge.facts.get(name)
        for other, value in (fact.implies.get(known[name], {}) if fact else {}).items():
            if other not in known:
                known[other] = value
                todo.append(other)
    return known
