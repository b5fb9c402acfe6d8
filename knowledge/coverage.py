"""Whether the clauses of a notice leave anything out: every sentence and every number, from the text itself.

`knowledge.notice` refuses to load a notice with a gap; here the same is measured independently of how it loads.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.notice import Clause, Notice
from knowledge.text import without_space

_SENTENCE = re.compile(r"[^。；]+[。；]?")
_BORDER = re.compile(
    r"\n+(?=\#)"  # a heading
    r"|\n\s*\n(?=\s*\*\*|\s*[(（][一二三四五六七八九十]+[)）]|附件|[^\n]*号\n)"  # an item, an annex, a document number
    r"|\n(?=\d+\. )"  # an entry of a list
)
_NUMBER = re.compile(r"\d+(?:[./]\d+)?(?:[%％])?")
_MARKS = re.compile(r"[\s#*。，；：、,;:]+")


@dataclass(frozen=True)
class Stretch:
    """A piece of a notice, `source[start:end]`, with the clauses that own some of its words, in order."""

    notice: Notice
    start: int
    end: int
    clauses: tuple[Clause, ...]

    @property
    def text(self) -> str:
        """Its words, without white space and Markdown marks."""
        return without_space(self.notice.source[self.start : self.end]).strip("#*")

    @property
    def line(self) -> int:
        """The line of source.txt on which it begins."""
        return self.notice.source.count("\n", 0, self.start) + 1

    @property
    def unclaimed(self) -> str:
        """Words of it that no clause owns; empty when all are claimed."""
        rest, at = "", self.start
        for clause in self.clauses:
            rest += self.notice.source[at : max(at, clause.start)]
            at = max(at, clause.end)
        return _MARKS.sub("", rest + self.notice.source[at : self.end])


def sentences(notice: Notice) -> Iterator[Stretch]:
    """Yield the sentences of a notice in order: up to a full stop, a semicolon or a heading."""
    for start, end in _paragraphs(notice.source):
        for match in _SENTENCE.finditer(notice.source, start, end):
            if _MARKS.sub("", match.group()):
                yield _stretch(notice, match.start(), match.end())


def numbers(notice: Notice) -> Iterator[Stretch]:
    """Yield every number that is printed in a notice, percent sign included."""
    for match in _NUMBER.finditer(notice.source):
        yield _stretch(notice, match.start(), match.end())


def _paragraphs(source: str) -> Iterator[tuple[int, int]]:
    """Where headings and list items begin: a blank line alone is no border, the scan has them inside sentences."""
    start = 0
    for match in _BORDER.finditer(source):
        yield start, match.end()
        start = match.end()
    yield start, len(source)


def _stretch(notice: Notice, start: int, end: int) -> Stretch:
    return Stretch(notice, start, end, tuple(c for c in notice.clauses if c.start < end and c.end > start))
