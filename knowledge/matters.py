"""What is asked about besides the programmes (common/matters.yml): matters that the notices are silent on, neighbouring
matters that other texts govern, and messages that are no questions at all."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from knowledge.fields import Fields, typed
from knowledge.shapes import HOW_TO_WRITE, pattern
from knowledge.sources import read_clauses
from knowledge.yaml_source import SourceFile


@dataclass(frozen=True)
class Said:
    """Words found in a text, `text[start:end]`; `gaps` are the (start, end) that a “…” stood for."""

    start: int
    end: int
    words: str
    gaps: tuple[tuple[int, int], ...] = ()

    @property
    def places(self) -> set[int]:
        """The places of the text that the words themselves take."""
        return set(range(self.start, self.end)).difference(*(range(*gap) for gap in self.gaps))

    def inside(self, other: Said) -> bool:
        """Whether it is a part of `other`, and shorter."""
        return other.start <= self.start and self.end <= other.end and self.end - self.start < other.end - other.start


class Phrases:
    """A list of words, which may be shapes (knowledge/shapes.py). Raises ValueError for one that cannot be read."""

    def __init__(self, words: Iterable[str]) -> None:
        parts = [*map(pattern, words)]
        # of words that begin at the same place the longest counts; lookahead: they may begin inside one another
        self._pattern = re.compile(f"(?=({'|'.join(sorted(parts, key=len, reverse=True))}))") if parts else None

    def found_in(self, text: str) -> list[Said]:
        """The words that a text uses, in the order of the text; none that is a part of another."""
        if self._pattern is None:
            return []
        found = [
            Said(m.start(1), m.end(1), m.group(1), tuple(gap for gap in m.regs[2:] if gap[0] >= 0))
            for m in self._pattern.finditer(text.lower())
        ]
        return [one for one in found if not any(one.inside(other) for other in found)]

    def __call__(self, text: str) -> bool:
        """Whether a text uses one of them."""
        return self._pattern is not None and self._pattern.search(text.lower()) is not None


@dataclass(frozen=True, eq=False)
class Matter:
    """Something people ask about that no clause answers.

    `name` follows 通知没有写 or 问的是. Of a silent matter `stated` are the clauses that do speak of it after all; of a
    neighbour `near` are the clauses next to it, `term` its entry in the glossary, `unless` words with which something
    else is meant, `aspects` the only ones of which it is true (all when empty).
    """

    name: str
    words: Phrases
    stated: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    unless: Phrases = Phrases(())
    aspects: tuple[str, ...] = ()
    term: str | None = None


@dataclass(frozen=True, eq=False)
class Matters:
    """common/matters.yml. `manners` and `origin` are by what they are for; `vague` words say nothing of a topic."""

    aspects: Mapping[str, Phrases]
    silent: tuple[Matter, ...]
    neighbours: tuple[Matter, ...]
    manners: Mapping[str, Phrases]
    origin: Mapping[str, Collection[str]]
    vague: tuple[str, ...]


_TOP = ("aspects", "silent", "neighbours", "manners", "origin", "vague")
_SILENT = ("matter", "words", "stated")
_NEIGHBOUR = ("matter", "words", "unless", "near", "aspects", "term")


def read_matters(source: SourceFile, clauses: Iterable[str], terms: Collection[str]) -> Matters:
    """Return the matters. Raises PackError, also for an unknown clause or glossary term."""
    top, known = Fields(source, (), source.data, _TOP), frozenset(clauses)

    def phrases(key: str) -> dict[str, Phrases]:
        named = Fields(source, (key,), top.get(key, dict, {}), top.get(key, dict, {}))
        return {name: _phrases(named, name) for name in named.data}

    def matter(key: str, at: int, entry: object, allowed: Collection[str]) -> Matter:
        fields = Fields(source, (key, at), entry, allowed)
        if not fields.texts("words"):
            raise fields.error("words", "没有写大家怎么说这件事", "补上 words: [说法, …]")
        term = fields.get("term", str, "") or None
        if term is not None and term not in terms:
            raise fields.error("term", f"词条里没有“{term}”", "核对 glossary.yml 里的 id")
        return Matter(
            name=fields.need("matter"),
            words=_phrases(fields, "words"),
            stated=read_clauses(fields, "stated", known),
            near=read_clauses(fields, "near", known),
            unless=_phrases(fields, "unless"),
            aspects=fields.texts("aspects"),
            term=term,
        )

    def listed(key: str, allowed: Collection[str]) -> tuple[Matter, ...]:
        entries = typed(source, (key,), top.get(key, list, []), list)
        return tuple(matter(key, at, entry, allowed) for at, entry in enumerate(entries))

    origin = Fields(source, ("origin",), top.get("origin", dict, {}), top.get("origin", dict, {}))
    return Matters(
        aspects=phrases("aspects"),
        silent=listed("silent", _SILENT),
        neighbours=listed("neighbours", _NEIGHBOUR),
        manners=phrases("manners"),
        origin={name: origin.texts(name) for name in origin.data},
        vague=top.texts("vague"),
    )


def _phrases(fields: Fields, key: str) -> Phrases:
    words = fields.texts(key)
    try:
        return Phrases(words)
    except ValueError as error:
        raise fields.error(key, f"“{error}”的括号读不懂", HOW_TO_WRITE) from error
