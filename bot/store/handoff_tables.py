"""The tables of conversations that are handed to a human, and of questions an officer has dealt with."""

from typing import Any

import sqlalchemy as sa

from bot.store.models import Base, now


def _moment(**more: Any) -> Any:
    return sa.Column(sa.DateTime(timezone=True), **more)


class Handoff(Base):
    """A conversation whose citizen asked for a human."""

    __tablename__ = "handoffs"

    id = sa.Column(sa.Integer, primary_key=True)
    sender = sa.Column(sa.String(255), nullable=False, index=True)
    active = sa.Column(sa.String(255), unique=True)  # the sender, while it is queued or with a human: one at a time
    state = sa.Column(sa.String(8), nullable=False, index=True)
    operator = sa.Column(sa.String(16), index=True)
    lease_until = _moment()
    question = sa.Column(sa.Text, nullable=False)
    summary = sa.Column(sa.Text, nullable=False)
    case_id = sa.Column(sa.Integer)
    asked_at = _moment(nullable=False, default=now, index=True)
    queued_at = _moment(nullable=False, default=now)  # again, when an operator was lost
    taken_at = _moment()
    ended_at = _moment()


class HandoffMessage(Base):
    """What was said while a conversation waited for, or was with, a human."""

    __tablename__ = "handoff_messages"
    __table_args__ = (
        sa.UniqueConstraint("handoff_id", "author", "client_id", name="uq_handoff_messages_client_id"),
        {"sqlite_autoincrement": True},
    )

    id = sa.Column(sa.Integer, primary_key=True)
    handoff_id = sa.Column(sa.Integer, sa.ForeignKey("handoffs.id", ondelete="CASCADE"), nullable=False, index=True)
    sender = sa.Column(sa.String(255), nullable=False, index=True)
    author = sa.Column(sa.String(16), nullable=False)  # citizen | operator | house
    client_id = sa.Column(sa.String(64))
    replies: Any = sa.Column(sa.JSON, nullable=False)
    created_at = _moment(nullable=False, default=now)


class LayQuestion(Base):
    """What an officer made of a question that had no answer: dropped, or given to a clause."""

    __tablename__ = "lay_questions"

    question = sa.Column(sa.String(64), primary_key=True)  # a digest of its words
    state = sa.Column(sa.String(8), nullable=False)
    clause = sa.Column(sa.String(100))
    author = sa.Column(sa.String(16), nullable=False)
    created_at = _moment(nullable=False, default=now, index=True)
