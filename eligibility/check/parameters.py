"""Local standards: for one thing and one scope, periods that follow one another without gap or overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from eligibility.check.finding import Finding, Report, at
from eligibility.check.packs import Packs
from knowledge import SourceFile
from knowledge.parameters import Parameter, Value

_Entry = tuple[int, Value]


def parameters(packs: Packs) -> Report:
    """Lay the values of each (id or title, scope) on the time line."""
    files = packs.knowledge.files("common/parameters.yml")
    if not files:
        return Report("parameters", (), {"parameters": 0, "values": 0, "unknown": 0})
    known = packs.knowledge.parameters
    found = _faults(files[0], list(known.parameters.values()))
    values = [value for one in known.parameters.values() for value in one.values]
    figures = {"parameters": len(known.parameters), "values": len(values), "unknown": len(known.to_fill)}
    return Report("parameters", tuple(found), figures)


def _faults(source: SourceFile, entries: list[Parameter]) -> Iterator[Finding]:
    """Two entries may speak of the same thing: what matters is title and scope, not the entry."""
    lines: dict[tuple[str, str], list[_Entry]] = defaultdict(list)
    for number, one in enumerate(entries):
        lines[one.title, one.scope] += [(number, value) for value in one.values]
    for (title, scope), line in lines.items():
        line.sort(key=lambda entry: entry[1].period.first)
        for (_, before), (number, after) in zip(line, line[1:], strict=False):
            day = before.period.last
            code = None
            if day >= after.period.first:
                code = "overlapping_values"
            elif day < date.max and day + timedelta(days=1) != after.period.first:
                code = "gap_in_values"
            if code:
                yield at(source, ("parameters", number), code, f"{title} {scope}", title=title, scope=scope)
