"""The cases of the public contract that belong to a programme we decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eligibility import Rulebook
from eligibility.cases import run, run_case
from knowledge.yaml_source import load_yaml

PUBLIC = Path(__file__).parents[1] / "contract" / "cases_public.yml"
PROGRAMMES = {
    "stabilisation_refund",
    "unemployment_aid",
    "flexible_employment_subsidy_extension",
    "skill_upgrade_subsidy",
    "employment_difficulty_status",
    "job_seeking_subsidy_category",
}
CASES = [case for case in load_yaml(PUBLIC).data["cases"] if case["programme"] in PROGRAMMES]


def test_there_are_as_many_as_the_contract_has(rules: Rulebook) -> None:
    assert len(CASES) == 43
    assert set(rules.programmes) >= PROGRAMMES
    passed = {result.id for result in run(rules, [PUBLIC]) if result.passed}
    assert passed >= {case["id"] for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_public_case(rules: Rulebook, case: dict[str, Any]) -> None:
    assert run_case(rules, case).messages == ()
