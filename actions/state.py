"""The conversation as one turn finds it: slots, message and date, read once from Rasa's tracker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from actions.profile import Profile, Slot
from actions.room import Room
from eligibility.model import Programme
from knowledge.text import normalise

DEFAULT_PLACE = "本溪"
SELF = "self"
"""The subject “the user and their unit”; any other is a person of the lexicon."""
_TAKEN_FOR_A_QUESTION = ("ask", "check", "out_of_scope", "chitchat")


Topic = tuple[str, str]


@dataclass(frozen=True)
class Person:
    """Somebody the user speaks of: how they are called, pointed at, and called by the user."""

    id: str
    name: str
    pronoun: str
    sex: str | None
    i_say: str


@dataclass(frozen=True)
class State:
    """Slots of the conversation, typed.

    Attributes:
        subject: whom ``profile`` is about. profiles: the profile slots of the others, last spoken of last.
        pending: id of the question that was asked last and is still open.
        told: signature of the decision that was told last.
        topics: what was put aside, oldest first: (subject, programme).
        undo: what the last message that told something replaced: {subject, entries: {key: entry before, or None}}.
        heard: what this turn's message changed (see ``actions.understand``).
        asked: what the last answer was about: {programme, aspects, cited, offered: the programmes to choose from}.
    """

    room: Room
    text: str
    intent: str
    entities: tuple[Mapping[str, Any], ...]
    metadata: Mapping[str, Any]
    subject: str
    profile: Profile
    profiles: Mapping[str, Slot]
    programme: str | None
    pending: str | None
    as_of: date
    place: str
    told: str | None
    topics: tuple[Topic, ...]
    undo: Mapping[str, Any] | None
    heard: Mapping[str, Any]
    interviewing: bool
    answered: bool
    asked_for_date: str | None
    asked: Mapping[str, Any]

    @classmethod
    def of(cls, room: Room, tracker: Any) -> State:
        """Read a rasa_sdk Tracker."""
        slots, message = tracker.slots, tracker.latest_message or {}
        programme, subject, profiles = slots.get("programme"), slots.get("subject") or SELF, slots.get("profiles") or {}
        profile = slots.get("profile")
        if subject != SELF and subject not in _people(room):  # nobody the lexicon knows any more
            subject, profile = SELF, profiles.get(SELF)
        state = cls(
            room=room,
            text=message.get("text") or "",
            intent=(message.get("intent") or {}).get("name") or "",
            entities=tuple(message.get("entities") or ()),
            metadata=message.get("metadata") or {},
            subject=subject,
            profile=Profile(room.knowledge, profile),
            profiles=profiles,
            programme=programme if programme in room.rules.benefits else None,
            pending=slots.get("pending"),
            as_of=_day(slots.get("as_of")) or date.today(),
            place=slots.get("place") or DEFAULT_PLACE,
            told=slots.get("told"),
            topics=tuple(map(_topic, slots.get("topics") or ())),
            undo=slots.get("undo"),
            heard=slots.get("heard") or {},
            answered=bool(slots.get("answer")),
            interviewing=bool((tracker.active_loop or {}).get("name")),
            asked_for_date=slots.get("door_date"),
            asked=slots.get("asked") or {},
        )
        return replace(state, intent="inform") if state.only_states else state

    @property
    def only_states(self) -> bool:
        """“国家级的，奖给地区” in an interview: they state something and ask nothing, whatever they were taken for."""
        if not self.interviewing or self.intent not in _TAKEN_FOR_A_QUESTION or self.asks:
            return False
        return any(found.get("entity") == "fact" or self._counts(found) for found in self.entities)

    def _counts(self, found: Mapping[str, Any]) -> bool:
        """Whether a quantity is one of its own, and no part of a name."""
        names = [one for one in self.entities if one.get("entity") in ("programme", "document")]
        inside = any(one["start"] <= found["start"] and found["end"] <= one["end"] for one in names)
        return found.get("entity") == "quantity" and not inside

    @property
    def asks(self) -> bool:
        """Whether an aspect is named, or the words are those of a question."""
        return bool(self.named("aspect")) or self.in_question_words

    @property
    def in_question_words(self) -> bool:
        """Whether the words are those of a question (``question_words`` in the lexicon)."""
        return self.asks_in_words(normalise(self.text))

    def asks_in_words(self, text: str) -> bool:
        """The same of any normalised text."""
        words = self.room.knowledge.lexicon["question_words"]
        ends = len(text) > 1 and text.endswith(tuple(words["ends"]))
        return ends or any(word in text for word in words["within"])

    @property
    def whom(self) -> Person | None:
        """The person talked about; None: the user themselves."""
        return self.person(self.subject)

    def person(self, name: str) -> Person | None:
        """One of the people that are spoken of; None: the user themselves."""
        one = _people(self.room).get(name)
        return Person(name, one["name"], one["pronoun"], one.get("sex"), one["i_say"]) if one else None

    def programme_in_force(self, name: str | None, as_of: date | None = None) -> Programme | None:
        """A programme as the notices in force on the day of the conversation (or ``as_of``) have it, if it is one."""
        rules = self.room.rules
        return rules.programme_at(name, as_of or self.as_of, self.place) if name and name in rules.benefits else None

    def named(self, entity: str) -> list[str]:
        """Values of one kind of entity in the message, in the order of the text."""
        return [str(found["value"]) for found in self.entities if found.get("entity") == entity]


def topic_slot(topics: Iterable[Topic]) -> list[str]:
    """Topics as they are stored: the programme alone when it is the user's own."""
    return [programme if subject == SELF else f"{subject}/{programme}" for subject, programme in topics]


def _topic(stored: str) -> Topic:
    subject, _, programme = stored.rpartition("/")
    return subject or SELF, programme


def _people(room: Room) -> Mapping[str, Any]:
    people: Mapping[str, Any] = room.knowledge.lexicon["subjects"]["people"]
    return people


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except (TypeError, ValueError):
        return None
