"""What the screen asks for: search as one types, the fact sheet, a decision with what is read aloud of it."""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot
from bot.messages import say
from bot.staff.answers import decided
from bot.staff.quick_search import over
from bot.staff.script import BREATH, aloud, breaths, left, pieces
from bot.staff.sheet import sheet

FULL = {
    "unit_kind": "enterprise", "insured_in_liaoning": True, "insured_count": 28, "layoff_count": 5,
    "insured_count_end_2020": 280, "premium_paid_prev_year_yuan": 120000, "enterprise_size": "medium_small_micro",
}  # fmt: skip
DAY = date(2021, 9, 1)


@pytest.fixture(scope="module")
def room(rules, searcher):
    from actions.room import Room

    return Room(rules.knowledge, rules, searcher)


@pytest.mark.parametrize("typed", ["wgfh", "WGFH", "稳岗返还", "稳刚返还", "稳岗 返还", "wg", "稳岗"])
def test_a_programme_by_its_characters_its_initials_and_with_a_slip(rules, typed):
    assert "stabilisation_refund" in over(rules).programmes(typed)


@pytest.mark.parametrize(("typed", "clause"), [
    ("裁员率", "LN/一/裁员率"), ("cyl", "LN/一/裁员率"), ("失业补助筋", "LN/六/对象"), ("shiyebuzhujin", "LN/六/对象"),
    ("只能申领享受一次", "LN/六/一次"), ("30人(含)以下", "LN/一/小单位"), ("30人（含）以下", "LN/一/小单位"),
])  # fmt: skip
def test_a_clause_by_what_is_typed(rules, typed, clause):
    assert clause in [found.clause.id for found in over(rules).clauses(typed)][:3]


@pytest.mark.parametrize(("typed", "document"), [("本人社43", "BX"), ("20217", "LN"), ("辽人社发7号", "LN")])
def test_a_notice_by_its_number(rules, typed, document):
    assert over(rules).documents(typed) == [document]


@given(typed=st.text(max_size=12) | st.sampled_from(["%", "_", "'", "\\", "\n", "\x00", "(", "[", "*", "失业\n补助金"]))
def test_whatever_is_typed_what_is_marked_lies_in_the_sentence(rules, typed):
    for found in over(rules).clauses(typed):
        assert 0 <= found.start < found.end <= len(found.clause.quote)
        if found.mark:
            assert 0 <= found.mark[0] < found.mark[1] <= len(found.clause.quote)


def test_the_sheet_shrinks_with_each_fact(rules):
    """From nothing known to a verdict; what is asked is always what the engine misses."""
    facts, before = {}, None
    for name, value in FULL.items():
        found = sheet(rules, "stabilisation_refund", facts, DAY, "本溪")
        asked = [fact["id"] for question in found["open"] for fact in question["facts"]]
        assert len(asked) == len(set(asked)) and not set(asked) & set(facts)
        assert before is None or len(asked) < before + 2
        before, facts = len(asked), {**facts, name: value}
    assert sheet(rules, "stabilisation_refund", facts, DAY, "本溪")["open"] == []


def test_a_fact_makes_questions_irrelevant(rules):
    few = sheet(rules, "stabilisation_refund", {"layoff_count": 0}, DAY, "本溪")
    assert "insured_count" not in [fact["id"] for question in few["open"] for fact in question["facts"]]


def test_the_questions_left_are_counted_as_they_stand_in_the_sheet(room):
    """By what they are asked for; a question that asks for several facts is one."""
    for name in room.rules.programmes:
        decision, reply = decided(room, name, {}, DAY, "本溪", [], "LN/十六/三十日" if name == "duty" else None)
        asked = [one["purpose"] for one in sheet(room.rules, name, {}, DAY, "本溪")["open"]] if name != "duty" else []
        said = left(room.rules, decision)
        assert [int(number) for number in re.findall(r"\d+", said)] == list(Counter(asked).values()), (name, said)
        if decision.verdict == "needs_info":
            spoken = "".join(piece["text"] for piece in pieces(room, decision, reply, DAY))
            assert aloud(f"还要问您 {asked.count('verdict')} 件事", DAY) in spoken, name
    refund, _ = decided(room, "stabilisation_refund", {}, DAY, "本溪", [])
    assert left(room.rules, refund) == "4 个关系到结论，2 个只关系到金额，1 个只关系到期限、办法等"
    assert left(room.rules, decided(room, "stabilisation_refund", FULL, DAY, "本溪", [])[0]) == ""


def test_no_question_stands_twice_in_a_sheet(room):
    for name in room.rules.programmes.keys() - {"duty"}:
        for facts in (
            {},
            {key: FULL[key] for key in list(FULL)[:3]},
            {"layoff_count": 0},
            {"insured_unemployed": True},
        ):
            asked = [one["id"] for one in sheet(room.rules, name, facts, DAY, "本溪")["open"]]
            assert len(asked) == len(set(asked)), (name, asked)


def test_every_programme_has_a_sheet_and_a_script(room):
    for name in room.rules.programmes:
        for place, day in (("本溪", DAY), ("沈阳", DAY), ("本溪", date(2026, 11, 28)), ("本溪", date(2020, 1, 1))):
            about = "LN/十六/三十日" if name == "duty" else None
            decision, reply = decided(room, name, {}, day, place, [], about)
            sheet(room.rules, name, {}, day, place, (), about)
            script = pieces(room, decision, reply, DAY)
            assert script and script[0]["head"] == "结论"
            for piece in script:
                assert 0 < len(piece["text"]) <= BREATH
                assert not [char for char in piece["text"] if char in "0123456789%*"], piece


def test_the_order_is_verdict_amount_deadline_basis_next(room):
    decision, reply = decided(room, "stabilisation_refund", FULL, DAY, "本溪", [])
    script = pieces(room, decision, reply, DAY)
    assert list(dict.fromkeys(piece["head"] for piece in script)) == ["结论", "多少", "期限", "依据", "下一步"]
    texts = {piece["head"]: piece["text"] for piece in script}
    assert texts["多少"] == "最多七万二千元，按上年度实缴失业保险费的百分之六十。"
    assert texts["期限"] == "今年十二月三十一日之前申请。"
    assert texts["依据"] == "省里二〇二一年七号文件，第一部分第一条。"
    assert texts["结论"].startswith("还要看别的条件")


def test_a_verdict_has_one_name_everywhere(room):
    """On the citizen's card, in the script, on the pages of the console, in what a case is called."""
    web = Path(bot.__file__).parent / "web"
    scripts = [(web / path / "words.js").read_text("utf-8") for path in ("widget", "staff")]
    named = [text.partition("  verdicts: {")[2].partition("},")[0] for text in scripts]
    cards, cases = (dict(re.findall(r'(\w+): "(.+)",', text)) for text in named)
    pages = (web.parent / "staff" / "pages" / "words.html").read_text("utf-8")
    shown = dict(re.findall(r"'(\w+)': '([^']+)'", next(line for line in pages.splitlines() if "verdicts_zh" in line)))
    for verdict in ("eligible", "ineligible", "conditional", "not_in_notice"):
        assert cards[verdict] == cases[verdict] == shown[verdict] == say(f"staff_table.{verdict}"), verdict
    decision, reply = decided(room, "stabilisation_refund", FULL, DAY, "本溪", [])
    assert pieces(room, decision, reply, DAY)[0]["text"].startswith(f"{cards['conditional']}：")


def test_a_no_is_read_with_its_reason_whatever_the_card_calls_it(room):
    facts = {**FULL, "insured_count": 40, "layoff_count": 20}
    decision, reply = decided(room, "stabilisation_refund", facts, DAY, "本溪", [])
    assert decision.verdict == "ineligible"
    lines = [line.replace("为什么", "原因") for line in reply["card"]["lines"]]
    script = pieces(room, decision, {**reply, "card": {**reply["card"], "lines": lines}}, DAY)
    said = "".join(piece["text"] for piece in script if piece["head"] == "结论")
    assert said.startswith("不符合：") and "二十除以四十" in said


def test_what_is_over_is_said_first_and_invites_nobody(room):
    decision, reply = decided(room, "stabilisation_refund", FULL, date(2026, 11, 28), "本溪", [])
    script = pieces(room, decision, reply, DAY)
    assert script[0]["text"].startswith("这一项已经截止了")
    assert not [piece for piece in script if piece["head"] in ("期限", "下一步")]


def test_a_last_day_is_named_with_its_year_when_it_is_not_this_years(room):
    decision, reply = decided(room, "stabilisation_refund", FULL, DAY, "本溪", [])
    said = {piece["head"]: piece["text"] for piece in pieces(room, decision, reply, date(2026, 11, 28))}
    assert said["期限"] == "二〇二一年十二月三十一日之前申请。"


def test_where_the_day_alone_decides_nobody_is_found_not_to_fit(room):
    decision, reply = decided(room, "unemployment_aid", {}, date(2026, 11, 28), "本溪", [])
    said = "".join(piece["text"] for piece in pieces(room, decision, reply, date(2026, 11, 28)))
    assert decision.verdict == "ineligible" and "已经截止了" in said and "不符合" not in said


def test_another_province_hears_no_last_day_of_ours(room):
    decision, reply = decided(room, "stabilisation_refund", {}, date(2026, 11, 28), "深圳", [])
    said = "".join(piece["text"] for piece in pieces(room, decision, reply, date(2026, 11, 28)))
    assert decision.verdict == "not_in_notice" and said.startswith("这两份通知没有写") and "截止" not in said
    assert "2021年12月31日前申请" not in reply["text"]


@pytest.mark.parametrize("day", [DAY, date(2026, 11, 28), date(2020, 1, 1)])
def test_the_card_of_another_province_names_no_day_of_ours(room, day):
    for name in room.rules.programmes.keys() - {"duty"}:
        decision, reply = decided(room, name, {}, day, "深圳", [])
        assert decision.verdict == "not_in_notice"
        assert reply["card"]["headline"].startswith("**这两份通知没有写这种情况。**"), name
        assert "深圳" in reply["card"]["headline"] and not re.search(r"\d月|截止|申请|发布", reply["text"]), name


READ = """72,000 元|七万二千元
60%|百分之六十
17.9%|百分之十七点九
2021年12月31日|今年十二月三十一日
2025年1月5日|二〇二五年一月五日
辽人社发〔2021〕7号|辽人社发二〇二一年七号
打 12333|打幺二三三三
2020 年末|二〇二〇年末
5÷28≈17.9%|五除以二十八约百分之十七点九
2 件事|两件事
12个月|十二个月"""


@pytest.mark.parametrize("line", READ.splitlines())
def test_numbers_as_they_are_read(line):
    written, read = line.split("|")
    assert aloud(written, DAY) == read


@given(st.text(alphabet="一二。，、；字", max_size=400))
def test_breaths_lose_nothing(text):
    assert "".join(breaths(text)) == text and all(len(piece) <= BREATH for piece in breaths(text))


async def test_over_http(house):
    browser = await house.signed_in("小王")
    found = (await browser.get("/staff/api/search", params={"q": "wgfh", "as_of": "2021-09-01"})).json()
    assert found["programmes"][0] == {"id": "stabilisation_refund", "title": "失业保险稳岗返还"}
    assert (await browser.get("/staff/api/search", params={"q": "裁员率"})).json()["clauses"][0]["applies"]
    assert (await browser.get("/staff/api/search", params={"q": "裁员率", "as_of": "2020-01-01"})).json()[
        "clauses"
    ] == []
    for bad in ({"q": "x", "as_of": "soon"}, {"q": "x", "place": "火星"}):
        assert (await browser.get("/staff/api/search", params=bad)).status_code == 422
    asked = {"programme": "stabilisation_refund", "facts": FULL, "as_of": "2021-09-01"}
    assert (await browser.tell("/staff/api/sheet", **asked)).json()["open"] == []
    answer = (await browser.tell("/staff/api/decide", **asked)).json()
    assert answer["decision"]["verdict"] == "conditional" and answer["card"]["quotes"] and answer["script"]
    failing = {**asked, "facts": {**FULL, "layoff_count": 7}}
    assert (await browser.tell("/staff/api/decide", **failing)).json()["decision"]["would_change"]
    assert len((await browser.get("/staff/api/programmes")).json()["programmes"]) > 10
    for bad in ({**asked, "facts": []}, {**asked, "programme": "x"}, {**asked, "more": 1}, {}):
        assert (await browser.tell("/staff/api/decide", **bad)).status_code == 422
    assert (await house.browser().get("/staff/api/search", params={"q": "x"})).status_code == 401
    admin = await house.signed_in("管理", "admin")
    assert (await admin.tell("/staff/api/decide", **asked)).status_code == 403
