"""Named readings of an ambiguous text: said where they matter, silent elsewhere, and switched in one place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from eligibility import Rulebook
from knowledge import PackError, load
from knowledge.pack import PACKS

UNIT = {
    "unit_kind": "enterprise",
    "enterprise_size": "medium_small_micro",
    "insured_in_liaoning": True,
    "insured_count": 201,
    "layoff_count": 0,
    "insured_count_end_2020": 201,
    "region_reserve_months": 24,
}
PERSON = {
    "insured_unemployed": True,
    "currently_employed": False,
    "received_before": False,
    "situation": "ui_exhausted",
    "event_date": "2021-05-01",
}
WORKER = {"enterprise_employee": True, "ui_months": 12, "other_conditions": True}
GRADUATE = {
    "college_graduate": True,
    "subsidy_expired_on": "2021-08-31",
    "stable_employment": False,
    "months_already_extended": 0,
}
LAST = date(2021, 12, 31)


@pytest.fixture
def switched_off(tmp_path: Path) -> Callable[[str], Rulebook]:
    """The rulebook of an officer who chose the other reading."""

    def switch(name: str) -> Rulebook:
        packs = tmp_path / name
        shutil.copytree(PACKS, packs)
        path = packs / "common" / "interpretations.yml"
        head, _, tail = path.read_text(encoding="utf-8").partition(f"{name}:\n")
        path.write_text(f"{head}{name}:\n" + tail.replace("in_force: true", "in_force: false", 1), encoding="utf-8")
        return Rulebook(load(packs))

    return switch


def verdict(rules: Rulebook, programme: str, facts: dict[str, Any], as_of: date) -> tuple[str, tuple[str, ...]]:
    decision = rules.decide(programme, rules.read(facts), as_of=as_of, place="本溪")
    return decision.verdict, decision.assumptions


SWITCHES = [
    # reading, programme, facts, the day on which it decides, here, there, and a day on which it does not
    ("before_date_inclusive", "stabilisation_refund", UNIT, LAST, "eligible", "ineligible", LAST - timedelta(1)),
    ("before_date_inclusive", "skill_upgrade_subsidy", WORKER, LAST, "eligible", "not_in_notice", LAST - timedelta(1)),
    (
        "no_application_has_no_deadline",
        "stabilisation_refund",
        {**UNIT, "insured_count_end_2020": 200},
        LAST + timedelta(1),
        "eligible",
        "ineligible",
        LAST,
    ),
    (
        "after_expiry_is_next_day",
        "flexible_employment_subsidy_extension",
        GRADUATE,
        date(2021, 8, 31),
        "ineligible",
        "eligible",
        date(2021, 9, 1),
    ),
]


@pytest.mark.parametrize(("name", "programme", "facts", "day", "here", "there", "other_day"), SWITCHES)
def test_a_reading_decides_its_day_and_no_other(
    rules: Rulebook,
    switched_off: Callable[[str], Rulebook],
    name: str,
    programme: str,
    facts: dict[str, Any],
    day: date,
    here: str,
    there: str,
    other_day: date,
) -> None:
    other = switched_off(name)
    as_read, used = verdict(rules, programme, facts, day)
    assert as_read == here
    assert name in used
    assert verdict(other, programme, facts, day)[0] == there
    assert name not in verdict(other, programme, facts, day)[1]
    one, same = verdict(rules, programme, facts, other_day), verdict(other, programme, facts, other_day)
    assert one == same
    assert name not in one[1]


def test_the_list_read_as_and(rules: Rulebook, switched_off: Callable[[str], Rulebook]) -> None:
    """Read as "and", one would have to be in both groups at once: nobody who gives one answer is."""
    other = switched_off("list_reading_or")
    for situation in ("ui_exhausted", "not_qualified_for_ui"):
        facts = {**PERSON, "situation": situation}
        assert verdict(rules, "unemployment_aid", facts, date(2021, 8, 1))[0] == "eligible"
        assert "list_reading_or" in verdict(rules, "unemployment_aid", facts, date(2021, 8, 1))[1]
        assert verdict(other, "unemployment_aid", facts, date(2021, 8, 1))[0] == "ineligible"
    facts = {**PERSON, "situation": "receiving_ui"}
    assert verdict(rules, "unemployment_aid", facts, date(2021, 8, 1)) == ("ineligible", ())


def test_without_a_formula_the_rate_itself_is_asked(rules: Rulebook, switched_off: Callable[[str], Rulebook]) -> None:
    other = switched_off("layoff_rate_definition")
    facts = {**UNIT, "layoff_count": 3}
    day = date(2021, 8, 1)
    assert "layoff_rate_definition" in verdict(rules, "stabilisation_refund", facts, day)[1]
    decision = other.decide("stabilisation_refund", other.read(facts), as_of=day, place="本溪")
    assert (decision.verdict, decision.missing) == ("needs_info", ("layoff_rate_pct",))
    known = other.read({**facts, "layoff_rate_pct": 6})
    assert other.decide("stabilisation_refund", known, as_of=day, place="本溪").verdict == "eligible"


def test_nobody_laid_off_needs_no_formula(rules: Rulebook) -> None:
    assert "layoff_rate_definition" not in verdict(rules, "stabilisation_refund", UNIT, date(2021, 8, 1))[1]


@pytest.mark.parametrize(
    "name",
    ["floor_to_fen", "lifetime_once", "event_is_loss_of_work", "month_end_clipped", "tax_record_decides"],
)
def test_a_reading_without_an_alternative_cannot_be_switched_off(
    switched_off: Callable[[str], Rulebook], name: str
) -> None:
    with pytest.raises(PackError, match=f"口径“{name}”设成了不采用，可是这里没有写另一种读法") as caught:
        switched_off(name)
    assert caught.value.line


def test_a_fulfilled_choice_rests_on_what_needs_no_reading(rules: Rulebook) -> None:
    """On the last day a unit of at most 200 people needs neither the reading of "before" nor a deadline at all."""
    facts = {**UNIT, "insured_count_end_2020": 200}
    assert verdict(rules, "stabilisation_refund", facts, LAST) == ("eligible", ("size_by_own_statement",))


@pytest.mark.parametrize(
    ("expired", "until", "clipped"),
    [
        ("2021-08-28", "2022-02-28", False),
        ("2021-08-29", "2022-02-28", True),
        ("2021-08-31", "2022-02-28", True),
        ("2021-07-31", "2022-01-31", False),
        ("2021-12-31", "2022-06-30", True),
        ("2023-08-29", "2024-02-29", False),
    ],
)
def test_the_month_s_end_is_said_only_where_it_was_clipped(
    rules: Rulebook, expired: str, until: str, clipped: bool
) -> None:
    facts = rules.read({**GRADUATE, "subsidy_expired_on": expired})
    decision = rules.decide(
        "flexible_employment_subsidy_extension", facts, as_of=date.fromisoformat(until), place="本溪"
    )
    assert decision.results["extend_until_at_latest"] == until
    assert ("month_end_clipped" in decision.assumptions) == clipped


def test_a_size_nobody_stated_is_not_said_to_be_stated(rules: Rulebook) -> None:
    unknown = {name: value for name, value in UNIT.items() if name != "enterprise_size"}
    day = date(2021, 8, 1)
    facts = {**unknown, "premium_paid_prev_year_yuan": 60000}
    assert "size_by_own_statement" not in verdict(rules, "stabilisation_refund", facts, day)[1]
    assert (
        "size_by_own_statement" in verdict(rules, "stabilisation_refund", {**facts, "enterprise_size": "large"}, day)[1]
    )
    assert "tax_record_decides" in verdict(rules, "stabilisation_refund", facts, day)[1]


def test_an_open_condition_uses_no_reading(rules: Rulebook) -> None:
    unknown = {name: value for name, value in PERSON.items() if name != "event_date"}
    assert "event_is_loss_of_work" not in verdict(rules, "unemployment_aid", unknown, date(2021, 8, 1))[1]
    assert "event_is_loss_of_work" in verdict(rules, "unemployment_aid", PERSON, date(2021, 8, 1))[1]


def test_every_reading_that_is_said_has_its_sentence(rules: Rulebook) -> None:
    assert {entry["in_force"] for entry in rules.knowledge.interpretations.values()} == {True}
    assert all(entry["says"] for entry in rules.knowledge.interpretations.values())
