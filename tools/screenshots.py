"""Pictures of the chat, the page without JavaScript and the console for docs/screenshots/, from the real
assistant: `make screenshots`.

To be looked at. Each state at its widths, large letters on the narrowest telephone, too; every picture has at most 256
colours, so that it stays small.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import console_pages
from machine import ROOT
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from servers import PROGRAMS, wengang

from bot.store import open_engine
from eligibility import Rulebook
from knowledge import load

FOLDER = ROOT / "docs" / "screenshots"
CHROMIUM = os.environ.get("WENGANG_TEST_CHROMIUM") or shutil.which("chromium") or "chromium"
SIZES = {360: 740, 768: 1024, 1440: 900}
NARROW = {320: 568}
LARGEST = 150 * 1024  # bytes

# What is said to get there; an answer is tapped where it is offered, else typed.
QUESTION = ("我们公司能领稳岗返还吗",)
SEVERAL = ("我这样算就业困难人员吗",)
VERDICT = ("我们公司能领稳岗返还吗，小公司，28个人，去年裁了5个，一共交了12万失业保险", "是")
# state → (what is said, whether with large letters, colour scheme)
State = tuple[tuple[str, ...], bool, str]
STATES: dict[str, State] = {
    "start": ((), False, "light"),
    "question": (QUESTION, False, "light"),
    "multi-select": (SEVERAL, False, "light"),
    "card": (VERDICT, False, "light"),
    "elder": (VERDICT, True, "light"),
    "dark": (VERDICT, False, "dark"),
}
PLAIN: dict[str, State] = {  # the page without JavaScript
    "plain-start": ((), False, "light"),
    "plain-multi-select": (SEVERAL, False, "light"),
    "plain-card": (VERDICT, False, "light"),
    "plain-elder": (VERDICT, True, "dark"),
}

# The operators' screen: what is looked up, which questions are answered, colour scheme.
NAME, PASSWORD = "小王", "correct horse 7"
DESKS = {1024: 768, 1440: 900}
ANSWERS = {
    "unit_kind": "1\n", "insured_in_liaoning": "1", "layoff_count": "5\n", "insured_count": "28\n",
    "insured_count_end_2020": "40\n", "premium_paid_prev_year_yuan": "12万\n", "enterprise_size": "2",
}  # fmt: skip
STAFF: dict[str, tuple[str, int, str]] = {
    "staff-start": ("", 0, "light"),
    "staff-search": ("裁员率", 0, "light"),
    "staff-sheet": ("wgfh\n", 2, "light"),
    "staff-verdict": ("wgfh\n", 9, "light"),
    "staff-dark": ("wgfh\n", 9, "dark"),
}
# The desk in that screen, with a citizen who asks for a human: what stands in the box once they were talked to, if so.
DESK = {"desk-queue": "", "desk-talk": "没有影响，您看", "desk-texts": "::"}
CONSOLE = "console"  # its plain pages, all of them
SECRET = "for pictures only " * 2


def say(page: Page, words: str) -> None:
    """Tap it, if it is offered, else type it; wait for the answer."""
    turns = page.locator(".turn")
    before, offered = turns.count(), page.get_by_role("button", name=words, exact=True)
    if offered.count():
        offered.last.click()
    else:
        page.get_by_label("您的问题").fill(words)
        page.get_by_role("button", name="发送", exact=True).click()
    expect(turns).to_have_count(before + 1)
    expect(turns.last.locator(".bubble:not(.said)").first).to_be_visible()
    expect(page.get_by_role("button", name="发送", exact=True)).to_be_attached()
    expect(page.locator(".typing")).to_be_hidden()


def say_plainly(page: Page, words: str) -> None:
    """The same where no script runs."""
    turns = page.locator(".turn")
    before, offered = turns.count(), page.get_by_role("button", name=words, exact=True)
    if offered.count():
        offered.click()
    else:
        page.get_by_label("您的话").fill(words)
        page.locator("form:has(textarea) button").click()
    expect(turns).to_have_count(before + 1)


def picture(page: Page, path: Path) -> None:
    """Keep what is seen, in few colours. Raises RuntimeError when it is too large all the same."""
    whole = Image.open(BytesIO(page.screenshot(animations="disabled", caret="hide")))
    whole.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        raise RuntimeError(f"{path.name}: {path.stat().st_size} bytes")


def take(open_page: Callable[..., Page], wanted: list[str]) -> None:
    """Take the pictures of the wanted states."""
    for state in wanted:
        plain = state in PLAIN
        said, elder, scheme = {**STATES, **PLAIN}[state]
        for width, height in {**(NARROW if state == "elder" else {}), **SIZES}.items():
            size = {"width": width, "height": height}
            page = open_page(plain, viewport=size, color_scheme=scheme, locale="zh-CN", java_script_enabled=not plain)
            if elder:
                page.get_by_role("link" if plain else "button", name="长者版").click()
            for words in said:
                (say_plainly if plain else say)(page, words)
            page.mouse.move(0, 0)
            picture(page, FOLDER / f"{state}-{width}.png")
            print(f"{state}-{width}.png", flush=True)
            page.context.close()


def answer(page: Page, most: int) -> None:
    """Answer so many of the questions that have the keyboard."""
    for _ in range(most):
        expect(page.locator("#sheet[aria-busy=false]")).to_be_visible()
        question = page.evaluate("document.activeElement.closest('[data-id]')?.dataset.id")
        if question not in ANSWERS:
            return
        page.keyboard.type(ANSWERS[question])


def sign_in(page: Page) -> None:
    """As the operator, from the chat."""
    page.goto(page.url + "staff/sign-in")
    page.get_by_label("账号").fill(NAME)
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("option").first.wait_for()


def take_staff(open_page: Callable[..., Page], wanted: list[str]) -> None:
    """Take the pictures of the wanted states of the operators' screen."""
    for state in wanted:
        words, answers, scheme = STAFF[state]
        for width, height in DESKS.items():
            page = open_page(viewport={"width": width, "height": height}, color_scheme=scheme, locale="zh-CN")
            sign_in(page)
            page.keyboard.type(words)
            if words:
                page.locator("#sheet, #found mark").filter(visible=True).first.wait_for()
            answer(page, answers)
            page.wait_for_load_state("load")
            page.wait_for_timeout(500)
            picture(page, FOLDER / f"{state}-{width}.png")
            print(f"{state}-{width}.png", flush=True)
            page.context.close()


def take_desk(open_page: Callable[..., Page], wanted: list[str]) -> None:
    """Take the pictures of the wanted states of the desk."""
    for state in wanted:
        for width, height in DESKS.items():
            page = open_page(viewport={"width": width, "height": height}, color_scheme="light", locale="zh-CN")
            sign_in(page)
            expect(page.get_by_role("switch")).to_be_enabled()
            page.keyboard.press("Alt+h")
            expect(page.get_by_role("switch")).to_have_attribute("aria-checked", "true")
            citizen = open_page(viewport={"width": 360, "height": 740}, locale="zh-CN")
            for words in (*VERDICT, "转人工"):
                say(citizen, words)
            page.get_by_role("button", name="接起：").wait_for()
            if DESK[state]:
                talk(page, citizen)
                page.keyboard.type(DESK[state])
                page.wait_for_timeout(500)
            page.locator("#desk").evaluate("one => one.scrollIntoView({block: 'end'})")
            picture(page, FOLDER / f"{state}-{width}.png")
            print(f"{state}-{width}.png", flush=True)
            if DESK[state]:
                page.keyboard.press("Escape")
                page.keyboard.press("Alt+g")
                page.get_by_text("已交还").wait_for()
            else:
                say(citizen, "不等了")
            for one in (page, citizen):
                one.context.close()


def talk(page: Page, citizen: Page) -> None:
    """Take the citizen and talk with them, both ways, with a card."""
    page.keyboard.type("wgfh\n")
    answer(page, len(ANSWERS))
    page.keyboard.press("Alt+a")
    expect(page.get_by_label("对用户说")).to_be_focused()
    page.keyboard.type("::开头 ")
    page.keyboard.press("Enter")
    citizen.get_by_text("这里是 12333").wait_for()
    citizen.get_by_label("您的问题").fill("我们去年年底是 40 个人，有影响吗？")
    citizen.keyboard.press("Enter")
    page.get_by_text("有影响吗").first.wait_for()
    page.keyboard.press("Alt+v")
    page.locator("#desk .card").last.wait_for()
    expect(page.locator("#desk .pending")).to_be_empty()


def add_operator(folder: Path) -> None:
    """An account in the database of the server."""
    given = {"WENGANG_DATABASE_URL": f"sqlite:///{folder}/bench.db", "WENGANG_STAFF_PASSWORD": PASSWORD}
    subprocess.run(
        [PROGRAMS / "wengang", "staff", "add", NAME, "--role", "operator"],
        cwd=ROOT, env={**os.environ, **given}, check=True, capture_output=True,
    )  # fmt: skip


def take_console(browser: Browser) -> None:
    """Take the pictures of the console's plain pages, over a database of their own."""
    with tempfile.TemporaryDirectory() as folder, wengang(Path(folder), "sql") as server:
        engine = open_engine(f"sqlite:///{folder}/bench.db")
        console_pages.fill(engine, SECRET.encode(), Rulebook(load()))
        address = f"http://127.0.0.1:{server.port}"
        for name, width, page in console_pages.looked_at(browser, address, {768: 1024, 1440: 900}):
            picture(page, FOLDER / f"console-{name}-{width}.png")
            print(f"console-{name}-{width}.png", flush=True)
        engine.dispose()


def main() -> int:
    """Take those that are named, else all."""
    os.environ.update(WENGANG_AS_OF="2021-09-01", WENGANG_SECRET=SECRET)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        wengang(Path(folder), "sql") as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def open_page(plain: bool = False, **more: object) -> Page:
            page = browser.new_context(**more).new_page()  # type: ignore[arg-type]
            page.goto(f"http://127.0.0.1:{server.port}/{'plain' if plain else ''}")
            page.get_by_text("用之前请看一眼" if plain else "存什么、怎么删").wait_for()
            return page

        wanted = sys.argv[1:] or [*STATES, *PLAIN, *STAFF, *DESK, CONSOLE]
        take(open_page, [state for state in wanted if state in {**STATES, **PLAIN}])
        add_operator(Path(folder))
        take_staff(open_page, [state for state in wanted if state in STAFF])
        take_desk(open_page, [state for state in wanted if state in DESK])
        if CONSOLE in wanted:
            take_console(browser)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
