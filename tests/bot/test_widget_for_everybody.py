"""The chat for everybody in a real Chromium: by keyboard alone, with large letters, in the dark, on every screen."""

import pytest
from browsing import SIZES, answered, faults, in_one_line, last, looks, say, violations
from playwright.sync_api import expect

WORDS = ("结论", "过期", "条文", "情况", "转人工", "攻击", "单位", "人数", "日期", "多选", "长" * 300)


def sound(page):
    """Nothing cut, squeezed, overlapped, too small, too pale, unnamed; nothing axe-core objects to."""
    assert faults(page) == []
    assert violations(page) == []


def large(page):
    page.get_by_role("button", name="长者版").click()
    expect(page.get_by_role("button", name="长者版")).to_have_attribute("aria-pressed", "true")


# Places depend on the size and the letters, contrast on the scheme: the two go together.
@pytest.mark.parametrize(
    ("size", "elder", "scheme"),
    looks(
        [("360", True, "light"), ("1440", False, "dark")],
        [("360", False, "dark"), ("768", False, "dark"), ("768", True, "light"), ("1440", True, "light")],
    ),
)
def test_every_state_at_every_size(open_page, size, elder, scheme):
    page = open_page("/", SIZES[size], scheme)
    if elder:
        large(page)
    sound(page)
    for words in WORDS:
        say(page, words)
        for summary in last(page).locator("summary").all():
            summary.click()
        if words == "情况":
            page.get_by_role("button", name="改“").first.click()
        assert faults(page) == [], words
    assert violations(page) == []
    page.get_by_role("button", name="没用").first.click()
    expect(page.get_by_role("button", name="没看懂")).to_be_visible()
    page.get_by_role("button", name="菜单").click()
    sound(page)
    page.get_by_role("button", name="隐私与删除").click()
    page.get_by_role("button", name="删除这段对话").click()
    sound(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="办理日期").click()
    sound(page)


def test_large_letters_are_large_and_stay_after_a_reload(page):
    large(page)
    page.reload()
    expect(page.get_by_role("button", name="长者版")).to_have_attribute("aria-pressed", "true")
    say(page, "结论")
    sizes = page.locator(".card p, .card dd, .card button").evaluate_all(
        "all => all.map((one) => ['fontSize', 'lineHeight'].map((what) => parseFloat(getComputedStyle(one)[what])))"
    )
    assert min(size for size, _ in sizes) >= 18 and all(height >= 1.3 * size for size, height in sizes)
    assert page.get_by_role("button", name="读给我听").count() == 1


@pytest.mark.parametrize("width", [320, 360])
def test_header_with_large_letters_is_one_line_on_a_telephone(open_page, width):
    page = open_page("/", {"width": width, "height": 740})
    large(page)
    for words, day in (("你好", "2021年9月1日"), ("按2021年算", "2021年12月31日")):
        say(page, words)
        expect(page.get_by_role("button", name=f"办理日期：按 {day}")).to_have_text(f"按 {day}")
        assert in_one_line(page.locator(".brand, .bar > button")), day
    assert faults(page) == []


@pytest.mark.parametrize("elder", [False, True], ids=["usual", "elder"])
def test_at_200_percent_nothing_is_lost(open_page, elder):
    """A telephone's page at 200 %: half as wide, half as high, twice the pixels."""
    page = open_page("/", {"width": 320, "height": 370}, device_scale_factor=2)
    if elder:
        large(page)
    for words in ("结论", "多选", "人数"):
        say(page, words)
        assert faults(page) == [], words
    box = page.get_by_label("您的问题")
    box.scroll_into_view_if_needed()
    expect(box).to_be_in_viewport()
    page.get_by_role("button", name="菜单").scroll_into_view_if_needed()
    expect(page.get_by_role("button", name="菜单")).to_be_in_viewport()


def test_letters_that_the_reader_made_larger_still_fit(open_page):
    page = open_page()
    page.evaluate("document.documentElement.style.fontSize = '32px'")
    for words in ("结论", "多选", "人数"):
        say(page, words)
        assert faults(page) == [], words


def reach(page, target, steps=60):
    """Press Tab until the element has the keyboard, and see where the keyboard is all the way."""
    for _ in range(steps):
        page.keyboard.press("Tab")
        shown = page.evaluate(
            "() => { let at = document.activeElement;"
            "while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;"
            "const {outlineStyle, outlineWidth} = getComputedStyle(at);"
            "return [at.outerHTML.slice(0, 200), outlineStyle, outlineWidth] }"
        )
        assert shown[1] != "none" and float(shown[2].removesuffix("px")) >= 2, f"the keyboard cannot be seen: {shown}"
        if target.evaluate("one => one.getRootNode().activeElement === one"):
            return
    raise AssertionError(f"not to be reached: {target}")


def test_from_start_to_verdict_by_keyboard_alone(page, house):
    expect(page.get_by_text("存什么、怎么删")).to_be_visible()
    reach(page, page.locator(".examples button").first)
    page.keyboard.press("Enter")
    answered(page, 1)
    page.keyboard.type("单位")
    page.keyboard.press("Enter")
    answered(page, 2)
    page.keyboard.press("Shift+Tab")
    reach_back(page, page.get_by_role("button", name="企业", exact=True))
    page.keyboard.press("Space")
    answered(page, 3)
    page.keyboard.type("多选")
    page.keyboard.press("Enter")
    answered(page, 4)
    reach_back(page, page.get_by_label("残疾人"))
    page.keyboard.press("Space")
    reach(page, page.get_by_role("button", name="确定"))
    page.keyboard.press("Enter")
    answered(page, 5)
    expect(page.get_by_label("您的问题")).to_be_focused()
    page.keyboard.type("结论")
    page.keyboard.press("Enter")
    answered(page, 6)
    reach_back(page, page.locator("summary").last)
    page.keyboard.press("Enter")
    expect(page.get_by_text("30人(含)以下的参保单位裁员率")).to_be_visible()
    assert [call["text"] for call in house.assistant.calls][1:] == ["单位", "企业", "多选", "残疾人", "结论"]


def reach_back(page, target, steps=60):
    for _ in range(steps):
        if target.evaluate("one => one.getRootNode().activeElement === one"):
            return
        page.keyboard.press("Shift+Tab")
    raise AssertionError(f"not to be reached: {target}")


def test_what_is_new_is_told_to_those_who_listen(page):
    log = page.get_by_role("log", name="对话")
    expect(log).to_have_attribute("aria-live", "polite")
    say(page, "你好")
    assert log.locator(".for-ears").all_text_contents() == ["您说：", "助手："]
    assert page.locator("ol[role], ul[role]").count() == 0


def test_high_contrast(open_page):
    page = open_page("/", forced_colors="active")
    for words in ("结论", "多选"):
        say(page, words)
    edges = page.locator(".bubble, .composer textarea, .composer button").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).borderTopStyle)"
    )
    assert set(edges) == {"solid"}
    assert violations(page) == []


def test_nothing_moves_for_those_who_asked_for_it(open_page, house):
    page = open_page("/", reduced_motion="reduce")
    house.assistant.hold()
    page.get_by_label("您的问题").fill("两条")
    page.keyboard.press("Enter")
    expect(page.locator(".typing")).to_be_visible()
    moving = page.locator(".typing i").first.evaluate("one => one.getAnimations().length")
    house.assistant.let_go()
    answered(page, 1)
    assert moving == 0


def test_the_text_box_is_never_narrow(open_page):
    for elder in (False, True):
        page = open_page("/", {"width": 320, "height": 640})
        if elder:
            large(page)
        assert page.get_by_label("您的问题").bounding_box()["width"] >= 180
