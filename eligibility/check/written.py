"""Programme files and duties as they are written: every expression and every sentence, with its line and its clauses.

The checks that hold a rule against the text of the law read the file itself, not what was compiled of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from knowledge import SourceFile
from knowledge.yaml_source import Place

RULE = ("set", "derive", "exceptions", "when", "conditions", "also", "amount", "results", "window", "delegated")
CITING = ("cite", "stated", "not_stated")  # and ``delegated`` of an aspect
SPOKEN = ("met", "unmet", "says", "summary", "title", "next_step", "what")
_LITERAL: tuple[str, ...] = (
    "id",
    "kind",
    "question",
    "verdict",
    "verdicts",
    "clause",
    "refer_to",
    "depends_on",
    "given_only",
)
_LITERAL += ("date", "copies", "when", "every", "who", "to", "fund", *CITING, *SPOKEN)
_BARE = ("each", "rate", "parts", "window")  # lists whose plain elements are expressions
_NAMES = ("id", "question", "clause")


@dataclass(frozen=True)
class Written:
    """One expression or sentence of a file; ``cites``: the clauses named beside it, nearest first."""

    source: SourceFile
    place: Place
    value: Any
    cites: tuple[str, ...]

    @property
    def line(self) -> int:
        """Its line, from 1."""
        return self.source.line_of(self.place)

    @property
    def where(self) -> str:
        """The way to it in words that stay when lines move: ``when.all.in_time.if``."""
        return where(self.source, self.place)

    @property
    def text(self) -> str:
        """As an expression: YAML makes dates and booleans of some."""
        if isinstance(self.value, bool):
            return str(self.value).lower()
        return self.value.isoformat() if isinstance(self.value, date) else str(self.value)


def pack_file(source: SourceFile) -> str:
    """The file's name inside the packs: ``ln-2021-7/programmes/transition.yml``."""
    deep = source.path.parent.name in ("programmes", "cases")
    return "/".join(source.path.parts[-3 if deep else -2 :])


def programme_of(source: SourceFile) -> str:
    """The id of the programme that a file describes or extends."""
    return str(source.data.get("extends") or source.data.get("id"))


def where(source: SourceFile, place: Place) -> str:
    """A place with the ids of list elements in the stead of their numbers."""
    names: list[str] = []
    value: Any = source.data
    for step in place:
        value = value[step]
        named = isinstance(step, int) and isinstance(value, dict)
        names.append(str(next((value[key] for key in _NAMES if key in value), step) if named else step))
    return ".".join(names)


def expressions(source: SourceFile) -> Iterator[Written]:
    """Everything in a programme file (or in duties.yml) that the engine evaluates, in the order of the text."""
    if isinstance(source.data, list):
        yield from _expressions(source, (), source.data, ())
        return
    for key in RULE:
        yield from _expressions(source, (key,), source.data.get(key), ())


def _expressions(source: SourceFile, place: Place, data: Any, cites: tuple[str, ...]) -> Iterator[Written]:
    if isinstance(data, dict):
        cites = (*listed(data.get("clause")), *listed(data.get("cite"))) or cites
        for key, value in data.items():
            if not _literal(key, value):
                yield from _expressions(source, (*place, key), value, cites)
    elif isinstance(data, list):
        for i, one in enumerate(data):
            if isinstance(one, dict) or place[-1] in _BARE:
                yield from _expressions(source, (*place, i), one, cites)
    elif data is not None:
        yield Written(source, place, data, cites)


def _literal(key: str, value: Any) -> bool:
    """Whether a key holds words, not expressions; a result may have the same name (fund, refer_to)."""
    structured = isinstance(value, dict) or isinstance(value, list) and any(isinstance(one, dict) for one in value)
    return not structured and key in (*_LITERAL, "assume")


def sentences(source: SourceFile) -> Iterator[Written]:
    """Every sentence that a programme file (or duties.yml) has for the user, with the clauses it may speak of."""
    yield from _sentences(source, (), source.data, ())


def _sentences(source: SourceFile, place: Place, data: Any, cites: tuple[str, ...]) -> Iterator[Written]:
    if isinstance(data, dict):
        own = [clause for key in (*CITING, "delegated") for clause in listed(data.get(key)) if isinstance(clause, str)]
        own += [data["clause"]] if isinstance(data.get("clause"), str) else []
        cites = tuple(own) or cites
        for key, value in data.items():
            if key in SPOKEN and isinstance(value, str):
                yield Written(source, (*place, key), value, cites)
            elif place == ("held_by_agency",):
                yield Written(source, (*place, key), value, ())
            elif isinstance(value, (dict, list)):
                yield from _sentences(source, (*place, key), value, cites)
    elif isinstance(data, list):
        for i, one in enumerate(data):
            yield from _sentences(source, (*place, i), one, cites)


def citations(source: SourceFile) -> Iterator[tuple[Place, str]]:
    """Every clause that a programme file (or duties.yml) cites, with its place."""
    yield from _citations((), source.data)


def _citations(place: Place, data: Any) -> Iterator[tuple[Place, str]]:
    if isinstance(data, dict):
        for key, value in data.items():
            aspect = place[:1] == ("aspects",) and key == "delegated"
            if key in CITING or aspect or place == ("cites",):
                for i, clause in enumerate(listed(value)):
                    yield (*place, key, i) if isinstance(value, list) else (*place, key), clause
            elif key == "clause" and len(place) == 1:
                yield (*place, key), value
            else:
                yield from _citations((*place, key), value)
    elif isinstance(data, list):
        for i, one in enumerate(data):
            yield from _citations((*place, i), one)


def listed(value: Any) -> tuple[Any, ...]:
    """A list, a single value or nothing, as a tuple."""
    return tuple(value) if isinstance(value, list) else () if value is None or isinstance(value, dict) else (value,)
