"""Every small slip that a rule file could have: the file with one thing changed. Cases must notice each of them.

Changed are the rules in force: conditions, exceptional clauses, derived values, amounts, results, windows, what a
further notice settles or replaces, what is left to other texts, duties. Not changed: words, aspects, and readings of
the text that are not in force (``otherwise``: tests/eligibility/test_interpretations.py switches each of them).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from eligibility.check.alter import altered, negated
from eligibility.check.finding import said
from eligibility.check.written import RULE, expressions, listed, pack_file, programme_of, where
from eligibility.model import CONDITIONAL, DUTY, ELIGIBLE, INELIGIBLE, INFORMATIONAL, NOT_IN_NOTICE
from knowledge import SourceFile
from knowledge.yaml_source import Place

_GONE = object()
_LISTS = ("refer_to", "given_only", "verdicts", "may_change")
_CITED = ("when", "also", "conditions", "exceptions", "amount", "delegated", "cite")  # parts whose clauses are told
_OTHER_VERDICT = {
    NOT_IN_NOTICE: INELIGIBLE,
    CONDITIONAL: ELIGIBLE,
    ELIGIBLE: CONDITIONAL,
    INELIGIBLE: ELIGIBLE,
    DUTY: INFORMATIONAL,
    INFORMATIONAL: DUTY,
}
_OPTIONS = ("rate", "value", "parts", "window", "delegated", "exceptions", "also")
_EQUATION = re.compile(r"[\w.]+ *[=!]= *[\w.'-]+")
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Mutant:
    """One file with one slip.

    Attributes:
        file: name inside the packs. where: the place in words that stay when lines move.
        was, now: the changed words; ``now`` tells mutants at one place apart.
    """

    programme: str
    file: str
    line: int
    where: str
    was: str
    now: str
    data: Any

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from all others."""
        return self.file, self.where, self.now

    def source(self, original: SourceFile) -> SourceFile:
        """The changed file, with the lines of the original."""
        return SourceFile(original.path, self.data, original.lines)


def mutants(source: SourceFile) -> Iterator[Mutant]:
    """Every mutant of a programme file or of duties.yml, each once."""
    seen: set[tuple[str, str, str]] = set()
    for place, was, now, data in _changes(source):
        programme = DUTY if isinstance(source.data, list) else programme_of(source)
        one = Mutant(programme, pack_file(source), source.line_of(place), where(source, place), was, now, data)
        if one.key not in seen:
            seen.add(one.key)
            yield one


_Change = tuple[Place, str, str, Any]


def _changes(source: SourceFile) -> Iterator[_Change]:
    for one in expressions(source):
        if "otherwise" in one.place:
            continue
        # a turned == is the contrary already
        turned = one.place[-1] == "if" and not _EQUATION.fullmatch(one.text)
        for text in (*altered(one.text), *([negated(one.text)] if turned else [])):
            yield one.place, one.text, text, _with(source.data, one.place, _typed(one.value, text))
    if isinstance(source.data, list):
        for i, duty in enumerate(source.data):
            yield from _duty(source.data, (i,), duty)
        return
    for key in (*RULE, "what_if", "cite"):
        yield from _structure(source.data, (key,), source.data.get(key))
    since = source.data.get("since")
    if since is not None:
        for day in (since - _DAY, since + _DAY):
            yield ("since",), str(since), str(day), _with(source.data, ("since",), day)


def _structure(root: Any, place: Place, data: Any) -> Iterator[_Change]:
    """Slips in how the parts are put together."""
    if isinstance(data, dict):
        yield from _mapping(root, place, data)
        for key, value in data.items():
            if key != "assume":
                yield from _structure(root, (*place, key), value)
    elif isinstance(data, list):
        if _may_lose_one(place, data):
            yield from _without_one(root, place, data)
        if place[-1] in ("rate", "value", "parts") or place[0] == "results":
            yield from _swapped(root, place, data)
        for i, one in enumerate(data):
            yield from _structure(root, (*place, i), one)


def _may_lose_one(place: Place, data: list[Any]) -> bool:
    """Whether a list is one of conditions, options or words, of which each counts."""
    if place[-1] == "cite":
        return place[0] in _CITED and len(data) > 1
    options = place[-1] in _OPTIONS or place[0] in ("results", "derive")
    return options or place[-1] in ("all", "any", "each", *_LISTS)


def _mapping(root: Any, place: Place, data: dict[Any, Any]) -> Iterator[_Change]:
    for kind, other in (("all", "any"), ("any", "all")):
        if len(listed(data.get(kind))) > 1:
            turned = {other if key == kind else key: value for key, value in data.items()}
            yield (*place, kind), kind, other, _with(root, place, turned)
    if "not" in data:
        yield (*place, "not"), "not", said("left_out"), _with(root, place, data["not"])
    if data.get("verdict") in _OTHER_VERDICT:
        verdict = data["verdict"]
        now = _OTHER_VERDICT[verdict]
        yield (*place, "verdict"), verdict, now, _with(root, (*place, "verdict"), now)
    droppable = [key for key in ("assume", "given_only") if key in data]
    if place[0] == "derive" and "if" in data:
        droppable.append("if")
    if place in (("set",), ("conditions",), ("results",)):
        droppable = list(data)
    for key in droppable:
        yield (*place, key), _brief(data[key]), said("left_out"), _with(root, (*place, key), _GONE)


def _duty(root: Any, place: Place, duty: dict[str, Any]) -> Iterator[_Change]:
    """Slips in what a clause obliges an authority to do."""
    yield place, duty["clause"], said("left_out"), _with(root, place, _GONE)
    other = _OTHER_VERDICT[duty["verdict"]]
    yield (*place, "verdict"), duty["verdict"], other, _with(root, (*place, "verdict"), other)
    for key in ("when", "every", "assume", "due"):
        if key in duty:
            yield (*place, key), str(duty[key]), said("left_out"), _with(root, (*place, key), _GONE)
    for key in ("who", "to", "fund", "cite"):
        yield from _without_one(root, (*place, key), list(listed(duty.get(key))))
    if "copies" in duty:
        for number in (duty["copies"] - 1, duty["copies"] + 1):
            yield (*place, "copies"), str(duty["copies"]), str(number), _with(root, (*place, "copies"), number)
    if isinstance(duty.get("date"), date):
        for day in (duty["date"] - _DAY, duty["date"] + _DAY):
            yield (*place, "date"), str(duty["date"]), str(day), _with(root, (*place, "date"), day)


def _without_one(root: Any, place: Place, data: list[Any]) -> Iterator[_Change]:
    """Lists with one element left out; with its only element, the whole list goes."""
    for i, one in enumerate(data):
        gone = (*place, i) if len(data) > 1 else place
        if len(data) == 1 and place[-1] in ("all", "any"):
            continue
        yield (*place, i), _brief(one), f"{said('left_out')} {_brief(one)}", _with(root, gone, _GONE)


def _swapped(root: Any, place: Place, data: list[Any]) -> Iterator[_Change]:
    """Two neighbouring options with each other's value."""
    for i, (one, two) in enumerate(zip(data, data[1:], strict=False)):
        if isinstance(one, dict) and isinstance(two, dict) and one.get("value") != two.get("value"):
            values = one.get("value"), two.get("value")
            swapped = _with(_with(root, (*place, i, "value"), values[1]), (*place, i + 1, "value"), values[0])
            yield (*place, i, "value"), f"{values[0]}, {values[1]}", f"{values[1]}, {values[0]}", swapped


def _with(root: Any, place: Place, value: Any) -> Any:
    """A copy of ``root`` with ``value`` at ``place``, or without what stands there; only what changes is copied."""
    if not place:
        return value
    changed = copy.copy(root)
    key = place[0]
    if len(place) == 1 and value is _GONE:
        del changed[key]
    else:
        changed[key] = _with(root[key], place[1:], value)
    return changed


def _typed(was: Any, text: str) -> Any:
    """A changed expression as YAML would give it: dates that stood alone stay dates."""
    if isinstance(was, bool) and text in ("true", "false"):
        return text == "true"
    return date.fromisoformat(text) if isinstance(was, date) else text


def _brief(value: Any) -> str:
    """A part of a rule in a few words: its name, or what it is made of."""
    if isinstance(value, list):
        return ", ".join(map(_brief, value))
    if not isinstance(value, dict):
        return str(value)
    for key in ("id", "question", "clause"):
        if key in value:
            return str(value[key])
    for key in ("all", "any", "not"):
        if key in value:
            return f"{key}({_brief(value[key])})"
    return ", ".join(f"{key}: {_brief(value[key])}" for key in ("if", "value", "until", "each") if key in value)
