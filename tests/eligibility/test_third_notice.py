"""A later notice is a folder of data: other ratios and conditions from its date and in its place, no code changed."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from eligibility import DecisionError, Rulebook
from knowledge import PackError, load
from knowledge.pack import PACKS

BEFORE, AFTER = date(2022, 5, 31), date(2022, 6, 1)
NOTICE = """\
id: DEMO
number: 演示〔2022〕1号
short: 演示通知
title: 演示
issuers: [演示]
date: 2022-06-01
place: 辽宁
about: 演示用的第三份通知。
"""
SOURCE = """\
演示〔2022〕1号
裁员率不高于5.5%，缴费满12个月，中小微企业按不超过90%返还。各市每季度报省厅，30日内出细则。
2022年6月1日
"""
CLAUSES = """\
- {id: DEMO/文号, item: 文头, title: 文号, kind: informational, text: 演示〔2022〕1号}
- {id: DEMO/裁员率, item: 一, title: 裁员率, kind: benefit, text: 裁员率不高于5.5%}
- {id: DEMO/缴费, item: 一, title: 缴费, kind: benefit, text: 缴费满12个月}
- {id: DEMO/返还, item: 一, title: 返还, kind: benefit, text: 中小微企业按不超过90%返还}
- {id: DEMO/季报, item: 二, title: 季报, kind: duty, text: 各市每季度报省厅}
- {id: DEMO/细则, item: 二, title: 细则, kind: duty, text: 30日内出细则}
- {id: DEMO/日期, item: 落款, title: 日期, kind: informational, text: 2022年6月1日}
"""
OVERLAY = """\
extends: stabilisation_refund
conditions:
  general_rate:
    if: layoff_rate <= 5.5%
    cite: [DEMO/裁员率]
    met: 裁员率 {layoff_rate}，不高于 5.5%
  in_time:
    if: application_day <= 2022-12-31
    cite: [DEMO/缴费]
also:
  - id: paid_a_year
    if: ui_months >= 12
    cite: [DEMO/缴费]
amount:
  kind: at_most
  base:
    value: premium
    cite: [DEMO/返还]
  rate:
    - if: enterprise_size == large
      value: 30%
      cite: [LN/一/大型30]
    - value: 90%
      cite: [DEMO/返还]
window:
  - until: 2022-12-31
    cite: [DEMO/缴费]
results:
  paid_by:
    - if: general_rate
      each: [insured_count, ui_months]
      cite: [DEMO/缴费]
"""
DUTIES = """\
- clause: DEMO/季报
  verdict: duty
  who: [各市]
  to: [省厅]
  every: 每季度
- clause: DEMO/细则
  verdict: duty
  who: [各市]
  due: issued_on + 30 days
  assume: first_day_not_counted
- clause: LN/一/四个月
  verdict: duty
  who: [各统筹地区]
  due: issued_on + 4 months
"""
DUTY = """\
id: duty
kind: duty
title: 部门职责
source: {document: LN, item: 全文}
subject: unit
summary: 谁、做什么、什么时候、报给谁
"""
CITATION = DUTY.replace("duty", "citation").replace("部门职责", "文号")
CONFLICT = """\
id: conflict
kind: informational
title: 新旧规定不一致
source: {document: LN, item: 末段}
subject: person
summary: 不一致时以哪个为准
cite: [LN/末/施行]
says: 以往规定不一致的，以这份通知为准
"""
SUBSIDY = """\
id: example_subsidy
title: 例子
source: {document: LN, item: 一（五）}
subject: unit
summary: 例子
when:
  any:
    - {id: organised, if: unit_organises_internship, cite: [LN/五/预拨]}
    - {id: retained, if: retained_after_internship, cite: [LN/五/留用]}
amount:
  kind: at_most
  parts:
    - {if: organised, value: internship_subsidy_total_yuan * 50%, cite: [LN/五/预拨]}
    - {if: retained, value: social_insurance_subsidy_total_yuan * 50%, cite: [LN/五/留用]}
delegated:
  - {question: standard, if: retained, cite: [LN/五/留用], refer_to: [甲], says: 没有写}
  - {question: standard, cite: [LN/五/预拨], refer_to: [乙], says: 没有写}
"""
AWARD = """\
id: example_award
title: 例子
source: {document: LN, item: 五（十五）}
subject: unit
summary: 例子
when: {id: known_level, if: "level in [national, provincial]", cite: [LN/十五/单位]}
amount:
  kind: exactly
  value:
    - {if: title == incubator, value: null, says: 没有写金额, cite: [LN/十五/孵化]}
    - {if: level == national, value: 100000, cite: [LN/十五/单位]}
    - {value: 50000, cite: [LN/十五/单位]}
"""
UNIT = {
    "unit_kind": "enterprise",
    "enterprise_size": "medium_small_micro",
    "insured_in_liaoning": True,
    "insured_count": 1000,
    "layoff_count": 57,
    "insured_count_end_2020": 100,
    "premium_paid_prev_year_yuan": 1000,
    "region_reserve_months": 24,
}


def packs(root: Path, **more: str) -> Path:
    shutil.copytree(PACKS, root / "packs")
    folder = root / "packs" / "demo-2022-1"
    (folder / "programmes").mkdir(parents=True)
    for name, text in {"notice": NOTICE, "clauses": CLAUSES, "duties": DUTIES}.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    (folder / "source.txt").write_text(SOURCE, encoding="utf-8")
    for name, text in {"stabilisation_refund": OVERLAY, **more}.items():
        (folder / "programmes" / f"{name}.yml").write_text(text, encoding="utf-8")
    for notice in ("ln-2021-7", "bx-2021-43"):  # the house's own duties are not what is tested here
        (root / "packs" / notice / "duties.yml").unlink(missing_ok=True)
    return root / "packs"


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    root = tmp_path_factory.mktemp("third")
    own = {"example_subsidy": SUBSIDY, "example_award": AWARD, "duty": DUTY, "citation": CITATION, "conflict": CONFLICT}
    here = {path.stem for path in PACKS.glob("*/programmes/*.yml")}
    return Rulebook(load(packs(root, **{name: text for name, text in own.items() if name not in here})))


def decide(rules: Rulebook, programme: str, as_of: date = AFTER, **facts: Any) -> dict[str, Any]:
    return rules.to_json(rules.decide(programme, rules.read(facts), as_of=as_of, place="本溪"))


def test_it_speaks_from_its_date(rules: Rulebook) -> None:
    before = decide(rules, "stabilisation_refund", BEFORE, **UNIT, ui_months=12)
    assert (before["verdict"], before["amount"]["yuan"]) == ("eligible", 600)
    after = decide(rules, "stabilisation_refund", **UNIT, ui_months=12)
    assert after["verdict"] == "ineligible"
    assert "DEMO/裁员率" in [reason["clause"] for reason in after["because"]]
    assert after["would_change"] == {"layoff_count_at_most": 55}


def test_its_conditions_and_amounts_stand_above_the_older_ones(rules: Rulebook) -> None:
    facts = {**UNIT, "layoff_count": 55}
    assert decide(rules, "stabilisation_refund", **facts)["missing"] == ["ui_months"]
    assert decide(rules, "stabilisation_refund", **facts, ui_months=11)["verdict"] == "ineligible"
    given = decide(rules, "stabilisation_refund", **facts, ui_months=12)
    assert (given["verdict"], given["amount"]["yuan"]) == ("eligible", 900)
    assert given["window"]["until"] == "2022-12-31"
    assert given["results"]["paid_by"] == [1000, 12]
    assert "BX/一/缴费依据" in [reason["clause"] for reason in given["because"]], "the city's notice speaks beside it"


def test_a_condition_that_is_not_there_is_one_complaint(tmp_path: Path) -> None:
    broken = OVERLAY.replace("  general_rate:", "  no_such_rate:")
    with pytest.raises(PackError) as caught:
        Rulebook(load(packs(tmp_path, stabilisation_refund=broken)))
    assert "no_such_rate" in str(caught.value) and "stabilisation_refund.yml" in str(caught.value)


def test_parts_are_paid_beside_each_other(rules: Rulebook) -> None:
    both = {"internship_subsidy_total_yuan": 100, "social_insurance_subsidy_total_yuan": "12345.67"}
    every = decide(rules, "example_subsidy", unit_organises_internship=True, retained_after_internship=True, **both)
    assert every["amount"]["yuan"] == 50 + 6172.83
    assert "floor_to_fen" in every["assumptions"]
    one = decide(rules, "example_subsidy", unit_organises_internship=True, **both)
    assert one["amount"]["yuan"] == 50
    assert one["missing_for_amount"] == ["retained_after_internship"]
    without = decide(rules, "example_subsidy", unit_organises_internship=True, retained_after_internship=False)
    assert "yuan" not in without["amount"]
    assert without["missing_for_amount"] == ["internship_subsidy_total_yuan"]


def test_a_question_left_to_another_text_by_condition(rules: Rulebook) -> None:
    def asked(**facts: Any) -> list[str]:
        found = rules.decide("example_subsidy", facts, as_of=AFTER, place="本溪", question="standard")
        assert found.verdict == "not_in_notice"
        return list(found.refer_to)

    assert asked() == ["甲", "乙"]
    assert asked(retained_after_internship=False) == ["乙"]


def test_exact_amounts(rules: Rulebook) -> None:
    assert decide(rules, "example_award", title="youth_internship_base", level="national")["amount"]["yuan"] == 100000
    assert decide(rules, "example_award", title="youth_internship_base", level="provincial")["amount"]["yuan"] == 50000
    none = decide(rules, "example_award", title="incubator", level="national")["amount"]
    assert "yuan" not in none and none["says"] == "没有写金额"
    open_level = decide(rules, "example_award", title="youth_internship_base")
    assert (open_level["amount"]["low_yuan"], open_level["amount"]["high_yuan"]) == (50000, 100000)


def duty(rules: Rulebook, about: str | None, **facts: Any) -> dict[str, Any]:
    return rules.to_json(rules.decide("duty", rules.read(facts), as_of=AFTER, place="本溪", about=about))


def test_duties(rules: Rulebook) -> None:
    report = duty(rules, "DEMO/季报")
    assert report["verdict"] == "duty"
    assert report["results"] == {"who": ["各市"], "to": ["省厅"], "every": "每季度"}
    assert report["because"][0]["clause"] == "DEMO/季报"
    assert duty(rules, "DEMO/细则")["results"]["due"] == "2022-07-01", "the notice prints its date"
    four = duty(rules, "LN/一/四个月")["results"]
    assert four["due_at_latest"] == "2021-11-20" and "due" not in four, "the province's prints none: a bound only"
    assert duty(rules, "LN/一/四个月", issued_on="2021-06-30")["results"]["due"] == "2021-10-30"
    assert duty(rules, "DEMO/文号")["verdict"] == "informational"


@pytest.mark.parametrize(("about", "words"), [(None, "about"), ("DEMO/季", "DEMO/季报")])
def test_a_duty_about_nothing_is_one_sentence(rules: Rulebook, about: str | None, words: str) -> None:
    with pytest.raises(DecisionError) as caught:
        duty(rules, about)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("mention", "candidates"),
    [
        ("29号", {"人社部发〔2021〕29号", "辽人社〔2020〕29号"}),
        ("43号文", {"本人社〔2021〕43号", "本人社〔2020〕43号"}),
        ("26号文件", {"本人社〔2021〕26号", "本人社发〔2019〕26号"}),
        ("本人社〔2021〕43号", {"本人社〔2021〕43号"}),
        ("2020年43号", {"本人社〔2020〕43号"}),
        ("辽人社29号", {"辽人社〔2020〕29号"}),
        ("７号", {"辽人社发〔2021〕7号"}),
    ],
)
def test_a_short_number_names_every_document_it_may_mean(rules: Rulebook, mention: str, candidates: set[str]) -> None:
    found = decide(rules, "citation", mention=mention)
    assert found["verdict"] == "informational"
    assert set(found["results"]["candidates"]) == candidates


def test_a_number_that_is_not_printed_and_a_rule_that_only_says_something(rules: Rulebook) -> None:
    for foreign in ("999号", "沈人社〔2020〕29号", "国发〔2021〕7号", "北京市人社发〔2020〕43号"):
        assert decide(rules, "citation", mention=foreign)["verdict"] == "not_in_notice", foreign
    assert decide(rules, "citation")["missing"] == ["mention"]
    said = decide(rules, "conflict")
    assert (said["verdict"], said["because"][0]["clause"]) == ("informational", "LN/末/施行")


def test_the_later_notice_stands_above_whatever_its_folder_is_called(tmp_path: Path) -> None:
    root = packs(tmp_path)
    older = root / "zz-2021-1"
    shutil.copytree(root / "demo-2022-1", older)
    for name, changes in {
        "notice.yml": [("id: DEMO", "id: OLD"), ("2022-06-01", "2021-10-01")],
        "clauses.yml": [("DEMO/", "OLD/"), ("5.5%", "4%"), ("2022年6月1日", "2021年10月1日")],
        "source.txt": [("5.5%", "4%"), ("2022年6月1日", "2021年10月1日")],
        "programmes/stabilisation_refund.yml": [("DEMO/", "OLD/"), ("5.5%", "4%"), ("paid_a_year", "paid_a_year_old")],
    }.items():
        text = (older / name).read_text(encoding="utf-8")
        for old, new in changes:
            text = text.replace(old, new)
        (older / name).write_text(text, encoding="utf-8")
    (older / "duties.yml").unlink()
    both = Rulebook(load(root))
    facts = {**UNIT, "layoff_count": 50, "ui_months": 12}
    assert decide(both, "stabilisation_refund", date(2021, 10, 1), **facts)["verdict"] == "ineligible", "5 % > 4 %"
    assert decide(both, "stabilisation_refund", **facts)["verdict"] == "eligible", "5 % ≤ 5.5 %"
