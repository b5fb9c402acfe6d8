"""The console's plain pages in a real Chromium: for everybody, at both sizes, in both schemes, by keyboard alone."""

import csv
import hashlib
import io
import re
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from browsing import bound, chromium, faults, looks, served, violations
from console_pages import PAGES, fill, looked_at, signed_in
from databases import migrated
from doors import FakeAssistant, settings
from openid_provider import provider
from playwright.sync_api import expect

from bot.server import create_app
from bot.staff import passwords
from bot.store import InDatabase, open_engine
from bot.store.conversations import HeldTurn
from bot.store.staff_tables import StaffSession

TALL = {1440: 4000, 768: 6000}  # nothing is below the window's edge: whatever sticks out is a fault
LOOKS = looks([("light", 1440), ("dark", 768)], [("light", 768), ("dark", 1440)])


@pytest.fixture(scope="module")
def console(tmp_path_factory, rules):
    """The application on a socket, with something on every page; the office's own sign-in is another site's."""
    passwords._HASHER, dear = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1), passwords._HASHER
    with provider("localhost") as office:
        chosen = settings(tmp_path_factory.mktemp("console"), **office.settings)
        migrated(chosen.database_url)
        engine = open_engine(chosen.database_url)
        fill(engine, chosen.key(), rules)
        with served(create_app(FakeAssistant(), rules, None, chosen, engine=engine), bound()) as address:
            yield SimpleNamespace(address=address, engine=engine, office=office)
        engine.dispose()
    passwords._HASHER = dear


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def enter(browser, console):
    """Sign somebody in, in a browser of their own; a complaint of the browser fails the test."""
    contexts, complaints = [], []

    def make(name, **more):
        contexts.append(browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN", **more))
        contexts[-1].set_default_timeout(5000)
        page = contexts[-1].new_page()
        if name:
            signed_in(page, console.address, name)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for one in contexts:
        one.close()
    assert complaints == []


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_is_for_everybody(browser, console, scheme, width):
    seen = set()
    for name, _, page in looked_at(browser, console.address, {width: TALL[width]}, color_scheme=scheme):
        assert page.get_by_role("heading", level=1).count() == 1, name
        assert violations(page) == [], name
        assert faults(page) == [], name
        seen.add(name)
    assert seen == set(PAGES)


def test_figures_are_text_and_bars_are_no_more_than_a_decoration(enter, console):
    page = enter("老周")
    page.goto(f"{console.address}/staff/numbers")
    table = page.get_by_role("table", name="各事项问了几句")
    rows = [row.inner_text().split("\t") for row in table.get_by_role("row").all()]
    assert [cell.strip() for cell in rows[0]] == ["事项", "没答上", "问了"]
    asked = {name.strip(): (int(missed), int(count)) for name, missed, count in rows[1:]}
    assert max(count for _, count in asked.values()) == 23 and asked["没有说到事项"] == (6, 6)
    bars = table.locator("svg[aria-hidden=true] rect:first-child").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().width / one.closest('svg').getBoundingClientRect().width)"
    )
    counts = [count for _, count in asked.values()]
    assert bars == pytest.approx([count / 23 for count in counts], abs=0.02)
    waits = page.get_by_role("table", name="接起以前等了多久")
    assert "十分钟以上" in waits.inner_text() and "12 分钟" in page.locator(".totals").inner_text()
    assert page.get_by_role("table", name="告诉过的结论").inner_text().split()[1:] == [
        "结论",
        "次数",
        "还要看别的条件",
        "9",
    ]


def test_the_figures_are_those_of_now_while_somebody_looks(enter, console):
    page = enter("老周")
    page.clock.install()
    page.goto(f"{console.address}/staff/numbers")
    total = page.locator(".totals div").first.locator("dd")
    before = int(total.inner_text())
    replies = [{"kind": "text", "text": "好", "outcome": "answered", "programme": None}]
    InDatabase(console.engine).keep(HeldTurn("web:later", "还有呢", None, replies=replies))
    page.clock.run_for(31_000)
    expect(total).to_have_text(str(before + 1))


# ── by keyboard alone, without scripts ──


def reach(page, target, steps=80):
    """Press Tab until the element has the keyboard; it is seen where the keyboard is."""
    for _ in range(steps):
        if target.evaluate("one => document.activeElement === one"):
            outline = target.evaluate("one => getComputedStyle(one).outlineStyle")
            assert outline != "none", "the keyboard cannot be seen"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not to be reached: {target}")


def press(page, name, key="Enter"):
    reach(page, page.get_by_role("button", name=name, exact=True))
    page.keyboard.press(key)


def write(page, label, words):
    reach(page, page.get_by_label(label).first)
    page.keyboard.type(words)


def test_a_case_from_its_making_to_its_return_without_a_mouse(enter, console):
    wang, li = (enter(name, java_script_enabled=False) for name in ("小王", "小李"))
    wang.goto(f"{console.address}/staff/cases")
    write(wang, "事由", "问技能提升补贴")
    press(wang, "建立")
    expect(wang.get_by_role("heading", level=1)).to_contain_text("问技能提升补贴")
    case = wang.url
    write(wang, "说明", "请她带证书。::核定 ::没有这个")
    press(wang, "记下备注", "Space")
    expect(
        wang.get_by_text("请她带证书。以上是按通知说的条件判断的，最后以经办机构核定为准。 ::没有这个")
    ).to_be_visible()
    write(wang, "说明", "请看一下证书算不算")
    reach(wang, wang.get_by_label("转给"))
    while wang.get_by_label("转给").input_value() != "小李":
        wang.keyboard.press("ArrowDown")
    press(wang, "转给别人")
    expect(wang.get_by_text("正在转给 小李")).to_be_visible()

    li.goto(f"{console.address}/staff/cases")
    reach(li, li.get_by_role("link", name=case.rpartition("/")[2], exact=True))
    li.keyboard.press("Enter")
    write(li, "说明", "算的，还请您答复")
    press(li, "退回")
    expect(li.get_by_role("heading", name="工单", exact=True)).to_be_visible()
    wang.goto(case)
    expect(wang.get_by_text("退回：算的，还请您答复")).to_be_visible()
    expect(wang.get_by_text("待办", exact=True)).to_be_visible()


def test_ready_made_texts_come_as_one_types_on_a_case_too(enter, console):
    page = enter("小王")
    page.set_viewport_size({"width": 768, "height": TALL[768]})
    page.goto(f"{console.address}/staff/cases/1")
    box = page.get_by_label("说明")
    reach(page, box)
    page.keyboard.type("已告知。::核")
    expect(page.get_by_role("option", name="核定")).to_be_visible()
    assert violations(page) == [] and faults(page) == []
    page.keyboard.type("定 ")
    expect(box).to_have_value("已告知。以上是按通知说的条件判断的，最后以经办机构核定为准。")
    page.keyboard.type("::我的")
    page.keyboard.press("Enter")
    expect(box).to_have_value(re.compile("核定为准。我是稳岗专席，工号零零一。$"))
    expect(box).to_be_focused()


def test_searching_and_taking_a_table_home_without_a_mouse(enter, console):
    page = enter("小王", java_script_enabled=False)
    page.goto(f"{console.address}/staff/cases")
    write(page, "找", "会计")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    for kind in ("CSV", "Excel"):
        reach(page, page.get_by_role("link", name=f"导出 {kind}"))
        with page.expect_download() as loaded:
            page.keyboard.press("Enter")
        raw = loaded.value.path().read_bytes()
        if kind == "CSV":
            table = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
            assert len(table) == 2 and "裁了五个人" in ",".join(table[1])
        else:
            assert raw[:2] == b"PK" and loaded.value.suggested_filename == "cases.xlsx"
    reach(page, page.get_by_role("link", name="1", exact=True))
    page.keyboard.press("Enter")
    reach(page, page.get_by_role("link", name="按当时的政策包重算"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("一字不差")).to_be_visible()
    page.go_back()
    reach(page, page.get_by_role("link", name="同一个人的工单"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("和工单 1 同一个人的")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(3)


def test_an_officer_deals_with_questions_without_a_mouse(enter, console):
    page = enter("老周", java_script_enabled=False)
    page.goto(f"{console.address}/staff/unanswered")
    group = page.get_by_role("group", name="那个怎么弄来着")
    reach(page, group.get_by_role("button", name="不用管"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="那个怎么弄来着")).to_have_count(0)
    expect(page.get_by_role("group", name="补助金每月多少钱")).to_be_visible()


# ── signing in with the office's provider, which is another site ──


def test_who_comes_back_from_another_site_is_inside_at_once(enter, console):
    """The session's cookie is for our own pages only: a redirection from elsewhere would lose it."""
    page = enter("")
    page.goto(f"{console.address}/staff")
    page.get_by_role("link", name="用统一登录").click()
    expect(page.get_by_role("link", name="小王", exact=True)).to_be_visible()
    assert page.url == f"{console.address}/staff" and "/token" in console.office.asked
    kept = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert kept["wengang_staff"]["sameSite"] == "Strict" and "wengang_staff_oidc" not in kept
    first = hashlib.sha256(kept["wengang_staff"]["value"].encode()).hexdigest()
    page.goto(f"{console.address}/staff/sign-in")
    page.get_by_role("link", name="用统一登录").click()
    expect(page.get_by_role("link", name="小王", exact=True)).to_be_visible()
    with console.engine.connect() as connection:  # though its cookie did not come along from the other site
        assert connection.execute(sa.select(StaffSession.ended).where(StaffSession.token == first)).scalar_one()


def test_a_link_of_another_site_leads_to_the_provider_and_back(enter, console):
    page = enter("小王")
    portal = f'<title>x</title><link rel="icon" href="data:,"><a href="{console.address}/staff/oidc">进坐席台</a>'
    page.route("http://portal.localhost/", lambda route: route.fulfill(body=portal, content_type="text/html"))
    page.goto("http://portal.localhost/")
    page.get_by_role("link").click()
    expect(page.get_by_role("link", name="接电话")).to_be_visible()
    assert page.url == f"{console.address}/staff"
