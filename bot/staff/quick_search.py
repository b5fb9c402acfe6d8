"""Search as somebody types, over titles and the words of the clauses: characters, initials of pinyin, numbers, slips.

First come the places where the very characters stand, or sound (by their initials: wgfh → 稳岗返还, also 稳刚返还):
found by looking through one long string. Then what BM25 finds near. How fast: tools/bench.py, staff-search.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from pypinyin import Style, lazy_pinyin

from eligibility import Rulebook
from knowledge.index import Bm25, character_terms, pairs
from knowledge.notice import Clause, Notice
from knowledge.pinyin import PinyinReader, looks_like_pinyin
from knowledge.search import sentences

LONGEST = 60  # characters; whoever pastes more has found it already
_END = "\n"  # between two texts of the long string; in none of them
_ENOUGH = 3  # characters from which a sound-alike is looked for


@dataclass(frozen=True)
class Found:
    """A clause with the sentence to be shown, `quote[start:end]`, and what to mark in it, `quote[mark[0]:mark[1]]`."""

    clause: Clause
    start: int
    end: int
    mark: tuple[int, int] | None


class QuickSearch:
    """Made once; about as long to make as the index of ``knowledge.search``."""

    def __init__(
        self,
        clauses: Iterable[Clause],
        titles: Mapping[str, str],
        notices: Mapping[str, Notice],
        reader: Callable[[], PinyinReader],
    ) -> None:
        self._clauses = [clause for clause in clauses if clause.kind != "heading"]
        self._notices, self._reader, self._titles = notices, reader, list(titles.items())
        self._programmes = _Texts([title for _, title in self._titles])
        self._heads = _Texts([clause.title for clause in self._clauses])
        self._quotes = _Texts([clause.quote for clause in self._clauses])
        self._near = Bm25()
        for clause in self._clauses:
            terms = 2 * character_terms(f"{clause.title} {clause.quote}")
            self._near.add(" ".join(terms + character_terms(" ".join((*clause.path, *clause.questions)))))
        self._near.finish()

    def clauses(self, typed: str, limit: int = 8) -> list[Found]:
        """Return at most `limit` clauses, the nearest first; [] of nothing."""
        needle = folded(typed[:LONGEST])
        if not needle:
            return []
        if looks_like_pinyin(typed) and (read := folded(self._reader().read(typed[:LONGEST]))) != needle:
            needle = read
        found: dict[int, tuple[int, int] | None] = {}
        for spans in self._exact(needle, limit):
            for at, span in spans:
                if len(found) < limit or found.get(at, 0) is None:
                    found[at] = found.get(at) or span
        if len(found) < limit and not needle.isascii():
            terms = character_terms(needle)  # a single character stands in half of all clauses
            for at in self._near.scores(pairs(terms) or terms, limit):
                if len(found) < limit:
                    found.setdefault(at, None)
        return [self._shown(at, span, needle) for at, span in found.items()]

    def programmes(self, typed: str, limit: int = 5) -> list[str]:
        """Return the ids of the programmes whose title has it, by characters or by initials."""
        needle = folded(typed[:LONGEST])
        places = [*self._programmes.where(needle, limit), *self._programmes.sounds(needle, limit)]
        return [self._titles[at][0] for at in dict.fromkeys(at for at, _ in places)][:limit]

    def documents(self, typed: str) -> list[str]:
        """Return the ids of the notices whose number has these characters in this order: 本人社43, 20217."""
        needle = folded(typed[:LONGEST])
        if not any(char.isdigit() for char in needle):
            return []
        return [name for name, notice in self._notices.items() if _in_order(needle, folded(notice.number))]

    def _exact(self, needle: str, limit: int) -> Iterator[Iterable[tuple[int, tuple[int, int] | None]]]:
        """Where it stands: in the titles, in the quotes; then where it sounds."""
        yield ((at, None) for at, _ in self._heads.where(needle, limit))
        yield self._quotes.where(needle, limit)
        letters = needle.isascii() and needle.isalpha() and len(needle) >= 2
        if letters or len(needle) >= _ENOUGH and not needle.isascii():
            yield ((at, None) for at, _ in self._heads.sounds(needle, limit))
            yield self._quotes.sounds(needle, limit)

    def _shown(self, at: int, span: tuple[int, int] | None, needle: str) -> Found:
        clause = self._clauses[at]
        spans = list(sentences(clause.quote)) or [(0, len(clause.quote))]
        if span is not None:
            inside = [one for one in spans if one[0] < span[1] and one[1] > span[0]]
            return Found(clause, *(inside[0] if inside else span), span)
        asked = set(pairs(character_terms(needle))) or set(needle)
        best = max(spans, key=lambda one: len(asked.intersection(character_terms(clause.quote[slice(*one)]))))
        return Found(clause, *best, None)


@lru_cache(maxsize=1)
def over(rules: Rulebook) -> QuickSearch:
    """The search over the packs; made when it is first asked for."""
    known = rules.knowledge
    titles = {name: one.title for name, one in rules.programmes.items()}
    reader = lru_cache(maxsize=1)(lambda: PinyinReader(known))  # a second of its own, when pinyin is typed
    return QuickSearch(known.clauses.values(), titles, known.notices, reader)


class _Texts:
    """Many texts as one long string, and the same as the initials of its pinyin, character for character."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        lines = [folded(text) for text in texts]
        self._starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        self._long = _END.join(lines)
        self._sounds = _END.join(map(_initials, lines))

    def where(self, needle: str, limit: int) -> Iterator[tuple[int, tuple[int, int]]]:
        """Yield place and span of up to `limit` texts with these characters, each once."""
        return self._find(self._long, needle, limit)

    def sounds(self, needle: str, limit: int) -> Iterator[tuple[int, tuple[int, int]]]:
        """The same by initials; of characters those that sound alike throughout (稳刚返还), not only begin alike."""
        return self._find(self._sounds, _initials(needle), limit, None if needle.isascii() else _reading(needle))

    def _find(
        self, long: str, needle: str, limit: int, reading: tuple[str, ...] | None = None
    ) -> Iterator[tuple[int, tuple[int, int]]]:
        at = long.find(needle) if needle else -1
        while at >= 0 and limit:
            text = bisect_right(self._starts, at) - 1
            if reading and _reading(self._long[at : at + len(needle)]) != reading:
                at = long.find(needle, at + 1)
                continue
            begun = at - self._starts[text]
            yield text, _unfolded(self._texts[text], begun, begun + len(needle))
            limit -= 1
            at = long.find(needle, self._starts[text + 1])


def folded(text: str) -> str:
    """Without white space and case, full-width as half-width: one character for each that is left."""
    return "".join(_fold(char) for char in text if not char.isspace())


@lru_cache(maxsize=20_000)
def _fold(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char).lower()
    return plain if len(plain) == 1 else char


def _unfolded(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of the text that is `start` to `end` of it folded."""
    places = [place for place, char in enumerate(text) if not char.isspace()]
    return places[start], places[end - 1] + 1


@lru_cache(maxsize=20_000)
def _initials(line: str) -> str:
    """The first letter of each character's reading; other characters as they are."""
    return "".join(letter[:1] or "?" for letter in lazy_pinyin(line, style=Style.FIRST_LETTER, errors=_apart))  # type: ignore[arg-type]  # a list is taken, too


@lru_cache(maxsize=20_000)
def _reading(text: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(text, errors=_apart))  # type: ignore[arg-type]  # a list is taken, too


def _apart(run: str) -> list[str]:
    """What has no reading, character by character."""
    return list(run)


def _in_order(needle: str, text: str) -> bool:
    rest = iter(text)
    return all(char in rest for char in needle)
