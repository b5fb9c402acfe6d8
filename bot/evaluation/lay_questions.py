"""The search on the lay questions of the packs: each searched without itself, and how long a search takes."""

import time
from collections import Counter
from collections.abc import Sequence

from bot.evaluation.ranking import percentile
from bot.evaluation.report import Part, against, table
from knowledge import Knowledge
from knowledge.leave_one_out import LeftOut, left_out, recall
from knowledge.search import Searcher

SLOWEST_P95 = 20.0  # milliseconds
_WORST = 10  # clauses listed


def part(knowledge: Knowledge) -> Part:
    """Measure and tell."""
    asked = list(left_out(knowledge))
    times = milliseconds(knowledge, [one.question for one in asked])
    p95 = percentile(times, 95)
    clauses = [clause for clause in knowledge.clauses.values() if clause.kind != "heading"]
    lines = [
        f"{len(asked)} lay questions of {len({one.clause for one in asked})} clauses (of {len(clauses)}), each searched"
        " in an index that lacks it (knowledge/leave_one_out.py).",
        "",
        *table(["", "@1", "@3", "@5", "@10"], [["its clause", *(recall(asked, at) for at in (1, 3, 5, 10))]]),
        "",
        *table(
            ["one search", "ms", "target", ""],
            [
                ["p50", f"{percentile(times, 50):.2f}", "", ""],
                ["p95", f"{p95:.2f}", *against(p95, SLOWEST_P95, at_most=True)],
            ],
        ),
        "",
        "Clauses whose questions are found least:",
        "",
        *_worst(asked),
    ]
    return Part("search", "The search on lay questions", lines)


def milliseconds(knowledge: Knowledge, questions: Sequence[str]) -> list[float]:
    """How long each search takes, by the clock."""
    searcher, times = Searcher(knowledge), []
    for question in questions:
        began = time.perf_counter()
        searcher.search(question)
        times.append(1000 * (time.perf_counter() - began))
    return times


def _worst(asked: Sequence[LeftOut]) -> list[str]:
    """The clauses with the most questions that do not find them among the first three, by share."""
    of, lost = Counter(one.clause for one in asked), Counter(one.clause for one in asked if (one.rank or 99) > 3)
    worst = sorted(lost, key=lambda clause: (-lost[clause] / of[clause], clause))[:_WORST]
    rows = [[clause, f"{lost[clause]}/{of[clause]}", _lost(asked, clause)] for clause in worst]
    return table(["clause", "not among the first 3", "for instance"], rows)


def _lost(asked: Sequence[LeftOut], clause: str) -> str:
    return next(one.question for one in asked if one.clause == clause and (one.rank or 99) > 3)
