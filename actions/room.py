"""The knowledge, rules and index the actions work with: loaded once per process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from eligibility import Rulebook
from knowledge import Knowledge, load
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
