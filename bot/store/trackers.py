"""Rasa's tracker store over our conversations: a tracker is what is remembered, and saving waits for the turn's end."""

import bot.rasa_patches  # isort: skip  # noqa: F401  - first: it decides how Rasa is imported

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SlotSet, deserialise_events
from rasa.shared.core.trackers import DialogueStateTracker

from bot.store.conversations import Conversations, HeldTurn, InMemory, turn_being_held
from bot.store.remembered import remembered


class RememberingTrackerStore(TrackerStore):
    """Trackers as long as one turn, whatever the length of the conversation. It raises when it cannot store.

    Inside ``bot.store.conversations.held`` nothing is written: the door keeps the turn as a whole. Outside (terminal,
    Rasa's own commands) each save is a transaction of its own.
    """

    def __init__(
        self,
        domain: Domain | None = None,
        conversations: Conversations | None = None,
        event_broker: EventBroker | None = None,
        **_: Any,
    ) -> None:
        super().__init__(domain, event_broker)
        self.conversations: Conversations = conversations or InMemory()

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the tracker of a conversation, without slots that the domain does not know any more."""
        turn = turn_being_held()
        if turn is None:
            found, _ = await asyncio.to_thread(self.conversations.recall, sender_id)
        else:
            found = list(turn.before if turn.events is None else turn.events)
        if not found:
            return None
        known = {slot.name for slot in self.domain.slots}
        events = [e for e in deserialise_events(found) if not isinstance(e, SlotSet) or e.key in known]
        tracker = DialogueStateTracker.from_events(sender_id, events, self.domain.slots)
        tracker.streamed = len(tracker.events)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Note what is to be remembered and told to the broker then; outside of a held turn, keep it at once."""
        turn = turn_being_held()
        held = turn or HeldTurn(tracker.sender_id, "", None)
        held.events = remembered([event.as_dict() for event in tracker.events])
        if self.event_broker:
            held.then.append(partial(self._publish, tracker.sender_id, list(tracker.events)[_streamed(tracker) :]))
        tracker.streamed = len(tracker.events)
        if turn is None:
            _, held.version = await asyncio.to_thread(self.conversations.recall, tracker.sender_id)
            await asyncio.to_thread(self.conversations.keep, held)
            for do in held.then:
                do()

    def _publish(self, sender: str, events: Sequence[Event]) -> None:
        for event in events:
            self.event_broker.publish({"sender_id": sender, **event.as_dict()})

    async def keys(self) -> Iterable[str]:
        """Rasa lists conversations for its HTTP API, which we do not serve."""
        raise NotImplementedError


def _streamed(tracker: DialogueStateTracker) -> int:
    """How many of its events the broker has heard of, or will. What is retrieved is shorter than what was saved, so
    Rasa's own comparison of the two would not find the new ones."""
    return getattr(tracker, "streamed", 0)
