"""From the words of the packs to what the pipeline needs: dictionary words for jieba, patterns for spaCy.

The words are data (`knowledge/packs/common/lexicon.yml`, written by policy officers); only the shape of a document
number is written here.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.nlu.spans import Pattern
from bot.nlu.text import Squeezed, is_han, normalise_message
from knowledge.errors import PackError
from knowledge.pack import PACKS
from knowledge.shapes import HOW_TO_WRITE, is_shape, pattern
from knowledge.yaml_source import load_yaml

Lexicon = Mapping[str, Any]
_PROVINCE = "辽宁"
_LONGEST_WORD = 8  # longer entries are phrases; as one word they would hide from the classifier what they consist of


def read_lexicon(packs: Path = PACKS) -> Lexicon:
    """Read common/lexicon.yml. Raises PackError."""
    return load_yaml(_path(packs)).data


def _path(packs: Path) -> Path:
    return packs / "common" / "lexicon.yml"


def dictionary_words(lexicon: Lexicon | None = None) -> list[str]:
    """Return the names of programmes that jieba is to keep in one piece, sorted. Raises PackError."""
    entries = (read_lexicon() if lexicon is None else lexicon).get("programmes", {})
    words = {_squeeze(word) for entry in entries.values() for word in _names(entry)}
    return sorted(word for word in words if 2 <= len(word) <= _LONGEST_WORD and all(map(is_han, word)))


def span_patterns(lexicon: Lexicon | None = None) -> dict[str, list[Pattern]]:
    """Return kind → patterns (bot.nlu.spans); a pattern's label is the entity's value. Raises PackError."""
    lexicon = read_lexicon() if lexicon is None else lexicon
    words = {
        "programme": ((id, word) for id, entry in lexicon.get("programmes", {}).items() for word in _names(entry)),
        "aspect": ((id, word) for id, words in lexicon.get("aspects", {}).items() for word in words),
        "fact": _fact_words(lexicon.get("facts", {})),
        "place": _place_words(lexicon.get("places", {})),
    }
    unique = {kind: dict.fromkeys((label, _squeeze(word)) for label, word in found) for kind, found in words.items()}
    patterns: dict[str, list[Pattern]] = {
        kind: [{"label": label, **_pattern(word)} for label, word in found] for kind, found in unique.items()
    }
    numbers: list[Pattern] = [
        *({"pattern": one} for one in _DOCUMENT_NUMBERS),
        *({"shape": one} for one in _DOCUMENT_SHAPES),
    ]
    return patterns | {"document": [{"label": "document", **one} for one in numbers]}


def _pattern(word: str) -> Pattern:
    try:
        return {"shape": pattern(word)} if is_shape(word) else {"pattern": word}
    except ValueError as error:
        raise PackError(_path(PACKS), None, f"“{word}”的括号读不懂", HOW_TO_WRITE) from error


def _names(programme: Mapping[str, Any]) -> list[str]:
    return [programme["name"], *programme.get("aliases", ())]


def _fact_words(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield ("disabled=true", "残疾人") and so on. `cues` only help to read a number; they state nothing."""
    for fact, entry in facts.items():
        stated = {"true": entry.get("true", ()), "false": entry.get("false", ()), "0": entry.get("zero", ())}
        for value, words in {**stated, **entry.get("values", {})}.items():
            yield from ((f"{fact}={value}", word) for word in words)


def _place_words(places: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (name of the place, a word for it): every word of a Liaoning city stands for the city."""
    yield from ((_PROVINCE, word) for word in places.get("province", ()))
    for city, words in places.get("liaoning", {}).items():
        yield from ((city, word) for word in (city, *words))
    yield from ((word, word) for word in places.get("elsewhere", ()))


def _squeeze(word: str) -> str:
    """Return the word as it stands in a message the pipeline reads: normalised, without spaces inside Chinese.

    A shape is written so by the officer: NFKC would turn its “…” into three stops.
    """
    return str(word) if is_shape(str(word)) else Squeezed(normalise_message(str(word))).text


# ── document numbers, one token a character: 本人社〔2021〕43号, 〔2021〕7号文件, 2021年7号文, 43号文, 辽人社发7号,
# 本人社2021年43号, 辽政发〔2020〕9 ──


def _any_of(characters: str, times: str) -> dict[str, Any]:
    return {"TEXT": {"IN": list(characters)}, "OP": times}


_DIGIT = "0123456789〇零一二三四五六七八九十百"
_ISSUER = _any_of("本辽沈国人社部发政办财税函厅字规农教民", "{0,8}")
_ISSUER_NAMED = {**_ISSUER, "OP": "{2,8}"}
_OPEN, _CLOSE = _any_of("〔[(【", "{1}"), _any_of("〕])】", "{1}")
_YEAR, _NUMBER = _any_of(_DIGIT, "{4}"), _any_of(_DIGIT, "{1,4}")
_THE, _NIAN, _HAO, _WEN = _any_of("第", "?"), _any_of("年", "{1}"), _any_of("号", "{1}"), _any_of("文", "{1}")
_MAYBE_NIAN, _MAYBE_WEN, _MAYBE_JIAN = (_any_of(one, "?") for one in "年文件")
_DOCUMENT_NUMBERS = [
    [_ISSUER, _OPEN, _YEAR, _CLOSE, _NUMBER, _HAO, _MAYBE_WEN, _MAYBE_JIAN],
    [_ISSUER, _YEAR, _NIAN, _THE, _NUMBER, _HAO, _WEN, _MAYBE_JIAN],
    [_ISSUER, _THE, _NUMBER, _HAO, _WEN, _MAYBE_JIAN],
    [_ISSUER_NAMED, _NUMBER, _HAO, _MAYBE_WEN, _MAYBE_JIAN],
    [_ISSUER_NAMED, _YEAR, _MAYBE_NIAN, _THE, _NUMBER, _HAO, _MAYBE_WEN, _MAYBE_JIAN],
    [_ISSUER_NAMED, _OPEN, _YEAR, _CLOSE, _NUMBER],
]
# What follows is no part of the number: 7号通知; and no day of a month is the 43rd: 43号里怎么写的.
_DOCUMENT_SHAPES = [
    rf"第?[{_DIGIT}]{{1,4}}号(?=通知|公告)",
    r"(?<![\d月])(?:3[2-9]|[4-9]\d)号(?![楼院门线车桌窗床]|公馆)",
]
