"""The tables of the operators' console (``bot/staff/``): accounts, sessions, the chain of the audit."""

from typing import Any

import sqlalchemy as sa

from bot.store.models import Base, now


def _moment(**more: Any) -> Any:
    return sa.Column(sa.DateTime(timezone=True), **more)


class Account(Base):
    """Somebody who may sign in. Never deleted, only disabled: the audit names its `id`."""

    __tablename__ = "staff_accounts"

    id = sa.Column(sa.String(16), primary_key=True)
    name = sa.Column(sa.String(40), nullable=False, unique=True)
    role = sa.Column(sa.String(16), nullable=False)
    password = sa.Column(sa.String(200), nullable=False)  # argon2id
    disabled = sa.Column(sa.Boolean, nullable=False, default=False)
    created_at = _moment(nullable=False, default=now)


class StaffSession(Base):
    """A sign-in that lasts: the digest of its token, never the token."""

    __tablename__ = "staff_sessions"

    token = sa.Column(sa.String(64), primary_key=True)
    account = sa.Column(sa.String(16), nullable=False, index=True)
    address = sa.Column(sa.String(32), nullable=False)  # a pseudonym
    created_at = _moment(nullable=False, default=now)
    seen_at = _moment(nullable=False, default=now, index=True)
    ended = sa.Column(sa.Boolean, nullable=False, default=False)  # kept a while: from here this account has signed in
    at_desk_at = _moment()  # when its page last said that somebody is there to take conversations


class FailedSignIn(Base):
    """A password that was wrong: for which name and from where, as pseudonyms."""

    __tablename__ = "staff_failures"
    __table_args__ = (sa.Index("ix_staff_failures_address_at", "address", "at"),)

    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(32), nullable=False, index=True)
    address = sa.Column(sa.String(32), nullable=False)
    at = _moment(nullable=False, default=now, index=True)


class AuditHead(Base):
    """The last row of the audit's chain. Its one row is also what writers take turns by."""

    __tablename__ = "audit_head"

    id = sa.Column(sa.Integer, primary_key=True)
    number = sa.Column(sa.Integer, nullable=False)
    hash = sa.Column(sa.String(64), nullable=False)
