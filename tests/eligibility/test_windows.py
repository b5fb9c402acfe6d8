"""A programme in time, on the days around every border and today."""

from __future__ import annotations

from datetime import date

import pytest

from eligibility import Rulebook

TODAY = date(2026, 11, 23)
DAYS = [date(2020, 12, 31), date(2021, 7, 19), date(2021, 12, 31), date(2022, 1, 1), TODAY]
UNIT = {
    "unit_kind": "enterprise",
    "enterprise_size": "medium_small_micro",
    "insured_in_liaoning": True,
    "insured_count": 100,
    "layoff_count": 0,
    "insured_count_end_2020": 200,
    "premium_paid_prev_year_yuan": 60000,
    "region_reserve_months": 24,
}


@pytest.mark.parametrize(
    ("programme", "states"),
    [
        ("stabilisation_refund", ["not_yet", "open", "open", "closed", "closed"]),
        ("unemployment_aid", ["not_yet", "open", "open", "closed", "closed"]),
        ("skill_upgrade_subsidy", ["not_yet", "open", "open", "closed", "closed"]),
        ("flexible_employment_subsidy_extension", ["not_yet", "undated", "undated", "undated", "undated"]),
        ("employment_difficulty_status", ["not_yet", "undated", "undated", "undated", "undated"]),
        ("job_seeking_subsidy_category", ["not_yet", "undated", "undated", "undated", "replaced"]),
    ],
)
def test_states_around_the_borders(rules: Rulebook, programme: str, states: list[str]) -> None:
    windows = [rules.decide(programme, {}, as_of=day, place="本溪").window for day in DAYS]
    assert [window.state for window in windows] == states
    for day, window in zip(DAYS, windows, strict=True):
        if window.state == "closed":
            assert window.until == date(2021, 12, 31) < day
        assert not (window.state in ("open", "not_yet") and window.note)
    assert windows[-1].note, "today a word on what came later is due"


@pytest.mark.parametrize(
    ("event", "as_of", "state", "until"),
    [
        (None, "2021-08-01", "open", "2021-12-31"),
        ("2020-12-31", "2021-07-31", "open", "2021-07-31"),
        ("2020-12-31", "2021-08-01", "closed", "2021-07-31"),
        ("2021-01-01", "2021-08-01", "open", "2021-12-31"),
        ("2021-01-01", "2022-01-01", "closed", "2021-12-31"),
    ],
)
def test_the_window_of_the_aid_depends_on_when_work_was_lost(
    rules: Rulebook, event: str | None, as_of: str, state: str, until: str
) -> None:
    facts = rules.read({"event_date": event})
    window = rules.decide("unemployment_aid", facts, as_of=date.fromisoformat(as_of), place="本溪").window
    assert (window.state, window.until) == (state, date.fromisoformat(until))


def test_a_small_unit_today_fits_the_rule_of_a_closed_window(rules: Rulebook) -> None:
    decision = rules.decide("stabilisation_refund", rules.read(UNIT), as_of=TODAY, place="本溪")
    assert (decision.verdict, decision.window.state) == ("eligible", "closed")
    assert decision.results == {"route": "no_application"}
    assert decision.assumptions[0] == "no_application_has_no_deadline"
    assert decision.would_change == {}
    larger = rules.read({**UNIT, "insured_count_end_2020": 201})
    assert rules.decide("stabilisation_refund", larger, as_of=TODAY, place="本溪").verdict == "ineligible"


@pytest.mark.parametrize(("as_of", "left"), [("2021-12-30", 1), ("2021-12-31", 0), ("2022-01-01", None)])
def test_no_days_are_left_once_it_is_over(rules: Rulebook, as_of: str, left: int | None) -> None:
    facts = rules.read({**UNIT, "insured_count_end_2020": 201, "application_date": "2021-11-01"})
    decision = rules.decide("stabilisation_refund", facts, as_of=date.fromisoformat(as_of), place="本溪")
    assert decision.results["apply_by"] == "2021-12-31"
    assert decision.results.get("days_left") == left


def test_accepted_in_2020_carries_on_to_the_last_day(rules: Rulebook) -> None:
    facts = {"accepted_year": 2020, "benefit_period_end": "2021-10-31"}
    for as_of, verdict in ((date(2021, 10, 31), "conditional"), (date(2021, 11, 1), "needs_info")):
        decision = rules.decide("unemployment_aid", rules.read(facts), as_of=as_of, place="本溪")
        assert decision.verdict == verdict
        assert ("continue_until" in decision.results) == (verdict == "conditional")
    unknown = rules.decide(
        "unemployment_aid", rules.read({"accepted_year": 2020}), as_of=date(2021, 8, 1), place="本溪"
    )
    assert "benefit_period_end" in unknown.missing
    assert "accepted_in_2020" not in unknown.missing, "its twin was given"
    later = rules.decide("unemployment_aid", rules.read({"accepted_year": 2021}), as_of=date(2021, 8, 1), place="本溪")
    assert "benefit_period_end" not in later.missing


def test_the_city_s_word_counts_from_its_day_and_above_a_claim(rules: Rulebook) -> None:
    facts = rules.read(
        {
            "college_graduate": True,
            "subsidy_expired_on": "2021-07-18",
            "stable_employment": False,
            "months_already_extended": 0,
        }
    )
    programme = "flexible_employment_subsidy_extension"
    for day, place, verdict in (
        (date(2021, 7, 19), "本溪", "conditional"),
        (date(2021, 7, 20), "本溪", "eligible"),
        (date(2021, 7, 20), "桓仁", "eligible"),
        (date(2021, 7, 20), "沈阳", "conditional"),
        (date(2021, 7, 20), "辽宁", "conditional"),
    ):
        assert rules.decide(programme, facts, as_of=day, place=place).verdict == verdict
    denied = {**facts, "city_allows": False}
    assert rules.decide(programme, denied, as_of=date(2021, 7, 20), place="本溪").verdict == "eligible"
    assert rules.decide(programme, denied, as_of=date(2021, 7, 20), place="沈阳").verdict == "ineligible"


@pytest.mark.parametrize(("used", "left"), [(0, 6), (1, 5), (5, 1)])
def test_the_extension_has_as_many_months_as_are_left(rules: Rulebook, used: int, left: int) -> None:
    facts = {"subsidy_expired_on": "2021-07-31", "months_already_extended": used, "college_graduate": True}
    decision = rules.decide(
        "flexible_employment_subsidy_extension",
        rules.read({**facts, "stable_employment": False}),
        as_of=date(2021, 8, 1),
        place="本溪",
    )
    assert decision.amount is not None
    assert decision.amount.months == decision.results["max_months"] == left


@pytest.mark.parametrize(
    ("as_of", "state"),
    [("2022-01-31", "open"), ("2022-02-01", "closed"), ("2021-07-20", "open"), ("2020-12-31", "not_yet")],
)
def test_six_months_after_the_subsidy_nothing_is_left_to_extend(rules: Rulebook, as_of: str, state: str) -> None:
    facts = rules.read({"subsidy_expired_on": "2021-07-31"})
    day = date.fromisoformat(as_of)
    window = rules.decide("flexible_employment_subsidy_extension", facts, as_of=day, place="本溪").window
    assert (window.state, window.until) == (state, date(2022, 1, 31))
