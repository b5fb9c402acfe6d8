"""Figures that the user has from elsewhere and wants confirmed: “是不是1500”, “人家说给800对吗”.

Nothing of the applicant is stated by them, and nobody is to take the answer for a yes.
"""

from __future__ import annotations

import re

from actions.state import State
from actions.values import Value, find_values

_PART = re.compile(r"[^,，。;；!！?？、\s]+[?？]?")
_SHORT = 6  # characters of a part that only says whose word the figure beside it is


def figures_put_forward(state: State) -> list[Value]:
    """The sums, rates and bare numbers of the message that are hearsay."""
    lexicon = state.room.knowledge.lexicon
    if not any(word in state.text for word in (*lexicon["hearsay"], *lexicon["presuming"])):
        return []
    values = [value for value in find_values(state.text, state.as_of) if _may_be_a_sum(state, value)]
    return [value for value in values if _said_by_others(state, value) or _presumed(state, value)]


def _may_be_a_sum(state: State, value: Value) -> bool:
    """A sum, a rate or a number without a unit; 4050 and 1+X are names."""
    if value.kind in ("money", "percent"):
        return True
    names = [one for one in state.entities if one.get("entity") in ("programme", "document")]
    named = any(one["start"] < value.end and value.start < one["end"] for one in names)
    return value.kind == "number" and not value.unit and not named


def _said_by_others(state: State, value: Value) -> bool:
    """“人家说”, “对吗”, “是不是” in the part of the sentence with the value, or in a short part beside it."""
    parts = list(_PART.finditer(state.text))
    at = next((i for i, part in enumerate(parts) if part.start() <= value.start < part.end()), 0)
    around = [part.group() for part in parts[max(at - 1, 0) : at + 2] if len(part.group()) <= _SHORT]
    words = state.room.knowledge.lexicon["hearsay"]
    return any(word in part for part in (parts[at].group(), *around) for word in words)


def _presumed(state: State, value: Value) -> bool:
    """“公益岗不是两千二吗”, “失业金1700吧”: of a named benefit; of one's own payments it would be a statement."""
    part = next((one for one in _PART.finditer(state.text) if one.start() <= value.start < one.end()), None)
    if part is None:
        return False
    lexicon, words = state.room.knowledge.lexicon, part.group()
    named = any(one["entity"] == "programme" and part.start() <= one["start"] < part.end() for one in state.entities)
    named = named or bool(state.room.knowledge.parameters.mentioned(words))
    own = any(word in words for word in lexicon["own_figures"])
    return named and not own and any(word in words for word in lexicon["presuming"])
