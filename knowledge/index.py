"""A search index over any documents: BM25 over characters and over words, computed by tantivy in memory, and mixed.

The character index holds single characters and pairs, the word index jieba's words. A document's score is the sum of
its two BM25 scores, each divided by the best of its index, weighted .7 and .3.
"""

import re
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import jieba
import tantivy

from knowledge.text import normalise

LONGEST_QUERY = 300  # characters; what follows in a longer text does not sharpen the search, it only costs time
_CHARACTERS, _WORDS = 0.7, 0.3
_CANDIDATES = 100  # documents taken from each index before mixing
_CHUNK = 500  # documents handed to a worker at a time
_UNIT = re.compile(r"\d+(?:\.\d+)?%?|[a-z]+|[^\W\d_]")  # a number, a Latin word or one character


@dataclass(frozen=True)
class Document:
    """What is indexed of one text: what it stands under, its own words, the lay questions it answers.

    Appended questions raise recall@10 from .45 to .62 on an outside set of legal questions; kept apart they lower it.
    """

    headings: str
    own: str
    questions: str = ""


class TextIndex:
    """Scores documents by their nearness to a query; a document is known by its place in `documents`.

    `workers`: processes that cut the documents into terms; worth it from some thousands of documents.
    """

    def __init__(self, documents: Iterable[Document], workers: int = 1) -> None:
        with ExitStack() as stack:
            cut: Iterable[tuple[str, str]] = map(_terms_of, documents)
            if workers > 1:  # forked before tantivy has threads
                pool = stack.enter_context(ProcessPoolExecutor(workers))
                cut = pool.map(_terms_of, documents, chunksize=_CHUNK)
            self._characters, self._words = Bm25(), Bm25()
            for characters, words in cut:
                self._characters.add(characters)
                self._words.add(words)
        self._characters.finish()
        self._words.finish()

    def scores(self, query: str) -> dict[int, float]:
        """Return place → score in (0, 1] of the documents with a term of the query's first LONGEST_QUERY characters.

        At most _CANDIDATES of each index. A score orders the documents for one query and means nothing across queries.
        """
        mixed: dict[int, float] = {}
        query = query[:LONGEST_QUERY]
        for index, terms, share in (
            (self._characters, character_terms(query), _CHARACTERS),
            (self._words, word_terms(query), _WORDS),
        ):
            scores = index.scores(terms, _CANDIDATES)
            for at, score in scores.items():
                mixed[at] = mixed.get(at, 0.0) + share * score / max(scores.values())
        return mixed

    def search(self, query: str, limit: int) -> list[int]:
        """Return the places of the best `limit` documents, best first, ties in the order of adding."""
        return best_first(self.scores(query))[:limit]


def best_first(scores: dict[int, float]) -> list[int]:
    """Return the places by falling score, ties by place."""
    return sorted(scores, key=lambda at: (-scores[at], at))


# ── terms ──


def character_terms(text: str) -> list[str]:
    """Return single characters (numbers and Latin words whole), then the pairs of neighbours."""
    units = _UNIT.findall(normalise(text))
    return units + [one + two for one, two in zip(units, units[1:], strict=False)]


def pairs(terms: list[str]) -> list[str]:
    """Return the pairs among character terms (their second half)."""
    return terms[(len(terms) + 1) // 2 :]


def word_terms(text: str) -> list[str]:
    """Return jieba's words, longer ones also in their parts."""
    return [word for word in _cut_words(normalise(text)) if _UNIT.match(word)]


def _terms_of(document: Document) -> tuple[str, str]:
    """Return the terms for each index. Own words count twice: lay questions must not drown them.

    Of once to eight times, twice found most clauses first by a lay question left out, with a dozen questions a clause.
    """

    def of(cut: Callable[[str], list[str]]) -> str:
        return " ".join(cut(document.headings) + 2 * cut(document.own) + cut(document.questions))

    return of(character_terms), of(word_terms)


jieba.setLogLevel("WARNING")  # it reports the loading of its dictionary on every start
# A tokenizer of our own: the dialogue adds words to jieba's shared one, and the index must not depend on when.
_cut_words: Callable[[str], list[str]] = jieba.Tokenizer().lcut_for_search


# ── BM25 ──


class Bm25:
    """A BM25 index over ready-made terms: add documents, finish, ask. A document is known by the order of adding."""

    def __init__(self) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
        schema.add_unsigned_field("place", stored=True, indexed=True)
        self._schema = schema.build()
        self._index = tantivy.Index(self._schema)
        whitespace = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        self._index.register_tokenizer("whitespace", whitespace)
        self._writer = self._index.writer(heap_size=15_000_000, num_threads=1)  # one thread: the same index every time
        self._added = 0

    def add(self, terms: str) -> None:
        """Add the next document: its terms with spaces between them."""
        document = tantivy.Document()
        document.add_text("terms", terms)
        document.add_unsigned("place", self._added)
        self._writer.add_document(document)
        self._added += 1

    def finish(self) -> None:
        """Make what was added searchable; nothing can be added afterwards."""
        self._writer.commit()
        self._writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

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
