"""The programmes in speech: how each is called, and which are offered when nobody has said which one."""

from __future__ import annotations

from actions.speak import say
from actions.state import State


def programme_name(state: State, programme: str) -> str:
    """How the programme is called in speech."""
    words = state.room.knowledge.lexicon.get("programmes", {}).get(programme) or {}
    return str(words.get("name") or state.room.rules.benefits[programme].title)


def offered(state: State) -> list[str]:
    """The most asked for, from which to choose."""
    return [name for name in state.room.knowledge.lexicon["offered"] if name in state.room.rules.benefits]


def can_get(state: State, name: str) -> str:
    """The words that ask whether whom the talk is about meets the conditions of a programme."""
    return say("can_i_get", who=state.whom.i_say if state.whom else say("i"), name=name)
