"""Colloquial numbers, sums, durations and dates against a table written by hand (tests/actions/values_table.tsv)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from actions.values import Value, find_values
from bot.evaluation.report import Part, against, table
from bot.machine import ROOT

TABLE = ROOT / "tests" / "actions" / "values_table.tsv"
TARGET = 0.97
COLUMNS = ("kind", "value", "low", "high", "unit or precision", "comparator", "text")


@dataclass(frozen=True)
class Phrase:
    """One phrase of the table; `expected`: column → cell of each value it holds, in their order."""

    text: str
    as_of: date
    expected: Sequence[dict[str, str]]

    def right(self, found: Sequence[Value]) -> bool:
        """Whether exactly the expected values were found."""
        return len(found) == len(self.expected) and all(map(agrees, found, self.expected))


def read_phrases(path: Path = TABLE) -> list[Phrase]:
    """Read the table; a line without a phrase is one more value of the phrase above."""
    rows: list[tuple[str, date, list[dict[str, str]]]] = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        if line.startswith("#"):
            continue
        phrase, as_of, *cells = line.split("\t")
        if phrase:
            rows.append((phrase, date.fromisoformat(as_of), []))
        if cells[0] != "none":
            rows[-1][2].append(dict(zip(COLUMNS, cells + [""] * (len(COLUMNS) - len(cells)), strict=True)))
    return [Phrase(*row) for row in rows]


def agrees(found: Value, expected: dict[str, str]) -> bool:
    """Whether a value is the expected one in every column."""

    def bound(cell: str) -> object:
        return (date.fromisoformat(cell) if found.kind == "date" else Fraction(cell)) if cell else None

    vague = expected["unit or precision"].endswith("~")
    label = expected["unit or precision"].rstrip("~")
    approx = vague if found.kind == "date" else expected["low"] != expected["high"]
    return (
        found.kind == expected["kind"]
        and (found.value, found.low, found.high) == tuple(bound(expected[c]) for c in ("value", "low", "high"))
        and (found.precision if found.kind == "date" else found.unit) == label
        and (found.comparator or "") == expected["comparator"]
        and found.text == expected["text"]
        and found.approx == approx
    )


def part() -> Part:
    """Every phrase read, and told: what is not found is asked for again, what is found wrongly is believed."""
    read = [(phrase, find_values(phrase.text, phrase.as_of)) for phrase in read_phrases()]
    wrong = [(phrase, found) for phrase, found in read if not phrase.right(found)]
    misread = [(phrase, found) for phrase, found in wrong if found]
    right = 1 - len(wrong) / len(read)
    rows = [
        ["read rightly", len(read) - len(wrong), right, *against(right, TARGET)],
        ["not read: asked back", len(wrong) - len(misread), (len(wrong) - len(misread)) / len(read), "", ""],
        ["misread", len(misread), len(misread) / len(read), *against(len(misread), 0, at_most=True)],
    ]
    lines = [
        f"{len(read)} phrases with their values, bounds, units and comparators (tests/actions/values_table.tsv).",
        "",
        *table(["", "phrases", "share", "target", ""], rows),
        *(f"- {phrase.text} → {'、'.join(value.text for value in found) or '—'}" for phrase, found in wrong),
    ]
    return Part("values", "Numbers and dates as people say them", lines)
