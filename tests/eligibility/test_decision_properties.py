"""What must hold for every set of facts, tried on random ones and compared with the plain reading in ``by_hand``."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import by_hand
import pytest
from by_hand import AGENCY, RULES, VOLUNTEERED, grid, open_to_asking
from draws import DRAWS
from hypothesis import given
from hypothesis import strategies as st

from eligibility import Decision, Rulebook
from knowledge import Knowledge

DAYS = [date(2021, 7, 19), date(2021, 7, 20), date(2021, 7, 31), date(2021, 8, 1), date(2021, 12, 31), date(2022, 1, 1)]
PROGRAMMES = sorted(RULES)
MOST_COMPLETIONS = 3000
every_programme = pytest.mark.parametrize("programme", PROGRAMMES)


class Situation:
    """A day, a place, and what is known; the rest of ``truth`` is not."""

    def __init__(self, programme: str, as_of: date, place: str, truth: dict[str, Any], known: dict[str, Any]) -> None:
        self.programme, self.as_of, self.place, self.truth, self.known = programme, as_of, place, truth, known

    def __repr__(self) -> str:
        return f"{self.programme} {self.as_of} {self.place} {self.known}"

    def decide(self, rules: Rulebook, facts: Mapping[str, Any], declined: frozenset[str] = frozenset()) -> Decision:
        return rules.decide(self.programme, facts, as_of=self.as_of, place=self.place, declined=declined)

    def by_hand(self, facts: Mapping[str, Any]) -> str:
        return RULES[self.programme](facts, self.as_of, self.place)


@st.composite
def situations(draw: st.DrawFn, programme: str, most_open: int | None = None) -> Situation:
    """Random facts, of which some are known; with ``most_open``, few enough unknown ones to try every completion."""
    as_of, place = draw(st.sampled_from(DAYS)), draw(st.sampled_from(["本溪", "沈阳"]))
    values = grid(programme, as_of)
    truth = {name: draw(st.sampled_from(values[name])) for name in values}
    unknown = set(draw(st.lists(st.sampled_from(sorted(values)), unique=True)))
    known = {name: value for name, value in truth.items() if name not in unknown}
    if programme in VOLUNTEERED:
        for name in draw(st.sets(st.sampled_from(VOLUNTEERED[programme]))):
            known.pop(name, None)
    if most_open is not None:
        size = 1
        wide = grid(programme, as_of, completing=True)
        for name in open_to_asking(programme, known):
            size *= len(wide[name])
            if size > most_open:
                known[name] = truth[name]
                size //= len(wide[name])
    return Situation(programme, as_of, place, truth, known)


def completions(situation: Situation) -> dict[tuple[Any, ...], str]:
    """The outcome of every way to fill in what is unknown."""
    names = open_to_asking(situation.programme, situation.known)
    values = grid(situation.programme, situation.as_of, completing=True)
    outcomes = {}
    for chosen in itertools.product(*(values[name] for name in names)):
        outcomes[chosen] = situation.by_hand({**situation.known, **dict(zip(names, chosen, strict=True))})
    return outcomes


def relevant_by_brute_force(situation: Situation, outcomes: Mapping[tuple[Any, ...], str]) -> set[str]:
    """The facts for which two completions that differ only in them end differently."""
    names = open_to_asking(situation.programme, situation.known)
    relevant = set()
    for i, name in enumerate(names):
        seen: dict[tuple[Any, ...], str] = {}
        for chosen, outcome in outcomes.items():
            if seen.setdefault(chosen[:i] + chosen[i + 1 :], outcome) != outcome:
                relevant.add(name)
                break
    return relevant


VERDICTS = {
    by_hand.ELIGIBLE: "eligible",
    by_hand.INELIGIBLE: "ineligible",
    by_hand.TRANSITION: "conditional",
    by_hand.ELSEWHERE: "not_in_notice",
}


@every_programme
@DRAWS
@given(data=st.data())
def test_relevance_is_exact_and_nothing_is_decided_too_early(rules: Rulebook, programme: str, data: Any) -> None:
    situation = data.draw(situations(programme, MOST_COMPLETIONS))
    declined = frozenset(data.draw(st.sets(st.sampled_from(sorted(grid(programme, situation.as_of))))) - AGENCY)
    decision = situation.decide(rules, situation.known, declined)
    outcomes = completions(situation)
    relevant = relevant_by_brute_force(situation, outcomes)
    assert set(decision.missing) == relevant - AGENCY - declined
    if not relevant:
        assert set(outcomes.values()) == {next(iter(outcomes.values()))}
        assert decision.verdict == VERDICTS[next(iter(outcomes.values()))]
    else:
        assert decision.verdict == ("needs_info" if decision.missing else "conditional")
        assert bool(decision.depends_on) == (decision.verdict == "conditional")


@every_programme
@DRAWS
@given(data=st.data())
def test_any_order_of_answers_ends_in_the_same_verdict(rules: Rulebook, programme: str, data: Any) -> None:
    situation = data.draw(situations(programme))
    verdicts = set()
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
    assert len(verdicts) == 1
    silent = set(VOLUNTEERED.get(programme, ())) - set(situation.known)
    complete = {name: value for name, value in situation.truth.items() if name not in silent}
    if verdicts <= {"eligible", "ineligible"} or AGENCY & set(situation.truth) <= set(situation.known):
        assert verdicts == {VERDICTS[situation.by_hand(complete)]}


@every_programme
@DRAWS
@given(data=st.data())
def test_a_further_fact_never_turns_a_decided_verdict(rules: Rulebook, programme: str, data: Any) -> None:
    """Facts that count only when volunteered are the exception the contract makes: application_date above all."""
    situation = data.draw(situations(programme))
    before = situation.decide(rules, situation.known)
    if before.verdict not in ("eligible", "ineligible"):
        return
    silent = set(VOLUNTEERED.get(programme, ())) | set(situation.known)
    more = {name: value for name, value in situation.truth.items() if name not in silent}
    for name, value in more.items():
        assert situation.decide(rules, {**situation.known, name: value}).verdict == before.verdict
    assert situation.decide(rules, {**situation.known, **more}).verdict == before.verdict


@every_programme
@DRAWS
@given(data=st.data())
def test_who_is_asked_what(rules: Rulebook, programme: str, data: Any) -> None:
    situation = data.draw(situations(programme))
    declined = frozenset(data.draw(st.sets(st.sampled_from(sorted(situation.truth)))))
    decision = situation.decide(rules, situation.known, declined)
    asked = set(decision.next_question.facts) if decision.next_question else set()
    lacking = {*decision.missing, *decision.missing_for_amount, *decision.missing_for_results}
    never_asked = set(VOLUNTEERED.get(programme, ())) - {"accepted_in_2020"}
    for listed in (asked, lacking):
        assert not listed & declined
        assert not listed & AGENCY
        assert not listed & never_asked
        assert not listed & set(situation.known)
    assert not set(decision.missing) & set(decision.missing_for_amount)
    assert not {*decision.missing, *decision.missing_for_amount} & set(decision.missing_for_results)
    assert asked <= lacking
    assert bool(decision.missing) == (decision.verdict == "needs_info")
    if decision.missing:
        assert asked <= set(decision.missing)


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


@every_programme
@DRAWS
@given(data=st.data())
def test_a_replay_gives_the_same_bytes(
    rules: Rulebook, other_rules: Rulebook, knowledge: Knowledge, programme: str, data: Any
) -> None:
    situation = data.draw(situations(programme))
    stored = json.dumps({name: _as_json(value) for name, value in situation.known.items()})
    written = [
        json.dumps(one.to_json(situation.decide(one, one.read(json.loads(stored)))), ensure_ascii=False)
        for one in (rules, other_rules, rules)
    ]
    assert written[0] == written[1] == written[2]
    assert json.loads(written[0])["decision_id"] in written[1]


@pytest.fixture(scope="module")
def other_rules(knowledge: Knowledge) -> Rulebook:
    return Rulebook(knowledge)


def _as_json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Fraction) else value
