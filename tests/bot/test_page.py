"""The pages beside the chat in a real Chromium: the interface, the rules and the notices. The chat: test_widget*.py."""

import pytest
from browsing import PHONE, SCHEMES
from playwright.sync_api import expect


def test_interface_page(open_page, house):
    page = open_page("/docs", {"width": 1000, "height": 800})
    expect(page.get_by_text("POST /api/messages")).to_be_visible()
    expect(page.get_by_text("client_message_id")).to_be_visible()


# ── rules and notices to be read ──

READ = ("/rules", "/rules/employment_difficulty_status", "/rules/stabilisation_refund", "/rules/duty", "/clauses/LN")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_rules_fit_a_telephone(open_page, house, scheme):
    page = open_page("/rules", scheme=scheme)
    for path in READ:
        page.goto(house.url + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], path
        words = "[...document.querySelectorAll('main p, main li, main a, main h2')]"
        sizes = page.evaluate(f"{words}.map(element => parseFloat(getComputedStyle(element).fontSize))")
        assert min(sizes) >= 16, path


def test_from_the_chat_to_a_rule_to_the_words_of_the_law(page):
    with page.expect_popup() as opened:
        page.get_by_role("link", name="看全部规则").click()
    page = opened.value
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
