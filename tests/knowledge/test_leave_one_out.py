"""The lay questions are a measure of the search: each is asked of an index that was not given it."""

from dataclasses import replace

import pytest

from knowledge import Knowledge, load
from knowledge.leave_one_out import LeftOut, left_out, recall


@pytest.fixture(scope="module")
def k() -> Knowledge:
    return load()


def only(k: Knowledge, questions: dict[str, tuple[str, ...]]) -> Knowledge:
    """The same notices with no lay questions but these."""
    clauses = {name: replace(clause, questions=questions.get(name, ())) for name, clause in k.clauses.items()}
    return replace(k, clauses=clauses)


def test_a_question_does_not_find_its_clause_by_itself(k: Knowledge) -> None:
    lonely = only(k, {"LN/六/一次": ("鹦鹉螺", "鹦鹉螺贝壳")})
    assert [one.rank for one in left_out(lonely)] == [1, 1]
    assert [one.rank for one in left_out(only(k, {"LN/六/一次": ("鹦鹉螺",)}))] == [None]


def test_every_question_is_asked_once(k: Knowledge) -> None:
    few = {"LN/六/一次": ("能领几回",), "BX/四/标准": ("以工代训给多少", "每月几百"), "LN/一": ("标题不答话",)}
    asked = [(one.clause, one.question) for one in left_out(only(k, few))]
    assert sorted(asked) == [("BX/四/标准", "以工代训给多少"), ("BX/四/标准", "每月几百"), ("LN/六/一次", "能领几回")]


def test_recall_counts_the_first_hits() -> None:
    results = [LeftOut("a", "?", rank) for rank in (1, 3, 4, None)]
    assert [recall(results, at) for at in (1, 3, 10)] == [0.25, 0.5, 0.75]
    assert recall([], 1) == 0


def test_the_house_finds_clauses_by_words_it_was_not_given(k: Knowledge) -> None:
    results = list(left_out(k))
    assert recall(results, 1) >= 0.68
    assert recall(results, 3) >= 0.86
