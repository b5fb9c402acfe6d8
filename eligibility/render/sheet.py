"""A programme as a policy officer reads it: sections of lines, in words. The formats only lay it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Line:
    """One thing that a programme says.

    Attributes:
        label: what it is about, said before the words. number: of a condition: 1, 2.1 …
        kind: of a condition: leaf | all | any | not.
        cite: the clauses that state it.
        mark: what a further notice did to it. notes: what has to be read with it.
        more: how it is told to the applicant, and where it is written.
        key: the same in every variant of the programme, so that variants can be compared.
    """

    words: str
    label: str = ""
    number: str = ""
    kind: str = ""
    cite: tuple[str, ...] = ()
    mark: str = ""
    notes: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    key: str = ""
    children: tuple[Line, ...] = ()

    def walk(self) -> Iterator[Line]:
        """It and everything below it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Section:
    """What is said under one heading. ``id``: key of ``head:`` in wording.yml; ``lead``: said before the lines."""

    id: str
    head: str
    lines: tuple[Line, ...]
    lead: str = ""

    def walk(self) -> Iterator[Line]:
        """Every line, those below others too."""
        for line in self.lines:
            yield from line.walk()


@dataclass(frozen=True)
class Standing:
    """The programme in time, whoever asks. ``state``: as of a window, or elsewhere; ``note``: what came later."""

    state: str
    words: str
    note: str | None = None


@dataclass(frozen=True)
class Moment:
    """A day from which something is otherwise; ``words``: what."""

    day: date
    words: str


@dataclass(frozen=True)
class Sheet:
    """One programme, as the notices in force have it on ``as_of`` at ``place``.

    Attributes:
        source: document number and item. files: of the packs, in which it is written.
        moments: the days worth a look, in order. places: those where it may read otherwise.
    """

    id: str
    title: str
    summary: str
    source: str
    document: str
    as_of: date
    place: str
    standing: Standing
    sections: tuple[Section, ...]
    files: tuple[str, ...]
    moments: tuple[Moment, ...]
    places: tuple[str, ...]

    @property
    def tree(self) -> Line | None:
        """The root of the conditions; None where there is nothing to decide."""
        return next((section.lines[0] for section in self.sections if section.id == "conditions"), None)
