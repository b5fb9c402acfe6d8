"""The operators' screen when something goes wrong, and for everybody: keys, contrast, sizes, large letters."""

import json
import os
import time

import pytest
from browsing import violations
from playwright.sync_api import Page, expect
from screens import ENTER, EVIL, REFUND, SIZES, signed_in

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # what a browser shows does not depend on it


# ── what goes wrong ──
EACH = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]
LOOKS = EACH if os.environ.get("WENGANG_VERIFY") else [("1440", "light"), ("1024", "dark")]


def test_markup_in_what_is_typed_and_found_is_text(screen):
    where = {"clause": "LN/x", "document": "LN", "item": "一", "applies": True, "programmes": []}
    words = {"title": EVIL, "number": EVIL, "quote": EVIL, "start": 0, "end": len(EVIL), "mark": [0, 4]}
    clause = {**where, **words}
    found = json.dumps({"programmes": [{"id": "x", "title": EVIL}], "clauses": [clause], "documents": []})
    screen.page.route("**/staff/api/search?*", lambda route: route.fulfill(body=found, content_type="application/json"))
    screen.page.keyboard.insert_text(EVIL)
    expect(screen.page.get_by_role("option")).to_have_count(2)
    screen.page.keyboard.press("ArrowDown")
    screen.page.keyboard.press("Enter")
    expect(screen.page.locator("#clause blockquote")).to_have_text(f"“{EVIL}”")
    assert screen.page.locator("main img, main script").count() == 0 and "hacked" not in screen.page.title()


@pytest.mark.parametrize("failing", ["sheet", "decide"])
def test_a_server_that_fails_loses_nothing(screen, failing):
    screen.look_up("wgfh")
    screen.tell({"unit_kind": f"1{ENTER}"})
    screen.go_to("insured_in_liaoning")
    screen.page.route(f"**/staff/api/{failing}", lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"))
    screen.page.keyboard.type("1")
    trouble = screen.page.locator("#trouble")
    expect(trouble.locator("span")).to_have_text("服务器出了点问题，您填的都还在，请再试一次。")
    screen.page.unroute(f"**/staff/api/{failing}")
    screen.press("Alt+z")
    expect(trouble).to_be_hidden()
    screen.settled()
    assert len(screen.known()) == 2


def test_a_line_that_is_down_is_said_so(screen):
    screen.page.route("**/staff/api/*", lambda route: route.abort())
    screen.type("w")
    expect(screen.page.locator("#trouble span")).to_have_text("连不上服务器，您填的都还在，连上以后再试一次。")
    screen.page.unroute("**/staff/api/*")
    screen.type("g")
    expect(screen.page.locator("#trouble")).to_be_hidden()


def test_a_session_that_is_over_loses_nothing(screen, house, address):
    screen.look_up("wgfh")
    screen.tell({"unit_kind": f"1{ENTER}"})
    screen.go_to("insured_in_liaoning")
    context = screen.page.context
    context.clear_cookies()
    screen.page.keyboard.type("1")
    trouble = screen.page.locator("#trouble")
    expect(trouble.locator("span")).to_have_text("请先登录坐席台（/staff/sign-in）。")
    with context.expect_page() as opened:
        while not trouble.get_by_role("link").evaluate("one => one === document.activeElement"):
            screen.page.keyboard.press("Shift+Tab")
        screen.page.keyboard.press("Enter")
    other = opened.value
    expect(other.get_by_role("heading", name="登录")).to_be_visible()
    other.close()
    context.add_cookies([signed_in(house, "小王", address)])
    screen.press("Alt+z")
    expect(trouble).to_be_hidden()
    screen.settled()
    assert len(screen.known()) == 2, "with a token that is another one"


def test_a_request_that_comes_late_with_the_old_token_goes_through_as_well(screen, house, address):
    """The sheet and the verdict are asked for at once; the one that is refused first has the new token fetched."""
    screen.look_up("wgfh")
    screen.tell({"unit_kind": f"1{ENTER}"})
    screen.go_to("insured_in_liaoning")
    screen.page.context.add_cookies([signed_in(house, "小王", address)])

    def late(route):
        time.sleep(0.5)
        route.continue_()

    screen.page.route("**/staff/api/decide", late, times=1)
    screen.page.keyboard.type("1")
    screen.settled()
    assert len(screen.known()) == 2
    expect(screen.page.locator("#trouble")).to_be_hidden()


def test_what_goes_well_beside_it_does_not_hide_what_went_wrong(screen):
    """Without its questions the verdict is not shown; why, is to be seen while something else is looked up."""
    screen.look_up("wgfh")
    screen.page.route("**/staff/api/sheet", lambda route: route.fulfill(status=500, body="{}"))
    screen.press("Alt+z")
    trouble = screen.page.locator("#trouble")
    expect(trouble).to_be_visible()
    screen.press("Alt+c")
    screen.type("裁员率")
    expect(screen.page.locator("#found mark").first).to_be_visible()
    expect(trouble).to_be_visible()
    screen.page.unroute("**/staff/api/sheet")
    screen.press("Alt+z")
    expect(trouble).to_be_hidden()


def test_whose_screen_it_is_not(house, ring, address, browser):
    context = browser.new_context()
    house.add("管理", "admin")
    context.add_cookies([signed_in(house, "管理", address)])
    page = context.new_page()
    page.goto(f"{address}/staff")
    assert page.url == f"{address}/staff/accounts"
    context.close()
    house.add("老周", "officer")
    ring("老周").look_up("wgfh")


# ── for everybody ──


def test_every_key_is_a_button_that_says_so(ring):
    screen = ring(mouse=True)
    keys = screen.page.locator("[data-key]").evaluate_all(
        "all => all.map((one) => [one.dataset.key, one.tagName, one.getAttribute('aria-keyshortcuts'), one.innerText])"
    )
    letters = [letter for letter, *_ in keys]
    assert len(letters) == len(set(letters)) >= 10
    assert not {"D", "E", "F"} & set(letters), "the browser's own"
    assert all(tag == "BUTTON" and shortcut == f"Alt+{letter}" for letter, tag, shortcut, _ in keys)
    screen.page.get_by_role("option", name="失业保险稳岗返还").click()
    screen.settled()
    screen.page.get_by_role("button", name="1 企业").click()
    screen.settled()
    screen.page.get_by_role("button", name="新来电").click()
    expect(screen.page.locator("#sheet")).to_be_hidden()


def sound(page: Page) -> None:
    """Nothing axe-core objects to, nothing that sticks out or is cut."""
    assert violations(page) == []
    assert page.evaluate(_CUT) == []


_CUT = """() => {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const cut = [...document.querySelectorAll("main *")].filter((one) => one.checkVisibility() && one.clientWidth
    && !one.closest(".for-ears") && !one.matches("input") && getComputedStyle(one).overflowX !== "visible"
    && one.scrollWidth > one.clientWidth + 1);
  return [...(wide > 0 ? [`sideways by ${wide}`] : []), ...cut.map((one) => one.outerHTML.slice(0, 120))];
}"""


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_state_is_sound(ring, size, scheme):
    screen = ring(size=size, color_scheme=scheme)
    sound(screen.page)
    screen.type("裁员率")
    expect(screen.page.locator("#found mark").first).to_be_visible()
    sound(screen.page)
    screen.type(ENTER)
    expect(screen.page.locator("#clause blockquote")).to_be_visible()
    sound(screen.page)
    screen.type(ENTER)
    screen.settled()
    sound(screen.page)
    screen.tell(REFUND)
    expect(screen.page.get_by_role("heading", name="念给来电人听")).to_be_focused()
    sound(screen.page)
    screen.page.route("**/staff/api/sheet", lambda route: route.fulfill(status=500, body="{}"))
    screen.press("Alt+z")
    screen.press("Alt+q")
    screen.page.keyboard.type(f"20211001{ENTER}")
    expect(screen.page.locator("#trouble")).to_be_visible()
    sound(screen.page)


def test_at_200_percent_nothing_is_lost(ring, browser):
    screen = ring(device_scale_factor=2)
    screen.page.set_viewport_size({"width": 720, "height": 450})
    sound(screen.page)
    screen.look_up("wgfh")
    screen.tell(REFUND)
    for key, wanted in (("Alt+n", "#script-title"), ("Alt+y", "#quotes-title"), ("Alt+j", "#phone"),
                        ("Alt+q", "#day"), ("Alt+k", "#keys-title"), ("Alt+c", "#search")):  # fmt: skip
        screen.press(key)
        expect(screen.page.locator(wanted)).to_be_focused()
        expect(screen.page.locator(wanted)).to_be_in_viewport()
    sound(screen.page)
