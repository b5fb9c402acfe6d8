"""The section of tools/bench.py that measures the widget beside two others, in the same browser on the same run.

The others come from the npm registry that npm is configured for, into var/, once; without npm their rows say so.
"""

import contextlib
import functools
import gzip
import http.server
import json
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from figure import Row
from machine import ROOT
from playwright.sync_api import Browser, sync_playwright
from servers import wengang

CHROMIUM = os.environ.get("WENGANG_TEST_CHROMIUM") or shutil.which("chromium") or "chromium"
FILES = ROOT / "bot" / "web" / "widget"
PEERS = ROOT / "var" / "widget-peers"
LIMIT = 25  # KB, gzip
SLOWER = 4  # times: the processor, throttled

_HEAD = '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>x</title>'
# name → (package and version, its script, the page around it, the box to write in)
OTHERS = {
    "deep-chat": (
        "deep-chat@2.4.2",
        "dist/deepChat.bundle.js",
        f'{_HEAD}<script type="module" src="script.js"></script><body><deep-chat demo="true"></deep-chat>',
        "#text-input",
    ),
    "botframework-webchat": (
        "botframework-webchat@4.18.1",
        "dist/webchat.js",
        f'{_HEAD}<script src="script.js"></script><body><div id="chat"></div><script>'
        "const nothing = {subscribe: () => ({unsubscribe() {}})};"
        "const online = {subscribe: (one) => { (one.next ?? one).call(one, 2); return {unsubscribe() {}} }};"
        "const directLine = {activity$: nothing, connectionStatus$: online, postActivity: () => nothing, end() {}};"
        "WebChat.renderWebChat({directLine, locale: 'zh-CN'}, document.getElementById('chat'));</script>",
        "[data-id=webchat-sendbox-input]",
    ),
}


@dataclass
class Seen:
    """One loading of a page."""

    milliseconds: float  # until one could write and the main thread was idle
    requests: int
    elsewhere: set[str] = field(default_factory=set)  # other hosts it wanted something from


def widget(quick: bool, folder: Path) -> Iterator[Row]:
    """Ours, then the others."""
    runs = 2 if quick else 9
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        files = [path for path in FILES.iterdir() if path.suffix in (".js", ".css")]
        with wengang(folder, "memory") as server:
            address = f"http://127.0.0.1:{server.port}"
            yield from _rows("本助手", files, _loaded(browser, f"{address}/", "textarea", runs), LIMIT)
            page = f'{_HEAD}<script src="{address}/widget.js" defer></script><body>'
            with _site(folder / "button", {"index.html": page.encode()}) as site:
                yield from _rows("本助手，只有按钮（没点开）", [], _loaded(browser, site, "button.launcher", runs))
        for name, (package, script, around, box) in OTHERS.items():
            try:
                content = _fetched(package, script)
            except (OSError, subprocess.CalledProcessError, tarfile.TarError, KeyError) as error:
                yield Row(name, note=f"拿不到 npm 包，没有量：{type(error).__name__}")
                continue
            pages = {"index.html": around.encode(), "script.js": content}
            with _site(folder / name, pages) as site:
                path = folder / name / "script.js"
                yield from _rows(package.replace("@", " "), [path], _loaded(browser, site, box, runs))
        browser.close()


def _rows(name: str, files: list[Path], seen: list[Seen], limit: float | None = None) -> Iterator[Row]:
    if files:
        raw = sum(path.stat().st_size for path in files)
        small = sum(len(gzip.compress(path.read_bytes(), 6)) for path in files)
        yield Row(
            f"{name}：全部脚本和样式，gzip",
            small / 1024,
            "KB",
            limit,
            f"不压缩 {raw / 1024:.0f} KB；{len(files)} 个文件",
        )
    elsewhere = sorted(set().union(*(one.elsewhere for one in seen)))
    note = "；".join([f"CPU 放慢 {SLOWER} 倍，{len(seen)} 次的中位数", *(f"向外要过 {host}" for host in elsewhere)])
    yield Row(f"{name}：打开到能打字", median(one.milliseconds for one in seen), "ms", None, note)
    yield Row(f"{name}：请求数", median(one.requests for one in seen), "个", None, "连同网页自己和接口")


def _loaded(browser: Browser, address: str, box: str, runs: int) -> list[Seen]:
    """Open the page `runs` times with nothing cached. What it wants from other hosts is counted and refused."""
    found = []
    for _ in range(runs + 1):
        context = browser.new_context(locale="zh-CN")
        page, asked = context.new_page(), []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.route(lambda url: "//127.0.0.1" not in url, lambda route: route.abort())
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(address, wait_until="commit")
        page.locator(box).first.wait_for(timeout=60_000)
        took = page.evaluate("new Promise((told) => requestIdleCallback(() => told(performance.now())))")
        elsewhere = {url.split("/")[2] for url in asked if url.startswith("http") and "//127.0.0.1" not in url}
        found.append(Seen(took, len(asked), elsewhere))
        context.close()
    return found[1:]  # the first one warms the browser up


@contextlib.contextmanager
def _site(folder: Path, pages: dict[str, bytes]) -> Iterator[str]:
    """A web site with these pages; its address."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pages.items():
        (folder / name).write_bytes(content)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
    finally:
        server.shutdown()
        server.server_close()


def _fetched(package: str, script: str) -> bytes:
    """A file of an npm package, fetched once. Raises CalledProcessError, OSError (no npm), TarError, KeyError."""
    PEERS.mkdir(parents=True, exist_ok=True)
    archive = PEERS / f"{package.replace('@', '-')}.tgz"
    if not archive.exists():
        packed = subprocess.run(
            ["npm", "pack", "--json", "--pack-destination", PEERS, package],
            cwd=PEERS,
            check=True,
            capture_output=True,
            text=True,
            timeout=300,
        )
        (PEERS / json.loads(packed.stdout)[0]["filename"]).rename(archive)
    with tarfile.open(archive) as packed_files:
        member = packed_files.extractfile(f"package/{script}")
        return member.read() if member else b""
