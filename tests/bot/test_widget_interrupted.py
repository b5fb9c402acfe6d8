"""The chat in a real Chromium after an interruption: it hears again and misses nothing, and a dead cookie locks nobody
out. What a person at a desk says is heard in between."""

import re

import pytest
from browsing import answered, say
from doors import DECISION
from playwright.sync_api import expect

from bot.store import pushed
from bot.store.erasure import erase

EVENTS = re.compile(r"/api/conversation/events\?")
FULL = {
    "status": 503,
    "headers": {"Retry-After": "1", "Content-Type": "application/json"},
    "body": '{"error": {"message": "这会儿看的人多。", "field": null}}',
}


def sender(house):
    return house.assistant.calls[-1]["sender"]


def tell(house, reply):
    """As a person at a desk says it."""
    with house.engine.begin() as connection:
        pushed.put(connection, sender(house), [reply])


def spoil_cookie(page, house):
    """As after another WENGANG_SECRET: the house cannot read it."""
    page.context.add_cookies([{"name": "wengang", "value": "old.1.2.signature", "url": house.url}])


# ── hearing again ──


@pytest.mark.parametrize("overtaken", [False, True], ids=["silent meanwhile", "said something meanwhile"])
def test_what_was_told_while_nothing_could_be_heard_is_shown(open_page, house, overtaken):
    page, full = open_page(), ["full"]
    page.route(EVENTS, lambda route: route.fulfill(**FULL) if full else route.continue_())
    with page.expect_response(EVENTS):
        say(page, "单位")
    tell(house, {"kind": "text", "text": "我是工作人员"})
    if overtaken:
        say(page, "结论")
    full.clear()
    expect(page.get_by_text("我是工作人员")).to_be_visible()
    expect(page.locator(".turn").nth(1)).to_contain_text("我是工作人员")
    open_page.complaints.clear()  # the browser reports the refusals


def test_what_a_person_at_a_desk_decided_changes_no_day(page, house):
    day = page.get_by_role("button", name="办理日期：按 2021年9月1日")
    say(page, "你好")
    tell(house, {**DECISION, "as_of": "2021-12-31"})
    expect(page.locator(".card")).to_be_visible()
    expect(day).to_be_visible()
    page.reload()
    expect(page.locator(".card")).to_be_visible()
    expect(day).to_be_visible()
    say(page, "你好")
    assert house.assistant.calls[-1]["as_of"].isoformat() == "2021-09-01"


# ── a conversation that is no more ──


def test_a_cookie_the_house_cannot_read_locks_nobody_out(open_page, house):
    page = open_page()
    say(page, "你好")
    spoil_cookie(page, house)
    say(page, "结论")
    expect(page.locator(".note")).to_have_text("前面的对话已经过期，从这里重新开始。")
    say(page, "单位")
    assert len({call["sender"] for call in house.assistant.calls}) == 2
    page.reload()
    answered(page, 2)
    open_page.complaints.clear()  # the browser reports the refusal


def test_whoever_was_erased_by_the_house_begins_anew(open_page, house):
    page = open_page()
    say(page, "你好")
    erase(house.engine, [sender(house)])
    expect(page.locator(".turn")).to_have_count(0)
    say(page, "结论")
    assert len({call["sender"] for call in house.assistant.calls}) == 2
    open_page.complaints.clear()


# ── what is asked for and does not come ──


def test_a_first_start_that_failed_is_made_good(open_page, house):
    page = open_page("about:blank")
    page.route("**/api/widget", lambda route: route.abort(), times=1)
    page.goto(house.url)
    expect(page.locator(".state")).to_contain_text("暂时连不上助手")
    expect(page.locator(".notice")).to_contain_text("90 天", timeout=15000)
    expect(page.locator(".state")).to_be_hidden()
    open_page.complaints.clear()


def test_earlier_words_that_do_not_come_can_be_asked_for_again(open_page, house):
    page, before = open_page(), re.compile(r"/api/conversation\?before=")
    say(page, "你好")
    there_is_more(page)
    page.route(before, lambda route: route.abort(), times=1)
    page.reload()
    page.get_by_role("button", name="看更早的").click()
    page.get_by_role("button", name="没有取到，请再点一次").click()
    expect(page.locator(".scroll > button")).to_be_hidden()  # there was nothing
    assert [one for one in open_page.complaints if "net::ERR_FAILED" not in one] == []
    open_page.complaints.clear()


def test_nothing_earlier_is_offered_of_a_conversation_that_is_no_more(open_page, house):
    page = open_page()
    say(page, "你好")
    there_is_more(page)
    page.reload()
    expect(page.get_by_role("button", name="看更早的")).to_be_visible()
    spoil_cookie(page, house)
    say(page, "结论")
    expect(page.get_by_role("button", name="看更早的")).to_be_hidden()
    open_page.complaints.clear()


def there_is_more(page):
    """As if the conversation were longer than a page of it."""

    def longer(route):
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "more": True})

    page.route("**/api/conversation", longer)
