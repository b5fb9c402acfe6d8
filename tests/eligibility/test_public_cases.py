"""The cases of the public contract, all of them, and its programmes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eligibility import Rulebook
from eligibility.cases import run, run_case
from knowledge.yaml_source import load_yaml

PUBLIC = Path(__file__).parents[1] / "contract" / "cases_public.yml"
CASES = load_yaml(PUBLIC).data["cases"]


def test_there_are_as_many_as_the_contract_has(rules: Rulebook) -> None:
    assert len(CASES) == 73
    contract = load_yaml(PUBLIC.with_name("facts.yml")).data
    assert set(rules.programmes) == set(contract["programmes"])
    passed = {result.id for result in run(rules, [PUBLIC]) if result.passed}
    assert passed >= {case["id"] for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_public_case(rules: Rulebook, case: dict[str, Any]) -> None:
    assert run_case(rules, case).messages == ()
