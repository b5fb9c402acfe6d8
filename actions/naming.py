"""Which believed facts words name: “低保” is 家里有低保, “人数” is 参保职工人数."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actions.profile import Entry
from actions.room import Room, words_for
from knowledge.text import normalise

_SHORTEST = 2  # characters that must be the same


def named(room: Room, text: str, believed: Iterable[Entry]) -> list[Entry]:
    """The entries whose name has the most in common with the text; several if they are told apart by nothing."""
    found = [(closeness(room, text, entry), entry) for entry in believed]
    best = max((close for close, _ in found), default=0)
    return [entry for close, entry in found if close == best] if best >= _SHORTEST else []


def closeness(room: Room, text: str, entry: Entry) -> float:
    """How many characters in a row the text shares with a name of the fact; a name it says whole counts for more."""
    whole = max((len(name) for name in words_for(room, entry.fact).get("names", ()) if name in text), default=0)
    return max(whole + 0.5 if whole else 0, *(_common(text, name) for name in _names(room, entry)))


def _names(room: Room, entry: Entry) -> Iterator[str]:
    fact, words = room.knowledge.facts[entry.fact], words_for(room, entry.fact)
    yield normalise(fact.zh)
    yield normalise(entry.said)
    yield from (normalise(says) for says in fact.says.values())
    yield from words.get("true", ())
    yield from words.get("cues", ())
    if fact.type == "choice":
        yield normalise(fact.values.get(entry.value, ""))


def _common(one: str, other: str) -> int:
    """The length of the longest run of characters that both have."""
    longest = 0
    for start in range(len(one)):
        while one[start : start + longest + 1] in other and start + longest < len(one):
            longest += 1
    return longest
