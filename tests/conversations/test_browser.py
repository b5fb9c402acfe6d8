"""The whole house in a real browser: `wengang serve` as a process of its own, SQLite, the trained model, Chromium.

One conversation for each programme, from the first question to a verdict on the card, typed and tapped as by a person.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import answered, chromium, faults
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]

# programme → (as of, first words, what to answer when the page offers or asks it, what the card must say)
INTERVIEWS: dict[str, tuple[str, str, dict[str, str], list[str]]] = {
    "stabilisation_refund": (
        "2021-09-01",
        "我们公司能领稳岗返还吗，小公司，28个人，去年裁了5个，一共交了12万失业保险",
        {"失业保险是在辽宁交的": "是"},
        ["72,000", "备付期", "中小微企业及其他可申请失业保险稳岗返还的参保单位"],
    ),
    "unemployment_aid": (
        "2021-09-01",
        "我今年三月失业的，失业金领完了，能领失业补助金吗",
        {"交过失业保险": "交过", "领过吗": "没领过", "找到工作": "还没有"},
        ["符合", "2022年6月30日", "失业补助金只能申领享受一次"],
    ),
    "skill_upgrade_subsidy": (
        "2021-09-01",
        "我在钢厂上班，失业保险交了一年半，能领技能提升补贴吗",
        {},
        ["展翅行动", "累计缴费满1年及以上"],
    ),
    "flexible_employment_subsidy_extension": (
        "2021-09-01",
        "我是大学毕业的，灵活就业社保补贴到期了还能延长吗",
        {"哪天领满": "7月31号", "延长过几个月": "没有", "稳定的工作": "还没有"},
        ["6 个月", "2022年1月31日", "最多可延长6个月"],
    ),
    "job_seeking_subsidy_category": (
        "2021-09-01",
        "我今年毕业，是孤儿，能领求职创业补贴吗",
        {"哪种学校": "高校（大专及以上）"},
        ["孤儿毕业生", "附件1"],
    ),
    "employment_difficulty_status": (
        "2021-09-01",
        "我单亲带个孩子，算就业困难人员吗",
        {},
        ["就业困难人员", "单亲抚养未成年人者"],
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: Any) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {
        **os.environ,
        "WENGANG_HOST": "127.0.0.1",
        "WENGANG_PORT": str(port),
        "WENGANG_DATABASE_URL": f"sqlite:///{folder / 'wengang.db'}",
        "WENGANG_SECRET": "a secret of the browser test, long enough",
    }
    process = subprocess.Popen([sys.executable, "-m", "bot.cli", "serve"], cwd=ROOT, env=env)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert process.poll() is None, "the server stopped while starting"
            try:
                urllib.request.urlopen(f"{url}/healthz", timeout=1).read()
                break
            except OSError:
                time.sleep(0.25)
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def open_page(server: str) -> Iterator[Callable[..., Page]]:
    with chromium() as browser:

        def make(path: str = "/", **more: Any) -> Page:
            page = browser.new_page(viewport={"width": 420, "height": 900}, locale="zh-CN", **more)
            page.set_default_timeout(15000)
            page.goto(server + path)
            return page

        yield make


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    return open_page()


def say(page: Page, words: str) -> None:
    """Tap the offered answer if it is there, else type."""
    button = page.get_by_role("button", name=words, exact=True)
    before = page.locator(".turn").count()
    if button.count() and button.last.is_enabled():
        button.last.click()
    else:
        page.get_by_label("您的问题").fill(words)
        page.get_by_role("button", name="发送", exact=True).click()
    answered(page, before + 1)


def set_date(page: Page, day: str) -> None:
    page.get_by_role("button", name="办理日期").click()
    page.get_by_label("想按哪一天的规定来看？").fill(day)
    page.get_by_role("button", name="按这天看").click()


@pytest.mark.parametrize("programme", INTERVIEWS)
def test_interview_to_verdict(page: Page, programme: str) -> None:
    as_of, first, answers, wanted = INTERVIEWS[programme]
    set_date(page, as_of)
    say(page, first)
    for _ in range(8):
        last = page.locator(".turn").last.inner_text()
        asked = max(answers, key=last.rfind, default="")  # the question stands last, behind what was understood
        if not asked or asked not in last:
            break
        say(page, answers[asked])
    for details in page.locator(".log details").all():
        details.evaluate("element => element.open = true")
    shown = page.locator(".log").inner_text()
    assert [part for part in wanted if part not in shown] == [], shown
    assert faults(page) == []


def test_today_says_first_that_the_window_is_closed(page: Page) -> None:
    say(page, "我们公司能领稳岗返还吗")
    assert "2021年12月31日截止" in page.locator(".log").inner_text()


def test_what_it_believes_is_put_right_in_the_list(page: Page) -> None:
    set_date(page, "2021-09-01")
    say(page, "我们公司能领稳岗返还吗，小公司，28个人，去年裁了5个，一共交了12万失业保险")
    say(page, "是")
    assert "72,000" in page.locator(".turn").last.inner_text()
    page.get_by_role("button", name="菜单").click()
    say(page, "我记下的情况")
    put_right = {
        "参保职工人数": ("参保职工 35 人", "参保职工 35 人"),
        "上年度裁员人数": ("2", "上年度裁员 2 人"),
        "在辽宁参加失业保险": ("失业保险不在辽宁交", "失业保险不在辽宁交"),
    }
    for label, (right, heard) in put_right.items():
        page.get_by_role("button", name=f"改“{label}”").last.click()
        page.get_by_label(f"“{label}”改成").fill(right)
        turns = page.locator(".turn").count()
        page.keyboard.press("Enter")
        answered(page, turns + 1)
        assert heard in page.locator(".turn").last.inner_text()


# ── the page without JavaScript ──

# what is asked, in its order → the answer, given by the control that the page offers for it
ASKED = {
    "失业保险是在辽宁交的吗": "是",
    "参保职工一共多少人": "28",
    "一共裁了多少人": "5",
    "大型企业，还是中小微": "中小微企业",
    "一共交了多少失业保险费": "120000",
}


def test_interview_without_javascript(open_page: Callable[..., Page]) -> None:
    """From the first words to the amount and the sentence of the law behind it: buttons, boxes, links, no script."""
    page = open_page("/plain?as_of=2021-09-01", java_script_enabled=False)
    page.get_by_label("您的话").fill("我们公司能领稳岗返还吗")
    page.get_by_role("button", name="知道了，开始问").click()
    answered_so_far = []
    for turn in range(1, len(ASKED) + 1):
        expect(page.locator(".turn")).to_have_count(turn)
        question = page.locator(".turn").last.inner_text()
        [asked] = [words for words in ASKED if words in question and words not in answered_so_far]
        answered_so_far.append(asked)
        answer_plainly(page, ASKED[asked])
    card = page.locator(".card").last
    expect(card).to_contain_text("最高可返还 72,000 元")
    expect(card).to_contain_text("2021年12月31日")
    card.locator("summary").click()
    page.get_by_role("link", name="辽人社发〔2021〕7号 一（一）").first.click()
    expect(page.locator("mark")).to_be_in_viewport()


def answer_plainly(page: Page, words: str) -> None:
    """Press the button that says so, else write it where a number is asked for."""
    offered = page.get_by_role("button", name=words, exact=True)
    if offered.count():
        offered.click()
    else:
        page.get_by_label("填个数").fill(words)
        page.get_by_role("button", name="确定", exact=True).click()
