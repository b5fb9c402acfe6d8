"""Facts as they come in from JSON, YAML and forms, and requests that name what does not exist."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from eligibility import DecisionError, FactError, Rulebook

DAY = date(2021, 8, 1)


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("insured_in_liaoning", True, True),
        ("insured_count", 28, 28),
        ("insured_count", 28.0, 28),
        ("insured_count", "28", 28),
        ("insured_count", 10**12, 10**12),
        ("ui_months", 0, 0),
        ("accepted_year", 2020, 2020),
        ("layoff_rate_pct", 6.01, Fraction(601, 100)),
        ("layoff_rate_pct", 0.1, Fraction(1, 10)),
        ("layoff_rate_pct", 0.1 + 0.2, Fraction("0.30000000000000004")),
        ("premium_paid_prev_year_yuan", "33333.33", Fraction(3333333, 100)),
        ("premium_paid_prev_year_yuan", Decimal("12.5"), Fraction(25, 2)),
        ("premium_paid_prev_year_yuan", Fraction(1, 3), Fraction(1, 3)),
        ("application_date", "2021-09-01", date(2021, 9, 1)),
        ("application_date", date(2021, 9, 1), date(2021, 9, 1)),
        ("application_date", datetime(2021, 9, 1, 23, 59), date(2021, 9, 1)),
        ("unit_kind", "law_firm", "law_firm"),
        ("mention", "29号", "29号"),
    ],
)
def test_a_value_is_made_exact(rules: Rulebook, name: str, given: Any, wanted: Any) -> None:
    value = rules.read({name: given})[name]
    assert value == wanted
    assert type(value) is type(wanted)


def test_null_is_unknown(rules: Rulebook) -> None:
    assert rules.read({"insured_count": None}) == {}
    assert rules.decide("skill_upgrade_subsidy", {"ui_months": None}, as_of=DAY, place="本溪").missing == (
        "enterprise_employee",
        "ui_months",
    )


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("insured_in_liaoning", 1, "只能填 true、false 或 null"),
        ("insured_in_liaoning", "true", "只能填 true、false 或 null"),
        ("insured_in_liaoning", "是", "只能填 true、false 或 null"),
        ("insured_count", True, "要填一个整数"),
        ("insured_count", False, "要填一个整数"),
        ("insured_count", 2.5, "要填一个整数"),
        ("insured_count", "三十", "要填一个整数"),
        ("insured_count", "", "要填一个整数"),
        ("insured_count", [3], "要填一个整数"),
        ("insured_count", {"n": 3}, "要填一个整数"),
        ("insured_count", -1, "不能是负数"),
        ("insured_count", -0.5, "要填一个整数|不能是负数"),
        ("insured_count", 10**12 + 1, "太大了"),
        pytest.param("insured_count", 10**6000, "太大了", id="6000 digits"),
        ("insured_count", "1e999999999", "太大了"),
        ("insured_count", math.nan, "要填一个整数"),
        ("insured_count", math.inf, "要填一个整数"),
        ("ui_months", -math.inf, "要填一个整数"),
        ("accepted_year", "2020年", "要填一个整数"),
        ("premium_paid_prev_year_yuan", math.nan, "要填一个数"),
        ("premium_paid_prev_year_yuan", "inf", "要填一个数"),
        ("premium_paid_prev_year_yuan", "十二万", "要填一个数"),
        ("premium_paid_prev_year_yuan", True, "要填一个数"),
        ("premium_paid_prev_year_yuan", -0.01, "不能是负数"),
        ("premium_paid_prev_year_yuan", "1e-999999999", "要填一个数"),
        ("premium_paid_prev_year_yuan", 1e300, "太大了"),
        ("layoff_rate_pct", "6%", "要填一个数"),
        ("application_date", "2021-02-31", "要填真实存在的日期"),
        ("application_date", "2021/09/01", "要填真实存在的日期"),
        ("application_date", "2021-9-1", "要填真实存在的日期"),
        ("application_date", 20210901, "要填真实存在的日期"),
        ("application_date", True, "要填真实存在的日期"),
        ("application_date", "0001-01-01", "年份不合常理"),
        ("subsidy_expired_on", "9999-12-31", "年份不合常理"),
        ("unit_kind", "公司", "没有“公司”这一项，可填：enterprise、"),
        ("unit_kind", 3, "没有“3”这一项"),
        ("unit_kind", True, "没有“True”这一项"),
        ("unit_kind", ["enterprise"], "这一项"),
    ],
)
def test_a_wrong_value_is_refused_with_one_sentence(rules: Rulebook, name: str, given: Any, words: str) -> None:
    with pytest.raises(FactError) as caught:
        rules.read({name: given})
    sentence = str(caught.value)
    assert any(word in sentence for word in words.split("|"))
    assert caught.value.field == name
    assert f"（{name}）" in sentence
    assert sentence.count("。") == 1 and sentence.endswith("。")
    assert len(sentence) < 260


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("insured_cuont", "是不是“insured_count”"),
        ("参保人数", "没有叫“参保人数”的事实。"),
        (3, "没有叫“3”的事实"),
        (None, "没有叫“None”的事实"),
    ],
)
def test_an_unknown_fact_is_refused(rules: Rulebook, name: Any, words: str) -> None:
    with pytest.raises(FactError) as caught:
        rules.read({name: 1})
    assert words in str(caught.value)
    assert "facts.yml" in str(caught.value)


@pytest.mark.parametrize("given", [None, [], "insured_count: 28", 3, [("insured_count", 28)]])
def test_facts_are_a_mapping(rules: Rulebook, given: Any) -> None:
    with pytest.raises(DecisionError, match="对照表"):
        rules.read(given)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"programme": "stabilization_refund"}, "programme", "是不是“stabilisation_refund”"),
        ({"programme": ""}, "programme", "没有叫“”的事项"),
        ({"place": "火星"}, "place", "地点“火星”不认识"),
        ({"place": ""}, "place", "地点“”不认识"),
        ({"question": "colour"}, "question", "可以另问：amount、route、apply_by、days_left、layoff_rate_formula"),
        ({"declined": ["insured_cuont"]}, "insured_cuont", "是不是“insured_count”"),
        ({"as_of": date(1, 1, 1)}, "as_of", "0001-01-01"),
        ({"as_of": date(9999, 12, 31)}, "as_of", "9999-12-31"),
    ],
)
def test_a_request_for_what_does_not_exist(rules: Rulebook, change: dict[str, Any], field: str, words: str) -> None:
    request = {"programme": "stabilisation_refund", "facts": {}, "as_of": DAY, "place": "本溪"} | change
    with pytest.raises(DecisionError) as caught:
        rules.decide(request.pop("programme"), request.pop("facts"), **request)
    assert words in str(caught.value)
    assert caught.value.field == field


def test_aspect_and_expected_questions_of_an_unknown_programme(rules: Rulebook) -> None:
    with pytest.raises(DecisionError, match="没有叫“nothing”的事项"):
        rules.aspect("nothing", "amount", "本溪", DAY)
    with pytest.raises(DecisionError, match="没有叫“nothing”的事项"):
        rules.expected_questions("nothing", {}, DAY, "本溪")
    assert rules.aspect("stabilisation_refund", "nothing", "本溪", DAY) is None


def test_a_decision_is_json_without_surprises(rules: Rulebook) -> None:
    facts = rules.read({"unit_kind": "enterprise", "premium_paid_prev_year_yuan": "33333.33"})
    written = json.dumps(rules.to_json(rules.decide("stabilisation_refund", facts, as_of=DAY, place="本溪")))
    assert json.loads(written, parse_constant=pytest.fail)["programme"] == "stabilisation_refund"


@pytest.mark.parametrize(
    "place", ["沈阳", "朝阳市", "本溪", "本溪市", "桓仁", "桓仁满族自治县", "平山区", "辽宁", "辽宁省"]
)
def test_the_province_s_notice_reaches(rules: Rulebook, place: str) -> None:
    assert rules.decide("skill_upgrade_subsidy", {}, as_of=DAY, place=place).verdict == "needs_info"


@pytest.mark.parametrize("place", ["上海", "北京"])
def test_it_does_not_reach_elsewhere(rules: Rulebook, place: str) -> None:
    decision = rules.decide("skill_upgrade_subsidy", {}, as_of=DAY, place=place)
    assert decision.verdict == "not_in_notice"
    assert place in decision.refer_to[0]
    assert not decision.missing and decision.next_question is None
