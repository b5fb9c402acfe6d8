"""Many conversations played, and their report for ``docs/simulated_user.md``.

python tests/conversations/simulated/report.py [--count 300] [--seed 1]     writes the report
python tests/conversations/simulated/report.py --seed 57 --count 1          plays one again, and prints it
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), *(str(ROOT / folder) for folder in ("tools", "tests/conversations", "tests/eligibility"))]

from machine import heading  # noqa: E402

from bot.assistant import Assistant  # noqa: E402
from simulated.conversation import Outcome, play  # noqa: E402
from simulated.person import draw  # noqa: E402

REPORT = ROOT / "docs" / "simulated_user.md"
COUNT, SEED = 300, 1
MOST_ABOVE = 2  # questions more than the fewest, on average
KINDS = {"verdict": "结论和引擎不同", "loop": "绕圈", "dead_end": "走进死路", "failed": "答复时出错"}


async def play_all(seeds: Sequence[int]) -> list[Outcome]:
    """Play one conversation a seed against the real assistant."""
    assistant = await Assistant.load()
    return [await play(assistant, draw(seed)) for seed in seeds]


def sound(outcomes: Sequence[Outcome]) -> bool:
    """Whether nothing is wrong with any of them, nor with the number of questions."""
    return not any(outcome.faults for outcome in outcomes) and _above(outcomes) <= MOST_ABOVE


def lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The report behind its heading."""
    faulty = [outcome for outcome in outcomes if outcome.faults]
    found = Counter(kind for outcome in faulty for kind in {kind for kind, _ in outcome.faults})
    first, last = outcomes[0].person.seed, outcomes[-1].person.seed
    yield from (f"种子 {first}–{last}，{len(outcomes)} 段对话；{len(outcomes) - len(faulty)} 段没有毛病。", "")
    yield from ("| | |", "|---|---:|")
    yield from (f"| {name}（段） | {found[kind]} |" for kind, name in KINDS.items())
    yield f"| 问了几个问题（平均） | {mean(o.questions for o in outcomes):.2f} |"
    yield f"| 引擎从第一句话起最少要问几个（平均） | {mean(o.fewest for o in outcomes):.2f} |"
    yield f"| 多问的（平均；要求不超过 {MOST_ABOVE}） | {_above(outcomes):+.2f} |"
    yield f"| 多问超过 {MOST_ABOVE} 个的（段） | {sum(o.questions - o.fewest > MOST_ABOVE for o in outcomes)} |"
    yield f"| 答了没听进去、又问一遍的（次） | {sum(o.misheard for o in outcomes)} |"
    yield f"| 用户说了几句（平均，最多） | {mean(o.turns for o in outcomes):.1f}，{max(o.turns for o in outcomes)} |"
    yield from ("", "用户每句话是做什么：", "")
    moves = sum((outcome.moves for outcome in outcomes), Counter[str]())
    yield "、".join(f"{move} {count}" for move, count in moves.most_common()) + "。"
    yield from ("", "| 事项 | 段 | 有毛病 | 问 | 最少 | 结论 |", "|---|---:|---:|---:|---:|---|")
    by_programme = defaultdict(list)
    for outcome in outcomes:
        by_programme[outcome.person.programme].append(outcome)
    for name, group in sorted(by_programme.items()):
        verdicts = Counter(str(outcome.verdict) for outcome in group)
        ends = "，".join(f"{verdict} {count}" for verdict, count in verdicts.most_common())
        bad = sum(bool(outcome.faults) for outcome in group)
        asks, least = mean(o.questions for o in group), mean(o.fewest for o in group)
        yield f"| `{name}` | {len(group)} | {bad} | {asks:.1f} | {least:.1f} | {ends} |"
    replayed = '有毛病的（`make verify ARGS="--simulated --seed N"` 重放）：'
    yield from ("", replayed if faulty else "没有失败的对话。", "")
    for outcome in faulty:
        yield f"- 种子 {outcome.person.seed} `{outcome.person.programme}`：" + "；".join(s for _, s in outcome.faults)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, write the report (of one conversation: print it), and return 0 if all is well."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int)
    parser.add_argument("--seed", type=int)
    given = parser.parse_args(arguments)
    again = given.seed is not None and given.count is None
    first, count = (SEED if given.seed is None else given.seed), given.count or (1 if again else COUNT)
    outcomes = asyncio.run(play_all(range(first, first + count)))
    for outcome in outcomes:
        if outcome.faults or count == 1:
            print("\n".join([*outcome.lines, *(f"✗ {kind}: {sentence}" for kind, sentence in outcome.faults), ""]))
    if count == 1:
        person = outcomes[0].person
        print(f"truth: {person.truth}\nunsure: {sorted(person.unsure)}\nmistakes: {person.mistakes}")
    else:
        head = heading("模拟用户", "make verify ARGS=--simulated", "tools/verify.py")
        REPORT.write_text("\n".join([*head, *lines(outcomes), ""]), encoding="utf-8")
        print(f"→ {REPORT.relative_to(ROOT)}")
    return 0 if sound(outcomes) else 1


def _above(outcomes: Sequence[Outcome]) -> float:
    return mean(outcome.questions - outcome.fewest for outcome in outcomes)


if __name__ == "__main__":
    sys.exit(main())
