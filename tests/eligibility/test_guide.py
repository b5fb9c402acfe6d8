"""The guide for policy officers is true: its example notice, taken from its own blocks, passes every check."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from eligibility import Rulebook
from eligibility.check import Result, check
from knowledge import load
from knowledge.pack import PACKS
from knowledge.yaml_source import load_yaml

GUIDE = Path(__file__).parents[2] / "docs" / "如何加入一份新通知.md"
BLOCK = re.compile(r"^文件：`(?P<path>[^`]+)`\n\n```\w+\n(?P<text>.*?)^```$", re.M | re.S)


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The house's packs with every file that the guide tells to write."""
    root = tmp_path_factory.mktemp("guide") / "packs"
    shutil.copytree(PACKS, root)
    blocks = list(BLOCK.finditer(GUIDE.read_text(encoding="utf-8")))
    assert {Path(block["path"]).name for block in blocks} >= {"source.txt", "notice.yml", "clauses.yml"}
    for block in blocks:
        path = root / block["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block["text"], encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def result(packs: Path) -> Result:
    return check(packs)


def test_the_example_passes_every_check_but_for_what_it_really_changes(result: Result) -> None:
    """As the guide says: only cases of the older notices that fall on a later day come out differently."""
    house = load_yaml(PACKS / "ln-2021-7" / "cases" / "stabilisation_refund.yml").data["cases"]
    later = {case["id"] for case in house if str(case["as_of"]) >= "2022-06-01"}
    changed = [
        re.search(r"ln-2021-7/cases/stabilisation_refund.yml .*案例 (\w+) 不对", str(f)) for f in result.findings
    ]
    assert all(changed), [str(finding) for finding in result.findings]
    assert len(changed) > 0 and {found[1] for found in changed if found} <= later


def test_the_example_s_cases_are_among_those_checked(packs: Path) -> None:
    cases = load_yaml(packs / "demo-2022-1" / "cases" / "stabilisation_refund.yml").data["cases"]
    assert {str(case["as_of"]) for case in cases} == {"2022-05-31", "2022-06-01", "2023-01-01"}


def test_the_later_notice_speaks_from_its_day(packs: Path) -> None:
    rules = Rulebook(load(packs))
    for day, limit in ((date(2022, 5, 31), "6%"), (date(2022, 6, 1), "5.5%")):
        programme = rules.programme_at("stabilisation_refund", day, "本溪")
        assert any(limit in leaf.expression.text for leaf in programme.leaves if leaf.id == "general_rate")


def test_every_command_of_the_guide_exists() -> None:
    targets = set(re.findall(r"^make (\w+)", GUIDE.read_text(encoding="utf-8"), re.M))
    makefile = (GUIDE.parents[1] / "Makefile").read_text(encoding="utf-8")
    assert targets == {"check", "chat"} and all(re.search(rf"^{target}:", makefile, re.M) for target in targets)
