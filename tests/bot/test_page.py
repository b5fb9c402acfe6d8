"""The chat page in a real Chromium, served by the real application with an assistant that follows a script."""

import os
import shutil
import socket
import threading
import time
from types import SimpleNamespace

import pytest
import uvicorn
from doors import FakeAssistant, settings
from playwright.sync_api import expect, sync_playwright

from bot.server import create_app
from bot.store import migrate
from eligibility import Rulebook
from knowledge import load
from knowledge.search import Searcher

CHROMIUM = os.environ.get("WENGANG_TEST_CHROMIUM") or shutil.which("chromium") or "chromium"
PHONE = {"width": 360, "height": 740}
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """The application on a socket, and the assistant behind it."""
    knowledge, assistant = load(), FakeAssistant()
    chosen = settings(tmp_path_factory.mktemp("page"))
    migrate(chosen.database_url)
    app = create_app(assistant, Rulebook(knowledge), Searcher(knowledge), chosen)
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", ws="none"))
    thread = threading.Thread(target=lambda: server.run(sockets=[taken]), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield SimpleNamespace(url=f"http://127.0.0.1:{taken.getsockname()[1]}", assistant=assistant)
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, house):
    """Open the page at a size and in a scheme; every complaint of the browser fails the test."""
    contexts, complaints = [], []

    def make(viewport=PHONE, scheme="light", **more):
        context = browser.new_context(viewport=viewport, color_scheme=scheme, locale="zh-CN", **more)
        context.set_default_timeout(5000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: request.url.startswith(house.url) or complaints.append(request.url))
        page.goto(house.url)
        contexts.append(context)
        return page

    house.assistant.calls.clear()
    make.complaints = complaints
    yield make
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_page):
    return open_page()


def say(page, text):
    """Type a message, send it, wait for the reply."""
    before = page.locator(".turn:not(.mine):not(.note)").count()
    page.get_by_label("您的问题").fill(text)
    page.get_by_role("button", name="发送").click()
    expect(page.locator(".turn:not(.mine):not(.note)")).to_have_count(before + 1)


def said(house):
    return [call["text"] for call in house.assistant.calls]


def last(page):
    return page.locator(".turn").last


def nothing_sticks_out(page):
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate(
        "document.getElementById('scroll').scrollWidth <= document.getElementById('scroll').clientWidth"
    )


# ── what one sees first ──


def test_first_screen(page, house):
    expect(page.locator("h1")).to_contain_text("稳岗")
    assert 4 <= page.locator("#examples button").count() <= 6
    expect(page.get_by_text("请不要发送身份证号")).to_be_visible()
    expect(page.get_by_label("您的问题")).to_be_visible()
    expect(page.locator("#as-of-shown")).to_have_text("2021年9月1日")
    nothing_sticks_out(page)
    example = page.locator("#examples button").first
    words = example.text_content()
    example.click()
    expect(page.locator(".mine .bubble")).to_contain_text(words)
    expect(page.locator("#examples")).to_be_hidden()
    expect(page.get_by_text(f"您说的是：{words}")).to_be_visible()  # the bubble stands before the message has arrived
    assert said(house) == [words]


def test_without_a_mouse(page, house):
    page.get_by_label("您的问题").fill("单位")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="企业")).to_be_visible()
    page.get_by_role("button", name="企业").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("您说的是：企业")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("第一行")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("第二行")
    page.keyboard.press("Enter")
    expect(page.get_by_text("您说的是：第一行")).to_be_visible()
    expect(page.locator(".mine")).to_have_count(3)
    assert said(house) == ["单位", "企业", "第一行\n第二行"]


def test_chinese_input_method_keeps_its_enter(page, house):
    box = page.get_by_label("您的问题")
    box.fill("ni hao")
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(page.locator(".mine")).to_have_count(0)
    assert said(house) == []


# ── every kind of reply ──


def test_decision_card(page):
    say(page, "结论")
    card = page.locator(".card")
    expect(card.locator(".headline strong")).to_have_text("您能回答的条件都符合，最高可返还 72,000 元。")
    expect(card).to_contain_text("120,000 × 60% = 72,000 元")
    expect(card).to_contain_text("下一步：")
    quote = card.get_by_text("30人(含)以下的参保单位裁员率")
    expect(quote).to_be_hidden()
    card.get_by_text("依据（2 条原文）").click()
    expect(quote).to_be_visible()
    expect(card.get_by_text("——辽人社发〔2021〕7号 一（一）").first).to_be_visible()
    assert "**" not in card.text_content()
    nothing_sticks_out(page)


def test_clauses(page):
    say(page, "条文")
    answer = last(page)
    expect(answer.locator("strong")).to_have_text("这两份通知没有写金额。")
    expect(answer.locator("mark")).to_have_text("失业补助金只能")
    expect(answer.locator("blockquote").first).to_have_text("“失业补助金只能申领享受一次”")
    expect(answer.locator("figcaption").first).to_have_text("——辽人社发〔2021〕7号 一（六），已于 2021年12月31日 截止")
    assert answer.text_content().count("申领享受一次") == 1
    answer.get_by_text("还有 1 条相关原文").click()
    expect(answer.get_by_text("发放失业补助金")).to_be_visible()
    expect(answer.get_by_role("button", name="到什么时候")).to_be_visible()


def test_profile_and_handoff(page):
    say(page, "情况")
    expect(last(page).locator("dt").first).to_have_text("参保职工人数")
    expect(last(page).locator("dd").first).to_have_text("28 人")
    say(page, "转人工")
    assert last(page).locator("a").get_attribute("href") == "tel:12333"


def test_long_answers_are_shown_from_their_beginning(page):
    for _ in range(3):
        say(page, "结论")
    page.wait_for_timeout(100)
    top = page.locator(".mine").last.bounding_box()["y"]
    assert 0 < top < PHONE["height"] / 2


# ── ways to answer ──


def test_choices(page, house):
    say(page, "单位")
    assert last(page).get_by_role("button").all_text_contents() == [
        "企业", "社会团体/基金会", "以单位参保的个体户", "其他", "不知道",
    ]  # fmt: skip
    page.get_by_role("button", name="企业", exact=True).click()
    expect(page.get_by_text("您说的是：企业")).to_be_visible()
    expect(page.get_by_role("button", name="不知道")).to_have_count(0)
    assert said(house) == ["单位", "企业"]


def test_several_choices_and_none_of_these(page, house):
    say(page, "多选")
    confirm, none = page.get_by_role("button", name="确定"), page.get_by_label("以上都不是")
    expect(confirm).to_be_disabled()
    page.get_by_label("残疾人").check()
    page.get_by_label("登记失业满一年").check()
    none.check()
    expect(page.get_by_label("残疾人")).not_to_be_checked()
    page.get_by_label("残疾人").check()
    expect(none).not_to_be_checked()
    page.get_by_label("登记失业满一年").check()
    confirm.click()
    expect(page.get_by_text("您说的是：残疾人、登记失业满一年")).to_be_visible()
    assert said(house)[-1] == "残疾人、登记失业满一年"


def test_number_money_and_date(page, house):
    say(page, "人数")
    number = page.get_by_label("填个数")
    assert number.get_attribute("inputmode") == "numeric"
    number.fill("28")
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_text("您说的是：28人")).to_be_visible()
    say(page, "多少钱")
    assert page.get_by_label("填个数").get_attribute("inputmode") == "decimal"
    page.get_by_label("填个数").fill("12万")
    page.keyboard.press("Enter")
    expect(page.get_by_text("您说的是：12万")).to_be_visible()
    say(page, "日期")
    page.get_by_label("选个日期").fill("2020-11-05")
    page.get_by_role("button", name="确定").click()
    expect(page.get_by_text("您说的是：2020年11月5日")).to_be_visible()
    assert said(house) == ["人数", "28人", "多少钱", "12万", "日期", "2020年11月5日"]


def test_free_text_beside_the_choices(page, house):
    say(page, "是不是")
    say(page, "为什么问这个")
    expect(page.get_by_role("button", name="不是")).to_have_count(0)
    assert said(house) == ["是不是", "为什么问这个"]


def test_counter_stops_at_three_hundred(page, house):
    box, send = page.get_by_label("您的问题"), page.get_by_role("button", name="发送")
    expect(send).to_be_disabled()
    box.fill("长" * 300)
    expect(page.locator("#count")).to_have_text("300/300")
    expect(send).to_be_enabled()
    box.fill("👍" * 301)
    expect(page.locator("#count")).to_have_text("多了 1 个字，请分几次说")
    expect(send).to_be_disabled()
    page.keyboard.press("Enter")
    assert said(house) == []
    nothing_sticks_out(page)


# ── the date ──


def test_date_is_shown_changed_and_sent(page, house):
    say(page, "你好")
    page.locator("#as-of summary").click()
    page.get_by_label("想按哪一天的规定来看？").fill("2021-12-01")
    page.get_by_role("button", name="按这天看").click()
    expect(page.locator("#as-of-shown")).to_have_text("2021年12月1日")
    expect(page.locator(".note")).to_have_text("以下按 2021年12月1日 的规定回答")
    say(page, "你好")
    page.locator("#as-of summary").click()
    page.get_by_role("button", name="恢复默认").click()
    expect(page.locator("#as-of-shown")).to_have_text("2021年9月1日")
    say(page, "你好")
    assert [call["as_of"].isoformat() for call in house.assistant.calls] == ["2021-09-01", "2021-12-01", "2021-09-01"]


def test_date_follows_what_the_assistant_was_told(page, house):
    say(page, "按2021年算")
    expect(page.locator("#as-of-shown")).to_have_text("2021年12月31日")
    say(page, "你好")
    assert house.assistant.calls[-1]["as_of"].isoformat() == "2021-12-31"


# ── what can go wrong ──


def test_text_is_never_markup(page):
    say(page, "攻击")
    page.get_by_label("您的问题").fill("<img src=x onerror=\"document.title='xss'\">")
    page.keyboard.press("Enter")
    expect(page.locator(".mine")).to_have_count(2)
    page.reload()
    page.wait_for_timeout(200)
    assert page.title() == "稳岗 · 本溪就业政策助手"
    assert page.locator("#log img, #log script, #log svg, #log b, #log i").count() == 0
    expect(page.locator("#log")).to_contain_text("<svg onload")


def test_reload_keeps_the_conversation(page, house):
    say(page, "单位")
    page.reload()
    expect(page.locator(".mine .bubble")).to_contain_text("单位")
    expect(page.get_by_role("button", name="企业", exact=True)).to_be_visible()
    say(page, "企业")
    assert len({call["sender"] for call in house.assistant.calls}) == 1


def test_lost_connection_then_retry_runs_one_turn(open_page, house):
    page = open_page()
    say(page, "你好")
    house.assistant.calls.clear()
    lose = {"answer": True}

    def arrives_but_the_answer_is_lost(route):
        if lose.pop("answer", False):
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/api/messages", arrives_but_the_answer_is_lost)
    page.get_by_label("您的问题").fill("结论")
    page.keyboard.press("Enter")
    expect(page.get_by_text("没有送到。")).to_be_visible()
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".card")).to_be_visible()
    expect(page.get_by_text("没有送到。")).to_have_count(0)
    assert said(house) == ["结论"] and page.locator(".mine").count() == 2
    open_page.complaints.clear()  # the browser reports the connection that this test cut


def test_message_that_was_under_way_at_a_reload_can_be_retried(open_page, house):
    page = open_page()
    say(page, "你好")
    page.route("**/api/messages", lambda route: None)
    page.get_by_label("您的问题").fill("结论")
    page.keyboard.press("Enter")
    expect(page.locator("#typing")).to_be_visible()
    page.reload()
    page.unroute("**/api/messages")
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".card")).to_be_visible()
    open_page.complaints.clear()


def test_server_error_is_told_kindly(open_page, house):
    page = open_page()
    house.assistant.fail = RuntimeError("no")
    try:
        page.get_by_label("您的问题").fill("结论")
        page.keyboard.press("Enter")
        expect(page.locator(".trouble")).to_contain_text("系统出了点问题")
    finally:
        house.assistant.fail = None
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".card")).to_be_visible()
    open_page.complaints.clear()


def test_conversation_that_the_server_forgot_starts_anew(open_page, house):
    page = open_page()
    page.evaluate("sessionStorage.setItem('wengang', JSON.stringify({sender: 'old.number', asOf: null, entries: []}))")
    page.reload()
    page.get_by_label("您的问题").fill("结论")
    page.keyboard.press("Enter")
    expect(page.locator(".note")).to_contain_text("重新开始")
    expect(page.locator(".card")).to_be_visible()
    open_page.complaints.clear()


def test_spoilt_storage_is_survived(page):
    page.evaluate("sessionStorage.setItem('wengang', '{broken')")
    page.reload()
    say(page, "你好")


def test_restart_begins_another_conversation(page, house):
    say(page, "你好")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="重新开始").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#examples")).to_be_visible()
    say(page, "你好")
    assert len({call["sender"] for call in house.assistant.calls}) == 2


# ── for everybody ──

MEASURE = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const seen = (element) => element.getClientRects().length && !element.closest(".for-ears");
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const field = element.matches("input:not([type=checkbox]), textarea");
    if (!seen(element) || !(own || field)) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(style.color)), light(ground(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    const name = element.tagName + "." + element.className + " " + element.textContent.slice(0, 12);
    if (contrast < 4.5) found.push(`${name}: contrast ${contrast.toFixed(2)}`);
    if (parseFloat(style.fontSize) < 16) found.push(`${name}: ${style.fontSize}`);
  }
  const reach = "button, summary, label:has(input), input:not([type=checkbox]), textarea";
  for (const element of document.querySelectorAll(reach)) {
    const box = element.getBoundingClientRect();
    if (seen(element) && (box.height < 43.9 || box.width < 43.9))
      found.push(`${element.tagName} ${element.textContent.slice(0, 12)}: ${box.width}x${box.height}`);
  }
  for (const element of document.querySelectorAll("button, input, textarea")) {
    const named = element.textContent.trim() || element.labels?.length || element.getAttribute("aria-label");
    if (!named) found.push(`${element.tagName}#${element.id}: no name`);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 800}], ids=["phone", "desk"])
def test_readable_reachable_and_within_the_screen(open_page, viewport, scheme):
    page = open_page(viewport, scheme)
    assert page.evaluate(MEASURE) == []
    for words in ("结论", "条文", "情况", "转人工", "攻击", "单位", "人数", "日期", "多选", "长" * 300):
        say(page, words)
        for summary in last(page).locator("summary").all():
            summary.click()
        page.locator("#as-of summary").click()
        assert page.evaluate(MEASURE) == []
        page.keyboard.press("Escape")
        nothing_sticks_out(page)
    assert page.get_by_role("log").get_attribute("aria-live") == "polite"


def test_large_letters_on_a_small_phone_still_fit(open_page):
    page = open_page({"width": 360, "height": 640})
    page.add_style_tag(url="/web/chat.css")
    page.evaluate("document.documentElement.style.fontSize = '24px'")
    for words in ("结论", "多选"):
        say(page, words)
        nothing_sticks_out(page)
    assert page.locator("#composer").bounding_box()["y"] > 300


def test_interface_page(open_page, house):
    page = open_page({"width": 1000, "height": 800})
    page.goto(f"{house.url}/docs")
    expect(page.get_by_text("POST /api/messages")).to_be_visible()
    expect(page.get_by_text("client_message_id")).to_be_visible()


# ── rules and notices to be read ──

READ = ("/rules", "/rules/employment_difficulty_status", "/rules/stabilisation_refund", "/rules/duty", "/clauses/LN")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_rules_fit_a_telephone(open_page, house, scheme):
    page = open_page(scheme=scheme)
    for path in READ:
        page.goto(house.url + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], path
        words = "[...document.querySelectorAll('main p, main li, main a, main h2')]"
        sizes = page.evaluate(f"{words}.map(element => parseFloat(getComputedStyle(element).fontSize))")
        assert min(sizes) >= 16, path


def test_from_the_chat_to_a_rule_to_the_words_of_the_law(page):
    page.get_by_role("link", name="看全部规则").click()
    page.get_by_role("link", name="失业保险稳岗返还").click()
    condition = page.locator(".leaf", has_text="申请日期不晚于 2021年12月31日")
    quote = condition.locator("blockquote").inner_text()
    condition.get_by_role("link").click()
    marked = page.locator(":target")
    expect(marked).to_have_text(quote)
    expect(marked).to_be_in_viewport()
    plain = page.locator(".clause").first.evaluate("e => getComputedStyle(e).backgroundColor")
    assert marked.evaluate("e => getComputedStyle(e).backgroundColor") != plain


def test_another_day_is_one_tap(page, house):
    page.goto(house.url + "/rules/stabilisation_refund")
    page.get_by_role("link", name="2022年1月1日").click()
    expect(page.locator(".standing")).to_contain_text("已于 2021年12月31日截止")
    expect(page.locator(".choose [aria-current]").first).to_have_text("2022年1月1日")


def test_a_rule_on_paper(page, house):
    page.goto(house.url + "/rules/stabilisation_refund")
    page.emulate_media(media="print")
    expect(page.locator(".leaf blockquote").first).to_be_visible()
    expect(page.locator(".choose")).to_be_hidden()
    assert page.pdf(format="A4").startswith(b"%PDF")
