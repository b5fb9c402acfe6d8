"""Replies as WeChat shows them."""

import random

import pytest
from doors import CLAUSES, DECISION, SCRIPT, question

from bot.channels.wechat.render import LONGEST, Menu, messages, passive, pieces, quotes, remainder, whole
from bot.offered import offered, picked

LINES = [f"第{n}条：单位要在规定的期限内申请，过了期限就不能再办了。" for n in range(120)]
LONG = [{"kind": "text", "text": "\n".join(LINES)}]


def test_the_verdict_comes_first_and_no_mark_of_emphasis_is_left():
    text = passive([DECISION])
    assert text.startswith("您能回答的条件都符合，最高可返还 72,000 元。") and "*" not in text
    assert "下一步：请准备好上年度的缴费记录" in text and text.endswith("回复“依据”看原文。")


def test_quotes_are_short_until_they_are_asked_for():
    full = DECISION["card"]["quotes"][1]["quote"]
    text = passive([DECISION])
    assert full not in text and full[:30] in text and "辽人社发〔2021〕7号 一（一）" in text
    assert full in quotes([DECISION]) and DECISION["card"]["quotes"][0]["quote"] in quotes([DECISION])


def test_clauses_show_the_sentence_that_answers_and_when_it_ended():
    text = passive([CLAUSES])
    assert text.startswith("这两份通知没有写金额。") and "已于 2021年12月31日 截止" in text
    assert "回复“依据”看原文" in text and "失业补助金只能申领享受一次" in quotes([CLAUSES])
    assert "1. 什么人能领\n2. 到什么时候" in text


def test_a_question_numbers_its_answers():
    text = passive(SCRIPT["单位"])
    assert text.startswith("贵单位是哪一类？") and "1. 企业\n2. 社会团体/基金会\n" in text and "5. 不知道" in text
    assert "1. 残疾人" in passive(SCRIPT["多选"]) and "比如回复：1、3" in passive(SCRIPT["多选"])
    assert "1." not in passive(SCRIPT["人数"]) and "不知道" in passive(SCRIPT["人数"])


@pytest.mark.parametrize(
    ("said", "asked", "meant"),
    [
        ("2", "单位", "社会团体/基金会"),
        ("２", "单位", "社会团体/基金会"),
        ("②", "单位", "社会团体/基金会"),
        ("第2个", "单位", "社会团体/基金会"),
        ("2。", "单位", "社会团体/基金会"),
        ("5", "单位", "不知道"),
        ("6", "单位", "6"),
        ("0", "单位", "0"),
        ("企业", "单位", "企业"),
        ("2人", "单位", "2人"),
        ("1、3", "多选", "残疾人、登记失业满一年"),
        ("1,3", "多选", "残疾人、登记失业满一年"),
        ("１ ３", "多选", "残疾人、登记失业满一年"),
        ("13", "多选", "残疾人、登记失业满一年"),
        ("1和3", "多选", "残疾人、登记失业满一年"),
        ("4", "多选", "以上都不是"),
        ("1、9", "多选", "1、9"),
        ("3", "人数", "3"),
        ("1", "日期", "1"),
        ("1", "是不是", "是"),
        ("1", "条文", "什么人能领"),
        ("1", "结论", "1"),
    ],
)
def test_a_number_is_read_as_the_answer_it_stands_for(said, asked, meant):
    assert picked(said, SCRIPT[asked]) == meant


def test_every_answer_that_is_offered_can_be_given_by_its_number():
    for replies in SCRIPT.values():
        for number, words in enumerate(offered(replies), 1):
            assert picked(str(number), replies) == words


def test_what_does_not_fit_is_read_on():
    first, rest = passive(LONG), remainder(LONG)
    assert len(first.encode()) <= LONGEST and first.endswith("（还有，回复“继续”接着看）")
    shown = first.rpartition("\n")[0]
    assert shown.endswith("。") and f"{shown}\n{rest}" == whole(LONG)
    read, turns = [shown], 0
    while rest:
        replies, turns = [{"kind": "text", "text": rest}], turns + 1
        assert len(passive(replies).encode()) <= LONGEST
        rest = remainder(replies)
        read.append(passive(replies).rpartition("\n")[0] if rest else passive(replies))
    assert "\n".join(read) == whole(LONG) and turns > 2
    assert remainder([DECISION]) == "" and "继续" not in passive([DECISION])


def test_pieces_are_cut_between_sentences_and_lose_nothing():
    found = pieces(LONG)
    assert len(found) > 2 and all(len(piece.encode()) <= LONGEST and piece.endswith("。") for piece in found)
    assert "\n".join(found) == whole(LONG)


@pytest.mark.parametrize("border", ["", "，", "。", "\n", "\n\n", "x"])
def test_no_piece_is_too_long_or_ends_within_a_character(border):
    draw = random.Random(7)
    for _ in range(60):
        words = ["".join(draw.choices("稳岗返还😀𠮷ab1，", k=draw.randrange(1, 90))) for _ in range(60)]
        text = border.join(words)
        found = pieces([{"kind": "text", "text": text}])
        assert all(1 <= len(piece.encode("utf-8")) <= LONGEST for piece in found)
        assert "".join("".join(found).split()) == "".join(text.split())
        assert len(found) <= 2 * len(text.encode()) / LONGEST + 1, "cut too early"


def test_a_question_of_choosing_becomes_a_menu_behind_what_is_said_before_it():
    (before, menu) = messages([DECISION, *SCRIPT["单位"]])
    assert before == passive([DECISION]) and isinstance(menu, Menu)
    assert menu.head == "贵单位是哪一类？" and menu.items[:2] == [("1", "企业"), ("2", "社会团体/基金会")]
    assert "1. 企业" in menu.text and "回复数字" in menu.text and "点一下" in menu.tail
    others = [*messages(SCRIPT["多选"]), *messages([DECISION]), *messages(SCRIPT["人数"])]
    assert all(isinstance(one, str) for one in others)


def test_what_a_menu_cannot_hold_stays_text():
    many = [question("choice", "哪一类？", tuple(f"第{n}类" for n in range(10)))]
    wide = [question("choice", "哪一类？", ("很" * 43, "短"))]
    tall = [question("choice", "问" * 342, ("是", "否"))]
    assert all(isinstance(one, str) for replies in (many, wide, tall) for one in messages(replies))
