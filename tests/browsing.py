"""What the tests in a real Chromium share: the application on a socket, talking, and what a page must look like."""

import contextlib
import functools
import http.server
import importlib.resources
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = os.environ.get("WENGANG_TEST_CHROMIUM") or shutil.which("chromium") or "chromium"
PHONE, TABLET, DESK = ({"width": width, "height": height} for width, height in ((360, 740), (768, 1024), (1440, 900)))
SIZES = {"360": PHONE, "768": TABLET, "1440": DESK}
SCHEMES = ("light", "dark")
VERIFY = bool(os.environ.get("WENGANG_VERIFY"))


def looks(few: Sequence[Any], more: Sequence[Any]) -> list[Any]:
    """The sizes, schemes and letters in which a test looks at every state of a page.

    Always at a few that have each scheme, the narrowest and the widest; `make verify` looks at more as well.
    """
    return [*few, *(more if VERIFY else ())]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextlib.contextmanager
def served(app: Any, taken: socket.socket) -> Iterator[str]:
    """The application on a socket that is bound; its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", ws="none"))
    thread = threading.Thread(target=lambda: server.run(sockets=[taken]), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def bound() -> socket.socket:
    """A socket on a free port."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken


@contextlib.contextmanager
def other_site(pages: dict[str, tuple[str, dict[str, str]]]) -> Iterator[str]:
    """Somebody else's web site: path → (page, headers), which may be filled while it runs; its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page, headers = pages.get(self.path.split("?")[0], ("", {}))
            self.send_response(200 if page else 204)
            for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=functools.partial(server.serve_forever, 0.05), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


# ── talking ──


def say(page: Page, text: str) -> None:
    """Type a message, send it, wait for the reply."""
    before = page.locator(".turn").count()
    page.get_by_label("您的问题").fill(text)
    page.get_by_role("button", name="发送", exact=True).click()
    answered(page, before + 1)


def answered(page: Page, turns: int) -> None:
    """Wait until there are so many turns and the last one has its answer."""
    expect(page.locator(".turn[data-state=sent]")).to_have_count(turns)
    expect(page.locator(".turn").last.locator(".bubble:not(.said)").first).to_be_visible()


def last(page: Page) -> Any:
    """The last turn."""
    return page.locator(".turn").last


# ── what it must look like ──


def in_one_line(places: Any) -> bool:
    """Whether those of these elements that are shown stand beside each other, none below another."""
    return bool(
        places.evaluate_all(
            "all => { const shown = all.map((one) => one.getBoundingClientRect()).filter((one) => one.width);"
            "return Math.max(...shown.map((one) => one.top)) < Math.min(...shown.map((one) => one.bottom)) }"
        )
    )


_MEASURE = (Path(__file__).parent / "measure.js").read_text(encoding="utf-8")


def faults(page: Page) -> list[str]:
    """What is cut, squeezed, overlapped, too small, too pale or without a name in every widget of the page."""
    return list(page.evaluate(_MEASURE))


def violations(page: Page) -> list[str]:
    """What axe-core finds, every rule of WCAG and its best practices."""
    if page.evaluate("matchMedia('(scripting: none)').matches"):
        return _violations_of_a_copy(page)
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(_axe())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in found for node in one["nodes"]]


def _violations_of_a_copy(page: Page) -> list[str]:
    """Where scripts are switched off axe-core would wait for ever: it looks at the same page where they are not."""
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert page.context.browser is not None
    context = page.context.browser.new_context(
        viewport=page.viewport_size, color_scheme="dark" if dark else "light", locale="zh-CN"
    )
    copy, whole = context.new_page(), page.content()
    copy.route(page.url, lambda route: route.fulfill(body=whole, content_type="text/html; charset=utf-8"))
    copy.goto(page.url)
    found = violations(copy)
    context.close()
    return found


@functools.lru_cache
def _axe() -> str:
    return (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
