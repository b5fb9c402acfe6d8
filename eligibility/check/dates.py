"""Around every date of a programme: a case on each side, and a window that neither reopens nor vanishes overnight."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from eligibility.check.finding import Finding, Report, at, said
from eligibility.check.packs import Case, Packs
from eligibility.check.written import Written, expressions
from eligibility.model import Decision, Programme
from eligibility.place import places_containing
from knowledge import SourceFile
from knowledge.yaml_source import Place

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY = timedelta(days=1)
_Decided = tuple[Case, Decision]
_Side = Callable[[_Decided], "bool | None"]


@dataclass(frozen=True)
class Boundary:
    """A date at which something changes.

    Attributes:
        side: whether a decided case lies on the near side (True), on the far side, or elsewhere (None).
        near, far: names of the two sides in ``messages.yml``.
    """

    source: SourceFile
    place: Place
    day: date
    side: _Side
    near: str
    far: str


def dates(packs: Packs) -> Report:
    """Look for cases around every date, and decide the day before, the day, the day after."""
    findings: list[Finding] = []
    total = decided = 0
    for name, programme in packs.rules.benefits.items():
        cases = [(case, decision) for case, decision in packs.decisions if case.programme == name]
        plain = [(case, decision) for case, decision in cases if "question" not in case.data]
        found = list(boundaries(packs, name))
        total += len(found)
        for boundary in found:
            findings += _sides(name, boundary, plain)
        days = sorted({one.day for one in found} | set(_written_days(packs, name)))
        for case in _different(case for case, _ in plain):
            decided += 3 * len(days)
            findings += _overnight(packs, programme, case, days)
    return Report("dates", tuple(findings), {"boundaries": total, "decided": decided})


def boundaries(packs: Packs, name: str) -> Iterator[Boundary]:
    """The dates in conditions, exceptional clauses and windows, and those from which later documents speak."""
    for file in packs.programme_files[name]:
        for one in expressions(file):
            for word in _DATE.findall(one.text):
                yield from _in_expression(one, date.fromisoformat(word))
        if "extends" in file.data:
            notice = packs.knowledge.notice_of(file.path)
            since = file.data.get("since") or notice.date_not_after
            yield Boundary(file, ("since",), since, _from(packs, since, notice.place), "before", "from")
    for source in packs.knowledge.files("common/successors.yml"):
        for i, entry in enumerate(source.data.get(name) or ()):
            later = [other["from"] for other in source.data[name][i + 1 :]]
            until = later[0] if later else date.max
            yield Boundary(source, (name, i, "from"), entry["from"], _after(entry["from"], until), "before", "from")


def _written_days(packs: Packs, name: str) -> Iterator[date]:
    """Every date that the files of a programme calculate with."""
    for file in packs.programme_files[name]:
        for one in expressions(file):
            yield from map(date.fromisoformat, _DATE.findall(one.text))


def _in_expression(one: Written, day: date) -> Iterator[Boundary]:
    """The boundary that a date is, by where it stands; a date that is only told (``results``) is none."""
    *_, last = one.place
    if one.place[0] == "window" and last == "until":
        yield Boundary(one.source, one.place, day, _window(day), "open", "closed")
    elif last == "if" and one.place[0] in ("when", "conditions", "also"):
        yield Boundary(one.source, one.place, day, _truth(_identity(one)), "met", "unmet")
    elif last == "if" and one.place[0] == "exceptions":
        yield Boundary(one.source, one.place, day, _holds(_identity(one)), "holds", "holds_not")


def _identity(one: Written) -> str:
    """The id of the condition that an expression belongs to."""
    return one.where.split(".")[-2]


def _truth(leaf: str) -> _Side:
    return lambda decided: decided[1].leaves.get(leaf)


def _holds(exception: str) -> _Side:
    return lambda decided: decided[1].deciding == (exception,)


def _window(until: date) -> _Side:
    def side(decided: _Decided) -> bool | None:
        window = decided[1].window
        return window.state == "open" if window.until == until and window.state in ("open", "closed") else None

    return side


def _from(packs: Packs, since: date, place: str) -> _Side:
    def side(decided: _Decided) -> bool | None:
        case = decided[0]
        return case.as_of < since if place in places_containing(packs.knowledge, case.data["place"]) else None

    return side


def _after(begins: date, until: date) -> _Side:
    def side(decided: _Decided) -> bool | None:
        day = decided[0].as_of
        return True if day < begins else False if day < until else None

    return side


def _sides(name: str, boundary: Boundary, cases: Sequence[_Decided]) -> Iterator[Finding]:
    seen = {boundary.side(decided) for decided in cases}
    for truth, side in ((True, boundary.near), (False, boundary.far)):
        if truth not in seen:
            about = f"{name} {'.'.join(map(str, boundary.place))} {boundary.day} {side}"
            day = boundary.day.isoformat()
            yield at(boundary.source, boundary.place, "side_without_case", about, day=day, side=said(f"side_{side}"))


def _different(cases: Iterable[Case]) -> Iterator[Case]:
    """One case for each set of facts and place."""
    seen: set[str] = set()
    for case in cases:
        key = repr((sorted((case.data.get("facts") or {}).items(), key=str), case.data["place"]))
        if key not in seen:
            seen.add(key)
            yield case


def _overnight(packs: Packs, programme: Programme, case: Case, days: Sequence[date]) -> Iterator[Finding]:
    """Decide the same facts on the days around each date, and compare each window with that of the day before."""
    for day in days:
        before: Decision | None = None
        for today in (day - _DAY, day, day + _DAY):
            now = packs.decide(case.data, as_of=today)
            if now is not None and before is not None and not _begins(programme, today):
                code = _changed(before, now)
                if code:
                    yield case.found(code, None, f"{programme.id} {case.name} {today}", day=today.isoformat())
            before = now


def _changed(before: Decision, now: Decision) -> str | None:
    """What is wrong between the windows of two days that follow each other, as the code of a finding."""
    if before.window.state == "closed" and now.window.state == "open":
        return "window_reopens"
    if before.window.until is not None and now.window.until is None and now.window.state == "undated":
        return "window_vanishes"
    return None


def _begins(programme: Programme, day: date) -> bool:
    """Whether a further notice begins to speak on that day: then the rule is another one."""
    return any(overlay.since == day for overlay in programme.overlays)
