"""What of a conversation the next turn needs: its slots, the running form, and its last turn.

Rasa rebuilds a conversation from its events and looks at every state it ever was in, so that a turn costs more the
longer the conversation is. Our policies are rules over the last few steps (``data/rules``), and slots do not influence
them; so the events of the last turn, behind the slots as they were before it, rebuild a tracker in which Rasa decides
the same (``tests/conversations/test_remembered.py`` holds whole conversations both ways). What the bot answered is no
part of it: no policy reads it, and the log of turns has it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

Event = Mapping[str, Any]
"""A Rasa event as its ``as_dict`` gives it."""

_ANSWERED = "bot"
_OF_THE_MODEL = ("model_id", "assistant_id")  # in the metadata of every event
_GUESSED = ("intent_ranking", "text_tokens")  # in what was understood of a message: read in its own turn only
_FORGETS = ("restart", "session_started")
_LISTEN = "action_listen"


def remembered(events: Sequence[Event]) -> list[Event]:
    """The events, oldest first, from which the conversation goes on as from all of `events`.

    Each slot's value and the running form come first, then everything from the action that ended the turn before the
    last one. What is remembered of what was remembered is the same again; it does not grow with the conversation.
    """
    cut = _beginning_of_last_turn(events)
    slots: dict[str, Event] = {}
    form: Event | None = None
    for event in events[:cut]:
        if event["event"] in _FORGETS:
            slots, form = {}, None
        elif event["event"] == "slot":
            slots.pop(event["name"], None)
            if event.get("value") is not None:
                slots[event["name"]] = event
        elif event["event"] == "active_loop":
            form = event if event.get("name") else None
    kept = [*slots.values(), *([form] if form else []), *events[cut:]]
    return [_needed(event) for event in kept if event["event"] != _ANSWERED]


def _needed(event: Event) -> Event:
    """The event without what was of use to its own turn only."""
    needed = dict(event)
    if metadata := _without(_OF_THE_MODEL, needed.pop("metadata", None)):
        needed["metadata"] = metadata
    if understood := needed.get("parse_data"):
        needed["parse_data"] = _without(_GUESSED, understood)
    return needed


def _without(keys: Collection[str], of: Event | None) -> Event:
    return {key: value for key, value in (of or {}).items() if key not in keys}


def _beginning_of_last_turn(events: Sequence[Event]) -> int:
    """Where the action stands that was the last before the bot listened for the latest message.

    Rasa tells by it whether a form goes on or was interrupted.
    """
    said = _last(events, len(events), "user")
    before = _last(events, said, "action")
    while before > 0 and events[before].get("name") == _LISTEN:
        before = _last(events, before, "action")
    return max(before, 0)


def _last(events: Sequence[Event], end: int, kind: str) -> int:
    """The place of the last event of a kind before `end`; -1: there is none."""
    return next((i for i in range(end - 1, -1, -1) if events[i]["event"] == kind), -1)
