"""The conversation as one turn finds it: slots, message and date, read once from Rasa's tracker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from actions.profile import Profile
from actions.room import Room
from eligibility.model import Programme

DEFAULT_PLACE = "本溪"


@dataclass(frozen=True)
class State:
    """Slots of the conversation, typed.

    Attributes:
        pending: id of the question that was asked last and is still open.
        told: signature of the decision that was told last.
        topics: programmes put aside, oldest first.
        heard: what this turn's message changed (see ``actions.understand``).
    """

    room: Room
    text: str
    intent: str
    entities: tuple[Mapping[str, Any], ...]
    metadata: Mapping[str, Any]
    profile: Profile
    programme: str | None
    pending: str | None
    as_of: date
    place: str
    told: str | None
    topics: tuple[str, ...]
    heard: Mapping[str, Any]
    interviewing: bool
    answered: bool
    asked_for_date: str | None

    @classmethod
    def of(cls, room: Room, tracker: Any) -> State:
        """Read a rasa_sdk Tracker."""
        slots, message = tracker.slots, tracker.latest_message or {}
        programme = slots.get("programme")
        return cls(
            room=room,
            text=message.get("text") or "",
            intent=(message.get("intent") or {}).get("name") or "",
            entities=tuple(message.get("entities") or ()),
            metadata=message.get("metadata") or {},
            profile=Profile(room.knowledge, slots.get("profile")),
            programme=programme if programme in room.rules.benefits else None,
            pending=slots.get("pending"),
            as_of=_day(slots.get("as_of")) or date.today(),
            place=slots.get("place") or DEFAULT_PLACE,
            told=slots.get("told"),
            topics=tuple(slots.get("topics") or ()),
            heard=slots.get("heard") or {},
            answered=bool(slots.get("answer")),
            interviewing=bool((tracker.active_loop or {}).get("name")),
            asked_for_date=slots.get("door_date"),
        )

    def programme_in_force(self, name: str | None, as_of: date | None = None) -> Programme | None:
        """A programme as the notices in force on the day of the conversation (or ``as_of``) have it, if it is one."""
        rules = self.room.rules
        return rules.programme_at(name, as_of or self.as_of, self.place) if name and name in rules.benefits else None

    def named(self, entity: str) -> list[str]:
        """Values of one kind of entity in the message, in the order of the text."""
        return [str(found["value"]) for found in self.entities if found.get("entity") == entity]


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except (TypeError, ValueError):
        return None
