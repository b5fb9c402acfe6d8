"""Search as one types, in the operators' console: over the packs, and over copies of them up to 50,000 clauses."""

import gc
import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median

from figure import Row

from bot.staff.quick_search import QuickSearch
from eligibility import Rulebook
from knowledge import load
from knowledge.pinyin import PinyinReader

MANY = 50_000
TYPED = tuple(
    """wgfh,sybzj,qyxzpxbt,shiyebuzhujin,稳岗返还,稳刚返还,失业补助筋,失业补助金一个月能领多少钱,裁员率不高于,
以工代训,灵活就业社会保险补贴,高校毕业生,2021,本人社43,辽人社发7号,30人,12月31日,60%,不存在的字样龘龘,
zzzz,参加,的""".replace("\n", "").split(",")
)


def staff_search(quick: bool) -> Iterator[Row]:
    """Every beginning of what is typed counts as a key."""
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
        took = sorted(_seconds(search, key) * 1000 for _ in range(1 if quick else 5) for key in keys)
        yield Row(f"{name}：一次按键，p50", median(took), "ms", note=f"{len(keys)} 种输入")
        yield Row(f"{name}：一次按键，p95", took[int(0.95 * len(took))], "ms", 30)
        yield Row(f"{name}：一次按键，最慢", took[-1], "ms")


def _seconds(search: QuickSearch, typed: str) -> float:
    began = time.perf_counter()
    search.clauses(typed)
    search.programmes(typed)
    search.documents(typed)
    return time.perf_counter() - began
