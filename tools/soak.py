"""A server at 60 % of what it can do, for half an hour: does it grow, does it slow down? `make verify ARGS=--soak`.

Capacity is measured first, with as many turns as eight clients get answered. Then turns fall due at random (a Poisson
stream, the same on every run), whether earlier ones are answered or not; a turn's time counts from when it was due, so
that a server which falls behind cannot hide it. Writes docs/soak.md.
"""

import argparse
import http.client
import itertools
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, mean

from figure import Row, table
from loadtest import PATIENCE, SCRIPT, Measured, Talk, load, wengang_talk
from machine import ROOT, heading
from servers import Server, wengang

REPORT = ROOT / "docs" / "soak.md"
SHARE = 0.6  # of the capacity
CLIENTS = 32  # enough for all turns that are under way at once
MEMORY_MAY_GROW, LATENCY_MAY_GROW = 5.0, 10.0  # percent of the mean, over the minutes that count
SETTLING = 1 / 6  # of the run does not count: what is made once and kept


@dataclass
class Stream:
    """The moments at which turns fall due, and what became of those turns, by minute."""

    rate: float  # turns a second
    minutes: int
    seen: list[Measured] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.seen = [Measured(seconds=60.0) for _ in range(self.minutes)]
        self.began = time.perf_counter()
        self._moments = self._poisson()

    def due(self) -> float | None:
        """The next moment, by time.perf_counter; None when there is no more."""
        with self._lock:
            return next(self._moments, None)

    def note(self, due: float, replies: list[str], failure: str = "") -> None:
        """Keep what became of the turn that was due then."""
        took = (time.perf_counter() - due) * 1000
        minute = self.seen[int((due - self.began) // 60)]
        with self._lock:
            if failure:
                minute.failed.append(failure)
            else:
                minute.milliseconds.append(took)
                minute.silent += not replies

    def _poisson(self) -> Iterator[float]:
        draw, moment = random.Random(20210901), self.began
        while (moment := moment + draw.expovariate(self.rate)) < self.began + 60 * self.minutes:
            yield moment


def client(port: int, talk: Talk, stream: Stream) -> None:
    """Hold one conversation after the other, each message when it is due."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    memory: dict[str, str] = {}
    for text in itertools.cycle(SCRIPT):
        if text == SCRIPT[0]:
            memory = {}
        if (due := stream.due()) is None:
            break
        time.sleep(max(0.0, due - time.perf_counter()))
        try:
            stream.note(due, talk(connection, text, memory))
        except Exception as error:
            stream.note(due, [], f"{text}: {error}")
            connection.close()
    connection.close()


def soak(server: Server, stream: Stream) -> list[float]:
    """Let the stream run; return the memory at the end of each minute, in MB, what processes share counted once."""
    talk = wengang_talk(True)
    threads = [threading.Thread(target=client, args=(server.port, talk, stream), daemon=True) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    memory = []
    for minute in range(1, stream.minutes + 1):
        time.sleep(max(0.0, stream.began + 60 * minute - time.perf_counter()))
        memory.append(server.shared_megabytes())
        past = stream.seen[minute - 1]
        p95 = f"{past.percentile(0.95):.1f} ms" if past.turns else "-"
        print(f"  {minute} min: {past.turns} turns, p95 {p95}, {memory[-1]:.0f} MB", flush=True)
    for thread in threads:
        thread.join(PATIENCE)
    return memory


def growth(what: str, values: list[float], unit: str, limit: float) -> Row:
    """How much a line through the values rises from the first to the last, in percent of their mean."""
    if len(values) < 2:
        return Row(what, note="一分钟看不出斜率")
    slope = linear_regression(range(len(values)), values).slope
    note = f"斜率 {slope:+.3f} {unit}/分钟，平均 {mean(values):.1f} {unit}，{len(values)} 分钟"
    return Row(what, 100 * slope * (len(values) - 1) / mean(values), "%", limit, note)


def findings(capacity: float, stream: Stream, memory: list[float]) -> list[Row]:
    """What is held against a target, and what it is to be read with."""
    counted = round(stream.minutes * SETTLING)
    p95 = [one.percentile(0.95) for one in stream.seen[counted:] if one.turns]
    wrong = [fault for one in stream.seen for fault in one.failed]
    failed = len(wrong) + sum(one.silent for one in stream.seen)
    return [
        Row("能力（8 个客户端不停地说）", capacity, "轮/秒"),
        Row("负载", stream.rate, "轮/秒", note=f"能力的 {SHARE:.0%}，{stream.minutes} 分钟"),
        Row("答了的", sum(one.turns for one in stream.seen), "轮"),
        Row("出错或没有回复的", failed, "轮", 0, f"如 {wrong[0]}" if wrong else ""),
        growth("内存增长", memory[counted:], "MB", MEMORY_MAY_GROW),
        growth("p95 增长", p95, "ms", LATENCY_MAY_GROW),
    ]


def by_minute(stream: Stream, memory: list[float]) -> list[str]:
    """A table with one row a minute."""
    lines = ["| 分钟 | 轮 | p50，ms | p95，ms | 出错 | 内存，MB |", "|---:|---:|---:|---:|---:|---:|"]
    for minute, (seen, megabytes) in enumerate(zip(stream.seen, memory, strict=True), 1):
        middle, late = (f"{seen.percentile(share):.1f}" if seen.turns else "" for share in (0.5, 0.95))
        lines.append(f"| {minute} | {seen.turns} | {middle} | {late} | {len(seen.failed)} | {megabytes:.1f} |")
    return lines


def main() -> int:
    """Run it and write the report. Returns 1 when something grew or a turn failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2, help="processes of the server")
    given = parser.parse_args()
    lines = heading("半小时不停", f"make verify ARGS={' '.join(['--soak', *sys.argv[1:]])!r}", "tools/soak.py")
    (ROOT / "var").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="soak-", dir=ROOT / "var") as folder,
        wengang(Path(folder), "sql", workers=given.workers) as server,
    ):
        load(server.port, wengang_talk(True), 8, 1)  # warm up
        capacity = load(server.port, wengang_talk(True), 8, 10).per_second
        stream = Stream(SHARE * capacity, given.minutes)
        memory = soak(server, stream)
    rows = findings(capacity, stream, memory)
    lines += [
        f"`wengang serve --workers {given.workers}`，SQLite；客户端在同一台机器上。",
        "每轮从该说的那一刻算起，排队在内。内存：全部进程合计，共用的只算一次（PSS）。"
        f"前 {round(given.minutes * SETTLING)} 分钟不算进斜率；增长 = 直线从头到尾升了多少，占平均的百分比。",
        "",
        *table(rows),
        "",
        *by_minute(stream, memory),
        "",
    ]
    REPORT.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join("  " + " · ".join(filter(None, row.cells())) for row in rows))
    print(f"→ {REPORT.relative_to(ROOT)}")
    return int(not all(row.met for row in rows))


if __name__ == "__main__":
    sys.exit(main())
