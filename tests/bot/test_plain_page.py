"""The page without JavaScript in a real Chromium that has it switched off: the whole way, every size, for everybody."""

import pytest
from browsing import SIZES, bound, chromium, looks, served, violations
from databases import migrated
from doors import FakeAssistant, settings
from playwright.sync_api import expect

from bot.server import create_app

_FAULTS = """least => {
  const found = [];
  const tell = (one, why) => found.push(`${one.outerHTML.slice(0, 80)}: ${why}`);
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push(`the page is ${wide} px too wide`);
  const targets = "button, input:not([type=hidden]):not([type=checkbox]), textarea, .box, summary";
  for (const one of document.querySelectorAll(targets)) {
    const { width, height } = one.getBoundingClientRect();
    if (width && Math.min(width, height) < least - 0.5) tell(one, `${width} × ${height}`);
    if (one.scrollWidth > one.clientWidth + 1 && one.matches("button, textarea")) tell(one, "cut");
  }
  const words = "main p, main li, main h2, main dd, main label, main button, blockquote";
  for (const one of document.querySelectorAll(words)) {
    const size = parseFloat(getComputedStyle(one).fontSize);
    if (size < (least > 44 ? 18 : 15)) tell(one, `${size} px`);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def house(tmp_path_factory, rules):
    chosen = settings(tmp_path_factory.mktemp("plain"))
    migrated(chosen.database_url)
    with served(create_app(FakeAssistant(), rules, None, chosen), bound()) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser, house):
    """Open an address with scripts switched off; every complaint of the browser and every other host fails the test."""
    contexts, complaints = [], []

    def make(address="/plain", size="360", scheme="light"):
        context = browser.new_context(
            viewport=SIZES[size], color_scheme=scheme, locale="zh-CN", java_script_enabled=False
        )
        context.set_default_timeout(5000)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: request.url.startswith(house) or complaints.append(request.url))
        page.goto(house + address)
        contexts.append(context)
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []


def say(page, text):
    page.get_by_label("您的话").fill(text)
    page.locator("form:has(textarea) button").click()
    expect(page.locator(".turn").last).to_contain_text(text)


def sound(page, elder):
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert page.evaluate(_FAULTS, 60 if elder else 44) == []


@pytest.mark.parametrize(
    ("size", "elder", "scheme"),
    looks(
        [("360", True, "dark"), ("1440", False, "light")],
        [("360", False, "light"), ("768", False, "dark"), ("1440", True, "light")],
    ),
)
def test_every_state_at_every_size(open_page, size, elder, scheme):
    page = open_page("/plain?elder=1" if elder else "/plain", size, scheme)
    sound(page, elder)
    assert violations(page) == []
    for words in ("结论", "条文", "情况", "转人工", "攻击", "单位", "人数", "日期", "长" * 300, "多选"):
        say(page, words)
        if words in ("单位", "人数", "日期", "多选"):  # each page has all that was said before
            sound(page, elder)
            assert violations(page) == [], words


def test_the_whole_way_by_keyboard_alone(open_page):
    """From the notice over a choice, several answers, a number and a day to the verdict and the law behind it."""
    page = open_page(size="1440")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到输入框")).to_be_focused()
    page.keyboard.press("Enter")
    for question, answer in (("单位", "企业"), ("人数", "28"), ("多选", "残疾人")):
        typed(page, question)
        way = {
            "企业": page.get_by_role("button", name="企业", exact=True),
            "28": page.get_by_label("填个数"),
            "残疾人": page.get_by_label("残疾人"),
        }[answer]
        walk_to(page, way)
        if answer == "28":
            page.keyboard.type("28")
            page.keyboard.press("Enter")
        else:
            page.keyboard.press("Space")
        if answer == "残疾人":
            walk_to(page, page.get_by_role("button", name="确定"))
            page.keyboard.press("Enter")
        expect(page.locator(".turn").last).to_contain_text(answer)
    typed(page, "结论")
    walk_to(page, page.locator(".card summary"))
    page.keyboard.press("Enter")
    walk_to(page, page.get_by_role("link", name="辽人社发〔2021〕7号 一（一）").first)
    page.keyboard.press("Enter")
    expect(page.locator("mark")).to_have_count(1)
    expect(page.locator("mark")).to_be_in_viewport()
    page.go_back()
    walk_to(page, page.get_by_label("办理日期"))
    page.get_by_label("办理日期").fill("2021-12-31")  # what is typed into its parts hangs on the browser's language
    walk_to(page, page.get_by_role("button", name="按这天看"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("现在按 2021年12月31日 回答")).to_be_visible()


def typed(page, text):
    """Say something with nothing but keys."""
    walk_to(page, page.get_by_label("您的话"))
    page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".turn").last).to_contain_text(text)


def walk_to(page, place):
    """Press Tab until it is there: once around the page is enough, or it cannot be reached."""
    expect(place).to_be_visible()
    for _ in range(80):
        if place.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no Tab leads to {place}")


def test_a_reload_sends_nothing_again_and_erasing_leaves_nothing(open_page):
    page = open_page()
    say(page, "你好")
    page.reload()
    expect(page.locator(".turn")).to_have_count(1)
    page.locator("summary", has_text="删除这段对话").click()
    page.get_by_role("button", name="确定删除").click()
    expect(page.get_by_role("status")).to_have_text("已经删除 1 条记录，库里还剩 0 条。")
    expect(page.locator(".turn")).to_have_count(0)


def test_a_notice_with_a_marked_sentence_is_sound(open_page):
    page = open_page("/clauses/LN/一/小单位?highlight=0-5")
    expect(page.locator("mark")).to_be_in_viewport()
    assert violations(page) == []
