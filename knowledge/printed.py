"""A notice to be read: its text in headings and paragraphs, every clause a piece that can be pointed at.

The words are those of the source, in its order, scan faults included. Left out are Markdown marks; a line break inside
a sentence is one of the printed page and is closed up.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.notice import Clause, Notice
from knowledge.text import without_space

_MARKS = re.compile(r"[#*]+")
_LISTED = re.compile(r"\d+\.\s")


@dataclass(frozen=True)
class Piece:
    """Words of one line.

    `clause` is the id of the clause that owns them, None for what stands between clauses; `opens`: it begins here.
    """

    text: str
    clause: str | None = None
    opens: bool = False


@dataclass(frozen=True)
class Block:
    """A paragraph, or a heading of `level` 1 (the outermost) and up, in lines of pieces."""

    level: int | None
    lines: tuple[tuple[Piece, ...], ...]


def blocks(notice: Notice) -> Iterator[Block]:
    """Yield the whole notice: a new block where a line ends between two clauses, and around headings."""
    lines: list[list[Piece]] = [[]]
    level, end = None, 0
    for clause, heads in _with_headings(notice):
        before, *broken = _MARKS.sub("", notice.source[end : clause.start]).split("\n")
        lines[-1] += _piece(before) if end else ()
        if end and (broken or heads or level):
            yield Block(level, tuple(map(tuple, lines)))
            lines, level = [[]], None
        if heads:
            level = len(clause.path) + 1
        lines[-1] += _piece(broken[-1]) if broken else ()
        first, *rest = _lines(clause, notice)
        lines[-1].append(Piece(first, clause.id, opens=True))
        lines += [[Piece(line, clause.id)] for line in rest]
        end = clause.end
    lines[-1] += _piece(_MARKS.sub("", notice.source[end:]))
    yield Block(level, tuple(map(tuple, lines)))


def _piece(text: str) -> tuple[Piece, ...]:
    return (Piece(text.strip()),) if text.strip() else ()


def _with_headings(notice: Notice) -> Iterator[tuple[Clause, bool]]:
    """Every clause, and whether it is a heading of others."""
    above = {clause.path for clause in notice.clauses}
    for clause in notice.clauses:
        yield clause, (*clause.path, without_space(clause.quote)) in above


def _lines(clause: Clause, notice: Notice) -> list[str]:
    """The quote in lines: a break before an issuer or a number of a list is one, any other is of the printed page."""
    lines: list[str] = []
    for part in (part.strip() for part in clause.quote.split("\n")):
        if lines and part and not part.startswith(notice.issuers) and not _LISTED.match(part):
            lines[-1] += part
        elif part:
            lines.append(part)
    return lines
