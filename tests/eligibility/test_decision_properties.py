"""What must hold for every set of facts: tried on random ones of every programme, on several days and in places."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from functools import wraps
from typing import Any

import pytest
from draws import DRAWS, DRAWS_OF_EACH, VERIFY
from hypothesis import given
from hypothesis import strategies as st
from situations import BENEFITS, DAYS, PLACES, STATEMENTS, WOKEN, Situation, reads, situations

from eligibility import Decision, Rulebook
from knowledge import Knowledge

MOST_COMPLETIONS = 400
AT_LEAST = 10_000  # draws of a property over all programmes, in `make verify`
DRAWN: Counter[str] = Counter()  # by property

every_programme = pytest.mark.parametrize("programme", BENEFITS)
Test = Callable[..., None]


def of_every_programme(test: Test) -> Test:
    """Try a property on draws of every benefit, and count them."""

    @wraps(test)
    def counted(*args: Any, **named: Any) -> None:
        DRAWN[test.__name__] += 1
        test(*args, **named)

    tried: Test = every_programme(DRAWS_OF_EACH(given(data=st.data())(counted)))
    return tried


def relevant_by_brute_force(situation: Situation, outcomes: Mapping[tuple[Any, ...], str]) -> set[str]:
    """The facts for which two completions that differ only in them end differently."""
    relevant = set()
    for i, name in enumerate(situation.open()):
        seen: dict[tuple[Any, ...], str] = {}
        for chosen, outcome in outcomes.items():
            if seen.setdefault(chosen[:i] + chosen[i + 1 :], outcome) != outcome:
                relevant.add(name)
                break
    return relevant


@of_every_programme
def test_relevance_is_exact_and_nothing_is_decided_too_early(rules: Rulebook, programme: str, data: Any) -> None:
    situation = data.draw(situations(programme, MOST_COMPLETIONS))
    declined = frozenset(data.draw(st.sets(st.sampled_from(reads(situation.rule))))) - situation.agency
    decision = situation.decide(rules, situation.known, declined)
    outcomes = situation.completions()
    relevant = relevant_by_brute_force(situation, outcomes)
    assert set(decision.missing) == relevant - situation.agency - declined
    if not relevant:
        assert {decision.verdict} == set(outcomes.values())
    else:
        assert decision.verdict == ("needs_info" if decision.missing else "conditional")
        assert bool(decision.depends_on) == (decision.verdict == "conditional")


@of_every_programme
def test_any_order_of_answers_ends_in_the_same_decision(rules: Rulebook, programme: str, data: Any) -> None:
    situation = data.draw(situations(programme))
    verdicts, ends = set(), set()
    for order in (None, data.draw(st.permutations(sorted(situation.truth)))):
        facts = dict(situation.known)
        decision = situation.decide(rules, facts)
        asked = set()
        while decision.verdict == "needs_info":
            assert decision.next_question is not None
            assert decision.next_question.purpose == "verdict"
            wanted = decision.next_question.facts if order is None else decision.missing
            name = wanted[0] if order is None else min(wanted, key=order.index)
            assert name not in asked, "the same fact is asked twice"
            asked.add(name)
            facts[name] = situation.truth[name]
            decision = situation.decide(rules, facts)
        verdicts.add(decision.verdict)
        told = {**facts, **{name: value for name, value in situation.truth.items() if name not in facts}}
        ends.add(json.dumps(rules.to_json(situation.decide(rules, told)), ensure_ascii=False))
    assert len(verdicts) == len(ends) == 1
    silent = situation.volunteered - set(situation.known)
    complete = {name: value for name, value in situation.truth.items() if name not in silent}
    if verdicts <= {"eligible", "ineligible"} or situation.agency <= set(situation.known):
        assert verdicts == {situation.verdict(complete)}


@of_every_programme
def test_a_further_fact_never_turns_a_decided_verdict(rules: Rulebook, programme: str, data: Any) -> None:
    """But for those of which the contract says so: the day of the application, a layoff rate that replaces its two
    counts, and what wakes the transition."""
    situation = data.draw(situations(programme))
    before = situation.decide(rules, situation.known)
    if before.verdict not in ("eligible", "ineligible"):
        return
    silent = {"application_date", "layoff_rate_pct", *WOKEN.get(programme, [()])[0], *situation.known}
    more = {name: value for name, value in situation.truth.items() if name not in silent}
    for name, value in more.items():
        assert situation.decide(rules, {**situation.known, name: value}).verdict == before.verdict
    assert situation.decide(rules, {**situation.known, **more}).verdict == before.verdict


@of_every_programme
def test_who_is_asked_what(rules: Rulebook, programme: str, data: Any) -> None:
    situation = data.draw(situations(programme))
    declined = frozenset(data.draw(st.sets(st.sampled_from(sorted(situation.truth)))))
    decision = situation.decide(rules, situation.known, declined)
    asked = set(decision.next_question.facts) if decision.next_question else set()
    lacking = {*decision.missing, *decision.missing_for_amount, *decision.missing_for_results}
    never_asked = situation.volunteered - {"accepted_in_2020"}
    for listed in (asked, lacking):
        assert not listed & declined
        assert not listed & situation.agency
        assert not listed & never_asked
        assert not listed & set(situation.known)
    assert not set(decision.missing) & set(decision.missing_for_amount)
    assert not {*decision.missing, *decision.missing_for_amount} & set(decision.missing_for_results)
    assert asked <= lacking
    assert bool(decision.missing) == (decision.verdict == "needs_info")
    if decision.missing:
        assert asked <= set(decision.missing)


@of_every_programme
def test_a_replay_gives_the_same_bytes(rules: Rulebook, other_rules: Rulebook, programme: str, data: Any) -> None:
    situation = data.draw(situations(programme))
    replayed(rules, other_rules, situation.known, lambda one, facts: situation.decide(one, facts))


@pytest.mark.parametrize("programme", STATEMENTS)
@DRAWS_OF_EACH
@given(data=st.data())
def test_what_is_no_benefit_answers_the_same_whatever_else_is_known(
    rules: Rulebook, other_rules: Rulebook, programme: str, data: Any
) -> None:
    """Duties, document numbers and mere statements: only the facts they are about count, and those are asked for."""
    kind = rules.programmes[programme].kind
    as_of, place = data.draw(st.sampled_from(DAYS)), data.draw(st.sampled_from(PLACES))
    about = data.draw(st.sampled_from(sorted(rules.knowledge.clauses))) if kind == "duty" else None
    own = data.draw(st.sampled_from(OWN[kind]))
    other = data.draw(situations(data.draw(st.sampled_from(BENEFITS)))).known

    def decide(one: Rulebook, facts: Mapping[str, Any]) -> Decision:
        return one.decide(programme, facts, as_of=as_of, place=place, about=about)

    alone, among_others = decide(rules, own), decide(rules, {**other, **own})
    assert _apart_from_the_facts(rules, alone) == _apart_from_the_facts(rules, among_others)
    replayed(rules, other_rules, {**other, **own}, decide)
    if kind == "citation":
        assert (alone.verdict == "needs_info") == (not own) and alone.missing == (() if own else ("mention",))
        assert alone.verdict in ("needs_info", "informational", "not_in_notice")
    else:
        assert alone.verdict in ("informational", kind) and not alone.missing and alone.next_question is None
    if kind == "duty" and "due" in alone.results:
        assert own or rules.knowledge.notices[rules.knowledge.clauses[about].document].date is not None
    assert bool(alone.because) == (alone.verdict in ("informational", "duty"))


OWN: dict[str, list[dict[str, Any]]] = {
    "citation": [{}, *({"mention": number} for number in ("43号", "7号", "42号", "本人社〔2021〕43号", "999号"))],
    "duty": [{}, {"issued_on": date(2021, 3, 31)}, {"issued_on": date(2021, 7, 20)}],
    "informational": [{}],
}


@pytest.mark.parametrize("programme", BENEFITS + STATEMENTS)
def test_elsewhere_the_notices_say_nothing(rules: Rulebook, programme: str) -> None:
    for facts in ({}, {"unit_kind": "enterprise"}, {"mention": "43号"}):
        decision = rules.decide(programme, facts, as_of=date(2021, 8, 1), place="北京")
        assert decision.verdict == "not_in_notice" and decision.refer_to
        assert not decision.missing and not decision.because and decision.next_question is None


@DRAWS
@given(
    situation=situations("stabilisation_refund"),
    premium=st.one_of(
        st.integers(0, 10**12).map(lambda fen: Fraction(fen, 100)),
        st.fractions(0, 10**9, max_denominator=10**6),
    ),
    size=st.sampled_from(["large", "medium_small_micro", None]),
)
def test_money_is_exact_and_never_above_the_cap(
    rules: Rulebook, situation: Situation, premium: Fraction, size: str | None
) -> None:
    facts = {**situation.known, "premium_paid_prev_year_yuan": premium}
    if size:
        facts["enterprise_size"] = size
    decision = situation.decide(rules, facts)
    if decision.verdict == "ineligible":
        assert decision.amount is None
        return
    money = decision.amount
    assert money is not None
    kind = situation.known.get("unit_kind")
    low = Fraction(30 if kind in ("enterprise", None) and size in ("large", None) else 60, 100)
    high = Fraction(30 if kind == "enterprise" and size == "large" else 60, 100)
    floors = [(premium * 100 * rate).__floor__() for rate in (low, high)]
    if low == high:
        assert (money.fen, money.low_fen, money.high_fen) == (floors[0], None, None)
    else:
        assert (money.fen, money.low_fen, money.high_fen) == (None, *floors)
    for fen, rate in zip(floors, (low, high), strict=True):
        assert Fraction(fen, 100) <= premium * rate < Fraction(fen + 1, 100)
    exact = all((premium * 100 * rate).denominator == 1 for rate in {low, high})
    assert ("floor_to_fen" in decision.assumptions) == (not exact)


@pytest.mark.skipif(not VERIFY, reason="the long search only")
def test_enough_was_drawn(record_testsuite_property: Callable[[str, object], None]) -> None:
    """The last test of this file: it counts what the others tried. Kept with the results of `make verify`."""
    assert len(DRAWN) == 5, "run the whole file"
    for name, count in sorted(DRAWN.items()):
        record_testsuite_property(name, count)
        assert count >= AT_LEAST, name


def replayed(
    rules: Rulebook,
    other_rules: Rulebook,
    facts: Mapping[str, Any],
    decide: Callable[[Rulebook, Mapping[str, Any]], Decision],
) -> None:
    """Decide again from what was stored, with the same rules and with others made of the same packs."""
    stored = json.dumps({name: _as_json(value) for name, value in facts.items()})
    written = [
        json.dumps(one.to_json(decide(one, one.read(json.loads(stored)))), ensure_ascii=False)
        for one in (rules, other_rules, rules)
    ]
    assert written[0] == written[1] == written[2]
    assert json.loads(written[0])["decision_id"] in written[1]


@pytest.fixture(scope="module")
def other_rules(knowledge: Knowledge) -> Rulebook:
    return Rulebook(knowledge)


def _apart_from_the_facts(rules: Rulebook, decision: Decision) -> dict[str, Any]:
    return {key: value for key, value in rules.to_json(decision).items() if key != "decision_id"}


def _as_json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Fraction) else value
