"""The pages beside the chat in a real Chromium: the interface, the rules and the notices. The chat: test_widget*.py."""

import html
import os
import re
import shutil
import subprocess
import unicodedata

import pytest
from browsing import PHONE, SCHEMES
from playwright.sync_api import expect

from knowledge.text import without_space


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


PALEST = """() => Math.max(...[...document.querySelectorAll("main *")]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
  .map((one) => Math.max(...getComputedStyle(one).color.match(/\\d+/g).slice(0, 3))))"""


@pytest.mark.skipif(not shutil.which("pdftotext") and os.environ.get("CI") != "true", reason="no pdftotext (poppler)")
@pytest.mark.parametrize("document", ["LN", "BX"])
def test_a_notice_on_paper(page, house, rules, document):
    """Every word of it inside the edges of the paper, and dark, whatever colours the screen has."""
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(f"{house.url}/clauses/{document}")
    assert page.evaluate(PALEST) <= 0x76, "that is 4.5 : 1 on white"
    words, beyond = on_paper(page.pdf(format="A4"))
    clauses = [clause for clause in rules.knowledge.clauses.values() if clause.document == document]
    assert len(clauses) > 20 and [one.id for one in clauses if _bare(one.quote) not in words] == []
    assert beyond == []


def on_paper(pdf):
    """The words of a PDF without white space, and those that reach beyond the edge of their page."""
    told = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    words, beyond = [], []
    for sheet in told.split("<page ")[1:]:
        width, height = (float(size) for size in re.findall(r'(?:width|height)="([\d.]+)"', sheet)[:2])
        word = r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>'
        for *corners, text in re.findall(word, sheet):
            left, top, right, bottom = map(float, corners)
            words.append(html.unescape(text))
            if left < 0 or top < 0 or right > width or bottom > height:
                beyond.append(text)
    return _bare("".join(words)), beyond


def _bare(text):
    """Without white space; a font may have one picture for several characters that mean the same."""
    return without_space(unicodedata.normalize("NFKC", text))
