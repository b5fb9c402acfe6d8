"""Finding the clause a question is about: BM25 over characters and words, computed by tantivy in memory.

Each clause is indexed with its title, its headings, its notice and the lay questions an officer wrote for it: appended
questions raise recall@10 from .45 to .62 on an outside set of legal questions, kept apart they lower it. Scores of the
character index (single characters and pairs) and the word index (jieba) are each divided by their best and mixed .7/.3.
Headings themselves are never hits: they answer nothing.
"""

import datetime
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import jieba
import tantivy

from knowledge.notice import Clause
from knowledge.pack import Knowledge
from knowledge.text import normalise

LONGEST_QUERY = 300  # characters; what follows in a longer text does not sharpen the search, it only costs time
_LONGEST_SENTENCE = 40  # characters; a longer one is cut at its commas before it is highlighted
_CHARACTERS, _WORDS = 0.7, 0.3
_CANDIDATES = 100  # clauses taken from each index before mixing
_UNIT = re.compile(r"\d+(?:\.\d+)?%?|[a-z]+|[^\W\d_]")  # a number, a Latin word or one character


@dataclass(frozen=True)
class Hit:
    """A clause found. `sentence` is `clause.quote[start:end]`, its part nearest to the question.

    `score` is in (0, 1]; it orders the hits of one search and means nothing across searches. `coverage` (0–1) is the
    share of the question's character pairs that the clause or its lay questions contain: low means off the subject.
    """

    clause: Clause
    sentence: str
    start: int
    end: int
    score: float
    coverage: float


class Searcher:
    """Searches the clauses of all notices; the indexes are built once, here (well under a second)."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._notices = knowledge.notices
        self._clauses = [clause for clause in knowledge.clauses.values() if clause.kind != "heading"]
        texts = [self._indexed(clause) for clause in self._clauses]
        characters = [_character_terms(text) for text in texts]
        self._pairs = [frozenset(_pairs(terms)) for terms in characters]
        self._characters = _Index(characters)
        self._words = _Index([_word_terms(text) for text in texts])
        self._sentences = [(i, *span) for i, clause in enumerate(self._clauses) for span in sentences(clause.quote)]
        self._sentence_index = _Index([_character_terms(self._clauses[i].quote[a:b]) for i, a, b in self._sentences])

    def search(self, text: str, as_of: datetime.date | None = None, limit: int = 5) -> list[Hit]:
        """Return at most `limit` hits, best first, ties in the order of the notices; empty when nothing matches.

        Takes any text and reads its first LONGEST_QUERY characters. With `as_of`, clauses of notices that certainly
        did not exist on that day are left out.
        """
        query = text[:LONGEST_QUERY]
        mixed: dict[int, float] = {}
        for index, terms, share in (
            (self._characters, _character_terms(query), _CHARACTERS),
            (self._words, _word_terms(query), _WORDS),
        ):
            scores = index.scores(terms, _CANDIDATES)
            for at, score in scores.items():
                mixed[at] = mixed.get(at, 0.0) + share * score / max(scores.values())
        best = sorted((at for at in mixed if self._existed(at, as_of)), key=lambda at: (-mixed[at], at))[:limit]
        highlights = self._highlights(_character_terms(query), best)
        asked = set(_pairs(_character_terms(query)))
        return [self._hit(at, highlights[at], mixed[at], asked) for at in best]

    def _indexed(self, clause: Clause) -> str:
        notice = self._notices[clause.document]
        own = (clause.title, clause.quote)  # twice: a few lay questions must not drown the words of the notice
        return "\n".join((notice.title, notice.place, clause.item, *clause.path, *own, *own, *clause.questions))

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

    def _hit(self, at: int, span: tuple[int, int], score: float, asked: Collection[str]) -> Hit:
        clause = self._clauses[at]
        coverage = len(self._pairs[at].intersection(asked)) / len(asked) if asked else 0.0
        return Hit(clause, clause.quote[slice(*span)], *span, score, coverage)


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


def _character_terms(text: str) -> list[str]:
    units = _UNIT.findall(normalise(text))
    return units + [one + two for one, two in zip(units, units[1:], strict=False)]


def _pairs(terms: list[str]) -> list[str]:
    """Return the character pairs among character terms (their second half)."""
    return terms[(len(terms) + 1) // 2 :]


def _word_terms(text: str) -> list[str]:
    return [word for word in _cut_words(normalise(text)) if _UNIT.match(word)]


jieba.setLogLevel("WARNING")  # it reports the loading of its dictionary on every start
# A tokenizer of our own: the dialogue adds words to jieba's shared one, and the index must not depend on when.
_cut_words: Callable[[str], list[str]] = jieba.Tokenizer().lcut_for_search


class _Index:
    """A BM25 index over ready-made terms; a document is known by its place in `documents`."""

    def __init__(self, documents: list[list[str]]) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
        schema.add_unsigned_field("place", stored=True, indexed=True)
        self._schema = schema.build()
        index = tantivy.Index(self._schema)
        index.register_tokenizer("whitespace", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
        writer = index.writer(heap_size=15_000_000, num_threads=1)  # one thread: the same index every time
        for place, terms in enumerate(documents):
            document = tantivy.Document()
            document.add_text("terms", " ".join(terms))
            document.add_unsigned("place", place)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def scores(self, terms: list[str], limit: int, among: Collection[int] | None = None) -> dict[int, float]:
        """Return the scores (above 0) of the best `limit` documents, of those in `among` if given."""
        if not terms or not limit:
            return {}
        should = tantivy.Occur.Should
        # Built from terms, never parsed: what a user types cannot become query syntax.
        query = tantivy.Query.boolean_query(
            [(should, tantivy.Query.term_query(self._schema, "terms", term, "freq")) for term in dict.fromkeys(terms)]
        )
        if among is not None:
            allowed = tantivy.Query.term_set_query(self._schema, "place", list(among))
            query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, query), (tantivy.Occur.Must, tantivy.Query.const_score_query(allowed, 0.0))]
            )
        found = self._searcher.search(query, limit)
        return {self._searcher.doc(address)["place"][0]: score for score, address in found.hits}
