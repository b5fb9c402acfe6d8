"""The knowledge, rules and index the actions work with: loaded once per process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from eligibility import Rulebook
from knowledge import Knowledge, load
from knowledge.pinyin import PinyinReader
from knowledge.search import Searcher


@dataclass(frozen=True, eq=False)
class Room:
    """What every action needs. Immutable; shared by all turns."""

    knowledge: Knowledge
    rules: Rulebook
    searcher: Searcher


@lru_cache(maxsize=1)
def room() -> Room:
    """The one room of this process. Raises PackError when a pack is broken."""
    knowledge = load()
    return Room(knowledge, Rulebook(knowledge), Searcher(knowledge))


@lru_cache(maxsize=1)
def pinyin_reader() -> PinyinReader:
    """The reader of messages in pinyin; made when the first one comes."""
    return PinyinReader(room().knowledge)


def words_for(room: Room, fact: str) -> Mapping[str, Any]:
    """What the lexicon says of a fact: how it is called, what stands beside its values."""
    words: Mapping[str, Any] = (room.knowledge.lexicon.get("facts") or {}).get(fact) or {}
    return words
