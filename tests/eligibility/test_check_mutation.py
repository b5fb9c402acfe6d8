"""``wengang check --mutate``: every small slip is made, the cases notice it, what they cannot notice is justified."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from eligibility import Rulebook
from eligibility.check import Mutation, Score, mutate
from eligibility.check.alter import altered, negated
from eligibility.check.mutants import Mutant, mutants
from eligibility.check.mutation import KILLED, STILLBORN, SURVIVED
from eligibility.check.packs import Packs, only, open_packs
from knowledge.pack import PACKS
from knowledge.yaml_source import load_yaml


@pytest.mark.parametrize(
    ("text", "slips"),
    [
        ("rate <= 6%", {"rate < 6%", "rate <= 5%", "rate <= 7%"}),
        ("count >= 12", {"count > 12", "count >= 11", "count >= 13"}),
        ("day <= 2021-12-31", {"day < 2021-12-31", "day <= 2021-12-30", "day <= 2022-01-01"}),
        ("kind == region", {"kind != region"}),
        ("kind in [a, b, c]", {"kind in [b, c]", "kind in [a, c]", "kind in [a, b]"}),
        ("kind in [a]", set()),
        ("one and two", {"one or two", "one", "two"}),
        ("(a or b) and c", {"(a and b) and c", "(a or b) or c", "(a or b)", "c"}),
        ("not one", {" one"}),
        ("1.5 * base", {"1.4 * base", "1.6 * base", "1.5 / base"}),
        ("start + 6 months", {"start - 6 months", "start + 5 months", "start + 7 months"}),
        ("0", {"1"}),
        ("true", {"false"}),
        ("fact", set()),
        ("'word and word'", set()),
    ],
)
def test_every_slip_of_an_expression(text: str, slips: set[str]) -> None:
    found = list(altered(text))
    assert set(found) == slips and len(found) == len(slips)


@pytest.mark.parametrize(
    ("text", "contrary"),
    [("a", "not (a)"), ("a <= 3", "not (a <= 3)"), ("not a", "a"), ("not a and b", "not (not a and b)")],
)
def test_the_contrary(text: str, contrary: str) -> None:
    assert negated(text) == contrary


RULE = """\
id: example
title: 例子
source: {document: LN, item: 一（一）}
subject: unit
summary: 一句话
derive:
  application_day:
    - {value: application_date}
    - {value: as_of}
exceptions:
  - {id: too_late, if: application_day > 2022-06-30, verdict: not_in_notice, cite: [LN/一/申请期限], refer_to: [甲, 乙]}
when:
  all:
    - {id: here, if: insured_in_liaoning, cite: [LN/一/单位范围]}
    - any:
        - {id: small, if: insured_count <= 30, cite: [LN/一/小单位]}
        - {not: {id: big, if: insured_count_end_2020 > 200, cite: [LN/一/免申即享]}}
amount:
  kind: at_most
  base: {value: premium_paid_prev_year_yuan, cite: [LN/一/缴费依据]}
  rate:
    - {if: enterprise_size == large, value: 30%, cite: [LN/一/大型30]}
    - {value: 60%, cite: [LN/一/其他60], assume: size_by_own_statement}
window:
  - {until: 2021-12-31, cite: [LN/一/申请期限]}
what_if: {may_change: [layoff_count, application_date]}
"""


@pytest.fixture
def rule(tmp_path: Path) -> list[Mutant]:
    path = tmp_path / "ln-2021-7" / "programmes" / "example.yml"
    path.parent.mkdir(parents=True)
    path.write_text(RULE, encoding="utf-8")
    return list(mutants(load_yaml(path)))


@pytest.mark.parametrize(
    ("where", "was", "now"),
    [
        ("when.all", "all", "any"),
        ("when.all.1.any", "any", "all"),
        ("when.all.here", "here", "删去 here"),
        ("when.all.1.any.small", "small", "删去 small"),
        ("when.all.1.any.1.not", "not", "删去"),
        ("when.all.here.if", "insured_in_liaoning", "not (insured_in_liaoning)"),
        ("exceptions.too_late", "too_late", "删去 too_late"),
        ("exceptions.too_late.verdict", "not_in_notice", "ineligible"),
        ("exceptions.too_late.if", "application_day > 2022-06-30", "application_day >= 2022-06-30"),
        ("exceptions.too_late.refer_to.1", "乙", "删去 乙"),
        ("derive.application_day.0", "value: application_date", "删去 value: application_date"),
        ("amount.rate.0", "if: enterprise_size == large, value: 30%", "删去 if: enterprise_size == large, value: 30%"),
        ("amount.rate.0.value", "30%", "31%"),
        ("amount.rate.0.value", "30%, 60%", "60%, 30%"),
        ("amount.rate.1.assume", "size_by_own_statement", "删去"),
        ("window.0.until", "2021-12-31", "2022-01-01"),
        ("what_if.may_change.0", "layoff_count", "删去 layoff_count"),
    ],
)
def test_every_part_of_a_rule_is_changed(rule: list[Mutant], where: str, was: str, now: str) -> None:
    (found,) = [one for one in rule if (one.where, one.now) == (where, now)]
    assert found.was == was
    assert RULE.splitlines()[found.line - 1].strip()


def test_mutants_differ_from_the_rule_and_from_each_other(rule: list[Mutant]) -> None:
    original: Any = load_yaml_text(RULE)
    assert len({one.key for one in rule}) == len(rule) >= 40
    assert all(one.data != original for one in rule)
    assert not any(one.where.endswith(("title", "summary", "says")) for one in rule)


def load_yaml_text(text: str) -> Any:
    import yaml

    return yaml.safe_load(text)


def test_an_equation_is_turned_once(rule: list[Mutant]) -> None:
    assert [one.now for one in rule if one.where == "amount.rate.0.if"] == ["enterprise_size != large"]


# ── the house ──


@pytest.fixture(scope="module")
def packs() -> Packs:
    opened, faults = open_packs()
    assert opened is not None and not faults
    return opened


CONTRACT = [Path(__file__).resolve().parent.parent / "contract" / "cases_public.yml"]


@pytest.fixture(scope="module")
def house(packs: Packs) -> Mutation:
    return mutate(packs, CONTRACT)


def test_the_cases_of_the_house_notice_the_slips(house: Mutation) -> None:
    assert house.score >= 0.95
    assert [str(finding) for finding in house.findings] == []
    weak = {score.programme: score.score for score in house.scores if score.score < 0.95}
    assert weak == {}


def test_every_rule_is_tried(packs: Packs, house: Mutation) -> None:
    assert {score.programme for score in house.scores} == {*packs.rules.programmes} - {"citation"}  # it has no rule
    assert sum(len(score.fates) for score in house.scores) >= 1200
    assert all(score.counted >= 2 for score in house.scores)


def test_what_does_not_load_is_no_success(house: Mutation) -> None:
    for score in house.scores:
        states = [fate.state for fate in score.fates]
        assert set(states) <= {KILLED, SURVIVED, STILLBORN}
        assert score.counted + score.justified + states.count(STILLBORN) == len(states)


def test_one_process_finds_the_same_as_several(packs: Packs, house: Mutation) -> None:
    alone = mutate(packs, CONTRACT, "transition", processes=1)
    (several,) = [score for score in house.scores if score.programme == "transition"]
    assert alone.scores == (several,)


# ── cases that notice nothing, and lists that are wrong ──


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(PACKS, tmp_path / "packs")
    return tmp_path / "packs"


def score_of(root: Path, programme: str) -> tuple[Score, Sequence[str]]:
    packs, faults = open_packs(root)
    assert packs is not None and not faults, faults
    mutation = mutate(packs, (), programme)
    (score,) = mutation.scores
    return score, [str(finding) for finding in mutation.findings]


def test_without_a_case_on_the_boundary_the_slip_survives(copied: Path) -> None:
    path = copied / "ln-2021-7" / "cases" / "rural_public_post.yml"
    text = path.read_text(encoding="utf-8")
    assert score_of(copied, "rural_public_post")[0].score == 1
    path.write_text(text.replace("2025-12-31'", "2025-06-30'").replace("2026-01-01'", "2026-03-01'"), encoding="utf-8")
    score, _ = score_of(copied, "rural_public_post")
    slips = {fate.mutant.now: fate for fate in score.survivors if fate.mutant.where == "when.all.in_force.if"}
    assert set(slips) == {"date < 2025-12-31", "date <= 2025-12-30", "date <= 2026-01-01"}
    assert score.score < 0.95


def test_a_survivor_comes_with_the_case_that_is_missing(copied: Path) -> None:
    path = copied / "ln-2021-7" / "cases" / "college_internship_post_2022.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("question: fund", "question: duration").replace("\n      - 现行有关规定", "\n      - 有关"),
        encoding="utf-8",
    )
    score, _ = score_of(copied, "college_internship_post_2022")
    survivors = {fate.mutant.where: fate.apart for fate in score.survivors}
    assert survivors and all("college_internship_post_2022" in apart for apart in survivors.values() if apart)
    assert any(survivors.values())


@pytest.mark.parametrize(
    ("where", "now", "words"),
    [
        ("when.all.taken_in_2020.if", "not (accepted_2020)", "其实有案例"),
        ("when.all.taken_in_2021.if", "not (accepted_2020)", ""),  # of one programme only: not complained of here
    ],
)
def test_a_listed_mutant_that_a_case_notices_is_told(copied: Path, where: str, now: str, words: str) -> None:
    path = copied / "common" / "mutants.yml"
    entry = f"- file: ln-2021-7/programmes/transition.yml\n  where: {where}\n  now: {now}\n  why: 试试\n"
    path.write_text(path.read_text(encoding="utf-8") + entry, encoding="utf-8")
    _, told = score_of(copied, "transition")
    assert [words in one for one in told] == ([True] if words else [])


def test_a_listed_mutant_that_is_gone_or_not_equivalent_is_told(copied: Path) -> None:
    path = copied / "common" / "mutants.yml"
    gone = "- file: ln-2021-7/programmes/startup_tax_relief.yml\n  where: when.all.gone.if\n  now: gone\n  why: 试试\n"
    slip = "- file: ln-2021-7/programmes/startup_tax_relief.yml\n  where: when.all.within_period.if\n"
    path.write_text(f"{gone}{slip}  now: tax_date <= 2026-01-01\n  why: 试试\n", encoding="utf-8")
    for case in (copied / "ln-2021-7" / "cases").glob("startup_tax_relief.yml"):
        case.write_text(case.read_text(encoding="utf-8").replace("'2026-01-01'", "'2026-02-01'"), encoding="utf-8")
    opened, faults = open_packs(copied)
    assert opened is not None and not faults
    alone = only(opened.knowledge, opened.programme_files["startup_tax_relief"])
    opened = Packs(alone, Rulebook(alone))  # every mutant there is of the one programme that is left
    told = [str(finding) for finding in mutate(opened).findings]
    assert any("“gone”这个改动已经没有了" in one for one in told)
    assert any("“tax_date <= 2026-01-01”这个改动并不等价" in one and "2026-01-01" in one for one in told)


def test_a_list_without_reasons_is_told(copied: Path) -> None:
    path = copied / "common" / "mutants.yml"
    path.write_text("- {file: a, where: b, now: c}\n", encoding="utf-8")
    _, told = score_of(copied, "transition")
    assert len(told) == 1 and "mutants.yml 第1行" in told[0] and "why" in told[0]
