"""The tables. Migrations (bot/store/migrations) create them; a test compares the two."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import declarative_base

Base: Any = declarative_base()


def now() -> datetime:
    """This moment, as it is stored."""
    return datetime.now(timezone.utc)


def aware(moment: datetime) -> datetime:
    """A moment as it was stored; SQLite does not keep the zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def has_come(kept: Any, at: datetime, furthest: timedelta) -> Any:
    """Whether a time to act, kept in the column `kept`, has come `at` this moment.

    None of ours lies further ahead than `furthest`: one that does was written by a clock that has been put back since,
    and is not waited for.
    """
    return sa.or_(kept <= at, kept > at + furthest)


class Conversation(Base):
    """What the next turn of a conversation needs (``bot.store.remembered``), and how many turns it has seen."""

    __tablename__ = "conversations"

    sender = sa.Column(sa.String(255), primary_key=True)
    version = sa.Column(sa.Integer, nullable=False)
    events = sa.Column(sa.Text, nullable=False)
    updated_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now, index=True)


class Turn(Base):
    """One message, masked, and the replies to it; of a client that numbers its messages, with the number.

    `pushed`: nobody asked; it was told from outside the dialogue (a person at a desk), and `text` is empty.
    """

    __tablename__ = "turns"
    __table_args__ = (
        sa.UniqueConstraint("sender", "client_message_id", name="uq_turns_sender_client_message_id"),
        {"sqlite_autoincrement": True},  # no number is given twice, though the last turn be erased
    )

    id = sa.Column(sa.Integer, primary_key=True)
    sender = sa.Column(sa.String(255), nullable=False)
    client_message_id = sa.Column(sa.String(64))
    text = sa.Column(sa.Text, nullable=False)
    replies: Any = sa.Column(sa.JSON, nullable=False)
    pushed = sa.Column(sa.Boolean, nullable=False, default=False, server_default=sa.false())
    created_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now, index=True)


class Feedback(Base):
    """Whether the answers of a turn were of use, as the person last said; `words` are masked."""

    __tablename__ = "feedback"

    turn = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
    sender = sa.Column(sa.String(255), nullable=False, index=True)
    useful = sa.Column(sa.Boolean, nullable=False)
    reason = sa.Column(sa.String(16))
    words = sa.Column(sa.Text)
    created_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now, index=True)


class OutboxEntry(Base):
    """Something to be pushed to somebody outside, and how far that has come (``bot.store.outbox``)."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.UniqueConstraint("channel", "key", name="uq_outbox_channel_key"),
        sa.Index("ix_outbox_state_channel_due_at", "state", "channel", "due_at"),
    )

    id = sa.Column(sa.Integer, primary_key=True)
    channel = sa.Column(sa.String(32), nullable=False)
    recipient = sa.Column(sa.String(255), nullable=False, index=True)
    key = sa.Column(sa.String(64), nullable=False)
    payload: Any = sa.Column(sa.JSON, nullable=False)
    state = sa.Column(sa.String(8), nullable=False, default="waiting")
    attempts = sa.Column(sa.Integer, nullable=False, default=0)
    due_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now)  # while it is tried: end of the lease
    error = sa.Column(sa.String(200))
    created_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now, index=True)
    sent_at = sa.Column(sa.DateTime(timezone=True))


class WechatPerson(Base):
    """Whom a pseudonym of the official account stands for (``bot.channels.wechat.people``)."""

    __tablename__ = "wechat_people"

    sender = sa.Column(sa.String(255), primary_key=True)
    openid = sa.Column(sa.String(64), nullable=False)
    seen_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now, index=True)


class WechatMessage(Base):
    """A message of the official account, masked, kept before it is answered (``bot.channels.wechat.inbox``)."""

    __tablename__ = "wechat_messages"
    __table_args__ = (sa.UniqueConstraint("sender", "number", name="uq_wechat_messages_sender_number"),)

    id = sa.Column(sa.Integer, primary_key=True)
    sender = sa.Column(sa.String(255), nullable=False)
    number = sa.Column(sa.String(64), nullable=False)
    kind = sa.Column(sa.String(32), nullable=False)
    scene = sa.Column(sa.String(128))  # of the QR code that was scanned
    said = sa.Column(sa.Text, nullable=False)
    tries = sa.Column(sa.Integer, nullable=False)
    received_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now, index=True)
    due_at = sa.Column(sa.DateTime(timezone=True), index=True)  # when it is taken up if it is not answered; NULL: it is


class WechatRequest(Base):
    """A signed request of WeChat's that was accepted: a digest of what is signed, of which message, how often."""

    __tablename__ = "wechat_requests"

    digest = sa.Column(sa.String(64), primary_key=True)
    message = sa.Column(sa.String(64), nullable=False)
    times = sa.Column(sa.Integer, nullable=False)
    seen_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now, index=True)


class WechatToken(Base):
    """The access token of an official account, encrypted, and who renews it (``bot.channels.wechat.tokens``)."""

    __tablename__ = "wechat_tokens"

    appid = sa.Column(sa.String(64), primary_key=True)
    token = sa.Column(sa.Text)
    expires_at = sa.Column(sa.Float, nullable=False)  # Unix time
    leased_until = sa.Column(sa.Float, nullable=False)  # Unix time; later than now: somebody renews it
    forced = sa.Column(sa.Text, nullable=False)  # JSON: Unix times of the renewals by force


class Audit(Base):
    """What was decided, erased or has run out: no words, no facts, and a pseudonym in the sender's place."""

    __tablename__ = "audit"

    id = sa.Column(sa.Integer, primary_key=True)
    created_at = sa.Column(sa.DateTime(timezone=True), nullable=False, default=now, index=True)
    event = sa.Column(sa.String(16), nullable=False)
    pseudonym = sa.Column(sa.String(32), index=True)
    detail: Any = sa.Column(sa.JSON, nullable=False)
    # Of what the staff did (bot.store.audit_chain); NULL of a citizen's turn, which takes its turn with nobody.
    number = sa.Column(sa.Integer, index=True, unique=True)
    actor = sa.Column(sa.String(16))
    hash = sa.Column(sa.String(64))


def audited(event: str, sender: str | None, detail: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the audit. Whoever knows the sender finds their rows; the rows do not tell the sender."""
    hidden = None if sender is None else pseudonym(sender)
    return {"event": event, "pseudonym": hidden, "detail": dict(detail), "created_at": now()}


def pseudonym(sender: str) -> str:
    """What stands in the audit in the sender's place."""
    return hashlib.sha256(f"audit\0{sender}".encode()).hexdigest()[:32]
