"""An operator with several windows or conversations: what is written reaches whom it is meant for, once."""

import re

import pytest
from handoffs import heard, log, people, say, script, taken, write
from playwright.sync_api import expect
from screens import ENTER, REFUND, Screen

__all__ = ["people", "script"]  # fixtures
pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


def test_what_was_on_the_screen_before_the_citizen_was_takes_a_second_word(people):
    operator = people.operator()
    search = operator.get_by_label("查条文、事项")
    search.fill("wgfh")
    expect(operator.get_by_role("option").first).to_be_visible()
    search.press("Enter")
    expect(operator.locator("#card")).to_be_visible()
    citizen, _ = taken(people, operator=operator)
    operator.keyboard.press("Alt+v")
    expect(operator.get_by_text(re.compile("要发的是：〔结论：[^a-z]+〕，再按一次就发出"))).to_be_visible()
    expect(operator.locator("#desk .pending")).to_be_empty()
    operator.keyboard.press("Alt+v")
    expect(citizen.locator(".card")).to_have_count(1)
    expect(operator.locator("#desk .told")).to_be_empty()


def asks_once_more(operator):
    """A card takes a second word; return once it went out."""
    operator.keyboard.press("Alt+v")
    expect(operator.get_by_text("要发的是：〔结论：")).to_be_visible()
    expect(operator.locator("#desk .pending")).to_be_empty()
    operator.keyboard.press("Alt+v")
    expect(operator.locator("#desk .told")).to_be_empty()


@pytest.mark.parametrize(
    ("opened", "asks"),
    [("wgfh", "decide"), ("以工代训", "decide"), ("征缴机构提供", "search")],
    ids=["the same again", "another", "a clause"],
)
def test_what_the_citizen_before_told_takes_a_second_word_whatever_is_opened(people, opened, asks):
    _, operator = taken(people)
    screen = Screen(operator)
    screen.press("Alt+c")
    screen.look_up("wgfh")
    screen.tell(dict(list(REFUND.items())[:2]))
    assert len(screen.known()) == 2
    operator.keyboard.press("Alt+g")
    expect(operator.get_by_text("已交还，机器人接着答。")).to_be_focused()
    citizen, _ = taken(people, operator=operator)
    screen.press("Alt+c")
    with operator.expect_response(re.compile(f"/staff/api/{asks}")):
        screen.look_up(opened)
    expect(operator.locator("#clause")).to_be_visible(visible=asks == "search")
    screen.press("Escape")  # away from the list, which a clause leaves open
    screen.settled()
    asks_once_more(operator)
    expect(citizen.locator(".card")).to_have_count(1)
    screen.press("Alt+x")
    screen.look_up("wgfh")
    screen.tell({"unit_kind": f"1{ENTER}"})
    operator.keyboard.press("Alt+v")
    expect(citizen.locator(".card")).to_have_count(2)


def test_what_was_being_typed_before_the_citizen_was_takes_a_second_word(people):
    """It becomes an answer when the keyboard leaves it for the conversation, which is later."""
    operator = people.operator()
    screen = Screen(operator)
    screen.press("Alt+c")
    screen.look_up("wgfh")
    screen.asked()
    operator.keyboard.type("1")
    citizen, _ = taken(people, operator=operator)
    screen.settled()
    assert len(screen.known()) == 1
    asks_once_more(operator)
    expect(citizen.locator(".card")).to_have_count(1)


def test_a_clause_is_called_as_the_citizen_reads_it(people):
    """By the number of its notice and its place in it, not by the id we know it under."""
    operator = people.operator()
    search = operator.get_by_label("查条文、事项")
    search.fill("裁员率不高于")
    expect(operator.get_by_role("option").locator("mark").first).to_be_visible()
    operator.get_by_role("option").filter(has=operator.locator("mark")).first.click()
    expect(operator.locator("#clause blockquote")).to_be_visible()
    citizen, _ = taken(people, operator=operator)
    operator.keyboard.press("Alt+u")
    told = "要发的是：〔原文：辽人社发〔2021〕7号 一（一）〕，再按一次就发出"
    expect(operator.locator("#desk .told")).to_contain_text(told)
    operator.keyboard.press("Alt+u")
    expect(citizen.locator(".quote figcaption").first).to_contain_text("——辽人社发〔2021〕7号 一（一）")
    expect(operator.locator("#desk .pending")).to_be_empty()


def test_who_signs_in_again_in_another_window_goes_on_where_they_were(people, monkeypatch):
    monkeypatch.setattr("bot.staff.streams.LONGEST", 1)
    citizen, operator = taken(people)
    operator.keyboard.type("写了一半")
    operator.context.clear_cookies()
    expect(operator.get_by_text("登录已经失效，请重新登录")).to_be_visible()
    people.signed_in(people.page(operator.context, anew=True))
    operator.keyboard.press("Alt+z")
    expect(operator.locator("#desk .trouble")).to_be_empty()
    expect(operator.get_by_role("switch")).to_have_attribute("aria-checked", "true")
    expect(operator.get_by_label("对用户说")).to_have_value("写了一半")
    say(citizen, "还在吗")
    expect(log(operator)).to_contain_text("还在吗")
    write(operator, "在的")
    heard(citizen, "在的")
    people.complaints.clear()


def test_somebody_else_who_signs_in_in_another_window_sends_nothing_of_this_one(people, monkeypatch):
    monkeypatch.setattr("bot.staff.streams.LONGEST", 1)
    citizen, operator = taken(people)
    operator.context.clear_cookies()
    expect(operator.get_by_text("登录已经失效，请重新登录")).to_be_visible()
    people.signed_in(people.page(operator.context, anew=True), "小李")
    with operator.expect_response("**/staff/api/session") as answered:
        operator.keyboard.press("Alt+z")
    assert answered.value.json()["name"] == "小李"
    operator.get_by_label("对用户说").fill("我是小王")
    operator.keyboard.press("Enter")
    expect(operator.locator("#desk .pending")).to_have_text("我是小王")
    expect(operator.get_by_text("登录已经失效，请重新登录")).to_be_visible()
    heard(citizen, "我是小王", 0)
    operator.close()  # it asks on, and the browser complains of each refusal
    people.complaints.clear()


@pytest.mark.parametrize("meanwhile", ["no answer", "an answer that cannot be read"])
def test_what_is_on_its_way_arrives_once_while_another_conversation_is_looked_at(people, meanwhile):
    citizen, operator = taken(people)
    other, _ = taken(people, operator=operator)
    own = operator.get_by_role("list", name="我接的").get_by_role("button")

    def broken(route):
        route.abort() if meanwhile == "no answer" else route.fulfill(status=200, content_type="text/html", body="-")

    operator.route("**/say", broken)
    with operator.expect_request("**/say"):
        operator.keyboard.type("请稍等")
        operator.keyboard.press("Enter")
    operator.keyboard.type("写了一半")
    own.nth(0).click()
    expect(operator.get_by_label("对用户说")).to_have_value("")
    json = lambda response: response.url.endswith("/say") and "json" in response.headers["content-type"]  # noqa: E731
    with operator.expect_response(json, timeout=20000):  # while nobody looks
        operator.unroute("**/say")
    own.nth(1).click()
    expect(operator.get_by_label("对用户说")).to_have_value("写了一半")
    expect(operator.locator("#desk .pending")).to_be_empty()
    heard(other, "请稍等", 1)
    heard(citizen, "请稍等", 0)
    people.complaints.clear()
