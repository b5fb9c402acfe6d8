"""Every numbered item of the notices can be asked for in plain words, and is then read out.

``reachable.tsv``: a question (a fresh conversation, as ``wengang ask``) and the clause whose words the answer quotes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from actions.room import room
from knowledge.text import same_ignoring_space, without_space

AS_OF = date(2021, 9, 1)
_RICH = ["一", "三", "五", "六", "八", "十二", "十三", "十四", "十五", "十六", "十七", "十八", "附1", "附2"]
TWO_QUESTIONS = [*(f"LN/{item}" for item in _RICH), "BX/四", "BX/七", "BX/八"]
"""Items with so much in them that one way in is not enough."""
NOT_ASKED = {"BX/文号", "BX/标题", "BX/主送", "LN/标题", "LN/主送", "LN/附件目录", "LN/公开"}
"""The frame of a document: its own number, title, addressees and list of annexes."""


def rows() -> list[tuple[str, str]]:
    lines = Path(__file__).with_name("reachable.tsv").read_text(encoding="utf-8").splitlines()
    return [(question, clause) for question, clause in (line.split("\t") for line in lines[1:])]


def params() -> Iterator[Any]:
    for question, clause in rows():
        yield pytest.param(question, clause, id=question)


@pytest.mark.parametrize(("question", "clause"), params())
async def test_the_clause_is_read_out(assistant: Any, question: str, clause: str) -> None:
    replies = await assistant.reply(f"reach-{question}", question, as_of=AS_OF, place="本溪")
    said = "\n".join(reply["text"] for reply in replies)
    assert without_space(room().knowledge.clauses[clause].quote) in without_space(said), said


def test_every_clause_is_asked_for() -> None:
    asked = {clause for _, clause in rows()}
    printed = {name for name, clause in room().knowledge.clauses.items() if clause.kind != "heading"}
    assert printed - asked == NOT_ASKED
    assert asked <= printed


@pytest.mark.parametrize("item", TWO_QUESTIONS)
def test_rich_items_have_several_ways_in(item: str) -> None:
    assert sum(clause.startswith(f"{item}/") for _, clause in rows()) >= 2


def test_no_question_is_one_that_the_index_was_given() -> None:
    written = [question for clause in room().knowledge.clauses.values() for question in clause.questions]
    copied = [question for question, _ in rows() if any(same_ignoring_space(question, one) for one in written)]
    assert not copied
