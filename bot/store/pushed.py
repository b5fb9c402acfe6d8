"""What is said to a conversation without being asked: an operator's words, kept until the visitor has fetched them.

A door that holds a connection open (the widget) shows each once, in the order of its id; whoever is erased is found by
the sender. WeChat has no such connection: there the outbox sends (``bot.store.outbox``).
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from bot.store.conversations import Replies
from bot.store.models import PushedReplies, aware, now

_AT_ONCE = 100


@dataclass(frozen=True)
class Pushed:
    """Replies that came unasked; `id` rises."""

    id: int
    replies: Replies
    created_at: datetime


def put(connection: Connection, sender: str, replies: Replies) -> int:
    """Keep these in a transaction of the caller's; return their id."""
    row = {"sender": sender, "replies": replies, "created_at": now()}
    return int(connection.execute(sa.insert(PushedReplies).values(**row)).inserted_primary_key[0])


def after(engine: Engine, sender: str, id: int = 0, most: int = _AT_ONCE) -> list[Pushed]:
    """Return what was said to a conversation after the one with this id, oldest first."""
    wanted = (
        sa.select(PushedReplies.id, PushedReplies.replies, PushedReplies.created_at)
        .where(PushedReplies.sender == sender, PushedReplies.id > id)
        .order_by(PushedReplies.id)
        .limit(most)
    )
    with engine.connect() as connection:
        return [Pushed(row.id, row.replies, aware(row.created_at)) for row in connection.execute(wanted)]
