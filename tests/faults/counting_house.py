"""`wengang serve` with an assistant that counts: its reply is the how-manieth message of the conversation this was.

It reads the conversation and notes it in the held turn as the real one does (bot/store/trackers.py), so a turn that is
lost, doubled or run beside another of the same conversation shows as a number that is missing or there twice. “慢”
takes half a second, “很慢” two; “转人工” asks for a human. Without Rasa it starts in a fraction of the time.
"""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import actions.room
from bot import cli
from bot.store.conversations import turn_being_held
from eligibility import Rulebook
from knowledge import load


class CountingAssistant:
    """Answers with the number of messages so far."""

    def keep_in(self, conversations, event_broker=None):
        """Count there."""
        self.conversations = conversations

    async def reply(self, sender, text, as_of=None, place=None, client_message_id=None):
        """Read, wait, write."""
        turn = turn_being_held()
        events, turn.version = await asyncio.to_thread(self.conversations.recall, sender)
        await asyncio.sleep({"慢": 0.5, "很慢": 2.0}.get(text, 0.001))
        count = (events[0]["value"] if events else 0) + 1
        turn.events = [{"event": "slot", "name": "count", "value": count, "said": text}]
        return [{"kind": "handoff" if text == "转人工" else "text", "text": str(count), "outcome": "smalltalk"}]


async def _assistant(conversations=None):
    return CountingAssistant()


def _room():
    knowledge = load()
    return SimpleNamespace(knowledge=knowledge, rules=Rulebook(knowledge), searcher=None)  # the index takes seconds


if __name__ == "__main__":
    cli._assistant, cli._model = _assistant, lambda force=False: Path("m")
    actions.room.room = _room
    cli.main()
