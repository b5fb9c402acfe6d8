"""Words that name a fact without stating it: “算参照人员吗” asks for it, “不知道是不是重点帮扶县” cannot tell it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from actions.state import State
from knowledge.text import normalise

_PART = re.compile(r"[^,，。;；!！?？\s]+[?？]?")
_COUNTS_AS = re.compile("(?:算|算是|算个|算得上|属于)$")
_ASKS_BEHIND = re.compile("^的?(?:人员|家庭)?(?:吗|么|嘛|不|没)?[?？]?$")
_NO_AND_NOT = "不没"


def only_asked(state: State, found: Mapping[str, Any]) -> bool:
    """Whether a fact is only asked about: “是不是重点帮扶县”, “我这样算烈属吗”."""
    text, start, end = state.text, found["start"], found["end"]
    words = text[start:end]
    if words[0] in _NO_AND_NOT and text[:start].endswith(words[1:2]):  # 是|不是重点帮扶县
        return True
    part = next((one for one in _PART.finditer(text) if one.start() <= start < one.end()), None)
    if part is None or not (words.startswith("属于") or _COUNTS_AS.search(text[part.start() : start])):
        return False
    behind = text[end : part.end()]
    return bool(behind) and bool(_ASKS_BEHIND.match(behind))


def cannot_be_told(state: State, found: Mapping[str, Any]) -> bool:
    """Whether the same part of the message says before it that nobody knows: “不知道是不是…”."""
    part = next((one for one in _PART.finditer(state.text) if one.start() <= found["start"] < one.end()), None)
    before = normalise(state.text[part.start() : found["start"]]) if part else ""
    return any(word in before for word in state.room.knowledge.lexicon["cannot_tell"])
