"""The expressions of the programme files: what they mean, and how a slip is pointed out."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from eligibility.expression import ExpressionError, Span, Vocabulary, add_span, parse

VOCABULARY = Vocabulary(
    types={
        "a": "bool",
        "b": "bool",
        "c": "bool",
        "count": "number",
        "rate": "number",
        "day": "date",
        "as_of": "date",
        "kind": "symbol",
        "note": "symbol",
        "double": "number",
    },
    values={"kind": ("shop", "firm", "bank")},
    resolve={"double": lambda env: None if env.get("count") is None else env["count"] * 2},
)
D = date


def value(text: Any, **env: Any) -> Any:
    return parse(text, VOCABULARY).evaluate(env)


@pytest.mark.parametrize(
    ("text", "env", "wanted"),
    [
        ("count <= 30", {"count": 30}, True),
        ("count <= 30", {"count": 31}, False),
        ("count < 30", {"count": 30}, False),
        ("count >= 30", {"count": 30}, True),
        ("count > 30", {"count": 30}, False),
        ("count == 30", {"count": 30}, True),
        ("count != 30", {"count": 30}, False),
        ("30 >= count", {"count": 30}, True),
        ("rate <= 6%", {"rate": Fraction(6, 100)}, True),
        ("rate <= 6%", {"rate": Fraction(601, 10000)}, False),
        ("rate <= 0.5", {"rate": Fraction(1, 2)}, True),
        ("kind == shop", {"kind": "shop"}, True),
        ("kind != shop", {"kind": "shop"}, False),
        ("shop == kind", {"kind": "shop"}, True),
        ("kind == 'shop'", {"kind": "shop"}, True),
        ("kind in [shop, firm]", {"kind": "firm"}, True),
        ("kind in ['shop', 'firm']", {"kind": "firm"}, True),
        ("kind in [shop, firm]", {"kind": "bank"}, False),
        ("kind in [shop]", {}, None),
        ("a", {"a": False}, False),
        ("not a", {"a": False}, True),
        ("not not a", {"a": True}, True),
        ("a == b", {"a": True, "b": True}, True),
        ("a != b", {"a": True, "b": True}, False),
        ("true", {}, True),
        (True, {}, True),  # as YAML reads it
        (False, {}, False),
        ("day <= 2021-12-31", {"day": D(2021, 12, 31)}, True),
        ("day <= 2021-12-31", {"day": D(2022, 1, 1)}, False),
        (D(2021, 12, 31), {}, D(2021, 12, 31)),
        ("day + 6 months", {"day": D(2021, 8, 31)}, D(2022, 2, 28)),
        ("day + 1 month + 1 day", {"day": D(2021, 1, 31)}, D(2021, 3, 1)),
        ("day - 1 year", {"day": D(2020, 2, 29)}, D(2019, 2, 28)),
        ("day - 1 days", {"day": D(2021, 3, 1)}, D(2021, 2, 28)),
        ("day <= as_of + 5 years", {"day": D(2026, 8, 1), "as_of": D(2021, 8, 1)}, True),
        ("day <= as_of + 5 years", {"day": D(2026, 8, 2), "as_of": D(2021, 8, 1)}, False),
        ("day - as_of", {"day": D(2021, 12, 31), "as_of": D(2021, 10, 1)}, 91),
        ("2021-12-31 - day", {}, None),
        ("count / 3", {"count": 1}, Fraction(1, 3)),
        ("count * 1.5", {"count": 3}, Fraction(9, 2)),
        ("count / rate <= 6%", {"count": 0, "rate": 0}, True),  # nobody of nobody
        ("count / rate <= 6%", {"count": 1, "rate": 0}, False),
        ("double", {"count": 4}, 8),
        ("double <= 8", {}, None),
        ("shop", {}, "shop"),  # a bare word is a value
    ],
)
def test_what_an_expression_means(text: Any, env: dict[str, Any], wanted: Any) -> None:
    assert value(text, **env) == wanted
    assert type(value(text, **env)) in (type(wanted), int, Fraction)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a or b and c", "a or (b and c)"),
        ("not a and b", "(not a) and b"),
        ("not a == b", "not (a == b)"),
        ("a and not b or c", "(a and (not b)) or c"),
        ("2 + 3 * count == 14", "(2 + (3 * count)) == 14"),
        ("10 - 3 - 2 == count", "((10 - 3) - 2) == count"),
        ("12 / 3 / 2 == count", "((12 / 3) / 2) == count"),
        ("count <= 4 and a", "(count <= 4) and a"),
    ],
)
def test_precedence(text: str, same: str) -> None:
    for a in (True, False, None):
        for b in (True, False, None):
            for c in (True, False, None):
                for count in (2, 4, 5):
                    env = {"a": a, "b": b, "c": c, "count": count}
                    assert value(text, **env) is value(same, **env)


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("a and b", "TFU FFF UFU"),
        ("a or b", "TTT TFU TUU"),
    ],
)
def test_and_or_are_kleene(text: str, table: str) -> None:
    letters = {"T": True, "F": False, "U": None}
    for a, row in zip("TFU", table.split(), strict=True):
        for b, wanted in zip("TFU", row, strict=True):
            env = {name: letters[letter] for name, letter in (("a", a), ("b", b)) if letters[letter] is not None}
            assert value(text, **env) is letters[wanted]
    assert value("not a") is None


@pytest.mark.parametrize(
    ("text", "what", "mend"),
    [
        ("count ≤ 30", "“≤”要写成半角的“<=”", "insured_count <= 30"),
        ("count ≥ 30", "“≥”要写成半角的“>=”", ""),
        ("count ＜ 30", "“＜”要写成半角的“<”", ""),
        ("count ＞ 30", "“＞”要写成半角的“>”", ""),
        ("count ＝ 30", "“＝”要写成半角的“==”", ""),
        ("count ≠ 30", "“≠”要写成半角的“!=”", ""),
        ("rate <= 6％", "“％”要写成半角的“%”", ""),
        ("（a）", "“（”要写成半角的“(”", ""),
        ("kind in [shop，firm]", "“，”要写成半角的“,”", ""),
        ("coumt <= 30", "“coumt”既不是事实目录里的编号", "是不是“count”"),
        ("zzz <= 30", "“zzz”既不是事实目录里的编号", "请核对拼写，或先把它加进 facts.yml"),
        ("a and zzz", "“zzz”既不是", ""),
        ("not zzz", "“zzz”既不是", ""),
        ("zzz + 1 day <= day", "“zzz”既不是", ""),
        ("note == shop", "“shop”既不是", ""),  # a fact without a list of values
        ("kind == shops", "“kind”没有“shops”这个取值", "可用的取值：shop、firm、bank"),
        ("kind == 'shops'", "“kind”没有“shops”这个取值", "shop、firm、bank"),
        ("kind in [shop, farm]", "“kind”没有“farm”这个取值", ""),
        ("kind <= shop", "类型对不上（选项，选项）", "选项用 == 或 in"),
        ("count <= day", "类型对不上（数，日期）", "日期和日期比、数和数比"),
        ("a <= b", "类型对不上（是否，是否）", ""),
        ("a and count", "类型对不上（数，是否）", ""),
        ("not count", "类型对不上（数，是否）", ""),
        ("day + day <= day", "类型对不上（日期，日期）", ""),
        ("day + 3", "类型对不上（日期，数）", ""),
        ("count - day", "类型对不上（数，日期）", ""),
        ("5 years <= 6 years", "类型对不上（时长，时长）", ""),
        ("a * 2", "类型对不上（是否，数）", ""),
        ("count in [1, 2]", "类型对不上（数，数）", ""),
        ("kind in [1]", "类型对不上（选项，数）", ""),
        ("kind in []", "看不懂", ""),
        ("kind in [shop firm]", "看不懂“kind in [shop firm]”里的“firm”", ""),
        ("kind in [shop", "看不懂", ""),
        ("kind in shop", "看不懂“kind in shop”里的“shop”", ""),
        ("(a or b", "看不懂“(a or b”里的“b”", ""),
        ("a)", "看不懂“a)”里的“)”", ""),
        ("count <=", "看不懂", ""),
        ("<= 3", "看不懂“<= 3”里的“<=”", ""),
        ("1 <= count <= 5", "看不懂“1 <= count <= 5”里的“<=”", ""),
        ("count = 3", "看不懂“count = 3”里的“=”", ""),
        ("count ! 3", "看不懂", ""),
        ("a && b", "看不懂“a && b”里的“&”", ""),
        ("count <= 3 人", "看不懂", ""),
        ("day <= 2021-02-31", "没有“2021-02-31”这一天", "请写真实存在的日期"),
        ("day + 1.5 months", "类型对不上（日期，数）", ""),
        ("", "看不懂", ""),
        ("   ", "看不懂", ""),
        ("''' ", "看不懂", ""),
    ],
)
def test_a_slip_is_pointed_out_in_chinese(text: str, what: str, mend: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, VOCABULARY)
    assert what in caught.value.what
    assert mend in caught.value.mend
    assert caught.value.mend


@pytest.mark.parametrize(
    ("text", "wanted", "what"),
    [
        ("count", "bool", "类型对不上（数，是否）"),
        ("a", "number", "类型对不上（是否，数）"),
        ("day", "number", "类型对不上（日期，数）"),
        ("coumt", "bool", "“coumt”既不是"),
        ("3 days", "date", "类型对不上（时长，日期）"),
    ],
)
def test_the_place_wants_a_type(text: str, wanted: str, what: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, VOCABULARY, wanted)
    assert what in caught.value.what


def test_names_in_the_order_of_the_text() -> None:
    assert parse("c and a and (c or b)", VOCABULARY).names == ("c", "a", "b")
    assert parse("count / rate <= 6% and as_of < day", VOCABULARY).names == ("count", "rate", "as_of", "day")


@pytest.mark.parametrize("start", [D(2021, 1, 29), D(2021, 1, 30), D(2021, 1, 31), D(2020, 1, 31)])
def test_months_are_clipped_to_the_month_s_end(start: date) -> None:
    leap = 29 if start.year % 4 == 0 else 28
    assert add_span(start, Span(months=1)) == D(start.year, 2, leap)
    assert add_span(start, Span(months=1, days=1)) == D(start.year, 3, 1)
    assert add_span(start, Span(months=12)) == D(start.year + 1, 1, start.day)
