"""Searching the notices: relevant first, a true highlight, and no input that breaks it."""

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import load
from knowledge.search import LONGEST_QUERY, Hit, Searcher, sentences
from knowledge.yaml_source import load_yaml

CONTRACT = load_yaml(Path(__file__).resolve().parent.parent / "contract" / "clauses.yml").data
K = load()
SEARCHER = Searcher(K)


def ids(hits: list[Hit]) -> list[str]:
    return [hit.clause.id for hit in hits]


@pytest.mark.parametrize("id", CONTRACT)
def test_a_title_finds_its_clause(id: str) -> None:
    assert id in ids(SEARCHER.search(K.clauses[id].title, limit=3))


@pytest.mark.parametrize("id", CONTRACT)
def test_a_quote_finds_its_clause_first(id: str) -> None:
    quote = K.clauses[id].quote  # one sentence stands in the province's notice twice
    assert [hit.clause.quote for hit in SEARCHER.search(quote, limit=1)] == [quote]


@pytest.mark.parametrize("id", [id for id, clause in K.clauses.items() if clause.questions])
def test_a_lay_question_finds_its_clause(id: str) -> None:
    for question in K.clauses[id].questions:
        assert id in ids(SEARCHER.search(question, limit=3)), question


def test_the_sentence_to_highlight() -> None:
    hit = next(h for h in SEARCHER.search("2021年失业的补助金最长发到2022年几月") if h.clause.id == "LN/六/新发生")
    assert "实际发放时间最长可至2022年6月30日" in hit.sentence
    assert hit.sentence != hit.clause.quote


@given(st.one_of(st.text(st.characters()), st.sampled_from([c.quote for c in K.clauses.values()])))
def test_every_hit_is_in_order_and_quotes_its_clause(text: str) -> None:
    hits = SEARCHER.search(text)
    assert hits == SEARCHER.search(text)
    assert len(hits) <= 5
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        assert 0 < hit.score <= 1.000001
        assert hit.clause.kind != "heading"
        assert hit.sentence == hit.clause.quote[hit.start : hit.end] != ""


@pytest.mark.parametrize(
    "text",
    ["", " \n\u3000", "😀🎉", "\ud800", "\x00", "。，！？", '"(:[*~^', "+ - && || ! AND OR NOT", "𠮷", "a" * 1_000_000],
    ids=ascii,
)
def test_nothing_to_find(text: str) -> None:
    assert SEARCHER.search(text) == []


@pytest.mark.parametrize(
    "text", ['terms:"稳岗返还"~2^9 OR (', "\ud800稳岗返还\udfff", "稳 岗\u200b返\n还", "稳岗返还" * 250_000]
)
def test_hostile_dress_does_not_matter(text: str) -> None:
    assert ids(SEARCHER.search(text))[0].startswith("LN/一/")


def test_a_long_text_is_read_to_its_limit_only() -> None:
    head = "稳岗返还裁员率" + "。" * (LONGEST_QUERY - 7)
    assert SEARCHER.search(head + "失业补助金" * 1000) == SEARCHER.search(head)


def test_limit() -> None:
    assert SEARCHER.search("补贴", limit=0) == []
    assert len(SEARCHER.search("补贴", limit=20)) == 20


def test_a_notice_that_did_not_exist_yet_is_left_out() -> None:
    question = "稳岗返还的缴费记录由谁提供"
    assert "BX/一/缴费依据" in ids(SEARCHER.search(question, as_of=datetime.date(2021, 7, 20)))
    before = ids(SEARCHER.search(question, as_of=datetime.date(2021, 7, 19)))
    assert before and all(id.startswith("LN/") for id in before)
    assert SEARCHER.search(question, as_of=datetime.date(2020, 12, 31)) == []


def test_the_index_is_the_same_every_time() -> None:
    other = Searcher(load())
    for question in ("没工作了能领啥", "公益岗", "大学生创业贷款", "补贴标准"):
        assert other.search(question) == SEARCHER.search(question)


def test_sentences_keep_brackets_whole() -> None:
    quote = "按照《甲，乙；丙》（一，二）执行；其中，" + "子" * 30 + "，" + "丑" * 30 + "。"
    assert [quote[a:b] for a, b in sentences(quote)] == [
        "按照《甲，乙；丙》（一，二）执行",
        "其中",
        "子" * 30,
        "丑" * 30,
    ]
