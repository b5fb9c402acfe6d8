"""A message that a client sends twice is answered twice with the same words, and understood once.

A turn that failed (a reply marked ``failed``, the assistant's apology) is no answer: it is not kept, and the same
message sent again is a new attempt.
"""

import asyncio
from collections.abc import Awaitable, Callable

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from actions.reply import Reply
from bot.store.models import Turn

Replies = list[Reply]


class Turns:
    """Answered turns by (sender, client_message_id).

    Within one process a repeat that comes while the first is still running waits for it. Between processes the unique
    constraint keeps the first answer.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._running: dict[tuple[str, str], asyncio.Task[Replies]] = {}

    async def once(self, sender: str, message: str, run: Callable[[], Awaitable[Replies]]) -> Replies:
        """Return the replies to this message; `run` makes them unless they are already there or in the making.

        Raises what `run` raises; that, too, leaves nothing behind.
        """
        key = (sender, message)
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._first(sender, message, run))
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)  # a client that hangs up does not stop the turn it may ask for again

    def find(self, sender: str, message: str) -> Replies | None:
        """Return the stored replies, or None."""
        with Session(self._engine, future=True) as session:
            wanted = sa.select(Turn.replies).where(Turn.sender == sender, Turn.client_message_id == message)
            return session.execute(wanted).scalar_one_or_none()

    async def _first(self, sender: str, message: str, run: Callable[[], Awaitable[Replies]]) -> Replies:
        known = self.find(sender, message)
        if known is not None:
            return known
        replies = await run()
        if any(reply.get("failed") for reply in replies):
            return replies
        try:
            with Session(self._engine, future=True) as session, session.begin():
                session.add(Turn(sender=sender, client_message_id=message, replies=replies))
        except IntegrityError:  # another process was quicker
            return self.find(sender, message) or replies
        return replies
