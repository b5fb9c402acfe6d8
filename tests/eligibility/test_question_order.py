"""Which question comes next, how it is grouped, and what an interview costs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from every_order import EveryOrder

from eligibility import Rulebook
from eligibility.effort import effort, play
from knowledge.pack import PACKS
from knowledge.yaml_source import load_yaml

DAY = date(2021, 8, 1)
WIDE = {"employment_difficulty_status"}
ORDINARY = sorted(
    path.stem
    for path in PACKS.glob("ln-2021-7/programmes/*.yml")
    if path.stem not in WIDE and "kind" not in load_yaml(path).data
)
PUBLIC = load_yaml(Path(__file__).parents[1] / "contract" / "cases_public.yml").data["cases"]
OURS = [case for path in sorted(PACKS.glob("*/cases/*.yml")) for case in load_yaml(path).data["cases"]]


def asked(rules: Rulebook, programme: str, facts: Mapping[str, Any], declined: tuple[str, ...] = ()) -> tuple[str, ...]:
    decision = rules.decide(programme, rules.read(facts), as_of=DAY, place="本溪", declined=declined)
    assert decision.next_question is not None
    return (decision.next_question.id, *decision.next_question.facts)


@pytest.mark.parametrize(
    ("programme", "expected"),
    [
        ("skill_upgrade_subsidy", 1 + Fraction(1, 2)),
        ("flexible_employment_subsidy_extension", 1 + Fraction(1, 2) + Fraction(1, 4) + Fraction(1, 8)),
        # the school first, of four kinds one ends it; then "none" and nine groups, of which one asks once more
        ("job_seeking_subsidy_category", 1 + Fraction(3, 4) * (1 + Fraction(1, 10))),
    ],
)
def test_the_expected_number_of_questions_by_hand(rules: Rulebook, programme: str, expected: Fraction) -> None:
    assert rules.expected_questions(programme, {}, DAY, "本溪") == pytest.approx(float(expected))


@pytest.mark.parametrize("programme", ORDINARY)
def test_the_order_is_the_best_there_is(rules: Rulebook, programme: str) -> None:
    """Against every order, tried out; in all programmes that take at most twelve questions."""
    interview = EveryOrder(rules, programme, DAY, "本溪")
    assert 0 <= interview.questions({}) <= 12
    assert interview.ours({}) == interview.fewest({})
    assert rules.expected_questions(programme, {}, DAY, "本溪") == float(interview.fewest({}))


@pytest.mark.parametrize(
    "facts", [{"unit_kind": "enterprise"}, {"insured_count": 31}, {"layoff_count": 5}, {"region_reserve_months": 24}]
)
def test_the_order_is_the_best_from_anywhere(rules: Rulebook, facts: dict[str, Any]) -> None:
    interview = EveryOrder(rules, "stabilisation_refund", DAY, "本溪")
    assert interview.ours(facts) == interview.fewest(facts) > 0


def test_which_programmes_are_too_wide_to_try_every_order(rules: Rulebook) -> None:
    wide = {name for name in rules.benefits if EveryOrder(rules, name, DAY, "本溪").questions({}) > 12}
    assert wide == WIDE
    assert set(ORDINARY) | WIDE == set(rules.benefits)


def test_groups_are_asked_together_by_the_question_that_fits(rules: Rulebook) -> None:
    question, *facts = asked(rules, "employment_difficulty_status", {})
    assert question == "difficulty_groups"
    assert "orphan" in facts and "disabled" in facts
    question, *facts = asked(rules, "job_seeking_subsidy_category", {"school_level": "higher_education"})
    assert question == "job_seeking_groups"
    assert "orphan" in facts


def test_the_last_open_fact_of_a_group_gets_its_own_plain_question(rules: Rulebook) -> None:
    group = rules.knowledge.questions["difficulty_groups"].facts
    rural = {"urban_household": False, "retires_on": "2040-01-01", "in_poverty_system": True, "key_county": True}
    able = {"able": True, "willing": True, "working_age": True, "unemployed": True}
    person = {**rural, **able, **dict.fromkeys(group, False)}
    del person["poverty_alleviated"]
    assert asked(rules, "employment_difficulty_status", person) == ("poverty_alleviated", "poverty_alleviated")
    del person["orphan"]
    assert asked(rules, "employment_difficulty_status", person)[0] == "difficulty_groups"


def test_every_fact_an_interview_asks_for_has_a_question(rules: Rulebook) -> None:
    for programme in rules.benefits.values():
        conditions = (*programme.leaves, *programme.exceptions)
        facts = {name for condition in conditions for name in condition.facts}
        facts |= {name for option in (programme.amount.rates if programme.amount else ()) for name in option.facts}
        facts |= set(programme.amount.base_facts if programme.amount else ())
        asking = {name for question in rules.knowledge.questions.values() for name in question.facts}
        silent = {name for name in facts if rules.knowledge.facts[name].agency} | {*programme.held_by}
        assert facts - silent <= asking, programme.id


def test_after_the_verdict_the_amount_then_the_results(rules: Rulebook) -> None:
    facts = rules.read(
        {"unit_kind": "enterprise", "insured_in_liaoning": True, "layoff_count": 0, "region_reserve_months": 24}
    )
    purposes = []
    for more in ({}, {"premium_paid_prev_year_yuan": 1}, {"enterprise_size": "large"}, {"insured_count_end_2020": 9}):
        facts = {**facts, **rules.read(more)}
        decision = rules.decide("stabilisation_refund", facts, as_of=DAY, place="本溪")
        assert decision.verdict == "eligible"
        question = decision.next_question
        purposes.append((question.purpose, *question.facts) if question else None)
    assert purposes == [
        ("amount", "premium_paid_prev_year_yuan"),
        ("amount", "enterprise_size"),
        ("result", "insured_count_end_2020"),
        None,
    ]


def test_a_no_asks_nothing_more(rules: Rulebook) -> None:
    decision = rules.decide("stabilisation_refund", {"unit_kind": "other"}, as_of=DAY, place="本溪")
    assert decision.verdict == "ineligible"
    assert decision.next_question is None
    assert not (*decision.missing, *decision.missing_for_amount, *decision.missing_for_results)


@pytest.mark.parametrize("case", PUBLIC + OURS, ids=lambda case: f"{case['programme']}-{case['id']}")
def test_an_interview_ends_and_asks_nothing_twice(rules: Rulebook, case: dict[str, Any]) -> None:
    if case["programme"] not in rules.benefits or case.get("question"):
        return
    for in_text_order in (False, True):
        interview = play(rules, case, in_text_order)
        facts = list(itertools.chain.from_iterable(interview.questions))
        assert len(facts) == len(set(facts))
        assert all(interview.questions)
        assert interview.decision.verdict != "needs_info"
    complete = rules.decide(
        case["programme"], rules.read(case["facts"]), as_of=date.fromisoformat(case["as_of"]), place=case["place"]
    )
    if complete.verdict != "needs_info" and not case.get("declined"):
        assert play(rules, case).decision.verdict == complete.verdict


def test_our_order_costs_less_than_the_order_of_the_text(rules: Rulebook) -> None:
    rows = {row.programme: row for row in effort(rules, PUBLIC)}
    wanted = [case for case in PUBLIC if case["programme"] in rules.benefits and not case.get("question")]
    assert rows[None].cases == len(wanted) > 43
    assert set(rows) == {None, *(case["programme"] for case in wanted)}
    for name, row in rows.items():
        assert row.ours <= (0.8 if name in WIDE else 1) * row.text_order
    assert rows[None].ours < 0.85 * rows[None].text_order
    assert effort(rules, []) == []
