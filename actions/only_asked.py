"""Words that name a fact without stating it: “算参照人员吗” asks for it, “不知道是不是重点帮扶县” cannot tell it.

The words are data (``only_asked`` in the lexicon).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from actions.room import Room
from actions.state import State
from actions.subjects import any_of
from knowledge.text import normalise

_PART = re.compile(r"[^,，。;；!！?？\s]+[?？]?")
_NO_AND_NOT = "不没"


def only_asked(state: State, found: Mapping[str, Any]) -> bool:
    """Whether a fact is only asked about: “是不是重点帮扶县”, “我这样算烈属吗”."""
    text, start, end = state.text, found["start"], found["end"]
    words = text[start:end]
    if words[0] in _NO_AND_NOT and text[:start].endswith(words[1:2]):  # 是|不是重点帮扶县
        return True
    before, behind = _around(text, start, end)
    shapes, begins = _shapes(state.room), tuple(state.room.knowledge.lexicon["only_asked"]["begins"])
    if not words.startswith(begins) and not shapes["counts_as"].search(before):
        return False
    return bool(behind) and bool(shapes["asks_behind"].fullmatch(behind))


def cannot_be_told(state: State, found: Mapping[str, Any]) -> bool:
    """Whether the same part of the message says before it that nobody knows: “不知道是不是…”."""
    before, _ = _around(state.text, found["start"], found["end"])
    return any(word in normalise(before) for word in state.room.knowledge.lexicon["cannot_tell"])


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before and behind the words in their part of the message, the mark at its end included."""
    part = next((one for one in _PART.finditer(text) if one.start() <= start < one.end()), None)
    return (text[part.start() : start], text[end : part.end()]) if part else ("", "")


@lru_cache(maxsize=4)
def _shapes(room: Room) -> dict[str, re.Pattern[str]]:
    words = room.knowledge.lexicon["only_asked"]
    asks = f"的?(?:{any_of(words['nouns'])})?(?:{any_of(words['asks'])})?[?？]?"
    return {"counts_as": re.compile(f"(?:{any_of(words['counts_as'])})$"), "asks_behind": re.compile(asks)}
