"""The day that the chat answers for, in a real Chromium: chosen by hand, told by the assistant, kept by the tab."""

from browsing import answered, say
from playwright.sync_api import expect


def choose_day(page, day):
    page.get_by_role("button", name="办理日期").click()
    page.get_by_label("想按哪一天的规定来看？").fill(day)
    page.get_by_role("button", name="按这天看").click()


def test_date_is_shown_changed_and_sent(page, house):
    say(page, "你好")
    choose_day(page, "2021-12-01")
    expect(page.get_by_role("button", name="办理日期：按 2021年12月1日")).to_be_focused()
    expect(page.locator(".note")).to_have_text("以下按 2021年12月1日 的规定回答")
    say(page, "你好")
    page.get_by_role("button", name="办理日期").click()
    page.get_by_role("button", name="恢复默认").click()
    expect(page.get_by_role("button", name="办理日期：按 2021年9月1日")).to_be_visible()
    say(page, "你好")
    assert [call["as_of"].isoformat() for call in house.assistant.calls] == ["2021-09-01", "2021-12-01", "2021-09-01"]


def test_a_day_chosen_by_hand_holds_until_the_assistant_tells_of_another(page, house):
    say(page, "结论")  # of 2021-09-01
    choose_day(page, "2021-12-01")
    look_away_and_back(page)
    say(page, "你好")
    page.reload()
    answered(page, 2)
    expect(page.get_by_role("button", name="办理日期：按 2021年12月1日")).to_be_visible()
    say(page, "你好")
    assert [call["as_of"].isoformat() for call in house.assistant.calls[1:]] == ["2021-12-01"] * 2
    say(page, "按2021年算")
    expect(page.get_by_role("button", name="办理日期：按 2021年12月31日")).to_be_visible()


def test_a_day_chosen_while_an_answer_is_under_way_holds(page, house):
    house.assistant.hold()
    page.get_by_label("您的问题").fill("结论")
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_be_visible()
    choose_day(page, "2021-12-01")
    house.assistant.let_go()
    answered(page, 1)
    for _ in range(2):
        expect(page.get_by_role("button", name="办理日期：按 2021年12月1日")).to_be_visible()
        page.reload()
        answered(page, 1)


def look_away_and_back(page):
    """As when another tab is shown meanwhile; the conversation is asked for again."""
    with page.expect_response("**/api/conversation"):
        for hidden in ("true", "false"):
            page.evaluate(f"Object.defineProperty(document, 'hidden', {{value: {hidden}, configurable: true}})")
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_date_follows_what_the_assistant_was_told(page, house):
    say(page, "按2021年算")
    expect(page.get_by_role("button", name="办理日期：按 2021年12月31日")).to_be_visible()
    page.reload()
    answered(page, 1)
    expect(page.get_by_role("button", name="办理日期：按 2021年12月31日")).to_be_visible()
    say(page, "你好")
    assert house.assistant.calls[-1]["as_of"].isoformat() == "2021-12-31"
