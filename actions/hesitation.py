"""What one says while thinking: “那个，2人” says “2人”. The words are data (``hesitation`` in the lexicon)."""

from __future__ import annotations

import re

from actions.room import Room

_BORDER = re.compile(r"[,，、…。]+\s*")


def without_hesitation(room: Room, text: str) -> str:
    """A message without the empty words it begins with; one of nothing else is left as it is."""
    words = room.knowledge.lexicon["hesitation"]["empty"]
    first, *rest = _BORDER.split(text.strip(), maxsplit=1)
    if not rest or not rest[0].strip() or first.strip() not in words:
        return text
    return without_hesitation(room, rest[0])
