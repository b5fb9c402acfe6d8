"""A notice to be read: nothing lost, nothing added, headings and lists as they were printed."""

from __future__ import annotations

import re

import pytest

from knowledge import load
from knowledge.printed import Block, blocks
from knowledge.text import without_space

KNOWN = load()


def words(block: Block) -> list[str]:
    return ["".join(piece.text for piece in line) for line in block.lines]


@pytest.mark.parametrize("document", KNOWN.notices)
def test_every_word_once_and_every_clause_opened_once(document: str) -> None:
    notice = KNOWN.notices[document]
    pieces = [piece for block in blocks(notice) for line in block.lines for piece in line]
    assert without_space("".join(piece.text for piece in pieces)) == without_space(re.sub(r"[#*]", "", notice.source))
    assert [piece.clause for piece in pieces if piece.opens] == [clause.id for clause in notice.clauses]
    for clause in notice.clauses:
        own = "".join(piece.text for piece in pieces if piece.clause == clause.id)
        assert without_space(own) == without_space(clause.quote)
    assert all(block.lines and all(words(block)) for block in blocks(notice))


def test_headings_and_paragraphs() -> None:
    found = [(block.level, words(block)) for block in blocks(KNOWN.notices["LN"])]
    assert (1, ["一、统筹抓好延续实施政策落实"]) in found
    assert (2, ["(二) 继续实施稳岗扩岗以工代训。"]) in found
    assert (None, ["8. 孤儿毕业生。"]) in found
    assert [level for level, _ in found].count(1) == 7 and [level for level, _ in found].count(2) == 20


def test_a_break_of_the_scan_is_closed_up_and_one_of_the_print_is_kept() -> None:
    text = [words(block) for block in blocks(KNOWN.notices["BX"])]
    assert any("辽宁省扶贫领域数据共享管理办法" in line for block in text for line in block)
    assert next(block for block in text if block[0] == "本溪市教育局")[1] == "本溪市财政局"
    assert ["2021年7月20日"] in text
