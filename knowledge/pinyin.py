"""Messages typed in pinyin, without a Chinese character: read as the likeliest words of the packs.

“shi ye bu zhu jin neng ling ji ci” is cut into words (Viterbi over their frequencies in clauses, lay questions, names);
of words that sound alike the more frequent one is meant. What is no pinyin throughout stays as it is.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from pypinyin import lazy_pinyin
from pypinyin.pinyin_dict import pinyin_dict

from knowledge.index import word_terms
from knowledge.pack import Knowledge
from knowledge.shapes import is_shape

_HAN = re.compile("[\u4e00-\u9fff]+")
_LETTERS = re.compile(r"[a-z]+(?:[ ']+[a-z]+)*")
_IDLE_SPACE = re.compile(r"(?<=[\u4e00-\u9fff]) +| +(?=[\u4e00-\u9fff])")
_FEWEST = 3  # syllables; less may be an English word
_LONGEST = 6  # letters of a syllable
_SPOKEN = 3
_EVERY_WORD = 1.0  # cost of a word beside its rarity: longer words are likelier than many short ones


class PinyinReader:
    """Reads pinyin by the words of the packs; made in about a second."""

    def __init__(self, knowledge: Knowledge) -> None:
        counts: Counter[str] = Counter()
        for text, weight in _texts(knowledge):
            for word in word_terms(text):
                if _HAN.fullmatch(word):
                    counts[word] += weight
        total = sum(counts.values())
        self._words: dict[str, tuple[float, str, frozenset[int]]] = {}
        for word, count in sorted(counts.items(), key=lambda one: (one[1], one[0])):  # of homophones the last stays
            syllables = lazy_pinyin(word)
            ends = [sum(map(len, syllables[:n])) for n in range(1, len(syllables))]
            cost = _EVERY_WORD - math.log(count / total)
            self._words["".join(syllables)] = cost, word, frozenset(ends)
        self._longest = max(map(len, self._words))

    def read(self, text: str) -> str:
        """Return the text in characters; as it was where it has some already or is no pinyin that the packs know."""
        if not looks_like_pinyin(text):
            return text
        folded = _folded(text)
        runs = [(run, self._cut(run.group())) for run in _LETTERS.finditer(folded)]
        if None in (words for _, words in runs):
            return text
        for run, words in reversed(runs):
            folded = folded[: run.start()] + "".join(words or ()) + folded[run.end() :]
        return _IDLE_SPACE.sub("", folded)

    def _cut(self, run: str) -> list[str] | None:
        """The likeliest words of one run of letters; None when it cannot be cut into words."""
        letters = re.sub(r"[ ']+", "", run)
        borders, at = set(), 0
        for part in re.split(r"[ ']+", run):
            at += len(part)
            borders.add(at)
        best: list[tuple[float, int, str] | None] = [(0.0, 0, "")] + [None] * len(letters)  # cost, start, word
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - self._longest), end):
                before, known = best[start], self._words.get(letters[start:end])
                if before is None or known is None:
                    continue
                cost, word, inner = known
                if any(at in borders and at - start not in inner for at in range(start + 1, end)):
                    continue  # a space inside a syllable
                found, so_far = before[0] + cost, best[end]
                if so_far is None or found < so_far[0]:
                    best[end] = found, start, word
        words, step = [], best[-1]
        while step is not None and step[2]:
            words.append(step[2])
            step = best[step[1]]
        return None if step is None else words[::-1]


def looks_like_pinyin(text: str) -> bool:
    """Whether a text has no Chinese character, and letters that are pinyin throughout, of three syllables or more."""
    if _HAN.search(text):
        return False
    found = [_syllables(run) for run in re.findall("[a-z]+", _folded(text))]
    return None not in found and sum(number or 0 for number in found) >= _FEWEST


def _folded(text: str) -> str:
    return text.lower().replace("ü", "v").replace("shei", "shui")  # 谁 is said in both ways


def _texts(knowledge: Knowledge) -> Iterator[tuple[str, int]]:
    """What the packs say, and how much it counts: what people say in them thrice, for it is people who type.

    Shapes are left out: the words that are optional in them (才, 能) would count as the commonest.
    """
    for clause in knowledge.clauses.values():
        yield clause.title, 1
        yield clause.quote, 1
        for question in clause.questions:
            yield question, _SPOKEN
    for asked in knowledge.questions.values():
        yield asked.ask, 1
    for words in _strings(knowledge.lexicon):
        if not is_shape(words):
            yield words, _SPOKEN


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _strings(value)
    elif isinstance(data, Iterable):
        for value in data:
            yield from _strings(value)


@lru_cache
def _known_syllables() -> frozenset[str]:
    return frozenset(lazy_pinyin(chr(code))[0] for code in pinyin_dict if 0x4E00 <= code <= 0x9FFF)


def _syllables(run: str) -> int | None:
    """How many syllables a run of letters has at least; None when it is no pinyin."""
    fewest: list[int | None] = [0] + [None] * len(run)
    for end in range(1, len(run) + 1):
        for start in range(max(0, end - _LONGEST), end):
            before = fewest[start]
            if before is not None and run[start:end] in _known_syllables():
                fewest[end] = min(before + 1, fewest[end] or before + 1)
    return fewest[-1]
