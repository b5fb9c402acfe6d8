"""The operators' screen in a real Chromium, without a mouse: from an incoming call to what is read aloud."""

import json
import re
from datetime import date

import pytest
import sqlalchemy as sa
from playwright.sync_api import Route, expect
from screens import ENTER, EVIL, REFUND, UNEMPLOYED, hold, stored

from bot.store.case_tables import CaseNote

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # what a browser shows does not depend on it

MOST = 12  # keystrokes besides the facts


# ── from the call to the verdict ──


def test_a_refund_from_the_call_to_what_is_read_aloud(screen):
    expect(screen.page.get_by_label("查条文、事项")).to_be_focused()
    screen.look_up("wgfh")
    assert set(screen.tell(REFUND)) == set(REFUND)
    expect(screen.page.get_by_role("heading", name="念给来电人听")).to_be_focused()
    said = screen.script()
    assert list(said) == ["结论", "多少", "期限", "依据", "下一步"]
    assert said["结论"].startswith("还要看别的条件：您能答的都满足") and said["多少"].startswith("最多七万二千元")
    expect(screen.page.locator("#card .glance")).to_contain_text("最高 72,000 元")
    expect(screen.page.locator("#quotes")).to_contain_text("30人(含)以下的参保单位裁员率")
    assert screen.strokes <= MOST, screen.strokes


def test_a_person_from_the_call_to_what_is_read_aloud(screen):
    screen.look_up("sybzj")
    screen.tell(UNEMPLOYED)
    expect(screen.page.get_by_role("heading", name="念给来电人听")).to_be_focused()
    said = screen.script()
    assert said["结论"].startswith("符合") and "期限" in said and "依据" in said
    assert screen.strokes <= MOST, screen.strokes


def test_a_no_says_what_would_change_it(screen):
    screen.look_up("稳岗返还")
    screen.tell({**REFUND, "layoff_count": f"7{ENTER}"})
    expect(screen.page.locator("#card .chip")).to_have_text("不符合")
    expect(screen.page.locator("#card .changes")).to_have_text("差在哪：裁员不超过 5 人才够。")
    assert screen.script()["结论"].startswith("不符合：")


def test_the_verdict_changes_with_each_key(screen):
    screen.look_up("wgfh")
    for question in REFUND.keys() - {"layoff_count"}:
        screen.go_to(question)
        screen.page.keyboard.type(REFUND[question])
    chip = screen.page.locator("#card .chip")
    assert screen.asked() == "layoff_count"
    screen.page.keyboard.type("5")
    expect(chip).not_to_have_text("不符合")
    screen.page.keyboard.type("0")
    expect(chip).to_have_text("不符合")
    assert len(screen.known()) == len(REFUND) - 1, "nothing is an answer before Enter"
    screen.page.keyboard.press("Backspace")
    expect(chip).not_to_have_text("不符合")


def test_the_sheet_shrinks_with_each_fact(screen):
    screen.look_up("wgfh")
    screen.settled()
    before = screen.page.locator("#open li").count()
    left = screen.page.locator("#card .glance div").filter(has_text="还要问").locator("dd")
    assert sum(int(number) for number in re.findall(r"\d+", left.inner_text())) == before == 7
    screen.tell({"unit_kind": f"1{ENTER}"})
    assert screen.page.locator("#open li").count() == before - 1
    screen.go_to("layoff_count")
    screen.page.keyboard.type(f"0{ENTER}")
    screen.settled()
    expect(screen.page.locator("[data-id=insured_count]")).to_have_count(0)  # nobody was laid off: it does not matter


def test_what_is_not_known_and_what_is_taken_back(screen):
    screen.look_up("wgfh")
    first = screen.asked()
    screen.page.keyboard.type("-")
    screen.settled()
    assert screen.known()[0].endswith("不清楚改") and screen.asked() != first
    screen.page.keyboard.press("Backspace")
    assert screen.asked() == first and screen.known() == []
    screen.page.keyboard.type(f"1{ENTER}")
    screen.settled()
    screen.page.keyboard.press("Shift+Tab")  # to the answer above, which is a button
    screen.page.keyboard.press("Enter")
    assert screen.asked() == first and screen.known() == []


def test_several_at_once_and_none_of_them(screen):
    screen.look_up("求职创业")
    screen.go_to("job_seeking_groups")
    screen.page.keyboard.type("19")
    expect(screen.page.get_by_role("button", name="1 家里吃低保")).to_have_attribute("aria-pressed", "true")
    screen.page.keyboard.press("Enter")
    screen.settled()
    assert screen.known()[0].endswith("家里吃低保、办过国家助学贷款改")
    screen.page.keyboard.press("Alt+w")
    screen.page.keyboard.press("Backspace")
    assert screen.asked() == "job_seeking_groups"
    screen.page.keyboard.type("0")
    screen.settled()
    assert screen.known()[0].endswith("以上都不是改")


def test_what_is_no_answer_is_said_beside_the_field(screen):
    screen.look_up("wgfh")
    screen.asked()
    screen.page.keyboard.type("0")
    expect(screen.page.get_by_text("请按 1 到 11")).to_be_visible()
    screen.go_to("layoff_count")
    screen.page.keyboard.type(f"五{ENTER}")
    expect(screen.page.get_by_text("要填整数，比如 28")).to_be_visible()
    assert screen.known() == [] and screen.asked() == "layoff_count"


def test_what_is_known_of_the_caller_serves_the_next_programme(screen):
    screen.look_up("wgfh")
    screen.tell(REFUND)
    screen.press("Alt+c")
    screen.look_up("以工代训")
    screen.settled()
    assert any(words.startswith("参保职工人数 28 人") for words in screen.known())


def test_answers_that_come_late_change_nothing(screen):
    screen.look_up("wgfh")
    for question in REFUND.keys() - {"layoff_count"}:
        screen.go_to(question)
        screen.page.keyboard.type(REFUND[question])
    screen.go_to("layoff_count")
    held = hold(screen.page, "**/staff/api/decide", 1)
    with screen.page.expect_request("**/staff/api/decide"):
        screen.page.keyboard.type("5")
    screen.page.keyboard.type("0")
    chip = screen.page.locator("#card .chip")
    expect(chip).to_have_text("不符合")
    held[0].continue_()
    screen.page.wait_for_timeout(200)
    expect(chip).to_have_text("不符合")


def test_what_comes_after_the_call_is_over_is_not_the_next_callers(screen, house):
    screen.look_up("wgfh")
    screen.settled()
    late = [hold(screen.page, f"**/staff/api/{what}", 1) for what in ("sheet", "decide", "cases")]
    screen.page.keyboard.type(f"1{ENTER}")
    screen.press("Alt+j")
    screen.type(ENTER)
    screen.page.wait_for_timeout(100)
    screen.press("Alt+x")
    screen.press("Alt+j")
    screen.page.keyboard.type("024")
    for held in late:
        held[0].continue_()
    expect(screen.page.locator("#kept")).to_contain_text("已记下，工单 1。")
    expect(screen.page.locator("#phone")).to_have_value("024")
    for empty in ("#sheet", "#verdict"):
        expect(screen.page.locator(empty)).to_be_hidden()
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.type(f"x{ENTER}")
    expect(screen.page.locator("#kept")).to_contain_text("已记下，工单 2。")


READ = """
number count 28|28
number count １,２００|1200
number yuan 12万|120000
number yuan 0.5w|5000
number percent 17.9%|17.9
number months 1.5年|18
number count 2.5|null
number count 五|null
number yuan 9999999999999|null
day - 20210901|2021-09-01
day - 2021年9月1日|2021-09-01
day - 9-1|2021-09-01
day - +3|2022-01-02
day - 2021-02-30|null
day - 202109|null
"""


def test_numbers_and_days_as_they_are_typed(screen):
    for line in READ.split("\n")[1:-1]:
        typed, read = line.split("|")
        what, kind, text = typed.split(" ")
        name, more = ("readNumber", kind) if what == "number" else ("readDay", "2021-12-30")
        call = f"([text, more]) => import('/web/staff/entry.js').then((all) => String(all.{name}(text, more)))"
        assert screen.page.evaluate(call, [text, more]) == read, line


# ── searching ──


def test_the_answer_to_fewer_letters_comes_too_late(screen):
    held: list[Route] = []

    def later(route: Route) -> None:
        if "q=w&" in route.request.url + "&":
            held.append(route)
        else:
            route.continue_()

    screen.page.route("**/staff/api/search?*", later)
    with screen.page.expect_request(re.compile(r"q=w$")):
        screen.page.keyboard.type("w")
    screen.page.keyboard.type("gfh")
    first = screen.page.get_by_role("option").first
    expect(first).to_contain_text("失业保险稳岗返还")
    answer = {"programmes": [], "documents": [], "clauses": [], "as_of": "2021-09-01", "place": "本溪"}
    held[0].fulfill(body=json.dumps(answer), content_type="application/json")
    screen.page.wait_for_timeout(200)
    expect(first).to_contain_text("失业保险稳岗返还")


def test_enter_waits_for_the_answer_to_what_is_typed(screen):
    held = hold(screen.page, "**/staff/api/search?*", 9)
    screen.type(f"sybzj{ENTER}")
    screen.page.wait_for_timeout(200)
    expect(screen.page.locator("#sheet")).to_be_hidden()
    held[-1].continue_()
    expect(screen.page.get_by_role("heading", name="失业补助金")).to_be_visible()


def test_a_clause_its_very_words_and_the_programme_that_rests_on_it(screen, rules):
    screen.type("裁员率不高于")
    hit = screen.page.get_by_role("option").filter(has=screen.page.locator("mark")).first
    expect(hit.locator("mark")).to_have_text("裁员率不高于")
    place = screen.page.get_by_role("option").evaluate_all("all => all.findIndex((one) => one.querySelector('mark'))")
    for _ in range(place):
        screen.press("ArrowDown")
    screen.press("Enter")
    clause = next(one for one in rules.knowledge.clauses.values() if one.id == "LN/一/裁员率")
    expect(screen.page.locator("#clause blockquote")).to_have_text(f"“{''.join(clause.quote.split())}”")
    screen.press("Enter")
    expect(screen.page.get_by_role("heading", name="失业保险稳岗返还")).to_be_visible()
    assert screen.asked()


def test_a_duty_is_told_of_its_clause(screen):
    screen.look_up("征缴机构提供")
    expect(screen.page.locator("#clause blockquote")).to_contain_text("征缴机构提供")
    screen.press("Alt+y")
    while not screen.page.get_by_role("button", name="打开“部门的职责”").evaluate("one => one.matches(':focus')"):
        screen.press("Tab")
    screen.press("Enter")
    screen.settled()
    assert screen.script()["结论"] == "这是部门的职责，不用您申请。"


def test_another_day_and_another_place(screen):
    screen.look_up("wgfh")
    screen.tell(REFUND)
    screen.press("Alt+q")
    screen.page.keyboard.type(f"20200101{ENTER}")
    expect(screen.page.locator("#card")).to_contain_text("按 2020年1月1日 的规定")
    assert screen.script() == {"结论": "按您说的日期，这份通知还没有发布。"}
    screen.press("Alt+q")
    screen.page.keyboard.type("21年")
    screen.page.keyboard.press("Enter")
    expect(screen.page.get_by_role("alert").first).to_contain_text("日期要写到日")
    screen.press("Alt+q")
    screen.page.keyboard.type("20261128")
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.type(f"深圳{ENTER}")
    expect(screen.page.locator("#card")).to_contain_text("按 2026年11月28日 的规定，深圳")
    expect(screen.page.locator("#card .chip")).to_have_text(["通知没有写"])
    screen.press("Alt+q")
    screen.page.keyboard.press("Backspace")
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.type(f"火星{ENTER}")
    expect(screen.page.locator("#trouble")).to_contain_text("火星")
    screen.press("Alt+x")
    expect(screen.page.locator("#trouble")).to_be_hidden()


# ── keeping, and the next call ──


def test_a_case_with_few_keys(screen, house):
    screen.look_up("wgfh")
    screen.tell(REFUND)
    screen.strokes = 0
    screen.press("Alt+j")
    screen.page.keyboard.type("13812345678")
    screen.press("Enter")
    expect(screen.page.locator("#kept")).to_contain_text("已记下，工单 1。")
    assert screen.strokes == 2
    case = stored(house)
    assert (case.status, case.topic, case.outcome) == ("answered", "stabilisation_refund", "conditional")
    assert case.facts["layoff_count"] == 5 and case.subject == "失业保险稳岗返还：还要看别的条件"
    assert case.sender.startswith("phone:") and "13812345678" not in repr(dict(case._mapping))


def test_a_decision_that_is_another_by_now_is_read_before_it_is_kept(screen, house):
    screen.look_up("wgfh")
    screen.tell(REFUND)
    house.settings.as_of = date(2021, 9, 2)
    screen.press("Alt+j")
    screen.type(ENTER)
    expect(screen.page.locator("#kept")).to_contain_text("还没有记下：现在算出来的结论不是您念过的那一个")
    expect(screen.page.locator("#card")).to_contain_text("按 2021年9月2日 的规定")
    screen.settled()
    screen.type(ENTER)
    expect(screen.page.locator("#kept")).to_contain_text("已记下，工单 1。")
    assert stored(house).as_of == "2021-09-02"


def test_a_case_to_be_followed_up_with_a_ready_made_text(screen, house):
    screen.press("Alt+j")
    for words in (f"\t{EVIL}", f"\t{EVIL}", "\t+3", "\t::转办"):
        for key in words:
            screen.page.keyboard.press("Tab") if key == "\t" else screen.page.keyboard.insert_text(key)
    screen.page.keyboard.press("Enter")
    expect(screen.page.get_by_label("备注")).to_have_value(re.compile("^您的问题我已经记下"))
    for _ in range(2):
        screen.page.keyboard.press("Tab")
    screen.page.keyboard.press("Enter")
    expect(screen.page.locator("#kept")).to_contain_text("已记下")
    case = stored(house)
    assert (case.status, case.follow_up, case.topic, case.subject) == ("open", "2021-09-04", None, EVIL)
    screen.page.goto(f"{screen.page.url}/cases/1")
    expect(screen.page.get_by_role("heading", level=1)).to_contain_text(EVIL)
    assert "hacked" not in screen.page.title()


def test_a_case_whose_answer_was_lost_is_kept_once(screen, house):
    screen.look_up("wgfh")
    screen.settled()
    screen.page.route("**/staff/api/cases", lambda route: (route.fetch(), route.abort()), times=1)
    screen.press("Alt+j")
    screen.type(ENTER)
    expect(screen.page.locator("#kept")).to_contain_text("还没有记下")
    assert stored(house).status == "answered", "it was, and nobody heard of it"
    screen.press("Alt+z")
    screen.settled()
    expect(screen.page.locator("#kept")).to_contain_text("还没有记下")
    screen.press("Alt+j")
    screen.type(ENTER)
    expect(screen.page.locator("#kept")).to_contain_text("工单 1。")
    assert stored(house).id == 1, "the only one"


def test_a_case_that_was_not_kept_can_be_after_the_next_call_began(screen, house):
    screen.look_up("wgfh")
    screen.settled()
    screen.page.route("**/staff/api/cases", lambda route: route.fulfill(status=500, body="{}"), times=1)
    screen.press("Alt+j")
    screen.page.locator("#note").fill("他明天再打来")
    screen.page.locator("#phone").focus()
    screen.type(ENTER)
    expect(screen.page.locator("#kept")).to_contain_text("还没有记下")
    screen.press("Alt+x")
    expect(screen.page.locator("#note")).to_have_value("")
    expect(screen.page.locator("#kept")).to_contain_text("上一通电话的工单还没有记下")
    screen.page.get_by_role("button", name="再记一次").press("Enter")
    expect(screen.page.locator("#kept")).to_contain_text("工单 1。")
    with house.engine.connect() as connection:
        assert "他明天再打来" in str(connection.execute(sa.select(CaseNote.__table__.c.text)).all())


def test_a_list_that_was_left_does_not_come_back_over_the_sheet(screen):
    screen.look_up("wgfh")
    screen.settled()
    late = hold(screen.page, "**/staff/api/search*", 1)
    screen.press("Alt+c")
    screen.page.keyboard.type("px")
    screen.page.wait_for_timeout(150)
    screen.page.keyboard.press("Escape")
    late[0].continue_()
    screen.page.wait_for_timeout(150)
    expect(screen.page.locator("#found")).to_be_hidden()
    expect(screen.page.locator("#sheet")).to_be_visible()


def test_a_key_that_is_held_is_pressed_once(screen):
    screen.look_up("wgfh")
    screen.tell(dict(list(REFUND.items())[:2]))
    screen.settled()
    before = screen.known()
    assert len(before) == 2
    screen.page.keyboard.type("12")
    for _ in range(6):
        screen.page.keyboard.down("Backspace")
    screen.page.keyboard.up("Backspace")
    screen.settled()
    assert screen.known() == before


def test_a_new_call_clears_everything(screen):
    screen.press("Alt+q")
    screen.page.keyboard.type(f"20211001{ENTER}")
    screen.look_up("wgfh")
    screen.tell(REFUND)
    screen.press("Alt+j")
    screen.page.keyboard.type("024")
    screen.press("Alt+x")
    expect(screen.page.get_by_label("查条文、事项")).to_be_focused()
    assert screen.page.locator("input").evaluate_all("all => all.map((one) => one.value).join('')") == ""
    for gone in ("#sheet", "#verdict", "#clause", "#trouble"):
        expect(screen.page.locator(gone)).to_be_hidden()
    screen.look_up("wgfh")
    screen.settled()
    assert screen.known() == []
