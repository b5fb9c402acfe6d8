"""Citizens in the chat and operators at the desk, each with a real browser."""

from contextlib import contextmanager
from datetime import timedelta

import doors
import pytest
from browsing import DESK, PHONE, bound, served
from playwright.sync_api import expect

from bot.staff.desk import Desk
from bot.store.models import now

ASK, SUMMARY = "转人工", "参保职工 28 人"
PASSWORD = "correct horse 7"
PROBE = "<img src=x onerror=\"document.title='xss'\"><script>document.title='xss'</script>"


@pytest.fixture
def script(monkeypatch):
    """Somebody who asks for a human has told something; what changed is looked for ten times a second."""
    handoff = {"kind": "handoff", "text": "需要人工的话，请打 12333。", "summary": SUMMARY}
    monkeypatch.setitem(doors.SCRIPT, ASK, [handoff])
    monkeypatch.setitem(doors.SCRIPT, PROBE, [{**handoff, "summary": PROBE}])
    for module in ("bot.staff.streams", "bot.live"):
        monkeypatch.setattr(f"{module}._EVERY", 0.1)


class People:
    """Browsers of citizens and operators at one house; every complaint of a browser is noted."""

    def __init__(self, browser, house, address):
        self.browser, self.house, self.address = browser, house, address
        self.complaints, self._contexts = [], []

    def page(self, context, anew=False):
        context.set_default_timeout(5000)
        page = context.pages[0] if context.pages and not anew else context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        return page

    def _new(self, viewport, **more):
        context = self.browser.new_context(viewport=viewport, locale="zh-CN", **more)
        self._contexts.append(context)
        return self.page(context)

    def citizen(self):
        page = self._new(PHONE)
        page.goto(self.address)
        return page

    def operator(self, name="小王", there=True, viewport=DESK, **more):
        return self.signed_in(self._new(viewport, **more), name, there)

    def signed_in(self, page, name="小王", there=True):
        if self.house.accounts.named(name) is None:
            self.house.add(name)
        page.goto(f"{self.address}/staff")
        if page.get_by_label("账号").count():
            page.get_by_label("账号").fill(name)
            page.get_by_label("密码").fill(PASSWORD)
            page.get_by_role("button", name="登录").click()
        here = page.get_by_role("switch", name="我在")
        expect(here).to_be_enabled()
        if there and here.get_attribute("aria-checked") == "false":
            here.click()
        expect(here).to_have_attribute("aria-checked", str(there).lower())
        return page

    def close(self):
        for context in self._contexts:
            context.close()


@contextmanager
def at_home(browser, house, address):
    people = People(browser, house, address)
    try:
        yield people
    finally:
        people.close()
        house.app.state.turns.stopping = True


@pytest.fixture
def people(browser, house, script):
    with served(house.app, bound()) as address, at_home(browser, house, address) as people:
        yield people
    assert people.complaints == []


def say(page, text):
    """As a citizen; somebody may speak at the same time."""
    page.get_by_label("您的问题").fill(text)
    page.get_by_role("button", name="发送", exact=True).click()
    turn = page.locator(".turn").filter(has=page.locator(".said", has_text=text)).last
    expect(turn).to_have_attribute("data-state", "sent")


def log(page):
    return page.get_by_role("log", name="对话")


def words(page):
    """What is said in the conversation at the desk: (who, words), without the times."""
    return page.locator("#desk .said").evaluate_all(
        "all => all.map((one) => [one.className.replace('said ', ''),"
        "[...one.children].slice(1).map((part) => part.innerText).join('')])"
    )


def write(page, text):
    """As an operator."""
    page.get_by_label("对用户说").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("#desk .said.operator .words", has_text=text)).to_have_count(1)
    expect(page.locator("#desk .pending")).to_be_empty()


def heard(page, text, count=1):
    """A citizen sees it so often."""
    expect(page.locator(".turn .bubble:not(.said)", has_text=text)).to_have_count(count)


def taken(people, citizen=None, operator=None):
    """A citizen who has an operator; returns their pages."""
    operator, citizen = operator or people.operator(), citizen or people.citizen()
    say(citizen, "单位")
    say(citizen, ASK)
    expect(operator.get_by_role("list", name="在等的人").get_by_role("listitem")).to_have_count(1)
    operator.keyboard.press("Alt+a")
    expect(operator.get_by_label("对用户说")).to_be_focused()
    heard(citizen, "工作人员来了")
    return citizen, operator


def later(house, *, by):
    """The desk as it is after some time."""
    cases = house.app.state.console.cases
    return Desk(house.engine, cases, house.chain, timedelta(minutes=10), clock=lambda: now() + by)
