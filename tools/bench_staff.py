"""Search as one types, in the operators' console: over the packs, and over copies of them up to 50,000 clauses."""

import contextlib
import gc
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock
from urllib.parse import quote

import uvicorn
from figure import Row

from bot.server import create_app
from bot.settings import Settings
from bot.staff.access import COOKIE
from bot.staff.accounts import OPERATOR
from bot.staff.quick_search import QuickSearch
from bot.store import migrate
from eligibility import Rulebook
from knowledge import load
from knowledge.pinyin import PinyinReader
from knowledge.search import Searcher

MANY = 50_000
LIMIT = 30  # ms, of 95 of 100 keys
TYPED = tuple(
    """wgfh,sybzj,qyxzpxbt,shiyebuzhujin,稳岗返还,稳刚返还,失业补助筋,失业补助金一个月能领多少钱,裁员率不高于,
以工代训,灵活就业社会保险补贴,高校毕业生,2021,本人社43,辽人社发7号,30人,12月31日,60%,不存在的字样龘龘,
zzzz,参加,的""".replace("\n", "").split(",")
)


def staff_search(quick: bool, folder: Path) -> Iterator[Row]:
    """Every beginning of what is typed counts as a key: the search itself, then what the screen waits for."""
    rules = Rulebook(load())
    known, reader = rules.knowledge, PinyinReader(rules.knowledge)
    titles = {name: one.title for name, one in rules.programmes.items()}
    clauses = [clause for clause in known.clauses.values() if clause.kind != "heading"]
    copies = 5_000 if quick else MANY
    many = [replace(clauses[n % len(clauses)], id=f"{n}/{clauses[n % len(clauses)].id}") for n in range(copies)]
    keys = [typed[:end] for typed in TYPED for end in range(1, len(typed) + 1)]
    for name, over in ((f"政策包（{len(clauses)} 条）", clauses), (f"放大到 {copies:,} 条", many)):
        began = time.perf_counter()
        search = QuickSearch(over, titles, known.notices, lambda: reader)
        yield Row(f"{name}：建立", time.perf_counter() - began, "s")
        gc.collect()
        yield from _rows(f"{name}：一次按键", quick, keys, lambda key, search=search: _found(search, key))
        with _screen(rules, search, folder) as ask:
            yield from _rows(f"{name}：一次按键，整个请求", quick, keys, ask)


def _rows(name: str, quick: bool, keys: list[str], ask: Callable[[str], Any]) -> Iterator[Row]:
    ask(keys[0])
    took = sorted(_milliseconds(ask, key) for _ in range(1 if quick else 5) for key in keys)
    yield Row(f"{name}，p50", median(took), "ms", note=f"{len(keys)} 种输入")
    yield Row(f"{name}，p95", took[int(0.95 * len(took))], "ms", LIMIT)
    yield Row(f"{name}，最慢", took[-1], "ms")


def _milliseconds(ask: Callable[[str], Any], typed: str) -> float:
    began = time.perf_counter()
    ask(typed)
    return (time.perf_counter() - began) * 1000


def _found(search: QuickSearch, typed: str) -> None:
    search.clauses(typed)
    search.programmes(typed)
    search.documents(typed)


@contextlib.contextmanager
def _screen(rules: Rulebook, search: QuickSearch, folder: Path) -> Iterator[Callable[[str], Any]]:
    """GET /staff/api/search of somebody who is signed in, to the whole application on a socket, over this search."""
    database = f"sqlite:///{folder}/staff.db"
    migrate(database)
    app = create_app(None, rules, Searcher(rules.knowledge), Settings(database_url=database, secret="s" * 32))  # type: ignore[arg-type]  # nobody talks to it
    console = app.state.console
    named = console.accounts.named("bench")
    member = named[0] if named else console.accounts.add("bench", OPERATOR, "only for measuring 1")
    headers = {"Cookie": f"{COOKIE}={console.sign_in.begin(member, 'here')}"}
    with mock.patch("bot.staff.console.over", lambda _: search), _served(app) as port:
        line = http.client.HTTPConnection("127.0.0.1", port)

        def ask(typed: str) -> Any:
            line.request("GET", f"/staff/api/search?q={quote(typed)}", headers=headers)
            response = line.getresponse()
            answer = json.loads(response.read())
            if response.status != 200:
                raise RuntimeError(str(answer))
            return answer

        yield ask
        line.close()


@contextlib.contextmanager
def _served(app: Any) -> Iterator[int]:
    """The application on a free port, in a thread of this process."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", ws="none"))
    thread = threading.Thread(target=lambda: server.run(sockets=[taken]), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield int(taken.getsockname()[1])
    server.should_exit = True
    thread.join()
