"""The section of tools/bench.py that holds ours against a stock Rasa project under load, in one run on one machine.

The stock project: our training data and actions, Rasa's default pipeline (stock_project.py), SQL tracker store in
SQLite, action server of its own. Ours: in memory, in SQLite, in PostgreSQL, with one process and with two.
"""

import os
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from statistics import median

from figure import Row
from loadtest import Measured, Talk, load, long_conversation, rasa_talk, wengang_talk
from machine import ROOT
from servers import Server, schema_of_its_own, stock_rasa, wengang
from sqlalchemy.exc import OperationalError
from stock_project import EPOCHS, stock_model

CLIENTS = {1: 20, 8: 5, 32: 2}  # how many at a time: how many conversations each holds
SHORT = {1: 2, 8: 1, 32: 1}
BY_TURNS = 60  # conversations with each store, one client
EARLY, LATE = 5, 200  # turns of one conversation; the same message, for ROUND has 13 (loadtest.py)

STOCK, MEMORY, SQLITE, POSTGRES = "原样的 Rasa 项目", "对话存内存", "SQLite", "PostgreSQL"
SQLITE_2, POSTGRES_2 = "SQLite，2 个进程", "PostgreSQL，2 个进程"
OURS = wengang_talk(True)


def under_load(quick: bool) -> Iterator[Row]:
    """Each of them with 1, 8 and 32 clients; a long conversation; the targets."""
    clients, most = (SHORT if quick else CLIENTS), dict[str, float]()  # turns per second
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-load-", dir=ROOT / "var") as name:  # on the disk, as a database is
        folder = Path(name)
        fsync = sorted(_fsyncs(folder, 20 if quick else 200))
        note = f"{len(fsync)} 次的中位数，p95 {fsync[int(0.95 * len(fsync))]:.2f} ms；在数据库的磁盘上写 4 KB"
        yield Row("一次 fsync", median(fsync), "ms", note=note)
        for who, start in _ours(folder).items():
            try:
                with start() as server:
                    most[who] = yield from _measured(f"本助手（{who}）", server, OURS, clients)
            except OperationalError as error:
                yield Row(f"本助手（{who}）", note=f"没有量：{str(error.orig).strip().splitlines()[0]}")
        yield from _by_turns(folder, 3 if quick else BY_TURNS, median(fsync))
        with wengang(_new(folder), "sql") as server:
            yield from _long(f"本助手（{SQLITE}）", server, OURS, 2 if quick else 15, 1.2)
        began, epochs = time.perf_counter(), 2 if quick else EPOCHS
        model, took = stock_model(epochs), time.perf_counter() - began
        note = f"训练 {took:.0f} s；" if took > 1 else ""
        note += f"Rasa 的默认流程，分词用 Jieba，DIET {epochs} 轮（默认 100，只影响听懂多少）；训练句子没有标注实体，"
        note += "所以听不出政策名，话比本助手少；没有故事，TED 等策略没有可学的，也不占时间"
        yield Row(f"{STOCK}：模型文件", model.stat().st_size / 2**20, "MB", note=note)
        with stock_rasa(_new(folder), model, "sql") as server:
            most[STOCK] = yield from _measured(f"{STOCK}（SQLite）", server, rasa_talk, clients)
            yield from _long(f"{STOCK}（SQLite）", server, rasa_talk, 1 if quick else 3)
    yield from _throughput(most)


def _ours(folder: Path) -> dict[str, Callable[[], AbstractContextManager[Server]]]:
    return {
        MEMORY: lambda: wengang(_new(folder), "memory"),
        SQLITE: lambda: wengang(_new(folder), "sql"),
        POSTGRES: lambda: _in_postgres(folder),
        SQLITE_2: lambda: wengang(_new(folder), "sql", workers=2),
        POSTGRES_2: lambda: _in_postgres(folder, 2),
    }


@contextmanager
def _in_postgres(folder: Path, workers: int = 1) -> Iterator[Server]:
    with schema_of_its_own() as address, wengang(_new(folder), "sql", address, workers) as server:
        yield server


def _new(folder: Path) -> Path:
    """An empty folder."""
    return Path(tempfile.mkdtemp(dir=folder))


def _fsyncs(folder: Path, times: int) -> Iterator[float]:
    """Milliseconds to write 4 KB and have them on the disk."""
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(times):
            start = time.perf_counter()
            file.write(os.urandom(4096))
            os.fsync(file.fileno())
            yield (time.perf_counter() - start) * 1000


def _measured(who: str, server: Server, talk: Talk, clients: dict[int, int]) -> Generator[Row, None, float]:
    """The rows of one server; returns the turns it answers in a second with as many clients as suit it best."""
    yield Row(f"{who}：冷启动到第一次 200", server.cold_start, "s")
    load(server.port, talk, 4, 1)  # warm up, every process
    most = 0.0
    for count, conversations in clients.items():
        cpu = server.cpu_seconds()
        seen = load(server.port, talk, count, conversations)
        if not seen.turns:
            raise RuntimeError(f"no turn was answered: {seen.failed[0]}")
        used = (server.cpu_seconds() - cpu) * 1000 / seen.turns
        most = max(most, seen.per_second)
        told = [f"p50 {seen.percentile(0.5):.1f} ms", f"{seen.per_second:.1f} 轮/秒", f"{seen.turns} 轮"]
        told += [f"CPU {used:.1f} ms/轮", *seen.faults()]
        yield Row(f"{who}：{count} 个客户端，p95", seen.percentile(0.95), "ms", note="；".join(told))
    parts, shared = server.count(), server.shared_megabytes()
    if parts == 1:
        yield Row(f"{who}：占内存，RSS", server.megabytes(), "MB", note=f"PSS {shared:.0f} MB")
    else:
        yield Row(f"{who}：占内存，PSS", shared, "MB", note=f"{parts} 个进程合计，共用的只算一次")
    return most


def _long(who: str, server: Server, talk: Talk, conversations: int, limit: float | None = None) -> Iterator[Row]:
    """What a late turn costs, in early ones."""
    load(server.port, talk, 1, 1)
    held = [long_conversation(server.port, talk, LATE) for _ in range(conversations)]
    early, late = (median(one[turn - 1][0] for one in held) for turn in (EARLY, LATE))
    same = sum(one[EARLY - 1][1] == one[LATE - 1][1] for one in held)
    note = f"中位数 {late:.1f} ms 比 {early:.1f} ms，{conversations} 次对话；同一句话，{same} 次的回复也相同"
    yield Row(f"{who}：第 {LATE} 轮是第 {EARLY} 轮的", late / early, "倍", limit, note)


def _by_turns(folder: Path, conversations: int, fsync: float) -> Iterator[Row]:
    """What keeping costs a turn: one client talks to all of them by turns, so that a machine that is slower for a while
    is slower for each. The targets of p95."""
    with ExitStack() as running:
        servers = {}
        for who in (MEMORY, SQLITE, POSTGRES):
            try:
                servers[who] = running.enter_context(_ours(folder)[who]())
            except OperationalError:  # told by the caller
                continue
            load(servers[who].port, OURS, 1, 4)
        took: dict[str, list[float]] = {who: [] for who in servers}
        for number in range(conversations):
            first = number % len(servers)
            for who in [*servers, *servers][first : first + len(servers)]:
                seen = load(servers[who].port, OURS, 1, 1)
                if seen.faults():
                    raise RuntimeError(f"{who}: {'；'.join(seen.faults())}")
                took[who] += seen.milliseconds
    memory = Measured(took.pop(MEMORY))
    note = f"p50 {memory.percentile(0.5):.1f} ms；{memory.turns} 轮"
    yield Row(f"轮流各谈一次，1 个客户端，p95，{MEMORY}", memory.percentile(0.95), "ms", note=note)
    allowed = 1.3 * memory.percentile(0.95) + fsync
    for who, milliseconds in took.items():
        seen = Measured(milliseconds)
        note = f"目标 = 1.3 × 对话存内存时的 {memory.percentile(0.95):.1f} ms + 一次 fsync"
        note += f"；p50 {seen.percentile(0.5):.1f} ms；{seen.turns} 轮"
        yield Row(f"轮流各谈一次，1 个客户端，p95，{who}", seen.percentile(0.95), "ms", allowed, note)
        yield Row(f"轮流各谈一次，1 个客户端，p95，{who}（定值）", seen.percentile(0.95), "ms", 30)


def _throughput(most: dict[str, float]) -> Iterator[Row]:
    """Turns per second beside the stock project's, and the target."""
    for who in (SQLITE, SQLITE_2, POSTGRES, POSTGRES_2):
        if who in most:
            note = f"{most[who]:.1f} 比 {most[STOCK]:.1f} 轮/秒，各取客户端数最有利的一种"
            limit = 4 if who == SQLITE else None
            yield Row(f"吞吐，{who}：原样的 Rasa 项目的", most[who] / most[STOCK], "倍", limit, note, True)
