"""A turn of a conversation as one transaction, once for each numbered message.

The conversation is held, a repeated message gets the answer it got before, the turn runs, and all of it is kept before
anybody hears of it. A turn that failed (a reply marked ``failed``, the assistant's apology) is no turn: nothing of it
is kept, and the same message sent again is a new attempt.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

from bot import metrics
from bot.store.conversations import Conflict, Conversations, HeldTurn, Replies, held
from bot.store.locks import LocalLocks, Locks

logger = logging.getLogger(__name__)

_ATTEMPTS = 3  # with the lock in place a conflict is rare; without it (Redis gone) two processes may meet


class NotNow(Exception):
    """No turn is begun: `reason` is ``crowded`` (as many as may are waiting) or ``stopping``. Nothing was kept."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Answered:
    """The replies to a message.

    `turn`: the number of the turn that was kept, None if none was (or only in memory); `before`: when the message was
    answered, None: just now.
    """

    replies: Replies
    turn: int | None
    before: datetime | None = None


class Turns:
    """Runs turns over the conversations they are kept in, at most `most` at a time (those that wait included).

    Set `stopping`, and no further turn is begun.
    """

    def __init__(self, conversations: Conversations, locks: Locks | None = None, most: int = 100) -> None:
        self._conversations, self._locks = conversations, locks or LocalLocks()
        self._running: set[asyncio.Task[Answered]] = set()
        self.most, self.stopping = most, False

    @property
    def running(self) -> int:
        """How many turns have begun and not ended."""
        return len(self._running)

    async def once(self, sender: str, text: str, message: str | None, run: Callable[[], Awaitable[Replies]]) -> Replies:
        """Return the replies to this message, as `answer` does."""
        return (await self.answer(sender, text, message, run)).replies

    async def answer(
        self, sender: str, text: str, message: str | None, run: Callable[[], Awaitable[Replies]]
    ) -> Answered:
        """Return the answer to this message; `run` makes it unless the message was answered before.

        `text`: the message as it may be kept (masked). Raises NotNow, and what `run` and the store raise; then nothing
        is kept.
        """
        if self.stopping:
            raise NotNow("stopping")
        if self.running >= self.most:
            raise NotNow("crowded")
        task = asyncio.create_task(self._once(sender, text, message, run))
        self._running.add(task)
        metrics.RUNNING.inc()
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)  # a client that hangs up does not stop the turn it may ask for again

    def alone(self, sender: str) -> AbstractAsyncContextManager[None]:
        """While this lasts no turn of the conversation is held. Raises TimeoutError when that cannot be had in time."""
        return self._locks.hold(sender)

    async def _once(
        self, sender: str, text: str, message: str | None, run: Callable[[], Awaitable[Replies]]
    ) -> Answered:
        async with AsyncExitStack() as conversation:
            conversation.enter_context(metrics.stage("turn"))
            with metrics.stage("wait"):
                await conversation.enter_async_context(self._locks.hold(sender))
            for attempt in range(1, _ATTEMPTS + 1):
                turn = HeldTurn(sender, text, message)
                with metrics.stage("load"):
                    known = await asyncio.to_thread(self._conversations.begin, turn)
                if known is not None:
                    return Answered(known, turn.id, turn.answered_at)
                with held(turn), metrics.stage("dialogue"):
                    turn.replies = replies = await run()
                if any(reply.get("failed") for reply in replies):
                    return Answered(self._noted(sender, replies), None)
                try:
                    with metrics.stage("store"):
                        await asyncio.to_thread(self._conversations.keep, turn)
                    for do in turn.then:
                        do()
                    return Answered(self._noted(sender, replies), turn.id)
                except Conflict:
                    if attempt == _ATTEMPTS:
                        raise
        raise AssertionError("unreachable")

    def _ended(self, task: "asyncio.Task[Answered]") -> None:
        self._running.discard(task)
        metrics.RUNNING.dec()

    def _noted(self, sender: str, replies: Replies) -> Replies:
        outcome = metrics.count_turn(sender, replies)
        logger.info("turn", extra={"fields": {"conversation": sender, "outcome": outcome}})
        return replies
