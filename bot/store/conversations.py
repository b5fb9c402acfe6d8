"""Where conversations are kept between turns.

A turn begins with what is remembered of its conversation and ends with one transaction: what is remembered now, and
the message with its answer. Either all of it is kept or nothing. The version read at the beginning must still be there
at the end; otherwise somebody else has held a turn of the same conversation meanwhile (``Conflict``).
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from actions.reply import Reply
from bot.store.database import at_once, in_order, key_of
from bot.store.erasure import erase, remaining
from bot.store.handoff_tables import Handoff
from bot.store.models import Audit, Conversation, Turn, audited, aware, now, pseudonym
from bot.store.outbox import Push, put
from bot.store.remembered import Event

Replies = list[Reply]
_AT_MOST = 10_000  # conversations, and answered messages, that are kept where there is no database


class Conflict(Exception):
    """Another turn of this conversation was kept since this one began, or an answer to the same message."""


@dataclass
class HeldTurn:
    """One turn on its way into the store.

    Attributes:
        message: the client's number of the message, if it numbers them.
        version: of the conversation as it was read; 0: there was none.
        events: what is to be remembered; None: as before.
        replies: what was answered; None: nobody said anything, only what is remembered changes.
        pushes: what is to be sent to somebody outside; kept with it.
        id: of the turn, once it is kept in a database.
        answered_at: when the message was answered, if that was before.
        also: what else is written in its transaction; whoever finds it cannot be raises Conflict. Not in memory.
        then: what is to be done once it is kept.
        before: what was remembered when it began.
        handed: whether a human is to answer it (``bot.staff.desk``).
    """

    sender: str
    text: str
    message: str | None
    version: int = 0
    events: Sequence[Event] | None = None
    replies: Replies | None = None
    pushes: list[Push] = field(default_factory=list)
    also: list[Callable[[Connection], None]] = field(default_factory=list)
    then: list[Callable[[], None]] = field(default_factory=list)
    before: list[Event] = field(default_factory=list)
    id: int | None = None
    answered_at: datetime | None = None
    handed: bool = False


_held: ContextVar[HeldTurn | None] = ContextVar("held", default=None)


@contextmanager
def held(turn: HeldTurn) -> Iterator[HeldTurn]:
    """While this lasts, what the dialogue saves of the conversation is only noted in `turn`."""
    token = _held.set(turn)
    try:
        yield turn
    finally:
        _held.reset(token)


def turn_being_held() -> HeldTurn | None:
    """The turn that the code that asks is a part of."""
    return _held.get()


class Conversations(Protocol):
    """What the dialogue needs of a store. Whatever goes wrong in it is raised, never passed over."""

    def recall(self, sender: str) -> tuple[list[Event], int]:
        """Return the remembered events and their version; [] and 0 of an unknown sender."""

    def answer_to(self, sender: str, message: str) -> Replies | None:
        """Return what a numbered message was answered with, if it was."""

    def begin(self, turn: HeldTurn) -> Replies | None:
        """Return what the turn's message was answered with, if it was, and note in it when.

        Otherwise note in it what is remembered.
        """

    def keep(self, turn: HeldTurn) -> None:
        """Keep a turn, all of it or nothing. Raises Conflict."""

    def forget(self, sender: str) -> int:
        """Delete everything of a conversation; return how many rows that were."""

    def left(self, sender: str) -> int:
        """Count what there is of a conversation, wherever it may be."""


class InDatabase:
    """In SQLite or PostgreSQL (a migrated database)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._in_one_statement = engine.dialect.name == "postgresql"

    def recall(self, sender: str) -> tuple[list[Event], int]:
        """Return the remembered events and their version; [] and 0 of an unknown sender."""
        with at_once(self._engine) as connection:
            found = _found(connection, sender, None)
        return _events(found), found.version or 0

    def answer_to(self, sender: str, message: str) -> Replies | None:
        """Return what a numbered message was answered with, if it was."""
        with at_once(self._engine) as connection:
            return _found(connection, sender, message).replies

    def begin(self, turn: HeldTurn) -> Replies | None:
        """Return what the turn's message was answered with, if it was; otherwise note in it what is remembered."""
        with at_once(self._engine) as connection:
            found = _found(connection, turn.sender, turn.message)
        if found.answered is not None:
            turn.id, turn.answered_at = found.answered, aware(found.answered_at)
            return found.replies
        turn.before, turn.version, turn.handed = _events(found), found.version or 0, found.human is not None
        return None

    def latest(self, sender: str, most: int) -> list[Replies]:
        """Return what their last turns were answered with, the newest first."""
        wanted = sa.select(Turn.replies).where(Turn.sender == sender).order_by(Turn.id.desc()).limit(most)
        with self._engine.connect() as connection:
            return list(connection.execute(wanted).scalars())

    def forget(self, sender: str) -> int:
        """Delete everything of a conversation, in one transaction; return how many rows that were."""
        return erase(self._engine, [sender])

    def left(self, sender: str) -> int:
        """Count what there is of a conversation, in every table."""
        return remaining(self._engine, [sender])

    def keep(self, turn: HeldTurn) -> None:
        """Keep a turn in one transaction. Raises Conflict, and what SQLAlchemy raises."""
        more = bool(turn.pushes or turn.also)
        in_one = self._in_one_statement and turn.replies is not None and turn.events is not None
        try:
            with at_once(self._engine) if in_one and not more else self._engine.begin() as connection:
                (_keep_in_one_statement if in_one else _keep_part_by_part)(connection, turn)
                put(connection, turn.pushes)
                for write in turn.also:
                    write(connection)
        except IntegrityError as error:
            raise Conflict(turn.sender) from error


class InMemory:
    """In this process only, the last ten thousand of each: for trials, the terminal and tests. It pushes nothing."""

    def __init__(self) -> None:
        self._events: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._answers: OrderedDict[tuple[str, str], tuple[datetime, str]] = OrderedDict()

    def recall(self, sender: str) -> tuple[list[Event], int]:
        """Return the remembered events and their version; [] and 0 of an unknown sender."""
        text, version = self._events.get(sender, ("[]", 0))
        return json.loads(text), version

    def answer_to(self, sender: str, message: str) -> Replies | None:
        """Return what a numbered message was answered with, if it was."""
        found = self._answers.get((sender, message))
        return None if found is None else json.loads(found[1])

    def begin(self, turn: HeldTurn) -> Replies | None:
        """Return what the turn's message was answered with, if it was; otherwise note in it what is remembered."""
        if turn.message and (known := self._answers.get((turn.sender, turn.message))) is not None:
            turn.answered_at = known[0]
            return json.loads(known[1])
        turn.before, turn.version = self.recall(turn.sender)
        return None

    def forget(self, sender: str) -> int:
        """Forget a conversation; return how much that was."""
        answers = [key for key in self._answers if key[0] == sender]
        for key in answers:
            del self._answers[key]
        return len(answers) + (self._events.pop(sender, None) is not None)

    def left(self, sender: str) -> int:
        """Count what there is of a conversation."""
        return (sender in self._events) + sum(key[0] == sender for key in self._answers)

    def keep(self, turn: HeldTurn) -> None:
        """Keep a turn. Raises Conflict."""
        events, replies = _as_text(turn.events or ()), _as_text(turn.replies or ())  # what cannot be kept fails here
        _, version = self._events.get(turn.sender, ("", 0))
        if turn.events is not None and version != turn.version:
            raise Conflict(turn.sender)
        if turn.events is not None:
            _put(self._events, turn.sender, (events, version + 1))
        if turn.message is not None and turn.replies is not None:
            _put(self._answers, (turn.sender, turn.message), (now(), replies))


def _beginning() -> Any:
    """What a turn begins with, asked at once."""
    sender, message = sa.bindparam("sender"), sa.bindparam("message")
    of_it = Conversation.sender == sender
    repeated = sa.and_(Turn.sender == sender, Turn.client_message_id == message)  # of NULL: none
    parts = {
        "events": sa.select(Conversation.events).where(of_it),
        "version": sa.select(Conversation.version).where(of_it),
        "human": sa.select(Handoff.id).where(Handoff.active == sender),
        "answered": sa.select(Turn.id).where(repeated),
        "answered_at": sa.select(Turn.created_at).where(repeated),
        "replies": sa.select(Turn.replies).where(repeated),
    }
    return sa.select(*(part.scalar_subquery().label(name) for name, part in parts.items()))


# Made once, for making a statement costs more than executing it.
_BEGINNING = _beginning()
_BEGUN, _SAID = sa.insert(Conversation), sa.insert(Turn)
_GONE_ON = sa.update(Conversation).where(
    Conversation.sender == sa.bindparam("of"), Conversation.version == sa.bindparam("as_read")
)

# PostgreSQL: as `_keep_part_by_part`, in its order, for each part reads the one before. `alone` is `in_order`.
_AT_ONCE = """
WITH alone AS (SELECT pg_advisory_xact_lock(:key)), remembered AS ({}), audited AS (
  INSERT INTO audit (created_at, event, pseudonym, detail)
  SELECT :at, 'decided', :pseudonym, detail FROM remembered, json_array_elements(CAST(:decided AS json)) AS one (detail)
)
INSERT INTO turns (sender, client_message_id, text, replies, created_at)
SELECT sender, :message, :text, CAST(:replies AS json), :at FROM remembered RETURNING id
"""
_BEGUN_AT_ONCE = sa.text(
    _AT_ONCE.format(
        "INSERT INTO conversations (sender, version, events, updated_at) SELECT :sender, 1, :events, :at FROM alone"
        " RETURNING sender"
    )
)
_GONE_ON_AT_ONCE = sa.text(
    _AT_ONCE.format(
        "UPDATE conversations SET version = version + 1, events = :events, updated_at = :at"
        " FROM alone WHERE sender = :sender AND version = :version RETURNING sender"
    )
)


def _keep_part_by_part(connection: Connection, turn: HeldTurn) -> None:
    """Write what is remembered, what was said, what was decided: whatever there is of it. Raises Conflict."""
    if turn.replies is not None:
        in_order(connection, turn.sender)
    if turn.events is not None:
        changed = {"events": _as_text(turn.events), "version": turn.version + 1, "updated_at": now()}
        if turn.version == 0:
            connection.execute(_BEGUN, {"sender": turn.sender, **changed})
        elif connection.execute(_GONE_ON, {"of": turn.sender, "as_read": turn.version, **changed}).rowcount != 1:
            raise Conflict(turn.sender)
    if turn.replies is not None:
        said = {"sender": turn.sender, "client_message_id": turn.message, "text": turn.text, "replies": turn.replies}
        turn.id = connection.execute(_SAID, {**said, "created_at": now()}).inserted_primary_key[0]
        if decided := [audited("decided", turn.sender, one) for one in _decided(turn.replies)]:
            connection.execute(sa.insert(Audit), decided)


def _keep_in_one_statement(connection: Connection, turn: HeldTurn) -> None:
    """Write the three at once, for a way to PostgreSQL and back costs more than what it does there. Raises Conflict."""
    replies = turn.replies or []
    decided = list(_decided(replies))
    kept = connection.execute(
        _BEGUN_AT_ONCE if turn.version == 0 else _GONE_ON_AT_ONCE,
        {
            "key": key_of(turn.sender), "sender": turn.sender, "version": turn.version, "at": now(),
            "events": _as_text(turn.events or ()), "message": turn.message, "text": turn.text,
            "replies": _as_text(replies), "pseudonym": pseudonym(turn.sender), "decided": _as_text(decided),
        },
    ).first()  # fmt: skip
    if kept is None:
        raise Conflict(turn.sender)
    turn.id = kept.id


def _found(connection: Connection, sender: str, message: str | None) -> Any:
    """Return `events` as text, their `version`, the `human`'s hand-off, the turn the message was `answered` in, when,
    with which `replies`; each None where there is none.
    """
    return connection.execute(_BEGINNING, {"sender": sender, "message": message}).one()


def _events(found: Any) -> list[Event]:
    return [] if found.events is None else json.loads(found.events)


def _decided(replies: Replies) -> Iterator[dict[str, Any]]:
    """Of each decision that was told: which programme, how, as of which day."""
    for reply in replies:
        if decision := reply.get("decision"):
            yield {key: decision.get(key) for key in ("programme", "verdict", "as_of", "place")}


def _as_text(listed: Sequence[Any]) -> str:
    return json.dumps(listed, ensure_ascii=False, separators=(",", ":"))


def _put(kept: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _AT_MOST:
        kept.popitem(last=False)
