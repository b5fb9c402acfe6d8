"""Screening: every programme of one applicant, in the right order, with the fewest questions and none twice."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from draws import VERIFY

from eligibility import DecisionError, Rulebook
from eligibility.applicant import Applicant
from eligibility.screen import GROUPS, ON_FACTS, Screener, Screening, screening_to_json
from eligibility.screening_effort import effort, play, random_applicant
from knowledge import Knowledge

DAY, LATER, PLACE = date(2021, 9, 1), date(2026, 11, 27), "本溪"
APPLICANTS = 60 if VERIFY else 8
both_subjects = pytest.mark.parametrize("subject", ["unit", "person"])
COMPANY = {"unit_kind": "enterprise", "insured_in_liaoning": True, "insured_count": 28, "layoff_count": 5}


@pytest.fixture(scope="session")
def screener(rules: Rulebook) -> Screener:
    return Screener(rules)


def screen(screener: Screener, facts: Any, declined: Iterable[str] = (), day: date = DAY) -> Screening:
    return screener.screen(screener.read(facts, declined), as_of=day, place=PLACE)


def applicants(screener: Screener, subject: str) -> Iterable[tuple[dict[str, Any], Random]]:
    """Random applicants; every third cannot tell some of what they might be asked (nor then what would tell it)."""
    for seed in range(APPLICANTS):
        random = Random(seed)
        truth = random_applicant(screener, subject, DAY, PLACE, random)
        if seed % 3 == 2:
            unknown = {name for name in truth if random.random() < 0.3}
            for _ in range(5):
                unknown |= {name for name in truth if unknown & related(screener.knowledge, name)}
            truth = {name: value for name, value in truth.items() if name not in unknown}
        yield truth, random


def related(knowledge: Knowledge, name: str) -> set[str]:
    fact = knowledge.facts[name.rpartition("/")[2]]
    return {other for settled in fact.implies.values() for other in settled}


def implied(knowledge: Knowledge, facts: Mapping[str, Any]) -> set[str]:
    """The facts that are settled, read plainly off the catalogue."""
    values = {name.rpartition("/")[2]: value for name, value in facts.items() if "/" not in name}
    before = -1
    while before != len(values):
        before = len(values)
        for name, value in list(values.items()):
            for other, settled in knowledge.facts[name].implies.get(value, {}).items():
                values.setdefault(other, settled)
    return set(values) | {name for name in facts if "/" in name}


def to_be_had(screening: Screening) -> dict[str, str]:
    """Where every programme ends. Closed for this applicant, or not met: either way there is nothing to be had."""
    return {row.programme: row.group if row.in_time and row.group != "not" else "nothing" for row in screening.rows}


# ── rows ──


@both_subjects
def test_every_row_is_the_decision_of_its_programme(screener: Screener, rules: Rulebook, subject: str) -> None:
    for truth, random in applicants(screener, subject):
        known = {name: value for name, value in truth.items() if random.random() < 0.5}
        for day in (DAY, LATER):
            rows = screener.screen(Applicant(known, frozenset(), subject), as_of=day, place=PLACE).rows
            assert {row.programme for row in rows} == {n for n, p in rules.benefits.items() if p.subject == subject}
            for row in rows:
                facts = {n: v for n, v in known.items() if "/" not in n}
                facts |= {n.partition("/")[2]: v for n, v in known.items() if n.startswith(f"{row.programme}/")}
                assert row.decision == rules.decide(row.programme, facts, as_of=day, place=PLACE)


def test_rows_are_grouped_and_the_likely_ones_come_first(screener: Screener) -> None:
    for subject in ("unit", "person"):
        for truth, random in applicants(screener, subject):
            known = {name: value for name, value in truth.items() if random.random() < 0.6}
            rows = screener.screen(Applicant(known, frozenset(), subject), as_of=DAY, place=PLACE).rows
            order = [(GROUPS.index(row.group), not row.in_time) for row in rows]
            assert order == sorted(order)
            for one, other in itertools.pairwise(rows):
                if (one.group, one.in_time) == (other.group, other.in_time) and one.group == ON_FACTS:
                    assert one.likelihood >= other.likelihood


def test_value_decides_between_equally_likely_ones(screener: Screener) -> None:
    facts = {
        "subject": "unit",
        "unit_organises_internship": True,
        "retained_after_internship": True,
        "internship_subsidy_total_yuan": 6000,
        "social_insurance_subsidy_total_yuan": 2000,
        "title": "startup_city",
        "level": "national",
        "recipient": "region",
        "title_award/received_before": False,
        "interrupted_by_epidemic": True,
    }
    fits = [row for row in screen(screener, facts).rows if row.group == "fits"]
    sums = [row.decision.amount.fen if row.decision.amount else None for row in fits]
    assert [row.programme for row in fits][0] == "title_award"
    assert sums[0] > sums[1] > 0 and sums[2] is None


def test_duties_citations_and_statements_are_no_rows(screener: Screener, rules: Rulebook) -> None:
    listed = {row.programme for row in screen(screener, {}).rows}
    assert listed == set(rules.benefits) and not listed & {"duty", "citation", "conflict"}


def test_a_no_names_its_clause_and_what_would_change_it(screener: Screener) -> None:
    rows = screening_to_json(screen(screener, {**COMPANY, "layoff_count": 9}), screener.knowledge)["rows"]
    refund = next(row for row in rows if row["programme"] == "stabilisation_refund")
    assert refund["group"] == "not" and refund["would_change"] == {"layoff_count_at_most": 5}
    assert refund["because"][0]["role"] == "decides" and refund["because"][0]["quote"]


def test_what_is_closed_or_replaced_stands_last_and_is_not_asked_for(screener: Screener) -> None:
    now = screen(screener, {"subject": "person"}, day=LATER)
    late = [row for row in now.rows if row.group == ON_FACTS and not row.in_time]
    assert late and {row.decision.window.state for row in late} <= {"closed", "replaced"}
    assert now.next_question is not None
    truth = random_applicant(screener, "person", LATER, PLACE, Random(1))
    played = play(screener, truth, subject="person", as_of=LATER, place=PLACE)
    assert {programme for question in played.asked for programme in question.serves}.isdisjoint(
        row.programme for row in now.rows if not row.in_time
    )
    assert all(row.group != ON_FACTS or not row.in_time for row in played.end.rows)


# ── likelihood ──


@pytest.mark.parametrize(
    ("programme", "facts", "share"),
    [
        ("skill_upgrade_subsidy", {}, Fraction(1, 4)),  # an employee (1/2), twelve months paid (1/2)
        ("skill_upgrade_subsidy", {"enterprise_employee": True}, Fraction(1, 2)),
        ("flexible_contribution_choice", {}, Fraction(1, 8)),
        (
            "job_seeking_subsidy_category",
            {"family_hardship": False, "school_level": "higher_education"},
            Fraction(8, 9),
        ),  # none, or one of the eight that need no 家庭经济困难
        ("startup_support", {}, Fraction(1)),  # hangs on an authority alone
        ("unemployment_aid", {"insured_unemployed": False}, Fraction(0)),
    ],
)
def test_likelihood_by_hand(screener: Screener, programme: str, facts: dict[str, Any], share: Fraction) -> None:
    rows = screen(screener, {"subject": "person", **facts}).rows
    assert next(row.likelihood for row in rows if row.programme == programme) == share


def test_likelihood_is_the_share_of_completions(screener: Screener, rules: Rulebook) -> None:
    """Every path of answers tried out on whole decisions, without memory or short cuts."""
    tried = 0
    for programme in rules.benefits.values():
        engine = rules.engine(programme.id, DAY, PLACE)

        def share(facts: dict[str, Any], name: str = programme.id, engine: Any = engine) -> Fraction:
            decision = rules.decide(name, facts, as_of=DAY, place=PLACE)
            if decision.verdict != "needs_info":
                return Fraction(decision.verdict in ("eligible", "conditional"))
            group = rules.questions_for(name, decision.missing)[0]
            if len(group) > 1:
                none = dict.fromkeys(group, False)
                paths = [(Fraction(1, len(group) + 1), more) for more in [none, *({**none, f: True} for f in group)]]
            else:
                rest = engine.relevance.rest(engine.environment(facts, DAY))
                cells = engine.relevance.cells(group[0], rest.env, rest.conditions)
                paths = [(cell.weight, {group[0]: cell.low}) for cell in cells]
            return sum((weight * share({**facts, **more}) for weight, more in paths), Fraction(0))

        if programme.id in ("employment_difficulty_status", "unemployment_aid"):
            continue  # too many paths; a question of two facts that is no list
        rows = screener.screen(Applicant({}, frozenset(), programme.subject), as_of=DAY, place=PLACE).rows
        assert next(row.likelihood for row in rows if row.programme == programme.id) == share({}), programme.id
        tried += 1
    assert tried == len(rules.benefits) - 2


# ── questions ──


@both_subjects
def test_nobody_is_asked_twice_and_everything_is_settled(
    screener: Screener, knowledge: Knowledge, subject: str
) -> None:
    for truth, _ in applicants(screener, subject):
        facts: dict[str, Any] = {}
        declined: set[str] = set()
        ids: list[tuple[str, str | None]] = []
        for _ in range(60):
            now = screener.screen(Applicant(facts, frozenset(declined), subject), as_of=DAY, place=PLACE)
            question = now.next_question
            if question is None:
                break
            assert question.facts and question.serves
            assert not {*question.facts} & implied(knowledge, facts)
            assert not {*question.facts} & screener.applicants.together(declined)
            ids.append((question.id, question.programme))
            facts |= {name: truth[name] for name in question.facts if name in truth}
            declined |= {name for name in question.facts if name not in truth}
        assert question is None and len(set(ids)) == len(ids)
        assert not [row.programme for row in now.rows if row.group == ON_FACTS and row.in_time]


@both_subjects
def test_tapping_any_offered_answer_leads_to_the_end(screener: Screener, subject: str) -> None:
    """As a page would do it: quick answers where there are some (of a list, what is not picked is false)."""
    for seed in range(APPLICANTS):
        random, facts, declined = Random(seed), dict[str, Any](), set[str]()
        ids: list[tuple[str, str | None]] = []
        for _ in range(60):
            now = screener.screen(Applicant(facts, frozenset(declined), subject), as_of=DAY, place=PLACE)
            question = now.next_question
            if question is None:
                break
            ids.append((question.id, question.programme))
            if not question.answers:
                declined |= {*question.facts}
                continue
            assert not {*facts} & {*question.facts}
            facts |= dict.fromkeys(question.facts, False) if question.kind == "multi" else {}
            facts |= random.choice(question.answers).sets
        assert question is None and len(set(ids)) == len(ids)
        assert not [row for row in now.rows if row.group == ON_FACTS and row.in_time]


@both_subjects
def test_the_order_of_answering_changes_nothing(screener: Screener, subject: str) -> None:
    for truth, random in applicants(screener, subject):
        end = to_be_had(play(screener, truth, subject=subject, as_of=DAY, place=PLACE).end)
        facts: dict[str, Any] = {}
        declined: set[str] = set()
        while True:
            now = screener.screen(Applicant(facts, frozenset(declined), subject), as_of=DAY, place=PLACE)
            missing = [
                screener.applicants.name(fact, row.programme)
                for row in now.rows
                if row.in_time
                for fact in row.decision.missing
            ]
            if not missing:
                break
            name = random.choice(missing)
            if name in truth:
                facts[name] = truth[name]
            else:
                declined.add(name)
        assert to_be_had(now) == end
        shuffled = dict(random.sample(list(facts.items()), len(facts)))
        again = screener.screen(Applicant(shuffled, frozenset(declined), subject), as_of=DAY, place=PLACE)
        assert again.rows == now.rows


def test_who_cannot_tell_one_cannot_tell_its_twin(screener: Screener, knowledge: Knowledge) -> None:
    assert knowledge.facts["disabled"].implies == {True: {"self_disabled": True}, False: {"self_disabled": False}}
    rows = screen(screener, {"subject": "person"}, ["disabled"]).rows
    assert all(not {"disabled", "self_disabled"} & {*row.decision.missing} for row in rows)
    assert any("self_disabled" in row.decision.missing for row in screen(screener, {"subject": "person"}).rows)


def test_what_was_received_of_one_says_nothing_of_another(screener: Screener) -> None:
    def missing(facts: dict[str, Any]) -> set[str]:
        rows = screen(screener, {"subject": "person", **facts}).rows
        return {row.programme for row in rows if "received_before" in row.decision.missing}

    assert "unemployment_aid" in missing({"title_award/received_before": True})
    assert "unemployment_aid" not in missing({"unemployment_aid/received_before": False})
    assert "unemployment_aid" not in missing({"received_before": False})


def test_a_question_about_one_programme_names_it(screener: Screener) -> None:
    for subject in ("unit", "person"):
        truth = random_applicant(screener, subject, DAY, PLACE, Random(3))
        for question in play(screener, truth, subject=subject, as_of=DAY, place=PLACE).asked:
            assert {name.rpartition("/")[0] for name in question.facts} == {question.programme or ""}
            assert {name for answer in question.answers for name in answer.sets} <= {*question.facts}


def test_one_question_serves_several_programmes(screener: Screener) -> None:
    question = screen(screener, {"subject": "person"}).next_question
    assert question is not None and question.kind == "multi" and len(question.serves) > 2
    assert question.answers[-1].sets == dict.fromkeys(question.facts, False)


@both_subjects
def test_all_together_takes_fewer_questions(screener: Screener, subject: str) -> None:
    measured = effort(
        screener, subject=subject, applicants=200 if VERIFY else 25, as_of=DAY, place=PLACE, seed=20210901
    )
    assert measured.together <= measured.in_turn <= measured.one_by_one
    if subject == "person":  # what is asked of units has no fact in common
        assert measured.together < 0.98 * measured.in_turn and measured.together < 0.88 * measured.one_by_one


# ── for whom ──


@pytest.mark.parametrize(
    ("facts", "declined", "subject"),
    [
        (COMPANY, (), "unit"),
        ({"ui_months": 12}, (), "person"),
        ({"unit_kind": "enterprise", "ui_months": 12}, (), None),
        ({"agreed_days": 90}, (), "unit"),  # a person's, but asked of units only
        ({"training_date": "2021-09-01"}, (), "person"),  # asked of both: its scope tells
        ({"training_date": "2021-09-01", **COMPANY}, (), "unit"),
        ({"title_award/received_before": True}, (), "unit"),
        ({"received_before": True}, (), None),
        ({}, ["unit_kind"], "unit"),
        ({"subject": "person", **COMPANY}, (), "person"),
        ({}, (), None),
    ],
)
def test_the_facts_tell_for_whom(
    screener: Screener, rules: Rulebook, facts: dict[str, Any], declined: tuple[str, ...], subject: str | None
) -> None:
    found = screen(screener, facts, declined)
    assert found.subject == subject
    assert {row.subject for row in found.rows} == ({subject} if subject else {"unit", "person"})


def test_where_nothing_tells_it_is_asked_first(screener: Screener) -> None:
    question = screen(screener, {}).next_question
    assert question is not None and question.facts == ("subject",)
    assert [answer.sets for answer in question.answers] == [{"subject": "unit"}, {"subject": "person"}]
    unsure = screen(screener, {}, ["subject"]).next_question
    assert unsure is not None and unsure.facts != ("subject",)


# ── in and out ──


def test_the_shape(screener: Screener) -> None:
    shape = json.loads(json.dumps(screening_to_json(screen(screener, COMPANY), screener.knowledge)))
    assert set(shape) == {"as_of", "place", "subject", "rows", "next_question"}
    needed = {"programme", "title", "group", "verdict", "likelihood", "window", "amount", "missing", "depends_on"}
    for row in shape["rows"]:
        assert needed | {"because", "would_change", "in_time", "subject", "decision_id"} <= set(row)
    assert shape["next_question"]["facts"] and shape["next_question"]["ask"]


@pytest.mark.parametrize(
    ("facts", "declined", "field"),
    [
        ({"insured_cuont": 1}, (), "insured_cuont"),
        ({"insured_count": "很多"}, (), "insured_count"),
        ({"nothing/received_before": True}, (), "programme"),
        ({"title_award/nothing": True}, (), "nothing"),
        ({"title_award/unit_kind": "enterprise"}, (), "title_award/unit_kind"),
        ({"subject": "dog"}, (), "subject"),
        ({}, ["nobody"], "nobody"),
        ([], (), None),
        ({3: True}, (), "3"),
    ],
)
def test_what_cannot_be_read_is_said(
    screener: Screener, facts: Any, declined: tuple[str, ...], field: str | None
) -> None:
    with pytest.raises(DecisionError) as error:
        screener.read(facts, declined)
    assert error.value.field == field and str(error.value).endswith("。")


def test_another_place_is_decided_there(screener: Screener) -> None:
    elsewhere = screener.screen(screener.read(COMPANY), as_of=DAY, place="北京")
    assert {row.group for row in elsewhere.rows} == {"elsewhere"} and elsewhere.next_question is None
    assert all(row.decision.refer_to for row in elsewhere.rows)
