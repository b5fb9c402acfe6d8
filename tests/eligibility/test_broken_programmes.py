"""A programme file with a slip: one PackError with file, line, what is wrong and how to mend it. Never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eligibility.load import load_programmes
from eligibility.model import Programme
from knowledge import Knowledge, PackError
from knowledge.yaml_source import load_yaml

GOOD = """\
id: example
title: 例子
source: {document: LN, item: 一（一）}
subject: unit
summary: 一句话
held_by_agency:
  region_reserve_months: 备付期
derive:
  application_day:
    - value: application_date
    - value: as_of
  rate:
    - value: layoff_rate_pct / 100
      given_only: true
    - value: layoff_count / insured_count
      assume: layoff_rate_definition
exceptions:
  - id: too_late
    if: application_day > 2022-06-30
    verdict: not_in_notice
    cite: [LN/一/申请期限]
    refer_to: [经办机构]
    results:
      said_on: as_of
when:
  all:
    - id: insured_here
      if: insured_in_liaoning
      cite: [LN/一/单位范围]
    - any:
        - id: small_rate
          if: rate <= 6%
          cite: LN/一/裁员率
        - not:
            id: big
            if: insured_count > 30
            cite: [LN/一/小单位]
    - id: in_time
      if: application_day <= 2021-12-31
      cite: [LN/一/申请期限]
      assume:
        id: before_date_inclusive
        otherwise: application_day < 2021-12-31
    - id: reserve
      if: region_reserve_months >= 12
      cite: [LN/一/备付期]
amount:
  kind: at_most
  base:
    value: premium_paid_prev_year_yuan
    cite: [LN/一/缴费依据]
    assume: tax_record_decides
  rate:
    - if: enterprise_size == large
      value: 30%
      cite: [LN/一/大型30]
    - value: 60%
      cite: [LN/一/其他60]
results:
  route:
    - if: insured_count_end_2020 <= 200
      value: no_application
    - value: apply
  apply_by:
    - if: route == apply
      value: 2021-12-31
      cite: [LN/一/申请期限]
window:
  - until: 2021-12-31
    cite: [LN/一/申请期限]
what_if:
  may_change: [layoff_count]
delegated:
  - question: layoff_rate_formula
    cite: [LN/一/裁员率]
    says: 没有写
aspects:
  amount:
    stated: [LN/一/其他60]
    says: 最高 60%
"""
OVERLAY = """\
extends: example
set:
  region_reserve_months:
    value: 24
    cite: [BX/一/缴费依据]
cites:
  amount.base: [BX/一/缴费依据]
"""


def complaint(read: Callable[..., dict[str, Programme]], **texts: str) -> PackError:
    with pytest.raises(PackError) as caught:
        read(**texts)
    error = caught.value
    assert error.what and error.mend
    assert str(error).endswith("。") and "改法：" in str(error)
    return error


def test_the_example_itself_is_good(read: Callable[..., dict[str, Programme]]) -> None:
    programme = read(example=GOOD, example_=OVERLAY)["example"]
    assert [leaf.id for leaf in programme.leaves] == ["insured_here", "small_rate", "big", "in_time", "reserve"]
    assert [overlay.place for overlay in programme.overlays] == ["本溪"]


# what is written, what is written instead, the line that is pointed at (a part of it), words of the complaint
SLIPS = [
    ("subject: unit", "subjct: unit", "subjct: unit", "不认识的字段“subjct”"),
    ("subject: unit", "subject: company", "subject: company", "“subject”不能写“company”"),
    ("subject: unit\n", "", "id: example", "缺少字段“subject”"),
    ("title: 例子", "title: 3", "title: 3", "“title”应为文字"),
    ("title: 例子", "title:", "title:", "“title”是空的"),
    ("id: example", "id: another", "id: another", "文件名与编号“another”不一致"),
    ("id: example", "id: 7", "id: 7", "“id”应为文字"),
    ("id: example", "id: [example]", "id: [example]", "“id”应为文字"),
    ("id: example\n", "", "title: 例子", "缺少字段“id”"),
    ("document: LN", "document: XX", "source: ", "“document”不能写“XX”"),
    ("source: {document: LN, item: 一（一）}", "source: LN", "source: LN", "“source”应为“键: 值”的表"),
    ("{document: LN, item: 一（一）}", "{document: LN}", "source: ", "缺少字段“item”"),
    (
        "  region_reserve_months: 备付期",
        "  reserve_months: 备付期",
        "reserve_months: 备付期",
        "事实目录里没有“reserve_months”",
    ),
    ("  region_reserve_months: 备付期", "  region_reserve_months: 12", "region_reserve_months: 12", "应为文字"),
    (
        "held_by_agency:\n  region_reserve_months: 备付期",
        "held_by_agency: [a]",
        "held_by_agency: [a]",
        "“held_by_agency”应为",
    ),
    (
        "  application_day:\n    - value: application_date\n    - value: as_of\n",
        "  application_day: as_of\n",
        "application_day: as_of",
        "应为列表",
    ),
    ("    - value: application_date\n    - value: as_of\n", "    []\n", "application_day:", "缺少“value”"),
    ("- value: application_date", "- application_date", "- application_date", "应为“键: 值”的表"),
    ("- value: application_date", "- value: insured_count", "- value: as_of", "“application_day”的几种写法类型不一样"),
    ("- value: application_date", "- valeu: application_date", "- valeu: ", "不认识的字段“valeu”"),
    (
        "- value: application_date\n    - value: as_of",
        "- if: disabled\n      value: as_of",
        "application_day:",
        "都带 if",
    ),
    ("- value: application_date", "- if: age\n      value: application_date", "- if: age", "类型对不上（数，是否）"),
    ("given_only: true", "given_only: maybe", "given_only: maybe", "“given_only”应为true 或 false"),
    (
        "  rate:\n    - value: layoff",
        "  insured_count:\n    - value: layoff",
        "  insured_count:",
        "“insured_count”这个名字已经用过",
    ),
    ("assume: layoff_rate_definition", "assume: layoff_rate", "assume: layoff_rate", "没有叫“layoff_rate”的理解口径"),
    ("assume: layoff_rate_definition", "assume: [a]", "assume: [a]", "“assume”应为"),
    ("    verdict: not_in_notice", "    verdict: maybe", "verdict: maybe", "“verdict”不能写“maybe”"),
    (
        "    if: application_day > 2022-06-30",
        "    if: application_day > 2022-06-31",
        "if: application_day >",
        "没有“2022-06-31”这一天",
    ),
    (
        "    refer_to: [经办机构]\n    results",
        "    refer_to: 经办机构\n    results",
        "refer_to: 经办机构",
        "“refer_to”应为列表",
    ),
    ("      said_on: as_of", "      said_on: [as_of]", "said_on: [as_of]", "“said_on”应当是一条式子"),
    ("- id: too_late", "- id: eligible", "- id: eligible", "“eligible”这个名字已经用过"),
    ("  all:\n    - id: insured_here", "  all:\n    insured_here:\n    - id: insured_here", "  all:", "“all”应为列表"),
    ("when:\n  all:", "when:\n  every:", "  every:", "不认识的字段“every”"),
    ("    - id: insured_here\n", "    - id: 5\n", "id: 5", "“id”应为文字"),
    ("    - id: insured_here\n      if", "    - if", "- if: insured_in_liaoning", "缺少字段“id”"),
    ("    - id: reserve\n", "    - id: in_time\n", "- id: in_time\n      if: region", "“in_time”这个名字已经用过"),
    ("    - id: reserve\n", "    - id: rate\n", "- id: rate\n", "“rate”这个名字已经用过"),
    ("    - id: reserve\n", "    - id: orphan\n", "- id: orphan\n", "“orphan”这个名字已经用过"),
    ("      if: insured_in_liaoning\n", "", "- id: insured_here", "缺少“if”"),
    ("      if: insured_in_liaoning\n", "      if:\n", "      if:\n", "缺少“if”"),
    ("if: insured_in_liaoning", "if: [insured_in_liaoning]", "if: [insured", "“if”应当是一条式子"),
    (
        "if: insured_in_liaoning",
        "if: insured_in_lioaning",
        "if: insured_in_lioaning",
        "“insured_in_lioaning”既不是事实目录里的编号",
    ),
    ("if: insured_in_liaoning", "if: insured_count", "if: insured_count", "类型对不上（数，是否）"),
    ("if: insured_in_liaoning", "if: insured_in_liaoning ＝ true", "insured_in_liaoning ＝", "“＝”要写成半角的“==”"),
    ("if: insured_in_liaoning", "if: (insured_in_liaoning", "if: (insured", "看不懂"),
    ("      cite: [LN/一/单位范围]\n", "", "- id: insured_here", "没有引用条文，少了“cite”"),
    ("cite: [LN/一/单位范围]", "cite: []", "- id: insured_here", "没有引用条文，少了“cite”"),
    ("cite: [LN/一/单位范围]", "cite: [LN/一/单位范畴]", "cite: [LN/一/单位范畴]", "引用的条文“LN/一/单位范畴”不存在"),
    ("cite: [LN/一/单位范围]", "cite: LN/一/没有", "cite: LN/一/没有", "引用的条文“LN/一/没有”不存在"),
    ("cite: [LN/一/单位范围]", "cite: {LN: 一}", "cite: {LN: 一}", "“cite”应为列表"),
    ("cite: [LN/一/单位范围]", "cite: [[LN]]", "cite: [[LN]]", "应为文字"),
    ("cite: [LN/一/单位范围]", "cite: 3", "cite: 3", "“cite”应为列表"),
    ("      cite: [LN/一/单位范围]\n", "      cite: [LN/一/单位范围]\n      on: yes\n", "on: yes", "on、off、yes、no"),
    ("      cite: [LN/一/单位范围]\n", "      cite: [LN/一/单位范围]\n      met: {a}\n", "met: {a}", "“met”应为文字"),
    ("    - any:\n", "    - any: 3\n    - any:\n", "- any: 3", "“any”应为列表"),
    ("    - any:\n", "    - any: []\n    - any:\n", "- any: []", "这里应当有条件"),
    ("    - any:\n", "    -\n    - any:\n", "    -\n", "这里应当有条件"),
    ("    - any:\n", "    - insured_in_liaoning\n    - any:\n", "- insured_in_liaoning", "应为“键: 值”的表"),
    ("    - any:\n", "    - all: []\n      any:\n", "any:\n", "不认识的字段“any”"),
    ("        - not:\n            id", "        - not:\n          - id", "not:", "应为“键: 值”的表"),
    (
        "        id: before_date_inclusive",
        "        id: before_date",
        "id: before_date",
        "没有叫“before_date”的理解口径",
    ),
    (
        "        otherwise: application_day < 2021-12-31",
        "        otherwise: application_day <",
        "otherwise: ",
        "看不懂",
    ),
    ("        otherwise:", "        otherwize:", "otherwize:", "不认识的字段“otherwize”"),
    ("  kind: at_most", "  kind: at_least", "kind: at_least", "“kind”不能写“at_least”"),
    ("  kind: at_most\n", "", "amount:", "缺少字段“kind”"),
    (
        "  base:\n    value: premium_paid_prev_year_yuan\n    cite: [LN/一/缴费依据]\n    assume: tax_record_decides\n",
        "",
        "amount:",
        "缺少“base”",
    ),
    (
        "value: premium_paid_prev_year_yuan",
        "value: application_date",
        "value: application_date\n    cite",
        "类型对不上（日期，数）",
    ),
    (
        "    - if: enterprise_size == large",
        "    - if: enterprise_size == huge",
        "if: enterprise_size == huge",
        "“enterprise_size”没有“huge”这个取值",
    ),
    ("      value: 30%", "      value: unit_kind", "value: unit_kind", "类型对不上（选项，数）"),
    ("      value: 30%", "      valeu: 30%", "valeu: 30%", "不认识的字段“valeu”"),
    ("      value: 30%\n", "", "if: enterprise_size", "缺少“value”"),
    ("      value: no_application\n", "      value: 3\n", "route:", "“route”的几种写法类型不一样"),
    ("      value: no_application\n", "", "- if: insured_count_end_2020", "缺少“value”"),
    (
        "    - if: route == apply",
        "    - if: route == apply_now",
        "if: route == apply_now",
        "“route”没有“apply_now”这个取值",
    ),
    (
        "  apply_by:\n    - if",
        "  apply_by:\n    verdicts: [maybe]\n    value:\n    - if",
        "verdicts: [maybe]",
        "没有“maybe”这种结论",
    ),
    ("  apply_by:\n", "  reserve:\n", "  reserve:\n", "“reserve”这个名字已经用过"),
    ("  apply_by:\n", "  nothing:\n  apply_by:\n", "nothing:", "缺少“value”"),
    ("results:\n  route", "result:\n  route", "result:", "不认识的字段“result”"),
    ("  - until: 2021-12-31", "  - untill: 2021-12-31", "untill: 2021-12-31", "不认识的字段“untill”"),
    ("  - until: 2021-12-31", "  - until: 30%", "until: 30%", "类型对不上（数，日期）"),
    ("  may_change: [layoff_count]", "  may_change: layoff_count", "may_change: layoff_count", "“may_change”应为列表"),
    ("  may_change: [layoff_count]", "  may_change: [layoffs]", "may_change: [layoffs]", "事实目录里没有“layoffs”"),
    ("delegated:\n  - question", "delegated:\n    question", "delegated:", "“delegated”应为列表"),
    ("    says: 没有写\n", "", "- question: layoff_rate_formula", "缺少字段“says”"),
    ("  amount:\n    stated", "  colour:\n    stated", "  colour:", "不认识的字段“colour”"),
    (
        "    stated: [LN/一/其他60]\n",
        "",
        "  amount:\n    says",
        "这里要写、也只能写一种：stated、delegated、not_stated",
    ),
    (
        "    stated: [LN/一/其他60]\n",
        "    stated: [LN/一/其他60]\n    delegated: [LN/一/其他60]\n",
        "  amount:\n    stated",
        "也只能写一种",
    ),
    ("aspects:\n  amount:\n    stated", "aspects:\n  - amount:\n    stated", "aspects:", "“aspects”应为“键: 值”的表"),
]


@pytest.mark.parametrize(("old", "new", "at", "words"), SLIPS, ids=range(len(SLIPS)))
def test_a_slip_in_a_programme(
    read: Callable[..., dict[str, Programme]], old: str, new: str, at: str, words: str
) -> None:
    assert GOOD.count(old) == 1, "the slip must change the one place it is meant for"
    text = GOOD.replace(old, new)
    error = complaint(read, example=text)
    assert error.path.name == "example.yml"
    assert error.line == text[: text.index(at)].count("\n") + 1 + (at.startswith("\n"))
    assert words in error.what


OVERLAY_SLIPS = [
    ("extends: example", "extends: exampel", "extends: exampel", "文件名与编号“exampel”不一致"),
    ("extends: example", "extends: [example]", "extends: [example]", "“extends”应为文字"),
    ("set:\n", "sets:\n", "sets:", "不认识的字段“sets”"),
    ("  region_reserve_months:\n", "  reserve_months:\n", "reserve_months:", "事实目录里没有“reserve_months”"),
    ("    value: 24", "    value: 两年", "value: 两年", "要填一个整数"),
    ("    value: 24\n", "", "region_reserve_months:", "缺少“value”"),
    ("    cite: [BX/一/缴费依据]\n", "", "region_reserve_months:", "没有引用条文"),
    ("  amount.base:", "  amount:", "  amount:", "不认识的字段“amount”"),
    ("amount.base: [BX/一/缴费依据]", "amount.base: [BX/一/没有]", "amount.base:", "引用的条文“BX/一/没有”不存在"),
    ("extends: example", "extends: example\nsince: 昨天", "since: 昨天", "“since”应为日期"),
    ("extends: example", "extends: example\nwhen: {}", "when: {}", "不认识的字段“when”"),
]


@pytest.mark.parametrize(("old", "new", "at", "words"), OVERLAY_SLIPS, ids=range(len(OVERLAY_SLIPS)))
def test_a_slip_in_what_a_city_adds(
    read: Callable[..., dict[str, Programme]], old: str, new: str, at: str, words: str
) -> None:
    assert OVERLAY.count(old) == 1
    text = OVERLAY.replace(old, new)
    error = complaint(read, example=GOOD, example_=text)
    assert error.path.parent.parent.name == "bx-2021-43"
    assert error.line == text[: text.index(at)].count("\n") + 1
    assert words in error.what


@pytest.mark.parametrize("text", ["", "- id: example", "example", "3", "{}", "[]", "null"])
def test_a_file_that_is_no_programme(read: Callable[..., dict[str, Programme]], text: str) -> None:
    assert complaint(read, example=text).line == 1


def test_an_extension_of_nothing(read: Callable[..., dict[str, Programme]]) -> None:
    error = complaint(read, nothing="extends: nothing\n", example=GOOD)
    assert (error.line, error.what) == (1, "extends 指向的“nothing”不存在")


def test_one_id_in_two_files(read: Callable[..., dict[str, Programme]], tmp_path: Path, knowledge: Knowledge) -> None:
    read(example=GOOD)
    copy = tmp_path / "bx-2021-43" / "programmes" / "example.yml"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(GOOD, encoding="utf-8")
    files = [load_yaml(path) for path in sorted(tmp_path.glob("*/programmes/*.yml"))]
    with pytest.raises(PackError) as caught:
        load_programmes(replace(knowledge, root=tmp_path, programme_files=tuple(files)))
    assert "事项编号“example”已被另一个文件使用" in caught.value.what


def test_any_line_removed_or_blanked_gives_a_programme_or_one_complaint(
    read: Callable[..., dict[str, Programme]],
) -> None:
    """Whatever an editor leaves behind: never anything but a PackError."""
    lines = GOOD.splitlines(keepends=True)
    for i, line in enumerate(lines):
        key = line.partition(":")[0] + ":"
        for instead in ("", f"{key}\n", f"{key} 3\n", f"{key} [3]\n", f"{key} {{a: 3}}\n", f"{key} yes\n", line + line):
            try:
                read(example="".join([*lines[:i], instead, *lines[i + 1 :]]))
            except PackError as error:
                assert error.what and error.mend
