"""Five seconds: one turn a message, answered on whichever of WeChat's tries is open, else by customer service.

docs/decisions/0006-wechat-five-seconds.md says why it neither loses nor doubles an answer. In short: the message is
kept before it is answered (``inbox.py``); its turn is kept together with a push of the answer that is due when WeChat's
tries are over; an answer that left on a try withdraws the push; who is killed in between leaves the one or the other.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.api.conversation import Conversation
from bot.channels.wechat.dialogue import Dialogue, kept_as
from bot.channels.wechat.inbox import CHANNEL, TRIES, TRYING, Inbox, Message
from bot.store.conversations import Replies, turn_being_held
from bot.store.outbox import Push

logger = logging.getLogger(__name__)

OPEN = 4.7  # seconds in which a try may be answered; WeChat hangs up after five
LATEST = 4.9  # seconds after which an answer may no longer leave: the database was slow to say that it may
HANGING = 1.5  # seconds more in which it is waited for that
_EVERY = 5.0  # seconds between two looks for messages without an answer
_AT_ONCE = 4


class Answering:
    """Answers the messages of the account, in this process together with others over the same database."""

    def __init__(self, conversation: Conversation, dialogue: Dialogue, inbox: Inbox) -> None:
        self._conversation, self._dialogue, self._inbox = conversation, dialogue, inbox
        self._turns: dict[str, asyncio.Task[Replies]] = {}
        self._open: dict[str, asyncio.Future[None]] = {}

    async def on_try(self, message: Message, hung_up: Callable[[], Awaitable[None]], begun: float) -> Replies | None:
        """Return the answer, if it is to be given to this try of a message; call ``answered`` once it has left.

        None: nothing is to be said. Then WeChat tries again, unless it is told “success” before it hangs up; this
        returns before only where that is wanted: on the last try, and where the answer goes another way.
        `hung_up` returns when WeChat has; `begun`: when the try began, by the clock of the event loop.
        """
        overtaken = self._overtake(message)
        turn, gone = self._turn(message), asyncio.ensure_future(hung_up())
        try:
            await _any({turn, gone, overtaken}, begun + OPEN)
            held, listening = turn.done() and not turn.exception(), not (gone.done() or overtaken.done())
            here = held and listening and await asyncio.to_thread(self._inbox.answer_now, message)
            listening = not (gone.done() or overtaken.done())
            if here and listening and _now() < begun + LATEST:
                return self._ended(message, "answered", turn.result())
            if listening and message.tries < TRIES and (here or not held):
                # To say anything now would be an answer, and an error would be shown to the follower: WeChat is to try
                # again. It hangs up by itself; who stands in between may not tell us.
                await _any({gone}, begun + OPEN + HANGING)
            end = "overtaken" if overtaken.done() else "gone" if gone.done() else "success"
            return self._ended(message, end, None)
        finally:
            gone.cancel()
            if self._open.get(message.key) is overtaken:
                del self._open[message.key]

    async def answered(self, message: Message) -> None:
        """The answer has left on a try. If that cannot be noted, it goes by customer service as well."""
        try:
            await asyncio.to_thread(self._inbox.answered, message)
        except SQLAlchemyError as error:
            logger.error("wechat answer not noted: %s", type(error).__name__)

    async def take_up(self) -> None:
        """Hold the turns of messages that WeChat has given up and nobody has answered; their answers are pushed."""
        for message in await asyncio.to_thread(self._inbox.overdue, _AT_ONCE):
            with suppress(Exception):  # noted where the turn ended; the message is due again later
                if not any(reply.get("failed") for reply in await asyncio.shield(self._turn(message))):
                    await asyncio.to_thread(self._inbox.settled, message)

    def _overtake(self, message: Message) -> "asyncio.Future[None]":
        """WeChat listens to the last try only: an earlier one that is still here is told so. Return what tells this."""
        earlier, this = self._open.get(message.key), asyncio.get_running_loop().create_future()
        if earlier is not None and not earlier.done():
            earlier.set_result(None)
        self._open[message.key] = this
        return this

    def _turn(self, message: Message) -> "asyncio.Task[Replies]":
        """The one turn of a message in this process; among processes the store sees to it (``bot.store.turns``)."""
        if (running := self._turns.get(message.key)) is not None:
            return running
        task = self._turns[message.key] = asyncio.create_task(self._once(message))
        task.add_done_callback(lambda done: self._over(message, done))
        return task

    async def _once(self, message: Message) -> Replies:
        async def run() -> Replies:
            replies = await self._dialogue.replies(message.sender, message.kind, message.said, message.number)
            if (turn := turn_being_held()) and not any(reply.get("failed") for reply in replies):
                msg_id = None if message.kind.startswith("event.") else message.number
                payload = {"replies": replies, "message": msg_id}
                turn.pushes.append(Push(CHANNEL, message.sender, payload, message.key, message.received + TRYING))
            return replies

        said = kept_as(message.kind, message.said)
        return await self._conversation.once(message.sender, said, message.number, run)

    def _over(self, message: Message, done: "asyncio.Task[Replies]") -> None:
        self._turns.pop(message.key, None)
        if not done.cancelled() and (error := done.exception()):  # the next try, or whoever takes it up, runs it again
            logger.warning("wechat turn not held: %s", type(error).__name__)

    @staticmethod
    def _ended(message: Message, end: str, replies: Replies | None) -> Replies | None:
        metrics.WECHAT_TRIES.labels(str(min(message.tries, TRIES + 1)), end).inc()
        return replies


async def _any(awaited: "set[asyncio.Future[Any]]", until: float) -> None:
    """Wait for one of these, but no longer than until then."""
    await asyncio.wait(awaited, timeout=max(0.0, until - _now()), return_when=asyncio.FIRST_COMPLETED)


def _now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def taking_up(answering: Answering | None) -> AsyncIterator[None]:
    """Take up what was left unanswered, now and again, while this lasts; None: there is no account."""
    looking = asyncio.create_task(_again_and_again(answering)) if answering else None
    try:
        yield
    finally:
        if looking:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking


async def _again_and_again(answering: Answering) -> None:
    while True:
        try:
            await answering.take_up()
        except SQLAlchemyError as error:
            logger.error("wechat inbox failed: %s", type(error).__name__)
        await asyncio.sleep(_EVERY)
