"""The tables. Migrations (bot/store/migrations) create them; a test compares the two."""

from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base: Any = declarative_base()


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Event(Base):
    """One event of a conversation; column for column the table of ``rasa.core.tracker_store.SQLTrackerStore``."""

    __tablename__ = "events"

    id = sa.Column(sa.Integer, primary_key=True)
    sender_id = sa.Column(sa.String(255), nullable=False, index=True)
    type_name = sa.Column(sa.String(255), nullable=False)
    timestamp = sa.Column(sa.Float)
    intent_name = sa.Column(sa.String(255))
    action_name = sa.Column(sa.String(255))
    data = sa.Column(sa.Text)


class Turn(Base):
    """The replies to one message of a client that numbers its messages, so that a repeated one runs no second turn."""

    __tablename__ = "turns"
    __table_args__ = (sa.UniqueConstraint("sender", "client_message_id", name="uq_turns_sender_client_message_id"),)

    id = sa.Column(sa.Integer, primary_key=True)
    sender = sa.Column(sa.String(255), nullable=False)
    client_message_id = sa.Column(sa.String(64), nullable=False)
    replies: Any = sa.Column(sa.JSON, nullable=False)
    created_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=_now)
