"""Bytes and dates from outside."""

import json
from datetime import date
from xml.sax.saxutils import escape

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from bot.inputs import InputError, clean, read_date, read_json


@given(st.dates(date(1990, 1, 1), date(2099, 12, 31)))
def test_every_real_date_is_read(day):
    assert read_date(day.isoformat(), "as_of") == day == read_date(f" {day.year}-{day.month}-{day.day} ", "as_of")


@given(st.text(max_size=20))
def test_anything_else_is_one_sentence(text):
    try:
        read_date(text, "as_of")
    except InputError as error:
        assert "as_of" in str(error) and str(error).endswith("。") and "\n" not in str(error)


@pytest.mark.parametrize(
    ("text", "said"),
    [("2021-02-31", "1 到 28 日"), ("2020-02-30", "1 到 29 日"), ("2021-13-01", "月份"), ("0000-01-01", "年份"),
     ("2021/9/1", "2021-09-01"), ("2021-09-01T00:00", "2021-09-01"), ("", "2021-09-01"), ("2021-00-10", "月份")],
)  # fmt: skip
def test_the_sentence_says_what_is_wrong(text, said):
    with pytest.raises(InputError, match=said):
        read_date(text, "as_of")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_is_read_as_python_reads_it(value):
    assert read_json(json.dumps(value).encode()) == value == read_json(json.dumps(value, ensure_ascii=False).encode())


@given(st.binary(max_size=60))
def test_any_bytes_give_a_value_or_a_sentence(raw):
    try:
        read_json(raw)
    except InputError as error:
        assert str(error).endswith("。")


def test_clean_keeps_lines_and_drops_what_cannot_be_stored():
    assert clean("一\n二\t三\x00\x07\x7f👍") == "一\n二\t三👍"
    assert clean("𠮷\ud83d\udc4d\ud800\ufffe\uffff~\x80\ufffd\ue000\U0010ffff") == "𠮷~\x80\ufffd\ue000\U0010ffff"


@given(st.lists(st.sampled_from("\0\x0b\x1f\x7f\x85\ud7ff\ud800\udfff\ue000\ufffd\ufffe\uffff𠮷<")).map("".join))
def test_what_is_clean_can_be_stored_and_stand_in_a_file_of_xml(text):
    kept = clean(text)
    kept.encode()
    assert (fromstring(f"<a>{escape(kept)}</a>").text or "") == kept == clean(kept)
