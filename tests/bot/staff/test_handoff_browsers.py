"""A hand-off with real browsers: a citizen in the chat, operators at the desk.

Whatever breaks, nothing is lost and nothing is said twice.
"""

import asyncio
import os
import re
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from browsing import CHROMIUM, last, violations
from handoffs import ASK, PROBE, SUMMARY, at_home, heard, later, log, people, say, script, taken, words, write
from listening import listening
from playwright.sync_api import expect
from wechat_emulator import WeChat

from bot.channels import channels
from bot.channels.wechat.answering import taking_up
from bot.outbox_sender import sending
from bot.staff.desk import LEASE
from bot.store.outbox import Outbox

__all__ = ["people", "script"]  # fixtures
pytestmark = [pytest.mark.parametrize("url", ["sqlite"], indirect=True), pytest.mark.usefixtures("script")]


# ── as it should go ──


def test_from_the_bot_to_a_human_and_back(people):
    operator, citizen = people.operator(there=False), people.citizen()
    say(citizen, ASK)
    heard(citizen, "没有工作人员在线")
    operator.keyboard.press("Alt+h")
    expect(operator.get_by_role("switch")).to_have_attribute("aria-checked", "true")
    say(citizen, "单位")
    say(citizen, ASK)
    heard(citizen, "您是下一位")
    waiting = operator.get_by_role("list", name="在等的人").get_by_role("listitem")
    expect(waiting).to_contain_text(ASK)
    expect(waiting).to_contain_text(SUMMARY)
    expect(operator.get_by_text("有 1 位在等，新来的问：转人工")).to_be_attached()
    expect(waiting).to_contain_text(re.compile("等了 ([2-9]|1[0-9]) 秒"))  # it goes on counting
    say(citizen, "我很急")
    expect(waiting).to_contain_text("又说了 1 句")
    operator.keyboard.press("Alt+a")
    expect(operator.get_by_label("对用户说")).to_be_focused()
    expect(log(operator)).to_contain_text("我很急")
    assert [who for who, _ in words(operator)][-2:] == ["citizen", "house"]
    assert ["citizen", "单位"] in words(operator) and ["bot", "贵单位是哪一类？"] in words(operator)
    heard(citizen, "工作人员来了")
    operator.keyboard.type("您好，我是坐席")
    operator.keyboard.press("Shift+Enter")
    operator.keyboard.type("请说")
    operator.keyboard.press("Enter")
    heard(citizen, "您好，我是坐席")
    expect(last(citizen).locator(".for-ears").first).to_have_text("工作人员：")
    people.house.assistant.calls.clear()
    say(citizen, "在吗")
    expect(log(operator)).to_contain_text("在吗")
    assert people.house.assistant.calls == [], "the bot is silent"
    operator.keyboard.press("Alt+g")
    heard(citizen, "接下来由我继续回答您")
    expect(operator.get_by_text("已交还，机器人接着答。")).to_be_focused()
    say(citizen, "你好")
    heard(citizen, "您说的是：你好")


def test_what_is_on_the_screen_is_put_before_the_citizen(people):
    citizen, operator = taken(people)
    operator.keyboard.press("Alt+v")
    expect(operator.get_by_text("屏幕上还没有结论，请先选事项。")).to_be_visible()
    operator.keyboard.press("Alt+u")
    expect(operator.get_by_text("屏幕上还没有选中条文")).to_be_visible()
    search = operator.get_by_label("查条文、事项")
    search.fill("wgfh")
    expect(operator.get_by_role("option").first).to_be_visible()
    search.press("Enter")
    expect(operator.locator("#card")).to_be_visible()
    operator.keyboard.press("Alt+v")
    expect(citizen.locator(".card")).to_be_visible()
    expect(operator.locator("#desk .told")).to_be_empty()
    expect(operator.locator("#desk .card .headline")).to_have_text(citizen.locator(".card .headline").inner_text())
    expect(operator.locator("#desk .pending")).to_be_empty()


def test_it_ends_with_a_case(people):
    citizen, operator = taken(people)
    operator.keyboard.press("Alt+b")
    subject = operator.get_by_label("工单的事由")
    expect(subject).to_be_focused()
    subject.fill("稳岗返还怎么申请")
    operator.keyboard.press("Enter")
    operator.get_by_role("link", name=re.compile(r"工单 \d+")).click()
    expect(operator.get_by_role("heading", name="稳岗返还怎么申请")).to_be_visible()
    heard(citizen, "接下来由我继续回答您")


def test_a_citizen_who_loads_the_page_anew_goes_on(people):
    citizen, operator = taken(people)
    write(operator, "您好")
    heard(citizen, "您好")
    citizen.reload()
    heard(citizen, "您好")
    write(operator, "还在吗")
    heard(citizen, "还在吗")
    say(citizen, "在的")
    expect(log(operator)).to_contain_text("在的")
    assert [text for who, text in words(operator) if who == "citizen"] == ["单位", ASK, "在的"]


def test_several_conversations_are_kept_and_new_words_are_told_of(people):
    citizen, operator = taken(people)
    other, _ = taken(people, operator=operator)
    own = operator.get_by_role("list", name="我接的")
    expect(own.get_by_role("listitem")).to_have_count(2)
    say(citizen, "我先来的")
    expect(own.get_by_role("button", name="有新话")).to_have_count(1)
    own.get_by_role("button", name="有新话").click()
    expect(log(operator)).to_contain_text("我先来的")
    expect(own.get_by_role("button", name="有新话")).to_have_count(0)
    write(operator, "先生请讲")
    heard(citizen, "先生请讲")
    heard(other, "先生请讲", 0)


def test_who_reads_further_up_is_told_of_new_words_and_follows_their_own(people):
    citizen, operator = people.citizen(), people.operator()
    say(citizen, "结论")
    taken(people, citizen, operator)
    log(operator).evaluate("one => one.scrollTo(0, 0)")
    say(citizen, "在吗")
    operator.get_by_role("button", name="有新话，看最下面").click()
    said = log(operator).locator(".words")
    expect(said.filter(has_text="在吗")).to_be_in_viewport()
    expect(operator.get_by_role("button", name="有新话，看最下面")).to_be_hidden()
    log(operator).evaluate("one => one.scrollTo(0, 0)")
    write(operator, "在的")
    expect(said.filter(has_text="在的")).to_be_in_viewport()


def test_one_of_two_operators_has_it_and_the_other_is_told(people):
    operators, citizen = [people.operator(name) for name in ("小王", "小李")], people.citizen()
    say(citizen, ASK)
    for page in operators:
        expect(page.get_by_role("button", name=f"接起：{ASK}")).to_be_visible()
    moment = int((time.time() + 0.5) * 1000)
    for page in operators:
        page.evaluate(
            "at => { const key = document.querySelector('#desk [data-key=A]');"
            "setTimeout(() => key.click(), at - Date.now()) }",
            moment,
        )
    expect(operators[0].locator("#desk .conversation, #desk .told:not(:empty)")).to_have_count(1)
    expect(operators[1].locator("#desk .conversation, #desk .told:not(:empty)")).to_have_count(1)
    lost = [page for page in operators if not page.get_by_label("对用户说").count()]
    assert len(lost) == 1
    expect(lost[0].locator("#desk .told")).to_have_text("这个会话已经被别的同事接起，或者已经结束。")
    expect(lost[0].get_by_text("没有人在等。")).to_be_visible()
    heard(citizen, "工作人员来了", 1)
    people.complaints.clear()  # the browser reports the refusal


# ── what breaks ──


@pytest.mark.parametrize("arrives", [False, True], ids=["did not arrive", "arrived, the answer did not"])
def test_what_was_sent_into_a_broken_line_is_said_once(people, arrives):
    citizen, operator = taken(people)

    def broken(route):
        if arrives:
            route.fetch()
        route.abort()

    operator.route("**/say", broken, times=1 if arrives else None)
    with operator.expect_event("requestfailed", lambda request: request.url.endswith("/say")):
        operator.keyboard.type("听得见吗")
        operator.keyboard.press("Enter")
    if not arrives:
        expect(operator.get_by_text("还没送到")).to_be_visible()
    operator.keyboard.type("写了一半")
    operator.reload()
    expect(operator.get_by_label("对用户说")).to_have_value("写了一半")
    operator.unroute("**/say")
    heard(citizen, "听得见吗")
    expect(operator.locator("#desk .pending")).to_be_empty(timeout=10000)
    write(operator, "好")
    heard(citizen, "好")
    heard(citizen, "听得见吗", 1)
    assert [text for who, text in words(operator) if who == "operator"] == ["听得见吗", "好"]
    people.complaints.clear()


class Killable:
    """A browser of its own process, with a profile that outlasts it."""

    def __init__(self, browser, profile):
        self._type, self._profile = browser.browser_type, profile

    def start(self):
        port = self._profile / "DevToolsActivePort"
        port.unlink(missing_ok=True)
        options = ["--headless=new", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0"]
        command = [CHROMIUM, *options, f"--user-data-dir={self._profile}", "about:blank"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, start_new_session=True, **quiet)
        until = time.monotonic() + 20
        while not port.exists() or not port.read_text().strip():
            assert time.monotonic() < until and self._process.poll() is None, "the browser did not start"
            time.sleep(0.05)
        number = port.read_text().split()[0]
        return self._type.connect_over_cdp(f"http://127.0.0.1:{number}").contexts[0]

    def kill(self):
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def test_a_browser_that_is_killed_and_comes_back_loses_and_doubles_nothing(people, browser, tmp_path):
    machine = Killable(browser, tmp_path / "profile")
    try:
        citizen, operator = taken(people, operator=people.signed_in(people.page(machine.start())))
        write(operator, "第一句")
        say(citizen, "第二句")
        expect(log(operator)).to_contain_text("第二句")
        operator.route("**/say", lambda route: route.fetch())  # it arrives, and the browser never hears so
        with operator.expect_request("**/say"):
            operator.keyboard.type("第三句")
            operator.keyboard.press("Enter")
        heard(citizen, "第三句")
        machine.kill()
        say(citizen, "第四句")
        operator = people.signed_in(people.page(machine.start()))
        expect(log(operator)).to_contain_text("第四句")
        write(operator, "第五句")
        say(citizen, "第六句")
        expect(log(operator)).to_contain_text("第六句")
        said = [[who, text] for who, text in words(operator) if who in ("operator", "citizen")]
        assert [text for _, text in said] == ["单位", ASK, "第一句", "第二句", "第三句", "第四句", "第五句", "第六句"]
        assert [who for who, _ in said[2:]] == ["operator", "citizen"] * 3
        for text in ("第一句", "第三句", "第五句"):
            heard(citizen, text, 1)
    finally:
        machine.kill()
    people.complaints.clear()


def test_an_operator_who_is_gone_too_long_has_lost_it_and_it_waits_again(people):
    citizen, operator = taken(people)
    operator.keyboard.type("写了一半")
    assert later(people.house, by=LEASE + timedelta(seconds=15)).sweep() == 1
    told = operator.get_by_text(re.compile("断线太久.*重新排队"))  # on the line, or in place of one not open yet
    expect(told).to_be_visible()
    expect(operator.get_by_role("button", name="收起")).to_be_focused()
    heard(citizen, "正在重新为您转接")
    say(citizen, "喂")
    other = people.operator("小李")
    other.keyboard.press("Alt+a")
    expect(log(other)).to_contain_text("喂")
    assert ["citizen", "单位"] in words(other)
    write(other, "我接着办")
    heard(citizen, "我接着办")
    operator.keyboard.press("Enter")
    expect(operator.locator("#desk .conversation")).to_have_count(0)
    people.complaints.clear()


def test_who_was_lost_and_waits_again_is_the_next_one(people):
    """Who asked first stands on top, though they came to the list last."""
    citizen, _ = taken(people)
    say(citizen, "我先来的")
    operator, second = people.operator("小李"), people.citizen()
    say(second, ASK)
    waiting = operator.get_by_role("list", name="在等的人").get_by_role("listitem")
    expect(waiting).to_have_count(1)
    assert later(people.house, by=LEASE + timedelta(seconds=15)).sweep() == 1
    expect(waiting).to_have_count(2)
    expect(waiting.first).to_contain_text("又说了 1 句")
    operator.keyboard.press("Alt+a")
    expect(log(operator)).to_contain_text("我先来的")
    people.complaints.clear()


def test_whose_session_ends_is_told_so_in_one_sentence(people):
    citizen, operator = taken(people)
    people.house.accounts.disable("小王")
    sentence = operator.get_by_text("登录已经失效，请重新登录")
    expect(sentence).to_be_visible()
    expect(sentence).to_have_count(1)
    expect(sentence.get_by_role("link", name="去登录")).to_be_visible()
    expect(operator.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    people.complaints.clear()


def test_lines_that_end_are_taken_up_again_until_the_session_is_over(people, monkeypatch):
    monkeypatch.setattr("bot.staff.streams.LONGEST", 1)
    citizen, operator = taken(people)
    for number in range(3):
        write(operator, f"第{number}句")
        say(citizen, f"答{number}")
        expect(log(operator)).to_contain_text(f"答{number}")
    said = [text for who, text in words(operator) if who in ("operator", "citizen")]
    assert said == ["单位", ASK, "第0句", "答0", "第1句", "答1", "第2句", "答2"]
    operator.context.clear_cookies()
    expect(operator.get_by_text("登录已经失效，请重新登录")).to_have_count(1)
    operator.close()  # it asks on, and the browser complains of each refusal
    people.complaints.clear()


@pytest.mark.skipif(not os.environ.get("WENGANG_VERIFY"), reason="half a minute of waiting: make verify")
def test_where_something_holds_events_back_the_desk_asks_again_and_again(people):
    """As a proxy that keeps a stream to itself until it has ended."""
    operator, citizen = people.operator(), people.citizen()
    operator.route("**/events**", lambda route: route.fallback() if "seconds=0" in route.request.url else None)
    operator.reload()
    expect(operator.get_by_role("switch")).to_have_attribute("aria-checked", "true", timeout=15000)
    say(citizen, ASK)
    operator.get_by_role("button", name=f"接起：{ASK}").click(timeout=15000)
    say(citizen, "在吗")
    expect(log(operator)).to_contain_text("在吗", timeout=15000)
    operator.get_by_label("对用户说").fill("我听着呢")
    operator.keyboard.press("Enter")
    heard(citizen, "我听着呢")
    expect(log(operator)).to_contain_text("我听着呢", timeout=15000)
    heard(citizen, "我听着呢", 1)


# ── what citizens write is text ──


def harmless(operator):
    assert operator.title() != "xss"
    assert operator.locator("#desk").locator("img, script, svg, iframe, style").count() == 0


def test_what_is_written_in_the_chat_executes_nothing_at_the_desk(people):
    operator, citizen = people.operator(), people.citizen()
    say(citizen, PROBE)
    expect(operator.get_by_role("listitem").filter(has_text="onerror").first).to_be_visible()
    harmless(operator)
    operator.keyboard.press("Alt+a")
    say(citizen, f"{PROBE} **x** ::开头")
    expect(log(operator)).to_contain_text("**x** ::开头")
    write(operator, PROBE)
    heard(citizen, PROBE)
    harmless(operator)
    assert citizen.title() != "xss" and citizen.locator(".turn img, .turn script").count() == 0


@contextmanager
def official_account(make_house):
    """An official account of the emulator, in a thread with its own loop: (house, address, follower, say(words))."""
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found = {}

    async def serve():
        async with WeChat() as wechat:
            account = wechat.account
            house = make_house(
                wechat_appid=account.appid, wechat_secret=account.secret, wechat_token=account.token,
                wechat_aes_key=account.aes_key, wechat_api_base=wechat.base,
            )  # fmt: skip
            outbox, sent = Outbox(house.engine), channels(house.settings, house.engine)
            async with sending(outbox, sent), taking_up(house.app.state.wechat), listening(house.app) as address:
                wechat.callback, person = f"{address}/wechat", wechat.follower()
                found.update(house=house, address=address, person=person)
                ready.set()
                await stop.wait()

    async def said(text):
        await found["person"].say(text)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(20)
    try:
        say = lambda text: asyncio.run_coroutine_threadsafe(said(text), loop).result(20)  # noqa: E731
        yield found["house"], found["address"], found["person"], say
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


def test_what_is_written_in_wechat_executes_nothing_at_the_desk(make_house, browser):
    with official_account(make_house) as (house, address, follower, say), at_home(browser, house, address) as people:
        operator = people.operator()
        say(PROBE)
        waiting = operator.get_by_role("list", name="在等的人").get_by_role("listitem")
        expect(waiting).to_contain_text("公众号")
        expect(waiting).to_contain_text("onerror")
        harmless(operator)
        operator.keyboard.press("Alt+a")
        say(f"再说一遍 {PROBE}")
        expect(log(operator)).to_contain_text("再说一遍 <img")
        write(operator, "您好，我是坐席")
        until = time.monotonic() + 20
        while "您好，我是坐席" not in follower.texts and time.monotonic() < until:
            time.sleep(0.1)
        assert [text for text in follower.texts if "坐席" in text] == ["您好，我是坐席"]
        harmless(operator)
        assert people.complaints == []


def test_what_wechat_does_not_let_through_is_told_while_one_looks_and_comes_once_they_write(make_house, browser):
    """Five messages are allowed after one of theirs: what the house says, and four lines."""
    with official_account(make_house) as (house, address, follower, say), at_home(browser, house, address) as people:
        operator = people.operator()
        say(ASK)
        expect(operator.get_by_role("list", name="在等的人").get_by_role("listitem")).to_have_count(1)
        operator.keyboard.press("Alt+a")
        for number in range(1, 7):
            write(operator, f"第{number}句")
        stuck = operator.locator("#desk .said.operator").filter(has=operator.locator(".delivery.stuck"))
        expect(stuck).to_have_count(2, timeout=20_000)
        expect(operator.locator("#desk .delivery")).to_have_count(2)
        expect(stuck.first).to_contain_text("第5句")
        expect(stuck.first.locator(".delivery")).to_contain_text("对方再发一句话，就会自动送到")
        assert violations(operator) == []
        say("在吗")
        expect(operator.locator("#desk .delivery")).to_have_count(0, timeout=20_000)
        assert [text for text in follower.texts if text.startswith("第")] == [f"第{number}句" for number in range(1, 7)]
        assert people.complaints == []


# ── for everybody ──


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(people, scheme):
    operator, citizen = people.operator(there=False, color_scheme=scheme), people.citizen()
    assert violations(operator) == []
    operator.keyboard.press("Alt+h")
    say(citizen, "结论")
    say(citizen, ASK)
    expect(operator.get_by_role("button", name=f"接起：{ASK}")).to_be_visible()
    assert violations(operator) == []
    operator.keyboard.press("Alt+a")
    expect(log(operator)).to_contain_text("工作人员来了")
    operator.get_by_text("依据（2 条原文）").click()
    write(operator, "您好")
    operator.route("**/say", lambda route: route.abort())
    operator.keyboard.type("没送到的")
    operator.keyboard.press("Enter")
    expect(operator.get_by_text("还没送到")).to_be_visible()
    operator.get_by_label("对用户说").fill("::")
    expect(operator.get_by_role("option", name="开头")).to_be_visible()
    assert violations(operator) == []
    operator.keyboard.press("Alt+b")
    expect(operator.get_by_label("工单的事由")).to_be_visible()
    assert violations(operator) == []
    later(people.house, by=LEASE + timedelta(seconds=15)).sweep()
    expect(operator.get_by_text("断线太久")).to_be_visible()
    assert violations(operator) == []
    people.house.accounts.disable("小王")
    expect(operator.get_by_text("登录已经失效")).to_be_visible()
    assert violations(operator) == []
    people.complaints.clear()


def test_the_keyboard_alone_reaches_everything(people):
    citizen, operator = taken(people)
    expect(operator.get_by_label("对用户说")).to_be_focused()
    reached = []
    for _ in range(6):
        operator.keyboard.press("Tab")
        reached.append(operator.evaluate("document.activeElement.innerText.trim()"))
    names = ["发送", "常用语", "发结论", "发原文", "交还机器人", "办结，建工单"]
    assert [name.split(" ")[-1] for name in reached] == names
    operator.keyboard.press("Enter")
    expect(operator.get_by_label("工单的事由")).to_be_focused()
    operator.keyboard.press("Escape")
    expect(operator.get_by_role("button", name="办结，建工单")).to_be_focused()
