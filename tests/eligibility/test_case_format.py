"""How the cases of the packs are compared, beyond the head of the contract's file."""

from __future__ import annotations

from typing import Any

import pytest

from eligibility import Rulebook
from eligibility.cases import run_case

SMALL: dict[str, Any] = {
    "id": "X",
    "programme": "stabilisation_refund",
    "place": "沈阳",
    "as_of": "2021-12-31",
    "facts": {
        "unit_kind": "enterprise",
        "enterprise_size": "medium_small_micro",
        "insured_in_liaoning": True,
        "insured_count": 100,
        "layoff_count": 1,
        "insured_count_end_2020": 201,
        "premium_paid_prev_year_yuan": 60000,
        "region_reserve_months": 24,
    },
}
READINGS = ["before_date_inclusive", "layoff_rate_definition", "size_by_own_statement", "tax_record_decides"]


@pytest.mark.parametrize(
    ("expect", "holds"),
    [
        ({"window": {"state": "open"}}, True),
        ({"window": {"until": "2021-12-31"}}, True),
        ({"window": {"state": "open", "until": "2021-12-31", "note": None, "source": None}}, True),
        ({"window": {"state": "closed"}}, False),
        ({"window": {"state": "open", "until": "2021-12-30"}}, False),
        ({"window": {"colour": None}}, False),
        ({"window": "open"}, False),
        ({"amount": {"kind": "at_most", "yuan": 36000}}, True),
        ({"amount": {"yuan": 36001}}, False),
        ({"amount": None}, False),
        ({"assumptions": READINGS[:1]}, True),
        ({"assumptions_exactly": READINGS}, True),
        ({"assumptions_exactly": READINGS[::-1]}, True),
        ({"assumptions_exactly": READINGS[1:]}, False),
        ({"assumptions_exactly": [*READINGS, "lifetime_once"]}, False),
        ({"refer_to_exactly": []}, True),
        ({"refer_to_exactly": ["经办机构"]}, False),
    ],
)
def test_an_expectation(rules: Rulebook, expect: dict[str, Any], holds: bool) -> None:
    result = run_case(rules, {**SMALL, "expect": expect})
    assert result.passed is holds, result.messages
    assert len(result.messages) == (not holds)
