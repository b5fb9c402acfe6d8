"""The examples that stand beside the rules: an officer reads and extends them, so every one must hold."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eligibility import Rulebook
from eligibility.cases import run, run_case
from eligibility.errors import DecisionError
from knowledge import Knowledge
from knowledge.pack import PACKS
from knowledge.yaml_source import load_yaml

FILES = sorted(PACKS.glob("*/cases/*.yml"))
CASES = [(path, case) for path in FILES for case in load_yaml(path).data["cases"]]


@pytest.mark.parametrize(("path", "case"), CASES, ids=[f"{path.parts[-3]}-{case['id']}" for path, case in CASES])
def test_pack_case(rules: Rulebook, path: Path, case: dict[str, Any]) -> None:
    assert run_case(rules, case).messages == ()
    assert case["programme"] == path.stem


def test_every_programme_of_every_notice_has_examples(rules: Rulebook, knowledge: Knowledge) -> None:
    counts = Counter((path.parts[-3], path.stem) for path, _ in CASES)
    for source in knowledge.programme_files:
        if source.path.stem in rules.programmes:
            assert counts[source.path.parts[-3], source.path.stem] >= 6, source.path


def test_an_example_can_be_told_from_the_others() -> None:
    assert max(Counter((case["programme"], case["id"]) for _, case in CASES).values()) == 1
    for _, case in CASES:
        assert sum("\u4e00" <= letter <= "\u9fff" for letter in case["title"]) >= 4, case["id"]
        assert case["expect"]["verdict"]


def test_every_verdict_of_a_programme_has_an_example(rules: Rulebook) -> None:
    for programme in rules.benefits.values():
        verdicts = {case["expect"]["verdict"] for _, case in CASES if case["programme"] == programme.id}
        wanted = {"eligible", "ineligible", "needs_info", "conditional"}
        if not {fact for leaf in programme.leaves for fact in leaf.facts} - {*programme.held_by}:
            wanted -= {"needs_info"}  # nothing the applicant could tell
        if programme.id == "transition":
            wanted -= {"eligible"}  # “可继续” refers to the old policy: never more than conditional
        assert verdicts >= wanted, programme.id


def test_a_wrong_expectation_is_said(rules: Rulebook) -> None:
    case = {
        "id": "X",
        "programme": "skill_upgrade_subsidy",
        "place": "本溪",
        "as_of": "2021-08-01",
        "facts": {"enterprise_employee": True},
        "expect": {"verdict": "eligible", "missing": ["enterprise_employee"], "apply_by": "2022-12-31"},
        "decided_by": ["LN/一/裁员率"],
    }
    messages = run_case(rules, case).messages
    assert [message.partition(":")[0] for message in messages] == ["verdict", "missing", "apply_by", "decided_by"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"programme": "skill_upgrade"}, "没有叫“skill_upgrade”的事项，是不是“skill_upgrade_subsidy”"),
        ({"as_of": "2021-02-30"}, "2021-02-30"),
        ({"as_of": None}, "办理日期"),
        ({"place": "火星"}, "火星"),
        ({"facts": {"ui_month": 3}}, "是不是“ui_months”"),
        ({"facts": [1]}, "对照表"),
        ({"question": "colour"}, "不是可以另问的内容"),
    ],
)
def test_a_case_that_cannot_be_decided_fails_with_a_sentence(
    rules: Rulebook, change: dict[str, Any], words: str
) -> None:
    good = {"id": "X", "programme": "skill_upgrade_subsidy", "place": "本溪", "as_of": "2021-08-01", "facts": {}}
    result = run_case(rules, good | {"expect": {}} | change)
    assert not result.passed
    assert words in result.messages[0]


@pytest.mark.parametrize("text", ["", "[]", "cases: 3", "cases:"])
def test_a_file_without_cases_is_refused(rules: Rulebook, tmp_path: Path, text: str) -> None:
    path = tmp_path / "cases.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DecisionError, match="cases.yml"):
        list(run(rules, [path]))
