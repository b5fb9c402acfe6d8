"""The widget on somebody else's page in a real Chromium: one line, their policy, their styles, and who may embed it."""

import contextlib
import gzip
import re
from datetime import timedelta
from pathlib import Path

import pytest
from browsing import DESK, PHONE, answered, faults, in_one_line, say, violations
from playwright.sync_api import expect

import bot
from bot.store.models import now

HOSTILE_STYLES = "* { color: red; font: 8px serif !important } button, p, div { display: none } h2 { font-size: 90px }"


@pytest.fixture
def embed(open_page, house, other_pages):
    """Open a page of the site (or of a stranger) that embeds the widget: its body, its policy."""

    def make(body="", policy=None, of=None, head="", line=True, **more):
        script = f'<script src="{house.url}/widget.js" defer></script>' if line else ""
        top = f'<!doctype html><html lang="zh"><title>县人社局</title>{head}{script}'
        page = f"{top}<body><main><h1>县里的网页</h1>{body}</main>"
        other_pages["/page"] = (page, {"Content-Security-Policy": policy} if policy else {})
        return open_page(f"{of or house.site}/page", more.pop("viewport", DESK), **more)

    return make


def policy(house):
    """What a careful site allows: itself, our address, nothing inline."""
    return f"default-src 'none'; script-src {house.url}; connect-src {house.url}; style-src 'self'; base-uri 'none'"


def opened(page):
    page.get_by_role("button", name="政策助手").click()
    expect(page.get_by_label("您的问题")).to_be_focused()


def test_one_line_adds_a_button_and_loads_little_until_it_is_pressed(embed, house):
    asked = []
    page = embed(line=False)
    page.on("request", lambda request: asked.append(request.url.removeprefix(house.url)))
    embed_line = f"s = document.createElement('script'); s.src = '{house.url}/widget.js'; document.head.append(s)"
    page.evaluate(embed_line)
    expect(page.get_by_role("button", name="政策助手")).to_be_visible()
    assert sorted(asked) == ["/web/widget/style.css", "/web/widget/words.js", "/widget.js"]
    opened(page)
    say(page, "结论")
    expect(page.locator(".card")).to_be_visible()
    assert faults(page) == []
    assert len([one for one in asked if not one.startswith("/api/")]) <= 8


def test_opening_and_closing_keeps_the_keyboard(embed):
    page = embed()
    page.get_by_role("button", name="政策助手").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("您的问题")).to_be_focused()
    expect(page.get_by_role("dialog", name="稳岗")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="政策助手")).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="收起").click()
    expect(page.get_by_role("button", name="政策助手")).to_be_visible()


def test_its_header_is_one_line_on_a_telephone(embed):
    page = embed(viewport=PHONE)
    opened(page)
    assert in_one_line(page.locator(".brand, .bar > button"))
    page.get_by_role("button", name="长者版").click()
    assert in_one_line(page.locator(".brand, .bar > button")) and faults(page) == []


def test_under_a_policy_that_forbids_inline_and_others(embed, house):
    page = embed(policy=policy(house))
    opened(page)
    say(page, "结论")
    say(page, "多选")
    assert faults(page) == [] and violations(page) == []
    assert page.locator(".card").evaluate("one => getComputedStyle(one).borderInlineStartWidth") == "6px"


def test_a_reload_goes_on_by_the_number_and_sets_no_cookie(embed, house):
    page = embed()
    opened(page)
    say(page, "单位")
    page.reload()
    opened(page)
    answered(page, 1)
    say(page, "企业")
    assert len({call["sender"] for call in house.assistant.calls}) == 1
    assert page.context.cookies() == []
    say(page, "我记下的情况")
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="隐私与删除").click()
    page.get_by_role("button", name="删除这段对话").click()
    page.get_by_role("button", name="确定删除").click()
    expect(page.locator(".sheet [role=status]")).to_contain_text("还剩 0 条")
    assert "token" not in page.evaluate("sessionStorage.getItem('wengang-chat')").replace('"token":null', "")


def say_and_lose(page, text, received=contextlib.nullcontext):
    """Say it; the house receives it, inside of `received()`, and its answer is lost. It is said again by itself."""

    def lost(route):
        with received():
            route.fetch()
        route.abort()

    page.route("**/api/messages", lost, times=1)
    page.get_by_label("您的问题").fill(text)
    page.keyboard.press("Enter")
    answered(page, 1)


def test_a_first_answer_that_is_lost_is_asked_for_again(open_page, embed, house):
    """Nobody told the page the number of its conversation: the message itself is known again."""
    page = embed("<wengang-chat></wengang-chat>")
    say_and_lose(page, "单位")
    say(page, "企业")
    assert [call["text"] for call in house.assistant.calls] == ["单位", "企业"]
    assert len({call["sender"] for call in house.assistant.calls}) == 1
    open_page.complaints.clear()  # the browser reports the connection that was cut


def test_a_first_message_that_waited_too_long_is_said_in_another_conversation(open_page, embed, house, monkeypatch):
    """Its answer was lost and the tab lay asleep: the conversation it began is over, its words are not."""
    page, actual = embed("<wengang-chat></wengang-chat>"), now()

    @contextlib.contextmanager
    def three_hours_ago():
        with monkeypatch.context() as then:
            then.setattr("bot.store.conversations.now", lambda: actual - timedelta(hours=3))
            yield

    say_and_lose(page, "单位", three_hours_ago)
    say(page, "企业")
    assert [call["text"] for call in house.assistant.calls] == ["单位", "单位", "企业"]
    assert [call["sender"] for call in house.assistant.calls[1:]] == [house.assistant.calls[-1]["sender"]] * 2
    assert house.assistant.calls[0]["sender"] != house.assistant.calls[-1]["sender"]
    open_page.complaints.clear()  # the browser reports the connection that was cut, and the refusal


def test_a_number_that_is_known_no_longer_begins_anew(open_page, embed, house):
    page = embed()
    opened(page)
    say(page, "单位")
    page.evaluate(
        "const kept = JSON.parse(sessionStorage.getItem('wengang-chat'));"
        "sessionStorage.setItem('wengang-chat', JSON.stringify({...kept, token: 'old.1.2.signature'}))"
    )
    page.reload()
    opened(page)
    say(page, "结论")
    expect(page.locator(".card")).to_be_visible()
    assert len({call["sender"] for call in house.assistant.calls}) == 2
    open_page.complaints.clear()  # the browser reports the refusal


def test_a_site_that_is_not_allowed_is_told_so_plainly(open_page, embed, house):
    page = embed(of=house.stranger)
    page.get_by_role("button", name="政策助手").click()
    refused = page.get_by_role("alert")
    expect(refused).to_contain_text("这个网站还没有登记")
    assert refused.get_by_role("link").get_attribute("href") == f"{house.url}/"
    expect(page.get_by_label("您的问题")).to_be_hidden()
    assert faults(page) == [] and house.assistant.calls == []
    open_page.complaints.clear()  # the browser reports the refusal


def test_attributes_are_wishes_and_never_markup(embed, house):
    page = embed('<wengang-chat as-of="2021-10-15" place="本溪" elder lang="zh-Hans"></wengang-chat>')
    expect(page.get_by_role("button", name="办理日期：按 2021年10月15日")).to_be_visible()
    expect(page.get_by_role("button", name="长者版")).to_have_attribute("aria-pressed", "true")
    assert page.locator(".chat").get_attribute("lang") == "zh-Hans"
    say(page, "你好")
    assert (
        house.assistant.calls[-1]["as_of"].isoformat() == "2021-10-15" and house.assistant.calls[-1]["place"] == "本溪"
    )
    assert page.get_by_role("button", name="政策助手").count() == 0  # the page has one of its own


def test_hostile_attributes_do_nothing(embed, house):
    bad = "&quot;><img src=x onerror=document.title=1>"
    page = embed(f'<wengang-chat as-of="{bad}" place="{bad}{bad}" lang="{bad}" base="//evil.example/" open="{bad}">'
                 "</wengang-chat>")  # fmt: skip
    say(page, "你好")
    assert page.title() == "县人社局" and page.locator("img").count() == 0
    assert (
        house.assistant.calls[-1]["as_of"].isoformat() == "2021-09-01" and house.assistant.calls[-1]["place"] == "本溪"
    )
    assert page.locator(".chat").get_attribute("lang") == "zh-CN"


def test_a_place_nobody_knows_is_refused_with_the_sentence_of_the_server(open_page, embed):
    page = embed('<wengang-chat place="&lt;b&gt;"></wengang-chat>')
    page.get_by_label("您的问题").fill("你好")
    page.keyboard.press("Enter")
    expect(page.locator(".trouble")).to_contain_text("<b>")
    expect(page.get_by_role("button", name="重试")).to_have_count(0)
    open_page.complaints.clear()


def test_styles_of_the_page_do_not_reach_in(embed):
    page = embed("<wengang-chat></wengang-chat>", head=f"<style>{HOSTILE_STYLES} main {{display: block}}</style>")
    say(page, "结论")
    assert faults(page) == []


def test_small_letters_of_a_page_make_ours_no_smaller(embed):
    page = embed("<wengang-chat></wengang-chat>", head="<style>html {font-size: 62.5%}</style>", viewport=PHONE)
    say(page, "条文")
    assert faults(page) == []


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_in_a_frame_of_another_site(open_page, embed, house, viewport):
    page = embed(f'<iframe src="{house.url}/widget" title="政策助手" width="360" height="640"></iframe>', line=False,
                 viewport=viewport)  # fmt: skip
    frame = page.frame_locator("iframe")
    frame.get_by_label("您的问题").fill("单位")
    frame.get_by_role("button", name="发送", exact=True).click()
    expect(frame.get_by_role("button", name="企业", exact=True)).to_be_visible()
    frame.get_by_role("button", name="企业", exact=True).click()
    expect(frame.get_by_text("您说的是：企业")).to_be_visible()
    assert len({call["sender"] for call in house.assistant.calls}) == 1


def test_a_stranger_may_not_frame_it(open_page, embed, house):
    page = embed(f'<iframe src="{house.url}/widget" title="x"></iframe>', line=False, of=house.stranger)
    expect(page.frame_locator("iframe").get_by_label("您的问题")).to_have_count(0)
    open_page.complaints.clear()  # the browser says that it was forbidden


def test_modules_that_do_not_arrive_leave_the_plain_page(open_page, embed, house):
    page = embed(line=False)
    page.route("**/web/widget/chat.js", lambda route: route.abort())
    page.evaluate(f"s = document.createElement('script'); s.src = '{house.url}/widget.js'; document.head.append(s)")
    page.get_by_role("button", name="政策助手").click()
    assert page.get_by_role("link", name="政策助手").get_attribute("href") == f"{house.url}/plain"
    open_page.complaints.clear()


FOLDER = Path(bot.__file__).parent / "web" / "widget"


def test_all_of_it_is_small():
    assert sum(len(gzip.compress(path.read_bytes(), 6)) for path in FOLDER.iterdir()) <= 25 * 1024


def test_one_module_alone_touches_what_a_tab_keeps():
    scripts = sorted(FOLDER.parent.rglob("*.js"))
    assert [path.name for path in scripts if "sessionStorage." in path.read_text("utf-8")] == ["talk.js"]


def test_every_word_stands_in_one_place_and_is_said():
    known = set(re.findall(r"^  (\w+):", (FOLDER / "words.js").read_text("utf-8"), re.MULTILINE))
    others = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.js") if path.name != "words.js")
    assert set(re.findall(r"WORDS\.(\w+)", others)) == known
    spoken = [
        line for line in others.splitlines() if re.search(r"[\u3400-\u9fff]", line.split("//")[0].split("/**")[0])
    ]
    assert len(spoken) == 1  # the way out when words.js itself does not arrive
