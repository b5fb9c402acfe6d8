"""Six programmes read a second time: plain Python over complete facts, from the notices, not from the packs.

What the engine says about partial facts is compared with all completions of these (``situations``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

Facts = Mapping[str, Any]

ELIGIBLE, INELIGIBLE, TRANSITION, ELSEWHERE = "eligible", "ineligible", "conditional", "not_in_notice"
UNITS = {"enterprise", "social_organization", "foundation", "social_service_agency", "law_firm", "accounting_firm"}
UNITS |= {"individual_business_insured_as_unit"}
YEAR_END = date(2021, 12, 31)


def stabilisation_refund(f: Facts, as_of: date, place: str) -> str:
    """LN 一（一）."""
    percent, insured = f.get("layoff_rate_pct"), f["insured_count"]
    if percent is None:  # no formula is printed: layoffs per insured employee
        within = lambda limit: f["layoff_count"] * 100 <= limit * insured  # noqa: E731
    else:
        within = lambda limit: percent <= limit  # noqa: E731
    rate = within(6) or (insured <= 30 and within(20))
    in_time = (f.get("application_date") or as_of) <= YEAR_END
    return _verdict(
        f["unit_kind"] in UNITS
        and f["insured_in_liaoning"]
        and rate
        and (in_time or f["insured_count_end_2020"] <= 200)
        and f["region_reserve_months"] >= 12
    )


def unemployment_aid(f: Facts, as_of: date, place: str) -> str:
    """LN 一（六), and the transition at the end of the notice."""
    accepted = f.get("accepted_in_2020")
    if accepted is None and f.get("accepted_year") is not None:
        accepted = f["accepted_year"] == 2020
    if accepted and f["benefit_period_end"] >= as_of:
        return TRANSITION
    applied = f.get("application_date") or as_of
    old = f["event_date"].year < 2021
    in_time = (applied <= date(2021, 7, 31) and f["city_rule"]) if old else applied <= YEAR_END
    return _verdict(
        f["insured_unemployed"]
        and f["situation"] in ("ui_exhausted", "not_qualified_for_ui")
        and not f["currently_employed"]
        and not f["received_before"]
        and in_time
    )


def flexible_employment_subsidy_extension(f: Facts, as_of: date, place: str) -> str:
    """LN 三（十二）; BX 二 settles it in 本溪 from 2021-07-20."""
    allowed = f["city_allows"] or (place in ("本溪", "桓仁") and as_of >= date(2021, 7, 20))
    return _verdict(
        f["college_graduate"]
        and f["subsidy_expired_on"] < as_of
        and not f["stable_employment"]
        and f["months_already_extended"] < 6
        and allowed
    )


def skill_upgrade_subsidy(f: Facts, as_of: date, place: str) -> str:
    """LN 一（四）: after 2021 the notice no longer says how long one must have paid."""
    if (f.get("application_date") or as_of) > YEAR_END:
        return ELSEWHERE
    return _verdict(f["enterprise_employee"] and f["ui_months"] >= 12 and f["other_conditions"])


def job_seeking_subsidy_category(f: Facts, as_of: date, place: str) -> str:
    """LN 附件1."""
    listed = (
        f["low_income_dibao_family"]
        or (f["family_hardship"] and f["disabled_parent"])
        or f["poverty_alleviated_family"]
        or f["rural_low_income_family"]
        or f["destitute_person"]
        or f["self_disabled"]
        or f["martyr_child"]
        or f["orphan"]
        or f["national_student_loan"]
    )
    graduate = f["school_level"] in ("higher_education", "secondary_vocational", "technician_school")
    return _verdict(graduate and listed and f["other_conditions"])


def employment_difficulty_status(f: Facts, as_of: date, place: str) -> str:
    """LN 附件2."""
    zero_family = (
        f["urban_household"]
        and f["same_household"]
        and f["zero_family_jobless_members"] >= 2
        and not f["zero_family_any_employed"]
        and not f["zero_family_business_or_investment_income"]
    )
    in_five_years = date(as_of.year + 5, as_of.month, as_of.day)
    worker = f["in_poverty_system"] and f["working_age"] and f["able"] and f["willing"] and f["unemployed"]
    difficult = (
        zero_family
        or f["urban_dibao_family"]
        or (f["registered_unemployed"] and as_of < f["retires_on"] <= in_five_years)
        or f["disabled"]
        or f["single_parent_of_minor"]
        or f["military_spouse_jobless"]
        or f["preferential_treatment_recipient"]
        or f["martyr_family"]
        or (f["key_county"] and f["poverty_alleviated"] and worker)
        or (f["key_county"] and f["rural_low_income"] and worker)
    )
    orphan = f["orphan"] and f["in_child_welfare_system"] and f["age"] >= 16 and f["able"] and f["willing"]
    reference = (
        f["county_model_worker"]
        or f["land_lost_farmer"]
        or (not f["key_county"] and f["poverty_alleviated"] and worker)
        or (not f["key_county"] and f["rural_low_income"] and worker)
        or orphan
    )
    return _verdict(difficult or (reference and f["reference_applies"]))


def _verdict(met: bool) -> str:
    return ELIGIBLE if met else INELIGIBLE


RULES: dict[str, Callable[[Facts, date, str], str]] = {
    rule.__name__: rule
    for rule in (
        stabilisation_refund,
        unemployment_aid,
        flexible_employment_subsidy_extension,
        skill_upgrade_subsidy,
        job_seeking_subsidy_category,
        employment_difficulty_status,
    )
}

_BOOLS = {
    "stabilisation_refund": "insured_in_liaoning",
    "unemployment_aid": "insured_unemployed currently_employed received_before city_rule",
    "flexible_employment_subsidy_extension": "college_graduate stable_employment city_allows",
    "skill_upgrade_subsidy": "enterprise_employee other_conditions",
    "job_seeking_subsidy_category": (
        "low_income_dibao_family disabled_parent family_hardship poverty_alleviated_family rural_low_income_family "
        "destitute_person self_disabled martyr_child orphan national_student_loan other_conditions"
    ),
    "employment_difficulty_status": (
        "urban_household same_household zero_family_any_employed zero_family_business_or_investment_income "
        "urban_dibao_family registered_unemployed disabled single_parent_of_minor military_spouse_jobless "
        "preferential_treatment_recipient martyr_family poverty_alleviated key_county rural_low_income "
        "in_poverty_system working_age able willing unemployed county_model_worker land_lost_farmer orphan "
        "in_child_welfare_system reference_applies"
    ),
}
_DAYS = [date(2020, 12, 31), date(2021, 1, 1), date(2021, 7, 31), date(2021, 8, 1), YEAR_END, date(2022, 1, 1)]


def grid(programme: str, as_of: date, completing: bool = False) -> dict[str, list[Any]]:
    """For every fact of a programme the values between which its rule can tell, and those on its borders.

    With ``completing`` wider than any value that may be known: to each known half of a ratio both outcomes exist.
    """
    before, after = date.fromordinal(as_of.toordinal() - 1), date.fromordinal(as_of.toordinal() + 1)
    five = date(as_of.year + 5, as_of.month, as_of.day)
    values: dict[str, list[Any]] = {name: [True, False] for name in _BOOLS[programme].split()}
    if programme == "job_seeking_subsidy_category":
        values["school_level"] = ["higher_education", "technician_school", "other"]
    if programme == "stabilisation_refund":
        values |= {
            "unit_kind": ["enterprise", "law_firm", "individual_business_insured_as_person", "government_body"],
            "layoff_count": [0, 1, 2, 5, 6, 7, 12, 60],
            "insured_count": [0, 1, 4, 5, 10, 17, 25, 29, 30, 31, 34, 84, 99, 100, 101, 117, 1000],
            "layoff_rate_pct": [0, 6, Fraction(601, 100), 20, Fraction(2001, 100), 50],
            "insured_count_end_2020": [0, 200, 201, 5000],
            "region_reserve_months": [0, 11, 12, 24],
            "application_date": _DAYS,
        }
        if completing:
            values["insured_count"].append(9000)
            values["layoff_count"].append(250)
    if programme == "unemployment_aid":
        values |= {
            "situation": ["ui_exhausted", "not_qualified_for_ui", "receiving_ui", "qualified_for_ui_unclaimed"],
            "event_date": _DAYS[:3],
            "application_date": _DAYS,
            "accepted_in_2020": [True, False],
            "accepted_year": [2019, 2020, 2021],
            "benefit_period_end": [before, as_of, after],
        }
    if programme == "flexible_employment_subsidy_extension":
        values |= {"subsidy_expired_on": [before, as_of, after], "months_already_extended": [0, 5, 6, 7]}
    if programme == "skill_upgrade_subsidy":
        values |= {"ui_months": [0, 11, 12, 36], "application_date": _DAYS}
    if programme == "employment_difficulty_status":
        values |= {
            "zero_family_jobless_members": [0, 1, 2, 3],
            "retires_on": [before, as_of, after, five, date.fromordinal(five.toordinal() + 1)],
            "age": [15, 16, 40],
        }
    return values
