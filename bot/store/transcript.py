"""What was said in a conversation, to be shown again: a page after a reload, and what is new for whoever watches.

Turns of one conversation are kept in the order of their numbers (``database.in_order``), with what came unasked
among them; those of different conversations need not be.
"""

from collections.abc import Collection
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from bot.store.models import Audit, Feedback, Turn, aware, now, pseudonym

Said = dict[str, Any]
"""A turn: id, client_message_id, text, replies, created_at (ISO, UTC), pushed, sender."""

ERASED = "erased"
_COLUMNS = (Turn.id, Turn.sender, Turn.client_message_id, Turn.text, Turn.replies, Turn.pushed, Turn.created_at)


class Transcript:
    """The turns of a migrated database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, sender: str, before: int | None, most: int) -> tuple[list[Said], bool]:
        """Return the last turns (before the one of that number), the oldest first, and whether there are earlier."""
        wanted = sa.select(*_COLUMNS).where(Turn.sender == sender)
        if before is not None:
            wanted = wanted.where(Turn.id < before)
        found = self._read(wanted.order_by(Turn.id.desc()).limit(most + 1))
        return found[most - 1 :: -1] if len(found) > most else found[::-1], len(found) > most

    def since(
        self, number: int, senders: Collection[str], most: int | None = None, known: Collection[int] = ()
    ) -> list[Said]:
        """Return the turns of these conversations after that number, in their order: the first ones, without those
        whose numbers are `known`."""
        wanted = sa.select(*_COLUMNS).where(Turn.id > number, Turn.sender.in_(senders), Turn.id.not_in(known))
        return self._read(wanted.order_by(Turn.id).limit(most))

    def latest(self) -> tuple[int, int]:
        """Return the highest number of a turn and that of an audit entry; 0: there is none."""
        with self._engine.connect() as connection:
            turn, entry = (
                connection.execute(sa.select(sa.func.max(key))).scalar_one() or 0 for key in (Turn.id, Audit.id)
            )
        return turn, entry

    def erased_since(self, entry: int) -> dict[int, str]:
        """Return the audit entries of erasing after that one: their numbers and the pseudonyms of who was erased."""
        wanted = sa.select(Audit.id, Audit.pseudonym).where(Audit.id > entry, Audit.event == ERASED)
        with self._engine.connect() as connection:
            return {row.id: row.pseudonym for row in connection.execute(wanted)}

    def erased(self, sender: str, within: timedelta) -> bool:
        """Whether the conversation was erased lately: who still holds its number may not go on with it."""
        wanted = sa.select(Audit.id).where(
            Audit.pseudonym == pseudonym(sender), Audit.event == ERASED, Audit.created_at > now() - within
        )
        with self._engine.connect() as connection:
            return connection.execute(wanted.limit(1)).first() is not None

    def rate(self, sender: str, turn: int, useful: bool, reason: str | None, words: str | None) -> bool | None:
        """Keep what the person thinks of the answers of a turn of theirs, in place of what they thought before.

        Returns whether that is news; None: it is no turn of theirs.
        """
        thought = {"useful": useful, "reason": reason, "words": words}
        own = sa.select(Turn.id).where(Turn.id == turn, Turn.sender == sender)
        with self._engine.begin() as connection:
            if connection.execute(own).first() is None:
                return None
            kept = sa.select(Feedback.useful, Feedback.reason, Feedback.words).where(Feedback.turn == turn)
            before = connection.execute(kept).mappings().first()
            if before is not None and dict(before) == thought:
                return False
            connection.execute(sa.delete(Feedback).where(Feedback.turn == turn))
            row = {"turn": turn, "sender": sender, "created_at": now(), **thought}
            connection.execute(sa.insert(Feedback), row)
        return True

    def _read(self, wanted: Any) -> list[Said]:
        with self._engine.connect() as connection:
            return [{**row, "created_at": _iso(row["created_at"])} for row in connection.execute(wanted).mappings()]


def _iso(moment: datetime) -> str:
    return aware(moment).astimezone(timezone.utc).isoformat(timespec="seconds")
