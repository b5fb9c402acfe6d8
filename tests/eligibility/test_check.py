"""``wengang check``: the house's packs pass, and every check reports a planted fault with file, line, what and mend."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from eligibility.check import CHECKS, Finding, Result, check
from eligibility.check.numbers import numbers
from eligibility.check.packs import Packs, open_packs
from eligibility.check.quotes import quotes
from eligibility.check.sentences import sentences
from knowledge.errors import shown
from knowledge.pack import PACKS
from knowledge.yaml_source import load_yaml

LN, BX = "ln-2021-7", "bx-2021-43"


# ── the house ──


@pytest.fixture(scope="module")
def house() -> Result:
    return check()


def test_the_house_passes_every_check(house: Result) -> None:
    assert [str(finding) for finding in house.findings] == []
    assert tuple(report.check for report in house.reports) == CHECKS
    assert house.left_out == () and house.packs is not None and house.packs.whole


def test_the_house_is_covered(house: Result) -> None:
    figures = {report.check: report.figures for report in house.reports}
    assert figures["quotes"]["share"] == 100 and figures["quotes"]["clauses"] == 199
    assert figures["sentences"]["claimed"] == figures["sentences"]["total"] == 158
    assert figures["clause_use"]["used"] == figures["clause_use"]["total"] >= 120
    assert figures["cases"]["passed"] == figures["cases"]["total"] >= 600
    assert figures["numbers"]["printed"] == 142 and figures["numbers"]["in_rules"] >= 79
    assert figures["lay_questions"]["clauses"] == 136 and figures["lay_questions"]["enough"] >= 129
    assert all(report.title and report.summary and "{" not in report.summary for report in house.reports)


# ── many faults in one copy: each is told where it stands ──


@dataclass(frozen=True)
class Fault:
    """A slip in one file of the packs: ``old`` becomes ``new``, and ``check`` says ``words`` at that line.

    Attributes:
        at: where the finding stands, if not at the slip: words, or a file, or both.
    """

    check: str
    file: str
    old: str
    new: str
    words: str
    at: Mapping[str, str] = field(default_factory=dict)


FAULTS = [Fault(**entry) for entry in load_yaml(Path(__file__).with_name("planted_faults.yml")).data]
SKILLS, POSTS = f"{LN}/programmes/skill_upgrade_subsidy.yml", f"{LN}/programmes/public_post_priority.yml"
TRAINING = f"{BX}/programmes/work_for_training_subsidy.yml"


def case(pack: str, programme: str) -> str:
    return f"{pack}/cases/{programme}.yml"


def change(root: Path, fault: Fault) -> None:
    path = root / fault.file
    text = path.read_text(encoding="utf-8")
    assert fault.old in text, f"{fault.file} no longer says {fault.old!r}"
    path.write_text(text.replace(fault.old, fault.new, 1), encoding="utf-8")


def line_of(root: Path, fault: Fault) -> tuple[str, int | None]:
    """File and line where the finding has to stand; None: any line of that file."""
    file, words = fault.at.get("file", fault.file), fault.at.get("words", "" if "file" in fault.at else fault.new)
    text = (root / file).read_text(encoding="utf-8")
    return file, text[: text.index(words)].count("\n") + 1 if words else None


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The packs with every fault planted at once, and what the checks say."""
    root = tmp_path_factory.mktemp("broken") / "packs"
    shutil.copytree(PACKS, root)
    for fault in FAULTS:
        change(root, fault)
    (root / case(BX, "flexible_employment_subsidy_extension")).unlink()
    return root, check(root)


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{fault.check}: {fault.words}" for fault in FAULTS])
def test_a_planted_fault_is_told(broken: tuple[Path, Result], house: Result, fault: Fault) -> None:
    root, result = broken
    told = [
        f for report in result.reports if report.check == fault.check for f in report.findings if fault.words in str(f)
    ]
    assert told, [str(f) for report in result.reports if report.check == fault.check for f in report.findings]
    file, line = line_of(root, fault)
    places = {(f.path.relative_to(root).as_posix(), f.line) for f in told}
    assert any(path == file and (line is None or at is not None and abs(at - line) <= 3) for path, at in places), places
    assert all(re.search("改法：.+。$", str(f)) for f in told)
    assert not any(fault.words in str(finding) for finding in house.findings)


def test_a_notice_without_cases_of_its_own_is_told(broken: tuple[Path, Result]) -> None:
    root, result = broken
    words = "flexible_employment_subsidy_extension 在这份通知里只有 0 个案例"
    assert [f.path.relative_to(root).parts[0] for f in result.findings if words in str(f)] == [BX]


def test_findings_point_into_the_packs(broken: tuple[Path, Result]) -> None:
    root, result = broken
    for finding in result.findings:
        assert finding.path.is_relative_to(root) and finding.line, finding
        assert str(finding).startswith(shown(finding.path))


# ── files that do not load ──


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(PACKS, tmp_path / "packs")
    return tmp_path / "packs"


def edit(root: Path, file: str, old: str, new: str) -> None:
    change(root, Fault("", file, old, new, ""))


def test_several_faulty_programmes_are_told_at_once(copied: Path) -> None:
    edit(copied, SKILLS, "cite: [LN/四/放宽]", "cite: [LN/四/放松]")
    edit(copied, POSTS, "if: post_conditions_met", "if: post_condition_met")
    edit(copied, TRAINING, "extends: work_for_training_subsidy", "extends: work_for_training")
    result = check(copied)
    told = [str(finding) for finding in result.reports[0].findings]
    assert len(told) == 2, told  # the unknown clause is told by the check of citations, at the same line
    told += [
        str(finding) for report in result.reports[1:] for finding in report.findings if report.check == "citations"
    ]
    assert any(
        "skill_upgrade_subsidy.yml 第22行：引用的条文“LN/四/放松”不存在" in one and "是不是“LN/四/放宽”" in one
        for one in told
    )
    assert any("public_post_priority.yml" in one and "post_condition_met" in one for one in told)
    assert any("work_for_training_subsidy.yml" in one for one in told)
    need_no_rules = ("schema", "citations", "quotes", "sentences", "numbers", "lay_questions")
    assert tuple(report.check for report in result.reports) == need_no_rules == CHECKS[:6]
    assert {*result.left_out} == {*CHECKS[6:]}
    assert result.packs is not None and not result.packs.whole


def test_unknown_clauses_are_told_one_by_one(copied: Path) -> None:
    edit(copied, case(LN, "conflict"), "- LN/末/施行", "- LN/末/实行")
    edit(copied, f"{BX}/duties.yml", "cite: [BX/六/办法]", "cite: [BX/六/方法]")
    edit(copied, SKILLS, "deadline:\n    stated: [LN/四/放宽]", "deadline:\n    stated: [LN/四/放]")
    findings = {f.path.name for report in check(copied).reports if report.check == "citations" for f in report.findings}
    assert findings == {"conflict.yml", "duties.yml", "skill_upgrade_subsidy.yml"}


def test_every_unreadable_file_is_told(copied: Path) -> None:
    for file in ("common/facts.yml", "common/glossary.yml", case(BX, "duty")):
        (copied / file).write_text((copied / file).read_text(encoding="utf-8") + "\nbroken: [1\n", encoding="utf-8")
    result = check(copied)
    assert {finding.path.name for finding in result.findings} == {"facts.yml", "glossary.yml", "duty.yml"}
    assert result.packs is None and result.left_out == CHECKS[1:]


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("common/exemptions.yml", "  why: 百分数换成比例，除以 100\n", "", "缺少字段“why”"),
        ("common/exemptions.yml", "- check: leaves", "- check: leafs", "“check”不能写“leafs”"),
        ("common/parameters.yml", "from: 2021-11-01", "from: 2021-11-02", "空当"),
    ],
)
def test_other_files_are_read_too(copied: Path, file: str, old: str, new: str, words: str) -> None:
    edit(copied, file, old, new)
    assert any(words in str(finding) for finding in check(copied).findings)


def test_no_packs_at_all(tmp_path: Path) -> None:
    assert [finding.what for finding in check(tmp_path / "nothing").findings] == ["没有这个文件夹"]


# ── what loading refuses is measured independently ──


@pytest.fixture(scope="module")
def packs() -> Packs:
    opened, faults = open_packs()
    assert opened is not None and not faults
    return opened


@pytest.fixture
def torn(packs: Packs) -> Callable[[str], Packs]:
    """The packs without one clause of the province's notice."""

    def without(lost: str) -> Packs:
        notice = packs.knowledge.notices["LN"]
        rest = tuple(clause for clause in notice.clauses if clause.id != lost)
        knowledge = replace(packs.knowledge, notices={**packs.knowledge.notices, "LN": replace(notice, clauses=rest)})
        return replace(packs, knowledge=knowledge)

    return without


def only(findings: tuple[Finding, ...]) -> Iterator[str]:
    return (str(finding) for finding in findings)


def test_a_lost_sentence_and_its_number(torn: Callable[[str], Packs]) -> None:
    packs = torn("LN/三/两后生")
    (told,) = only(sentences(packs).findings)
    assert "source.txt 第27行：““两后生”中的农村学员和城市低保家庭学员参加" in told
    assert any("原文的数字“300”没有归入任何条文" in one for one in only(numbers(packs).findings))


def test_a_quote_that_is_not_verbatim(packs: Packs) -> None:
    notice = packs.knowledge.notices["LN"]
    doctored = (replace(notice.clauses[0], quote="辽宁省人社厅"), *notice.clauses[1:])
    knowledge = replace(packs.knowledge, notices={**packs.knowledge.notices, "LN": replace(notice, clauses=doctored)})
    report = quotes(replace(packs, knowledge=knowledge))
    assert [finding.what for finding in report.findings] == ["“辽宁省人社厅”和 source.txt 不一致"]
    assert report.figures["share"] == 99
