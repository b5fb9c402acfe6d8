"""“::” and a short name in a text box, in a real Chromium; the box keeps what is its own."""

import pytest
from browsing import bound, served, violations
from playwright.sync_api import expect

HELLO, WAIT = "您好，这里是 12333。", "请您稍等。"
PROBE = "<img src=x onerror=\"document.title='xss'\">"
TEXTS = [{"short": "开头", "text": HELLO}, {"short": "稍等", "text": WAIT}, {"short": "开口", "text": "您请说。"}]
pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture
def box(browser, house):
    """A text box with these texts, in a page that sends with Enter."""
    house.add("小王")
    page = browser.new_page(locale="zh-CN")
    page.set_default_timeout(5000)
    with served(house.app, bound()) as address:
        page.goto(f"{address}/staff/sign-in")
        page.evaluate(
            """async (texts) => {
              const { expands } = await import("/web/staff/expand.js");
              const main = document.querySelector("main");
              main.innerHTML = '<h1>x</h1><label for="w">对用户说</label><textarea id="w"></textarea>';
              const box = main.querySelector("textarea");
              window.sent = [];
              expands(box, Promise.resolve(texts));
              box.addEventListener("keydown", (event) => event.key === "Enter" && sent.push(box.value));
            }""",
            TEXTS,
        )
        yield page.get_by_label("对用户说")
        page.close()


def sent(box):
    return box.page.evaluate("window.sent")


@pytest.mark.parametrize("key", ["Space", "Enter", "Tab"])
@pytest.mark.parametrize("colons", ["::", "：："], ids=["half width", "full width"])
def test_a_short_name_and_a_key(box, colons, key):
    box.type(f"好的，{colons}稍等")
    box.press(key)
    expect(box).to_have_value(f"好的，{WAIT}")
    expect(box).to_be_focused()
    assert sent(box) == []
    box.press("Enter")
    assert len(sent(box)) == 1, "then the key is the box's own again"


def test_two_colons_show_what_there_is_and_arrows_choose(box):
    box.type("::")
    options = box.page.get_by_role("option")
    expect(options).to_have_count(3)
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert violations(box.page) == []
    for key, chosen in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowDown", 0), ("ArrowUp", 2)):
        box.press(key)
        active = box.get_attribute("aria-activedescendant")
        expect(options.nth(chosen)).to_have_id(active)
        expect(options.nth(chosen)).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(box).to_have_value("您请说。")
    expect(options).to_have_count(0)
    assert box.get_attribute("aria-activedescendant") is None and sent(box) == []


def test_typing_on_narrows_the_list(box):
    box.type("::开")
    options = box.page.get_by_role("option")
    expect(options).to_have_count(2)
    expect(box.page.get_by_text("2 条常用语")).to_be_attached()
    box.type("口")
    expect(options).to_have_count(1)
    box.press("Tab")
    expect(box).to_have_value("您请说。")


def test_escape_leaves_what_is_typed(box):
    box.type("::开头")
    box.press("Escape")
    expect(box.page.get_by_role("option")).to_have_count(0)
    box.press("Enter")
    assert sent(box) == ["::开头"]
    box.fill("")
    box.type("::开头 ")
    expect(box).to_have_value(HELLO)


def test_what_is_no_short_name_stays(box):
    box.type("时间 12::30 ::没有 ")
    expect(box).to_have_value("时间 12::30 ::没有 ")
    box.press("Enter")
    assert len(sent(box)) == 1


def test_in_the_middle_of_a_text_and_by_the_mouse(box):
    box.fill("前后")
    box.press("Home")
    box.press("ArrowRight")
    box.type("::")
    box.page.get_by_role("option", name="稍等").click()
    expect(box).to_have_value(f"前{WAIT}后")
    box.type("再")
    expect(box).to_have_value(f"前{WAIT}再后")


def test_an_input_method_keeps_its_enter(box):
    box.type("::开头")
    box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(box).to_have_value("::开头")


def test_markup_in_a_text_is_text(box):
    box.page.evaluate(
        """async (text) => {
          const { expands } = await import("/web/staff/expand.js");
          const box = document.createElement("textarea");
          box.setAttribute("aria-label", "另一个");
          document.querySelector("main").append(box);
          expands(box, Promise.resolve([{ short: "<b>x</b>", text }]));
        }""",
        PROBE,
    )
    other = box.page.get_by_label("另一个")
    other.type("::")
    expect(box.page.get_by_role("option")).to_contain_text("<b>x</b>")
    other.press("Enter")
    expect(other).to_have_value(PROBE)
    assert box.page.title() != "xss" and box.page.locator("main img").count() == 0
