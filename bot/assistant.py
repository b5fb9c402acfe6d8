"""The assistant in this process: one message in, its replies out. Every door goes through `Assistant.reply`."""

import bot.rasa_patches  # isort: skip  - first: it decides how Rasa is imported

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from rasa.core.agent import Agent
from rasa.core.brokers.broker import EventBroker
from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.lock import TicketLock
from rasa.core.lock_store import LOCK_LIFETIME, InMemoryLockStore, LockStore
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.events import ActionExecuted

from actions.hesitation import without_hesitation
from actions.reply import Reply, text_reply
from actions.room import pinyin_reader, room
from actions.speak import say, wording
from bot import hearing
from bot.action_endpoint import ActionEndpoint, describe
from bot.inputs import LONGEST_MESSAGE
from bot.metrics import timed
from bot.nlu.text import escape_command, has_words, normalise_message
from bot.privacy import mask, masked_notice, named_in
from bot.store.conversations import Conversations
from bot.store.trackers import RememberingTrackerStore
from bot.train import ensure_model
from knowledge.pinyin import looks_like_pinyin

logger = logging.getLogger(__name__)

CHANNEL = "wengang"
_WARM_UP = 60.0  # seconds: the first turn reads the packs and compiles the rules, also on a machine that is busy
_COMMAND = re.compile(r"[/\u2215]\s*[A-Za-z_]")  # the second is what normalisation made of ／


@dataclass
class Turn:
    """One message on its way to its replies. A step that fills `replies` ends it; `notice` comes before them."""

    sender: str
    text: str
    metadata: dict[str, Any]
    message_id: str | None
    replies: list[Reply] = field(default_factory=list)
    notice: list[Reply] = field(default_factory=list)


class Assistant:
    """Rasa's agent with the actions in the same process. Make one with `await Assistant.load()`."""

    def __init__(self, agent: Agent, apology: Reply) -> None:
        self.agent = agent
        self._apology = apology

    @classmethod
    async def load(
        cls,
        model_path: Path | str | None = None,
        conversations: Conversations | None = None,
        lock_store: LockStore | None = None,
        *,
        actions: str = "actions",
        deadline: float = 2.0,
    ) -> "Assistant":
        """Return an assistant that has already answered once, so that the first user does not wait for it to warm up.

        It has no thread, connection or event loop yet: this process may be forked.
        `model_path`: a model archive; default: the model of the present data, trained now if there is none.
        `conversations`, `lock_store`: where conversations are kept and locked; default: in memory.
        `actions`: the package of custom actions; `deadline`: seconds one action may take.
        Raises rasa's ModelNotFound, bot.train.TrainingError, and what importing the actions raises (e.g. PackError).
        """
        bot.rasa_patches.apply()
        path = Path(model_path) if model_path else ensure_model()
        apology = {**text_reply(say("action_failed"), "clarify", [say("call_human")]), "failed": True}
        endpoint = ActionEndpoint(actions, apology, deadline=_WARM_UP)
        agent = Agent(action_endpoint=endpoint, lock_store=lock_store or QuickLockStore())
        agent.tracker_store = RememberingTrackerStore()  # not Rasa's fail-safe wrapper: it loses turns in silence
        agent.load_model(path)
        endpoint.domain = agent.domain.as_dict()
        agent.processor.parse_message = timed("nlu", agent.processor.parse_message)
        assistant = cls(agent, apology)
        await assistant.reply("warm-up", "你好")
        endpoint.deadline = deadline
        endpoint.rest()
        assistant.keep_in(conversations)
        return assistant

    def keep_in(self, conversations: Conversations | None, event_broker: EventBroker | None = None) -> None:
        """Keep conversations there from now on; None: in memory. What was kept elsewhere does not come along.

        `event_broker`: hears of each event of Rasa once it is kept.
        """
        self._keep_in(RememberingTrackerStore(self.agent.domain, conversations, event_broker))

    async def reply(
        self,
        sender: str,
        text: str,
        as_of: date | str | None = None,
        place: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        client_message_id: str | None = None,
    ) -> list[Reply]:
        """Answer one message; the list is never empty.

        `as_of` (a date or its ISO form) and `place` hold from this message on; actions find them, and `metadata`, in
        `tracker.latest_message["metadata"]`. `client_message_id` is stored with the message.
        Whatever goes wrong inside becomes an apology with the offer of a human, and an error in the log.
        """
        given = {"as_of": as_of.isoformat() if isinstance(as_of, date) else as_of, "place": place}
        known = {key: value for key, value in given.items() if value}
        turn = Turn(sender, text, {**(metadata or {}), **known}, client_message_id)
        steps: list[Callable[[Turn], Awaitable[None]]] = [
            self._normalise,
            self._refuse_nothing,
            self._refuse_too_much,
            self._read_pinyin,
            self._drop_hesitation,
            self._mask_personal_numbers,
            self._care_first,
            self._refuse_commands,
            self._escape_slash,
            self._converse,
            self._never_be_silent,
        ]
        for step in steps:
            await step(turn)
            if turn.replies:
                break
        return [*turn.notice, *turn.replies]

    # ── the steps of a turn, in their order ──

    async def _normalise(self, turn: Turn) -> None:
        """Full-width to half-width, no invisible characters, no broken ones."""
        turn.text = normalise_message(turn.text)

    async def _refuse_nothing(self, turn: Turn) -> None:
        """Only marks, emoji or nothing at all."""
        if not has_words(turn.text):
            turn.replies = [text_reply(say("empty_message"), "clarify")]

    async def _refuse_too_much(self, turn: Turn) -> None:
        """More than anybody types into a chat."""
        if len(turn.text) > LONGEST_MESSAGE:
            turn.replies = [text_reply(say("too_long", limit=LONGEST_MESSAGE), "clarify")]

    async def _read_pinyin(self, turn: Turn) -> None:
        """“shiye buzhujin neng ling ma”: from here on it stands in characters."""
        if looks_like_pinyin(turn.text):
            turn.text = (await asyncio.to_thread(pinyin_reader)).read(turn.text)

    async def _drop_hesitation(self, turn: Turn) -> None:
        """“那个，2人”: neither the classifier nor the actions are to make anything of 那个."""
        turn.text = without_hesitation(room(), turn.text)

    async def _mask_personal_numbers(self, turn: Turn) -> None:
        """Neither Rasa nor the store nor a log sees a personal number; the user is told so."""
        turn.text, _ = mask(turn.text)
        if masked := named_in(turn.text):  # here or at the door
            turn.notice = [masked_notice(masked)]
            hearing.tell(turn.notice[0])

    async def _care_first(self, turn: Turn) -> None:
        """Somebody who speaks of dying is not asked about subsidies."""
        if any(word in turn.text for word in wording("messages")["crisis_words"]):
            turn.replies = [text_reply(say("crisis"), "clarify")]

    async def _refuse_commands(self, turn: Turn) -> None:
        """`/restart`, `/inform{…}`: the shape in which Rasa takes orders from developers is nothing a user says."""
        if _COMMAND.match(turn.text):
            turn.replies = [text_reply(say("not_understood"), "clarify")]

    async def _escape_slash(self, turn: Turn) -> None:
        """Any other leading slash is a slash."""
        turn.text = escape_command(turn.text)

    async def _converse(self, turn: Turn) -> None:
        """One Rasa turn: understand, let the rules choose actions, run them, save."""
        channel = ReplyChannel()
        message = UserMessage(turn.text, channel, turn.sender, None, CHANNEL, turn.message_id, turn.metadata)
        try:
            await self.agent.handle_message(message)
            turn.replies = channel.replies
        except Exception as error:  # the store, the lock or Rasa itself: nothing of this turn is kept
            logger.error("turn failed: %s", describe(error, turn.text))
            turn.replies = [self._apology]

    async def _never_be_silent(self, turn: Turn) -> None:
        """No rule, no action and no error said anything: that is our mistake, not the user's.

        A turn that Rasa broke off never came to listening again; without that every later turn would be silent too.
        """
        logger.error("turn without a reply")
        async with self.agent.lock_store.lock(turn.sender):
            tracker = await self.agent.tracker_store.get_or_create_tracker(turn.sender)
            if tracker.latest_action_name != ACTION_LISTEN_NAME:
                tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
                await self.agent.tracker_store.save(tracker)
        turn.replies = [self._apology]

    def _keep_in(self, store: TrackerStore) -> None:
        store.domain = self.agent.domain
        self.agent.tracker_store = self.agent.processor.tracker_store = store


class ReplyChannel(OutputChannel):
    """Collects the replies of one turn as the actions made them, each once."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []

    @classmethod
    def name(cls) -> str:
        """The name Rasa stores with each message."""
        return CHANNEL

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep the reply an action sent as json_message; a plain Rasa text becomes a reply of kind text."""
        reply = message.get("custom") or {"kind": "text", "text": message.get("text") or ""}
        if reply.get("text") and reply not in self.replies:
            self.replies.append(reply)
            hearing.tell(reply)

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        """Required by Rasa; `send_response` never calls it."""
        await self.send_response(recipient_id, {"text": text})


class QuickLockStore(InMemoryLockStore):
    """Rasa's lock store, except that a second message in the same conversation is not kept waiting a whole second."""

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, lock_lifetime: float = LOCK_LIFETIME, wait_time_in_seconds: float = 0.02
    ) -> AsyncIterator[TicketLock]:
        """Hold the conversation's lock. Raises rasa.core.lock_store.LockError when it cannot be had in time."""
        async with super().lock(conversation_id, lock_lifetime, wait_time_in_seconds) as ticket:
            yield ticket
