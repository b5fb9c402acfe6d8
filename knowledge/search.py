"""Finding the clause a question is about.

Each clause is indexed (knowledge/index.py) with its title, its headings, its notice and the lay questions an officer
wrote for it. Headings themselves are never hits: they answer nothing.
"""

import datetime
import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from knowledge.index import LONGEST_QUERY, Bm25, Document, TextIndex, best_first, character_terms, pairs, word_terms
from knowledge.notice import Clause
from knowledge.pack import Knowledge

_LONGEST_SENTENCE = 40  # characters; a longer one is cut at its commas before it is highlighted


@dataclass(frozen=True)
class Hit:
    """A clause found. `sentence` is `clause.quote[start:end]`, its part nearest to the question.

    `score` is in (0, 1]; it orders the hits of one search and means nothing across searches. `coverage` (0–1) is the
    share of the question's character pairs that the clause or its lay questions contain: low means off the subject.
    `weight` (0–1) is the same of its words, each counted by its rarity among the clauses.
    """

    clause: Clause
    sentence: str
    start: int
    end: int
    score: float
    coverage: float
    weight: float


class Searcher:
    """Searches the clauses of all notices; the indexes are built once, here (well under a second)."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._notices = knowledge.notices
        self._clauses = [clause for clause in knowledge.clauses.values() if clause.kind != "heading"]
        documents = [self._document(clause) for clause in self._clauses]
        self._pairs = [frozenset(_pairs_of(document)) for document in documents]
        self._words = [
            frozenset(word for part in _parts(document) for word in word_terms(part)) for document in documents
        ]
        self._in_clauses = Counter(word for words in self._words for word in words)
        self._index = TextIndex(documents)
        self._sentences = [(i, *span) for i, clause in enumerate(self._clauses) for span in sentences(clause.quote)]
        self._sentence_index = Bm25()
        for i, start, end in self._sentences:
            self._sentence_index.add(" ".join(character_terms(self._clauses[i].quote[start:end])))
        self._sentence_index.finish()

    def search(self, text: str, as_of: datetime.date | None = None, limit: int = 5) -> list[Hit]:
        """Return at most `limit` hits, best first, ties in the order of the notices; empty when nothing matches.

        Takes any text and reads its first LONGEST_QUERY characters. With `as_of`, clauses of notices that certainly
        did not exist on that day are left out.
        """
        mixed = self._index.scores(text)
        best = [at for at in best_first(mixed) if self._existed(at, as_of)][:limit]
        terms = character_terms(text[:LONGEST_QUERY])
        highlights, asked = self._highlights(terms, best), set(pairs(terms))
        words = {word: self._rarity(word) for word in word_terms(text[:LONGEST_QUERY])}
        return [self._hit(at, highlights[at], mixed[at], asked, words) for at in best]

    def _rarity(self, word: str) -> float:
        return math.log((len(self._clauses) + 1) / (self._in_clauses[word] + 0.5))

    def _document(self, clause: Clause) -> Document:
        notice = self._notices[clause.document]
        headings = (notice.title, notice.place, clause.item, *clause.path)
        return Document("\n".join(headings), f"{clause.title}\n{clause.quote}", "\n".join(clause.questions))

    def _existed(self, at: int, as_of: datetime.date | None) -> bool:
        notice = self._notices[self._clauses[at].document]
        return as_of is None or notice.issued_by(as_of) is not False

    def _highlights(self, terms: list[str], clauses: Collection[int]) -> dict[int, tuple[int, int]]:
        """Return for each clause the span of its best sentence, the first where none matches."""
        among = [i for i, (clause, _, _) in enumerate(self._sentences) if clause in clauses]
        scores = self._sentence_index.scores(terms, len(among), among)
        spans: dict[int, tuple[int, int]] = {}
        for i in sorted(among, key=lambda i: (-scores.get(i, 0.0), i)):
            clause, start, end = self._sentences[i]
            spans.setdefault(clause, (start, end))
        return spans

    def _hit(
        self, at: int, span: tuple[int, int], score: float, asked: Collection[str], words: Mapping[str, float]
    ) -> Hit:
        clause = self._clauses[at]
        coverage = len(self._pairs[at].intersection(asked)) / len(asked) if asked else 0.0
        weight = sum(rarity for word, rarity in words.items() if word in self._words[at]) / (sum(words.values()) or 1)
        return Hit(clause, clause.quote[slice(*span)], *span, score, coverage, weight)


def sentences(quote: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of each sentence, without its final mark; long ones are cut at commas as well.

    Marks inside brackets and quotation marks do not cut.
    """
    for start, end in _cut(quote, 0, len(quote), "。；;"):
        yield from _cut(quote, start, end, "，,") if end - start > _LONGEST_SENTENCE else [(start, end)]


def _cut(quote: str, start: int, end: int, marks: str) -> Iterator[tuple[int, int]]:
    depth = 0
    for at in range(start, end):
        depth += (quote[at] in "（(《“〔") - (quote[at] in "）)》”〕")
        if quote[at] in marks and depth <= 0:
            yield from _trimmed(quote, start, at)
            start = at + 1
    yield from _trimmed(quote, start, end)


def _trimmed(quote: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    inner = quote[start:end].strip()
    if inner:
        start = quote.index(inner, start)
        yield start, start + len(inner)


def _parts(document: Document) -> tuple[str, ...]:
    return document.headings, document.own, document.questions


def _words_of(document: Document) -> Iterator[str]:
    for part in _parts(document):
        yield from word_terms(part)


def _pairs_of(document: Document) -> Iterator[str]:
    for part in _parts(document):
        yield from pairs(character_terms(part))
