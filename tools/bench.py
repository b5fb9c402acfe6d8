"""Measures Wengang on this machine and writes docs/benchmarks.md: `make bench`.

Sections that cannot be measured say why, and the others go on. `--only engine,search` measures some of them; the others
keep what they last said, each with its own date. `--quick` takes fewer turns and does not write the report.
"""

import bot.rasa_patches  # isort: skip  # noqa: F401  - first: it decides how Rasa is imported

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from figure import Row, table
from loadtest import SCRIPT, Talk, load, rasa_talk, timed, transcript, wengang_talk
from machine import ROOT, circumstances
from report import merged
from servers import PROGRAMS, Server, stock_rasa, stored_conversations, wengang

REPORT = ROOT / "docs" / "benchmarks.md"
QUESTIONS = ROOT / "tests" / "contract" / "questions_public.tsv"


@dataclass
class Options:
    """What the command line asked for."""

    quick: bool
    folder: Path  # for everything that is made and thrown away
    model: Path  # trained by the first section, served by the stock server
    said: list[list[str]] = field(default_factory=list)  # what our server answered, to compare with the stock one


# ── the model ──


def training(options: Options) -> Iterator[Row]:
    """A model from nothing, in a process of its own."""
    program = (
        "import sys, pathlib, bot.rasa_patches, bot.train\n"
        "bot.rasa_patches.apply()\n"
        "print(bot.train.ensure_model(force=True, progress=False, models=pathlib.Path(sys.argv[1])))"
    )
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", program, options.folder / "models"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    path = process.stdout.read().strip().splitlines() if process.stdout else []
    _, code, used = os.wait4(process.pid, 0)
    if code or not path:
        raise RuntimeError(f"training ended with code {os.waitstatus_to_exitcode(code)}")
    options.model = Path(path[-1])
    yield Row("训练（从零）", time.perf_counter() - began, "s", 60, f"CPU {used.ru_utime + used.ru_stime:.1f} s")
    yield Row("训练时的内存峰值", used.ru_maxrss / 1024, "MB")
    yield Row("模型文件", options.model.stat().st_size / 1024, "KB")


# ── turns ──


def ours_in_memory(options: Options) -> Iterator[Row]:
    """Our server, conversations in memory."""
    subprocess.run([PROGRAMS / "wengang", "train", "--if-stale"], cwd=ROOT, check=True, capture_output=True)
    with wengang(options.folder, "memory") as server:
        yield Row("冷启动到 /healthz", server.cold_start, "s", 12, "新建数据库；模型已训练")
        options.said = transcript(server.port, wengang_talk(False))
        if stored := stored_conversations(options.folder):
            raise RuntimeError(f"the server keeps conversations in its database all the same ({stored} of them)")
        yield from _turns(server, wengang_talk(False), options, 25)
        yield from _footprint(server)
    yield from _starts_again(options)


def ours_in_sqlite(options: Options) -> Iterator[Row]:
    """Our server, conversations in SQLite; then with numbered messages, of which the server also keeps the answer."""
    with wengang(options.folder, "sql") as server:
        yield from _turns(server, wengang_talk(False), options, 80)
        yield from _turns(server, wengang_talk(True), options, 80, "（消息带编号，网页即如此）")
        yield from _footprint(server)


def stock_in_memory(options: Options) -> Iterator[Row]:
    """`rasa run` beside `rasa run actions`, conversations in memory."""
    with stock_rasa(options.folder, _model(options), "memory") as server:
        yield Row("冷启动到第一次 200", server.cold_start, "s")
        yield from _same_words(transcript(server.port, rasa_talk), options)
        yield from _turns(server, rasa_talk, options)
        yield from _footprint(server)


def stock_in_sqlite(options: Options) -> Iterator[Row]:
    """`rasa run` beside `rasa run actions`, Rasa's own SQL tracker store."""
    with stock_rasa(options.folder, _model(options), "sql") as server:
        yield from _turns(server, rasa_talk, options)
        yield from _footprint(server)


def _turns(server: Server, talk: Talk, options: Options, limit: float | None = None, note: str = "") -> Iterator[Row]:
    load(server.port, talk, 1, 1)  # warm up
    for clients, conversations in ((1, 3 if options.quick else 15), (8, 1 if options.quick else 6)):
        cpu = server.cpu_seconds()
        seen = load(server.port, talk, clients, conversations)
        if not seen.turns:
            raise RuntimeError(f"no turn was answered: {seen.failed[0]}")
        each = (server.cpu_seconds() - cpu) * 1000 / seen.turns
        said = [f"{seen.turns} 轮，{seen.per_second:.0f} 轮/秒，CPU {each:.1f} ms/轮", *seen.faults()]
        who = f"一轮，{clients} 个客户端"
        yield Row(f"{who}，p50{note}", seen.percentile(0.5), "ms")
        yield Row(f"{who}，p95{note}", seen.percentile(0.95), "ms", limit if clients == 1 else None, "；".join(said))


def _same_words(said: list[list[str]], options: Options) -> Iterator[Row]:
    if options.said:
        same = sum(a == b for a, b in zip(said, options.said, strict=True))
        yield Row(f"{len(SCRIPT)} 轮里，回复与本助手逐字相同的", same, "轮")


def _footprint(server: Server) -> Iterator[Row]:
    limit = 800 if len(server.processes) == 1 else None
    yield Row("服务进程的常驻内存", server.megabytes(), "MB", limit, "全部进程合计" if limit is None else "")


def _starts_again(options: Options) -> Iterator[Row]:
    took = []
    for _ in range(1 if options.quick else 3):
        with wengang(options.folder, "memory") as server:
            took.append(server.cold_start)
    yield Row("再次启动到 /healthz", median(took), "s", 12, f"{len(took)} 次的中位数")


def _model(options: Options) -> Path:
    """The model just trained, else the present one."""
    if options.model.is_file():
        return options.model
    from bot.train import ensure_model

    return ensure_model()


# ── the engine and the search, in this process ──


def engine(options: Options) -> Iterator[Row]:
    """Decisions over the public cases."""
    import bench_engine

    yield from bench_engine.engine(options.quick)


def questions(options: Options) -> Iterator[Row]:
    """How many questions an interview takes."""
    import bench_engine

    yield from bench_engine.questions(options.quick)


def under_load(options: Options) -> Iterator[Row]:
    """Ours and a stock Rasa project, with 1, 8 and 32 clients."""
    import bench_load

    yield from bench_load.under_load(options.quick)


def peers(options: Options) -> Iterator[Row]:
    """Other rule engines on one of our rules."""
    import bench_peers

    yield from bench_peers.peers(options.quick, options.folder)


def widget(options: Options) -> Iterator[Row]:
    """The widget for web sites beside two others."""
    import bench_widget

    yield from bench_widget.widget(options.quick, options.folder)


def search(options: Options) -> Iterator[Row]:
    """Clause search over the public questions."""
    from knowledge import load as load_knowledge
    from knowledge.search import Searcher

    knowledge = load_knowledge()
    began = time.perf_counter()
    searcher = Searcher(knowledge)
    yield Row("建立条文索引", (time.perf_counter() - began) * 1000, "ms")
    asked = [line.split("\t")[0] for line in QUESTIONS.read_text(encoding="utf-8").splitlines()[1:]]
    searcher.search(asked[0])
    took = sorted(timed(lambda q=question: searcher.search(q), 3)[0] for question in asked)
    yield Row("一次条文检索，p50", median(took), "µs", note=f"{len(asked)} 个公开问题")
    yield Row("一次条文检索，p95", took[int(0.95 * len(took))], "µs")


def staff_search(options: Options) -> Iterator[Row]:
    """Search as one types, over the packs and over 50,000 clauses."""
    import bench_staff

    yield from bench_staff.staff_search(options.quick, options.folder)


# ── the report ──

SECTIONS: dict[str, tuple[str, Callable[[Options], Iterator[Row]]]] = {
    "training": ("训练", training),
    "memory": ("本助手，对话存内存", ours_in_memory),
    "sqlite": ("本助手，对话存 SQLite", ours_in_sqlite),
    "stock": ("对照：原样的 rasa run + rasa run actions，同一模型，对话存内存", stock_in_memory),
    "stock-sqlite": ("对照：原样的 rasa run + rasa run actions，同一模型，对话存 SQLite", stock_in_sqlite),
    "load": ("负载：本助手与原样的 Rasa 项目，同一次运行", under_load),
    "engine": ("判断", engine),
    "questions": ("问几句", questions),
    "peers": ("对照：别的规则引擎，同一条规则（稳岗返还），同样的公开案例，同一次运行", peers),
    "search": ("检索", search),
    "staff-search": ("坐席台：边打边找", staff_search),
    "widget": ("网页组件：本助手与 deep-chat、botframework-webchat，同一个浏览器，同一次运行", widget),
}


def measure(section: Callable[[Options], Iterator[Row]], options: Options) -> tuple[list[Row], str]:
    """Return the figures of a section, and why it stopped short."""
    rows: list[Row] = []
    try:
        for row in section(options):
            print("  " + " · ".join(filter(None, row.cells())), flush=True)
            rows.append(row)
    except Exception as error:
        print(f"  ! {error}", flush=True)
        return rows, f"{type(error).__name__}: {error}"
    return rows, ""


def section_text(title: str, rows: list[Row], trouble: str, made: list[str]) -> str:
    """One section of the report, as it stands there."""
    lines = [f"## {title}", "", *made, ""]
    lines += [*table(rows), ""] if rows else []
    lines += [f"没有量完：{trouble.replace(str(ROOT), '.')}", ""] if trouble else []
    return "\n".join(lines)


def report(fresh: dict[str, str], before: str = "") -> str:
    """Return the report: these sections, by title, and those of the report `before` that were not measured anew."""
    lines = [
        "<!-- Generated by tools/bench.py (`make bench`). Do not edit. -->",
        "# 速度、内存、提问次数",
        "",
        f"一轮 = 从发出一个 HTTP 请求到收完回复。都用同一段 {len(SCRIPT)} 轮的面谈（`tools/loadtest.py`），",
        "客户端与服务在同一台机器上。",
        "目标写在旁边；没有目标的只供比较。每一节各有量的时间、提交和机器：",
        '`make bench ARGS="--only load"` 只重量一节。半小时不停的负载见 `make verify ARGS=--soak`。',
        "",
    ]
    return "\n".join([*lines, *merged([title for title, _ in SECTIONS.values()], fresh, before)])


def main() -> int:
    """Measure, print as it goes, write the report unless `--quick`. Returns 1 when a section stopped short."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help=f"sections, with commas: {', '.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="fewer turns, for a first look")
    given = parser.parse_args()
    chosen = given.only.split(",") if given.only else list(SECTIONS)
    if unknown := set(chosen) - set(SECTIONS):
        parser.error(f"unknown section: {', '.join(sorted(unknown))}")
    command = "make bench" + (f' ARGS="--only {given.only}"' if given.only else "")
    texts, troubles = {}, 0
    with tempfile.TemporaryDirectory(prefix="wengang-bench-") as folder:
        options = Options(given.quick, Path(folder), Path())
        for name in chosen:
            title, section = SECTIONS[name]
            print(f"── {title}", flush=True)
            made = circumstances(command)
            rows, trouble = measure(section, options)
            texts[title], troubles = section_text(title, rows, trouble, made), troubles + bool(trouble)
    if not given.quick:
        before = REPORT.read_text(encoding="utf-8") if REPORT.exists() else ""
        REPORT.write_text(report(texts, before), encoding="utf-8")
        print(f"→ {REPORT.relative_to(ROOT)}")
    return int(troubles > 0)


if __name__ == "__main__":
    sys.exit(main())
