"""The sections of tools/bench.py about the rules: how fast they decide, and how few questions they ask."""

import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from statistics import median
from typing import Any

from every_order import EveryOrder
from figure import Row
from loadtest import timed
from machine import ROOT
from screening_questions import measured
from servers import PROGRAMS

from eligibility import Decision, Rulebook
from eligibility.cases import arguments
from eligibility.effort import effort
from knowledge import load
from knowledge.yaml_source import load_yaml

CASES = ROOT / "tests" / "contract" / "cases_public.yml"
AS_OF, PLACE = date(2021, 9, 1), "本溪"
EXACT_UP_TO = 12  # questions: so far the best order there is must be found
WIDE = 0.8  # of the questions in the order of the text: what a wider programme may take at most

Decide = Callable[[], Decision]


def public_cases() -> list[Mapping[str, Any]]:
    """The public cases, as written."""
    return list(load_yaml(CASES).data["cases"])


def engine(quick: bool) -> Iterator[Row]:
    """Loading, deciding, asking and checking: over all public cases, and over every programme with nothing known."""
    began = time.perf_counter()
    rules = Rulebook(load())
    yield Row("读取政策包并编译规则", time.perf_counter() - began, "s", 2)
    runs = 20 if quick else 200
    asked = [arguments(rules, case) for case in public_cases()]
    cases = [lambda given=given: rules.decide(**given) for given in asked]
    cold = [timed(decide, 1)[0] for decide in cases]
    warm = [timed(decide, runs) for decide in cases]
    note = f"{len(cases)} 个公开案例，各 {runs} 次；不含下一问，不含转成 JSON"
    yield Row("判断和理由，中位数", median(p50 for p50, _ in warm), "µs", 50, note)
    yield Row("判断和理由，最慢案例的 p95", max(p95 for _, p95 in warm), "µs")
    yield Row("判断和理由，头一次遇到（冷），中位数", median(cold), "µs", note=f"最慢 {max(cold) / 1000:.1f} ms")
    blank = [lambda name=name: rules.decide(name, {}, as_of=AS_OF, place=PLACE) for name in rules.benefits]
    yield from _next_question([*cases, *blank], runs)
    decisions = [decide() for decide in cases]
    json = [timed(lambda decision=decision: rules.to_json(decision), runs)[0] for decision in decisions]
    yield Row("转成 JSON（附逐字引文），中位数", median(json), "µs")
    began = time.perf_counter()
    subprocess.run([PROGRAMS / "wengang", "check"], cwd=ROOT, check=True, capture_output=True)
    yield Row("wengang check", time.perf_counter() - began, "s", 60, "含启动")


def _next_question(decisions: list[Decide], runs: int) -> Iterator[Row]:
    """How long a decision takes to name the next question: the first time, and once such facts have been met before."""
    cold, warm = [], []
    for decide in decisions:
        took = []
        for _ in range(runs):
            decision = decide()
            began = time.perf_counter()
            asks = decision.next_question is not None
            took.append((time.perf_counter() - began) * 1000)
        if asks:
            cold.append(took[0])
            warm.append(median(took[1:]))
    note = f"{len(warm)} 种还要问的情形，每个事项什么都不知道的时候在内"
    yield Row("下一问，中位数", median(warm), "ms", 1, note)
    yield Row("下一问，最慢的情形", max(warm), "ms", 1)
    yield Row("下一问，头一次遇到（冷），中位数", median(cold), "ms", note=f"最慢 {max(cold):.0f} ms")


def questions(quick: bool) -> Iterator[Row]:
    """How many questions an interview takes: against the best order there is, and against the order of the notice."""
    rules = Rulebook(load())
    wide = []
    for programme in rules.benefits:
        interview = EveryOrder(rules, programme, AS_OF, PLACE)
        asks = interview.questions({})
        if asks > EXACT_UP_TO:
            wide.append(programme)
        elif asks:
            fewest, note = float(interview.fewest({})), f"最多 {asks} 问；目标是穷举一切问法的最小值"
            yield Row(f"期望问几句：{programme}", float(interview.ours({})), "问", fewest, note)
    for row in effort(rules, public_cases()):
        name, limit = row.programme or "合计", WIDE * row.text_order if row.programme in wide else None
        note = f"{row.cases} 个公开案例；照条文顺序逐项问 {row.text_order:.2f} 问"
        yield Row(f"公开案例平均问几句：{name}", row.ours, "问", limit, note)
    for found, seconds in measured(20 if quick else 200, AS_OF):
        who = {"person": "个人", "unit": "单位"}[found.subject]
        note = f"随机 {found.applicants} 人（家），{seconds:.0f} 秒；逐项各问各的 {found.one_by_one:.2f} 问"
        yield Row(f"全部事项一起筛，{who}", found.together, "问", found.in_turn, f"目标：逐项问、说过的带过去；{note}")
