"""Sets of labelled questions, each asked in a conversation of its own: the right clause, the right outcome.

A set is a table with the columns question, label, kind. The label is a clause, or several with ";" between them,
"clarify" (ask back) or "not covered"; the kind then says of what sort (near-topic, other-city, off-topic, abuse …).
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from bot.evaluation.report import Part, against, table
from bot.shapes import answered

_COVERED, _ASK_BACK, _NOT_COVERED = "covered", "clarify", "not covered"
_UNWANTED = ("off-topic", "abuse", "injection")


class Assistant(Protocol):
    """What is asked: bot.assistant.Assistant."""

    async def reply(self, sender: str, text: str, as_of: date, place: str) -> list[dict[str, Any]]:
        """Answer one message."""


@dataclass(frozen=True)
class Row:
    """A labelled question."""

    question: str
    label: str
    kind: str

    @property
    def group(self) -> str:
        """covered, clarify, or the sort of what is not covered."""
        if self.label == _NOT_COVERED:
            return self.kind.partition(":")[0]
        return _ASK_BACK if self.label == _ASK_BACK else _COVERED


@dataclass(frozen=True)
class Answer:
    """A row and what the assistant made of it: its outcome, and the clauses it cited, best first."""

    row: Row
    outcome: str
    clauses: Sequence[str]

    def right_at(self, k: int) -> bool:
        """Whether one of the first `k` clauses is a labelled one or stands below it."""
        labels = self.row.label.split(";")
        return any(clause == one or clause.startswith(f"{one}/") for clause in self.clauses[:k] for one in labels)

    @property
    def answered(self) -> bool:
        """Whether it was answered as if the notices covered it."""
        return self.outcome == "answered"


@dataclass(frozen=True)
class Target:
    """A share of the rows of some groups for which `holds`; `limit`: what it is held against, from below or above."""

    name: str
    groups: Sequence[str]
    holds: Callable[[Answer], bool]
    limit: float
    at_most: bool = False


TARGETS = (
    Target("covered: right clause first", [_COVERED], lambda a: a.right_at(1), 0.92),
    Target("covered: right clause among the first 3", [_COVERED], lambda a: a.right_at(3), 0.97),
    Target("other-city: answered", ["other-city"], lambda a: a.answered, 0, at_most=True),
    Target("near-topic: answered as if covered", ["near-topic"], lambda a: a.answered, 0.10, at_most=True),
    Target("off-topic, abuse: not answered", _UNWANTED, lambda a: not a.answered, 0.95),
    Target("ambiguous: asked back", [_ASK_BACK], lambda a: a.outcome == "clarify", 1),
)


@dataclass(frozen=True)
class Result:
    """How a set of answers does on one target: the share, its rows, and those to blame."""

    target: Target
    share: float
    rows: int
    wrong: list[Answer]

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.share <= self.target.limit if self.target.at_most else self.share >= self.target.limit


def read_rows(path: Path) -> list[Row]:
    """Read a set of questions."""
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Row(row["question"].strip(), row["label"], row["kind"] or "") for row in table]


async def ask_all(assistant: Assistant, rows: Iterable[Row], as_of: date, place: str) -> list[Answer]:
    """Ask every question once, each in a conversation of its own, as `wengang ask` does."""
    answers = []
    for number, row in enumerate(rows):
        replies = await assistant.reply(f"evaluate-{number}-{row.question}", row.question, as_of=as_of, place=place)
        told = answered(row.question, replies)
        answers.append(Answer(row, told["outcome"], told["clauses"]))
    return answers


def results(answers: Sequence[Answer]) -> Iterator[Result]:
    """Yield the result of every target that some row speaks to."""
    for target in TARGETS:
        meant = [answer for answer in answers if answer.row.group in target.groups]
        hits = [answer for answer in meant if target.holds(answer)]
        wrong = hits if target.at_most else [answer for answer in meant if answer not in hits]
        if meant:
            yield Result(target, len(hits) / len(meant), len(meant), wrong)


def part(key: str, title: str, answers: Sequence[Answer], as_of: date) -> Part:
    """The figures of one set beside their targets, what became of every kind, and every row that is wrong."""
    found = list(results(answers))
    rows = [
        [one.target.name, one.rows, one.share, *against(one.share, one.target.limit, one.target.at_most)]
        for one in found
    ]
    lines = [f"{len(answers)} questions, asked as of {as_of}.", ""]
    lines += table(["", "rows", "share", "target", ""], rows)
    lines += ["", "What became of them:", "", *_outcomes(answers), "", "Wrong rows:", ""]
    for one in found:
        shown = [answer for answer in one.wrong if one.target.name != TARGETS[1].name]  # those stand under the first
        lines += [f"- {one.target.name}: {len(one.wrong)}", *map(_row, shown)]
    return Part(key, title, lines)


def _outcomes(answers: Sequence[Answer]) -> list[str]:
    counts = Counter((answer.row.group, answer.outcome) for answer in answers)
    groups = sorted({group for group, _ in counts}, key=lambda g: (g != _COVERED, g))
    outcomes = sorted({outcome for _, outcome in counts})
    return table(["", *outcomes], [[group, *(counts[group, one] or "" for one in outcomes)] for group in groups])


def _row(answer: Answer) -> str:
    cited = " ".join(answer.clauses[:3]) or "—"
    return f"  - {answer.row.question} · {answer.row.label} {answer.row.kind} → {answer.outcome} {cited}"
