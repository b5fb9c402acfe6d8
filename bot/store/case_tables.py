"""The tables of the cases, and of the packs they were decided with."""

from typing import Any

import sqlalchemy as sa

from bot.store.models import Base, now


def _moment(**more: Any) -> Any:
    return sa.Column(sa.DateTime(timezone=True), **more)


class PackArchive(Base):
    """Every file of the packs as they were, by their hash, so that a decision can be made again."""

    __tablename__ = "pack_archives"

    hash = sa.Column(sa.String(64), primary_key=True)
    files = sa.Column(sa.LargeBinary, nullable=False)
    created_at = _moment(nullable=False, default=now)


class Case(Base):
    """A matter of a caller: what was asked, told and is to be done."""

    __tablename__ = "cases"

    id = sa.Column(sa.Integer, primary_key=True)
    made_as = sa.Column(sa.String(96), unique=True)  # whose request made it, by its own number: made once for each
    version = sa.Column(sa.Integer, nullable=False)
    status = sa.Column(sa.String(16), nullable=False, index=True)
    owner = sa.Column(sa.String(16), index=True)
    forwarded_to = sa.Column(sa.String(16), index=True)
    caller = sa.Column(sa.String(80), nullable=False)
    sender = sa.Column(sa.String(255), index=True)  # the conversation it came from, if it did
    topic = sa.Column(sa.String(100))
    subject = sa.Column(sa.String(300), nullable=False)
    facts: Any = sa.Column(sa.JSON, nullable=False)
    declined: Any = sa.Column(sa.JSON, nullable=False)
    as_of = sa.Column(sa.String(10))
    place = sa.Column(sa.String(20))
    pack_hash = sa.Column(sa.String(64))
    decision_id = sa.Column(sa.String(64))
    decision = sa.Column(sa.Text)  # the bytes that were told
    outcome = sa.Column(sa.String(40))
    follow_up = sa.Column(sa.String(10), index=True)
    created_at = _moment(nullable=False, default=now, index=True)
    updated_at = _moment(nullable=False, default=now, index=True)


class CaseNote(Base):
    """What happened to a case, or was written down about it."""

    __tablename__ = "case_notes"

    id = sa.Column(sa.Integer, primary_key=True)
    case_id = sa.Column(sa.Integer, sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False, index=True)
    author = sa.Column(sa.String(16))
    event = sa.Column(sa.String(16), nullable=False)
    text = sa.Column(sa.Text, nullable=False)
    created_at = _moment(nullable=False, default=now)


class TextModule(Base):
    """A ready-made text of one operator, or of everybody (owner NULL)."""

    __tablename__ = "text_modules"
    __table_args__ = (sa.UniqueConstraint("owner", "short", name="uq_text_modules_owner_short"),)

    id = sa.Column(sa.Integer, primary_key=True)
    owner = sa.Column(sa.String(16))
    short = sa.Column(sa.String(20), nullable=False)
    text = sa.Column(sa.Text, nullable=False)
