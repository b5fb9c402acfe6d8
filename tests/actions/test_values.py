"""The value grammar against a table of phrases written by hand."""

from __future__ import annotations

import re
import time
from datetime import date
from fractions import Fraction

import pytest

from actions.values import find_values, invalid_dates
from actions.values.not_values import BEGINNING, NOT_VALUE
from bot.evaluation.phrases import TARGET, read_phrases

AS_OF = date(2021, 8, 15)
LOOK_ALIKES = """
13812345678 138****1234 ****1234 024-12345678 400-1234-567 12333 8:30 〔2021〕7号 [2021]7号 (2021)7号 【2021】7号
2021年7号文 人社部发2021年29号 7号文件 1+X 附件1 附1 附表2 表3 (六) 第(六) 一(六)
4050 40、50人员 90后 零零后 985大学 十四五规划 双十一 双一流 十七大 二十大 大年三十
之一 统一 每一年 另一家 这一年 那一次 上一次 下一个 有一天 周三 星期一 礼拜天 二次安置 三年制
这两年 前两年 再过两年 一次性 一年到头 一天到晚 一家人 一个劲 一口气 一块儿 一点 一块 一对一
三七二十一 十有八九 百分百 万一 一毛不拔 十分 半天 两口子 小两口 二话 三天两头 三番五次 哥俩 咱仨
"""


def test_table_has_enough_phrases() -> None:
    phrases = [(one.text, one.as_of) for one in read_phrases()]
    assert len(phrases) >= 160
    assert len(set(phrases)) == len(phrases)


def test_table() -> None:
    read = [(one, find_values(one.text, one.as_of)) for one in read_phrases()]
    failing = [
        f"{one.text} ({one.as_of}): {one.expected}, found {found}" for one, found in read if not one.right(found)
    ]
    assert 1 - len(failing) / len(read) >= TARGET, "\n".join(failing)


def test_types() -> None:
    kinds = {v.kind: v for v in find_values("28人,6%,3块,一年半,去年底", AS_OF)}
    assert type(kinds["number"].value) is int
    assert type(kinds["percent"].value) is Fraction and type(kinds["percent"].low) is Fraction
    assert type(kinds["money"].value) is Fraction and type(kinds["money"].high) is Fraction
    assert type(kinds["duration"].value) is int
    assert type(kinds["date"].value) is date
    assert type(find_values("一分钱没交", AS_OF)[0].value) is Fraction


def test_offsets_point_into_the_text_as_given() -> None:
    text = "我们 １２ 万元，去年 12 月 31 日（含）之前"
    assert [(v.text, text[v.start : v.end]) for v in find_values(text, AS_OF)] == [
        ("１２ 万元", "１２ 万元"),
        ("去年 12 月 31 日（含）之前", "去年 12 月 31 日（含）之前"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021年2月31日失业的", ["2021年2月31日"]),
        ("13月", ["13月"]),
        ("十三月", ["十三月"]),
        ("2021-02-30 到 2021/13/01", ["2021-02-30", "2021/13/01"]),
        ("4月31号", ["4月31号"]),
        ("7月32号", ["7月32号"]),
        ("２月３０日", ["２月３０日"]),
        ("2月29号", []),
        ("2021年2月29日", ["2021年2月29日"]),
        ("2020年2月29日", []),
        ("交了24月", []),
        ("7月28人", []),
        ("一共28个人", []),
    ],
)
def test_invalid_dates(text: str, expected: list[str]) -> None:
    assert invalid_dates(text) == expected


def test_invalid_dates_that_depend_on_the_as_of_date() -> None:
    assert invalid_dates("去年2月29日") == []
    assert invalid_dates("去年2月29日", AS_OF) == []
    assert invalid_dates("今年2月29日", AS_OF) == ["今年2月29日"]
    assert invalid_dates("上个月31号", date(2021, 7, 15)) == ["上个月31号"]
    assert invalid_dates("上个月31号", AS_OF) == []


def test_what_is_no_value_begins_with_a_character_the_lexer_stops_at() -> None:
    for example in LOOK_ALIKES.split():
        match = NOT_VALUE.match(example)
        assert match, example
        assert re.match(f"[{BEGINNING}]", example), example
        assert find_values(example, AS_OF) == [], example


@pytest.mark.parametrize("piece", "1一十万零几第半*( a-差负点")
def test_hostile_input_takes_linear_time(piece: str) -> None:
    start = time.process_time()
    find_values(piece * 100_000, AS_OF)
    assert time.process_time() - start < 10  # half a second; in quadratic time it would be an hour


@pytest.mark.parametrize(
    "piece", ["一万", "1,", "1.", "1-", "一年半", "(含", "百分之", "2021-", "〔2021", "差俩月", "一个没", "http://"]
)
def test_hostile_repetition_takes_linear_time(piece: str) -> None:
    def seconds(count: int) -> float:
        start = time.process_time()
        find_values(piece * count, AS_OF)
        return time.process_time() - start

    few, many = (min(seconds(count) for _ in range(3)) for count in (1_000, 8_000))  # the machine has other work, too
    assert many < 0.05 + 8 * 4 * max(few, 0.001)  # in quadratic time 64 times as long
