"""What is said to a conversation without being asked: an operator's words, kept until the visitor has fetched them.

They stand among the turns (``Turn.pushed``), so that one number tells what a visitor has heard. A door that holds a
connection open (the widget) shows each once, in the order of its id; whoever is erased is found by the sender. WeChat
has no such connection: there the outbox sends (``bot.store.outbox``).
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from bot.store.conversations import Replies
from bot.store.database import in_order
from bot.store.models import Turn, aware, now

_AT_ONCE = 100


@dataclass(frozen=True)
class Pushed:
    """Replies that came unasked; `id` rises."""

    id: int
    replies: Replies
    created_at: datetime


def put(connection: Connection, sender: str, replies: Replies) -> int:
    """Keep these in a transaction of the caller's, which is to be a short one; return their id."""
    in_order(connection, sender)
    row = {"sender": sender, "text": "", "replies": replies, "pushed": True, "created_at": now()}
    return int(connection.execute(sa.insert(Turn).values(**row)).inserted_primary_key[0])


def after(engine: Engine, sender: str, id: int = 0, most: int = _AT_ONCE) -> list[Pushed]:
    """Return what was said to a conversation after the one with this id, oldest first."""
    wanted = (
        sa.select(Turn.id, Turn.replies, Turn.created_at)
        .where(Turn.sender == sender, Turn.pushed, Turn.id > id)
        .order_by(Turn.id)
        .limit(most)
    )
    with engine.connect() as connection:
        return [Pushed(row.id, row.replies, aware(row.created_at)) for row in connection.execute(wanted)]
