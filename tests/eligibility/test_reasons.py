"""Why: the clauses of a decision in the order in which they matter, and the smallest set of conditions."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest
from by_hand import RULES
from draws import DRAWS_OF_EACH
from hypothesis import given
from hypothesis import strategies as st
from situations import situations
from test_decision_properties import every_programme

from eligibility import Rulebook
from eligibility.explain import justification
from eligibility.expression import Expression
from eligibility.kleene import leaves_of, truth
from eligibility.model import Group, Leaf, Node

ROLES = ("decides", "open", "amount", "result", "supports")
DAY = date(2021, 8, 1)


@every_programme
@DRAWS_OF_EACH
@given(data=st.data())
def test_the_first_reason_fits_the_verdict(rules: Rulebook, programme: str, data: Any) -> None:
    situation = data.draw(situations(programme))
    decision = situation.decide(rules, situation.known)
    roles = [reason.role for reason in decision.because]
    assert roles and set(roles) <= set(ROLES)
    assert len({reason.clause for reason in decision.because}) == len(roles)
    if decision.verdict == "conditional":  # what is met so far, and what an authority has to say
        assert roles[0] in ("decides", "open")
    else:
        assert roles[0] == ("open" if decision.verdict == "needs_info" else "decides")
    assert ("open" in roles) <= (decision.verdict in ("needs_info", "conditional"))
    assert ("decides" in roles) <= (decision.verdict != "needs_info")
    order = [ROLES.index(role) for role in roles if role in ("amount", "result", "supports")]
    assert order == sorted(order)


@every_programme
@DRAWS_OF_EACH
@given(data=st.data())
def test_the_deciding_conditions_are_enough_by_themselves(rules: Rulebook, programme: str, data: Any) -> None:
    """Of a decided verdict the deciding conditions alone, whatever the others are, give the same verdict."""
    situation = data.draw(situations(programme))
    decision = situation.decide(rules, situation.known)
    if decision.verdict not in ("eligible", "ineligible") or not decision.leaves:
        return
    if None in (decision.leaves[name] for name in decision.deciding):
        return  # settled by cases: whichever it is, the verdict is the same
    tree = situation.rule.when
    fixed = {name: decision.leaves[name] for name in decision.deciding}
    assert truth(_with_constants(tree, fixed), {}) is (decision.verdict == "eligible")


@pytest.mark.parametrize("shape", ["all", "any"])
def test_justification_is_minimal_over_every_small_tree(shape: str) -> None:
    inner = "any" if shape == "all" else "all"
    for values in itertools.product((True, False, None), repeat=5):
        leaves = [_leaf(str(i), value) for i, value in enumerate(values)]
        tree = _group(shape, leaves[0], _group(inner, leaves[1], leaves[2]), _group("not", _group(inner, *leaves[3:])))
        truths = dict(zip(leaves, values, strict=True))
        whole, chosen = truth(tree, {}), justification(tree, truths)
        kept = {leaf.id: truths[leaf] for leaf in chosen}
        assert truth(_with_constants(tree, kept), {}) is whole
        if whole is not None:
            for size in range(len(chosen)):
                for fewer in itertools.combinations(chosen, size):
                    alone = {leaf.id: truths[leaf] for leaf in fewer}
                    assert truth(_with_constants(tree, alone), {}) is not whole or size == len(chosen)


def test_the_child_that_needs_no_reading_is_preferred() -> None:
    leaves = [_leaf(str(i), True) for i in range(3)]
    tree = _group("any", leaves[0], _group("all", leaves[1], leaves[2]))
    truths = dict.fromkeys(leaves, True)
    assert justification(tree, truths) == [leaves[0]]
    assert justification(tree, truths, {leaves[0]}) == leaves[1:]


@pytest.mark.parametrize(
    ("programme", "facts", "clause"),
    [
        ("stabilisation_refund", {"unit_kind": "government_body"}, "LN/一/单位范围"),
        ("stabilisation_refund", {"region_reserve_months": 11}, "LN/一/备付期"),
        ("unemployment_aid", {"received_before": True}, "LN/六/一次"),
        ("unemployment_aid", {"currently_employed": True}, "LN/六/对象"),
        ("flexible_employment_subsidy_extension", {"college_graduate": False}, "LN/十二/延长"),
        ("employment_difficulty_status", {"martyr_family": True}, "LN/附2/一8"),
        ("job_seeking_subsidy_category", {"school_level": "other"}, "LN/附1/前言"),
    ],
)
def test_one_fact_that_settles_it_is_the_whole_reason(
    rules: Rulebook, programme: str, facts: dict[str, Any], clause: str
) -> None:
    decision = rules.decide(programme, rules.read(facts), as_of=DAY, place="沈阳")
    assert decision.because[0].clause == clause
    assert decision.because[0].role == "decides"
    assert not decision.missing


def test_the_city_s_clause_stands_with_the_condition_it_settles(rules: Rulebook) -> None:
    facts = {"college_graduate": True, "subsidy_expired_on": "2021-07-31", "stable_employment": False}
    decision = rules.decide(
        "flexible_employment_subsidy_extension",
        rules.read({**facts, "months_already_extended": 0}),
        as_of=DAY,
        place="本溪",
    )
    assert ("BX/二/延长", "decides") in [(reason.clause, reason.role) for reason in decision.because]


def test_an_open_transition_leads_the_reasons(rules: Rulebook) -> None:
    facts = rules.read({"accepted_in_2020": True, "received_before": True})
    decision = rules.decide("unemployment_aid", facts, as_of=DAY, place="本溪")
    assert (decision.verdict, decision.missing) == ("needs_info", ("benefit_period_end",))
    assert (decision.because[0].clause, decision.because[0].role) == ("LN/末/过渡", "open")


def test_a_declined_transition_date_names_both_verdicts(rules: Rulebook) -> None:
    facts = rules.read({"accepted_in_2020": True, "received_before": True})
    decision = rules.decide("unemployment_aid", facts, as_of=DAY, place="本溪", declined=["benefit_period_end"])
    assert decision.verdict == "conditional"
    assert [(branch.high, branch.verdict) for branch in decision.branches][0] == (date(2021, 7, 31), "ineligible")
    assert decision.branches[1].verdict == "conditional"


def test_reasons_of_every_verdict_quote_a_clause(rules: Rulebook) -> None:
    for programme in RULES:
        for place in ("本溪", "沈阳"):
            reasons = rules.to_json(rules.decide(programme, {}, as_of=DAY, place=place))["because"]
            for reason in reasons:
                assert reason["quote"] == rules.knowledge.clauses[reason["clause"]].quote
                assert reason["document"] in ("辽人社发〔2021〕7号", "本人社〔2021〕43号")


def _leaf(name: str, value: bool | None) -> Leaf:
    return Leaf(name, Expression(name, lambda env: value, (), "bool"), (), frozenset(), (), ("LN/一/裁员率",))


def _group(kind: str, *children: Node) -> Group:
    return Group(kind, children, frozenset())


def _with_constants(node: Node, fixed: dict[str, bool | None]) -> Node:
    """The tree with the truth of some leaves fixed and every other one unknown."""
    if isinstance(node, Leaf):
        return _leaf(node.id, fixed.get(node.id))
    return _group(node.kind, *(_with_constants(child, fixed) for child in node.children))


def test_leaves_come_in_the_order_of_the_text(rules: Rulebook) -> None:
    programme = rules.programmes["stabilisation_refund"]
    assert list(programme.leaves) == leaves_of(programme.when)
    assert programme.leaves[0].id == "listed_unit"
