"""Properties of the value grammar on generated numbers, dates and texts."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import cn2an
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actions.values import Value, find_values, invalid_dates

AS_OF = date(2021, 8, 15)
WORDS = (
    "一二两三四五六七八九十百千万亿零几多来余半俩仨0123456789.,-~/年月日号天周个人名次岁元块毛分点%成第差满不到超过以上下左右"
    "去今前明后上本这底初末中大概约近快(含)之前后起止没都也裁附件〔〕 \n"
)
texts = st.text() | st.text(alphabet=WORDS, max_size=60) | st.lists(st.sampled_from(WORDS), max_size=200).map("".join)
dates = st.dates()
relaxed = settings(deadline=None, max_examples=300)


def only(text: str, as_of: date = AS_OF) -> Value:
    values = find_values(text, as_of)
    assert len(values) == 1, (text, values)
    return values[0]


@given(st.integers(min_value=0, max_value=10**8 - 1))
@relaxed
def test_chinese_numerals_come_back(number: int) -> None:
    value = only(f"{cn2an.an2cn(number)}元")
    assert (value.kind, value.low, value.high, value.value) == ("money", number, number, number)


@given(st.integers(min_value=2, max_value=10**8 - 1))
@relaxed
def test_counts_come_back(number: int) -> None:
    for written in (cn2an.an2cn(number), str(number), f"{number:,}"):
        value = only(f"我们有{written}个人")
        assert (value.value, value.unit, value.approx) == (number, "人", False)


@given(st.integers(min_value=1, max_value=999), st.integers(min_value=0, max_value=9999))
@relaxed
def test_decimals_are_exact(whole: int, part: int) -> None:
    exact = Fraction(whole * 10_000 + part, 10_000)
    assert only(f"{whole}.{part:04}%").value == exact
    assert only(f"{whole}.{part:04}万元").value == exact * 10_000
    assert only(f"百分之{cn2an.an2cn(whole)}点{cn2an.an2cn(f'{part:04}', 'direct')}").value == exact


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)), dates)
@relaxed
def test_dates_come_back(day: date, as_of: date) -> None:
    spelt = cn2an.an2cn(str(day.year), "direct")
    for written in (
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month:02}.{day.day:02}",
        f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{spelt}年{cn2an.an2cn(day.month)}月{cn2an.an2cn(day.day)}号",
    ):
        value = only(written, as_of)
        assert (value.low, value.high, value.value, value.precision) == (day, day, day, "day"), written
        assert invalid_dates(written, as_of) == []


@given(st.integers(1900, 2099), st.integers(1, 99), st.integers(1, 99))
@relaxed
def test_a_date_is_read_or_named_as_impossible(year: int, month: int, day: int) -> None:
    text = f"{year}年{month}月{day}日"
    try:
        expected = [date(year, month, day)]
    except ValueError:
        expected = []
    assert [v.value for v in find_values(text, AS_OF)] == expected
    assert invalid_dates(text) == ([] if expected else [text])


@given(texts, dates)
@example("9999999999年前", date.min)
@example("9999999999天前", date.max)
@example("去年底大前年上个月明年下个月三天后", date.min)
@example("后年明年下个月三天后100年后", date.max)
@example("½²①٣㊀卅", AS_OF)
@relaxed
def test_any_text_is_survived(text: str, as_of: date) -> None:
    values = find_values(text, as_of)
    behind = 0
    for value in values:
        assert behind <= value.start < value.end <= len(text)
        assert value.text == text[value.start : value.end]
        behind = value.end
        low, high = value.low, value.high
        if value.kind == "date":
            assert isinstance(low, date) and isinstance(high, date) and value.precision
            assert low <= high
            assert value.approx or value.comparator or low <= value.value <= high  # type: ignore[operator]
        else:
            assert low is None or low <= value.value  # type: ignore[operator]
            assert high is None or value.value <= high  # type: ignore[operator]
            assert value.approx == (low != high)
            assert all(isinstance(n, int | Fraction) for n in (low, high, value.value) if n is not None)
            assert value.precision is None
    for impossible in invalid_dates(text, as_of):
        assert impossible in text


@given(texts)
@relaxed
def test_the_same_text_gives_the_same_values(text: str) -> None:
    assert find_values(text, AS_OF) == find_values(text, AS_OF)
