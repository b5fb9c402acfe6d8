"""Sentences, numbers and quantities of the notices, from the text itself."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from knowledge import Knowledge, Notice, load
from knowledge.coverage import numbers, sentences
from knowledge.figures import document_numbers, figures, forms


@pytest.fixture(scope="module")
def k() -> Knowledge:
    return load()


@pytest.fixture(params=["BX", "LN"])
def notice(k: Knowledge, request: pytest.FixtureRequest) -> Notice:
    return k.notices[request.param]


def test_every_sentence_and_number_lies_in_clauses(notice: Notice) -> None:
    assert [one.text for one in (*sentences(notice), *numbers(notice)) if one.unclaimed] == []


def test_sentences_hold_the_whole_text(notice: Notice) -> None:
    told = "".join(one.text for one in sentences(notice))
    assert sum(map(told.count, "0123456789")) == sum(map(notice.source.count, "0123456789"))
    starts = [one.start for one in sentences(notice)]
    assert starts == sorted(starts) and len(starts) == {"BX": 25, "LN": 133}[notice.id]


def test_a_sentence_is_not_broken_by_the_scan(k: Knowledge) -> None:
    told = {one.text: one for one in sentences(k.notices["LN"])}
    assert "失业补助金只能申领享受一次。" in told  # a blank line stands inside it
    assert "四、精准帮扶就业困难群体" in told
    assert "9.获得国家助学贷款的毕业生。" in told
    assert [c.id for c in told["失业补助金只能申领享受一次。"].clauses] == ["LN/六/一次"]


@pytest.mark.parametrize(
    ("lost", "words", "number"),
    [("LN/六/一次", "失业补助金只能申领享受一次", None), ("LN/一/裁员率", "上年度未裁员或裁员率不高于6%(上年度", "6%")],
)
def test_a_clause_that_is_missing_is_noticed(k: Knowledge, lost: str, words: str, number: str | None) -> None:
    notice = k.notices["LN"]
    torn = replace(notice, clauses=tuple(clause for clause in notice.clauses if clause.id != lost))
    unclaimed = [one for one in sentences(torn) if one.unclaimed]
    assert len(unclaimed) == 1 and unclaimed[0].unclaimed.startswith(words)
    assert notice.source.splitlines()[unclaimed[0].line - 1].strip()
    assert [one.text for one in numbers(torn) if one.unclaimed] == ([number] if number else [])


def month(number: int) -> tuple[str, Fraction]:
    return "months", Fraction(number)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("裁员率不高于6％", {("percent", Fraction(6))}),
        ("在2021年12月31日前申请", {("date", date(2021, 12, 31)), ("year", Fraction(2021))}),
        (
            "延至2021年12月",
            {("date", date(2021, 12, 1)), ("date", date(2021, 12, 31)), ("year", Fraction(2021))},
        ),
        ("2020年末", {("date", date(2020, 1, 1)), ("date", date(2020, 12, 31)), ("year", Fraction(2020))}),
        ("累计缴费满1年及以上", {month(12)}),
        ("最多可延长6个月", {month(6)}),
        ("30日内", {("days", Fraction(30))}),
        ("国家级500万元", {("yuan", Fraction(5_000_000))}),
        ("每人每月300元", {("yuan", Fraction(300))}),
        ("标准的1.5倍", {("times", Fraction(3, 2))}),
        ("见习期不足1/3", {("ratio", Fraction(1, 3))}),
        ("不超过3次", {("count", Fraction(3))}),
        ("30人(含)以下", {("count", Fraction(30))}),
        ("一式两份", {("count", Fraction(2))}),
        ("十二个月", {month(12)}),
        ("二十日", {("days", Fraction(20))}),
        ("辽人社发〔2021〕7号", {("year", Fraction(2021))}),
        ("民法典第1045条、附件2、第（十二）项", set()),
        ("2021年2月30日", set()),
        ("没有数", set()),
    ],
)
def test_forms_of_a_quantity(text: str, found: set[tuple[str, Fraction | date]]) -> None:
    assert forms(text) == found


def test_quantities_in_order_as_written() -> None:
    text = "30 人（含）以下，裁员率不高于 20%，两次，2021 年 12 月 31 日前"
    assert [figure.text for figure in figures(text)] == ["30", "20%", "两次", "2021年12月31日"]
    assert "两次" not in [figure.text for figure in figures(text, in_words=False)]


def test_document_numbers() -> None:
    assert document_numbers("按 本人社〔2020〕42号 和辽人社发〔2021〕7号") == (
        "按本人社〔2020〕42号",
        "和辽人社发〔2021〕7号",
    )
    assert document_numbers("43号文") == ()
