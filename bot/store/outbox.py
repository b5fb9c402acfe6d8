"""What is to be pushed to somebody outside, kept until it is sent.

A push is put into the transaction of its turn: a crash loses none, and a turn that was not kept pushes none. Whoever
tries one (any process of any host) first moves the time at which it is due to the end of a lease, by an update that
only one of several can win. Whoever is killed meanwhile lets the lease run out, and the push is tried again: it is sent
at least once, always with the same key. Those of one recipient are sent in their order. What may not go out before its
recipient writes again (WeChat allows so much after each of their messages) is held until then, and what comes behind it
waits.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from bot.store.models import OutboxEntry, aware, has_come, now

WAITING, SENT, PARKED, HELD = "waiting", "sent", "parked", "held"
MOST_ATTEMPTS = 20  # about two hours
LEASE = timedelta(seconds=60)  # longer than an attempt may take (bot/outbox_sender.py), clocks that differ included
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 900.0  # seconds
_FURTHEST = timedelta(hours=1)  # no push is due later than that
_LONGEST_ERROR = 200  # characters
_UNANSWERED = "interrupted"  # its last sender did not live to tell


@dataclass(frozen=True)
class Push:
    """Something to be sent.

    Attributes:
        channel: which sender takes it.
        recipient: the conversation it belongs to, by its pseudonym; whoever is erased is found by it.
        payload: JSON.
        key: at most 64 characters; the receiver tells by it that it has had the push before. Unique in its channel.
        due: not to be sent before; None: at once.
    """

    channel: str
    recipient: str
    payload: dict[str, Any]
    key: str
    due: datetime | None = None


@dataclass(frozen=True)
class Claim:
    """A push that is the caller's to try until its lease runs out; `attempt` counts from 1."""

    id: int
    attempt: int
    push: Push


def put(connection: Connection, pushes: Sequence[Push]) -> None:
    """Keep these in a transaction of the caller's. One whose key its channel has had is left out.

    Raises IntegrityError when somebody else puts the same key at the same moment.
    """
    for push in pushes:
        same = (OutboxEntry.channel == push.channel, OutboxEntry.key == push.key)
        if connection.execute(sa.select(OutboxEntry.id).where(*same)).first() is None:
            row = {"channel": push.channel, "recipient": push.recipient, "payload": push.payload, "key": push.key}
            connection.execute(sa.insert(OutboxEntry), {**row, "created_at": now(), "due_at": push.due or now()})


def on_its_way(connection: Connection, channel: str, key: str, by: datetime) -> bool:
    """Whether a push was sent, is being tried, or may be from `by` on; a parked, held or withdrawn one is not."""
    same = (OutboxEntry.channel == channel, OutboxEntry.key == key)
    waits = sa.and_(OutboxEntry.state == WAITING, sa.or_(OutboxEntry.attempts > 0, OutboxEntry.due_at <= by))
    wanted = sa.select(OutboxEntry.id).where(*same, sa.or_(OutboxEntry.state == SENT, waits))
    return connection.execute(wanted).first() is not None


def withdraw(connection: Connection, channel: str, key: str) -> None:
    """It has reached its recipient another way: delete it, unless somebody is sending it."""
    same = (OutboxEntry.channel == channel, OutboxEntry.key == key)
    stopped, untried = OutboxEntry.state.in_((PARKED, HELD)), OutboxEntry.attempts == 0
    idle = sa.or_(stopped, sa.and_(OutboxEntry.state == WAITING, untried))
    connection.execute(sa.delete(OutboxEntry).where(*same, idle))


def heard(connection: Connection, channel: str, recipient: str) -> None:
    """They have written, in a transaction of the caller's: what was held until then goes out, in its order.

    An attempt that is under way just now may be refused for the time before: that refusal counts no longer, for the
    number of the attempt is another one; it is tried again once its lease is over. (One statement: on PostgreSQL a row
    that is being held at this moment is looked at again when it is.)
    """
    held, trying = OutboxEntry.state == HELD, sa.and_(OutboxEntry.attempts > 0, OutboxEntry.error.is_(None))
    theirs = (OutboxEntry.channel == channel, OutboxEntry.recipient == recipient)
    at_once = sa.literal(now(), OutboxEntry.due_at.type)
    anew = {
        "state": WAITING,
        "attempts": sa.case((held, 0), else_=OutboxEntry.attempts + 1),
        "due_at": sa.case((held, at_once), else_=OutboxEntry.due_at),
        "error": None,
    }
    which = sa.or_(held, sa.and_(OutboxEntry.state == WAITING, trying))
    changed = sa.update(OutboxEntry).where(*theirs, which).values(**anew)
    connection.execute(changed.execution_options(synchronize_session=False))


def unsent_to(connection: Connection, channel: str, recipient: str) -> list[Any]:
    """Return the rows that a recipient has not had yet (key, state, attempts, error), in the order of their sending."""
    columns = (OutboxEntry.key, OutboxEntry.state, OutboxEntry.attempts, OutboxEntry.error)
    theirs = (OutboxEntry.channel == channel, OutboxEntry.recipient == recipient, OutboxEntry.state != SENT)
    return list(connection.execute(sa.select(*columns).where(*theirs).order_by(OutboxEntry.id)).all())


class Outbox:
    """The pushes of a migrated database. `clock`: the time by which they are due."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = now) -> None:
        self._engine, self._clock = engine, clock

    def claim(self, channel: str, most: int) -> list[Claim]:
        """Return up to so many pushes of a channel that are due; for the length of the lease they are the caller's."""
        earlier = sa.orm.aliased(OutboxEntry)
        before = sa.select(earlier.id).where(
            earlier.recipient == OutboxEntry.recipient,
            earlier.channel == channel,
            earlier.state.in_((WAITING, HELD)),
            earlier.id < OutboxEntry.id,
        )
        due = (OutboxEntry.state == WAITING, has_come(OutboxEntry.due_at, self._clock(), _FURTHEST))
        wanted = (
            sa.select(OutboxEntry.__table__)
            .where(OutboxEntry.channel == channel, *due, ~before.exists())
            .order_by(OutboxEntry.due_at)
            .limit(most)
        )
        with self._engine.connect() as connection:
            found = connection.execute(wanted).all()
        claims = []
        for row in found:
            claim = Claim(row.id, row.attempts + 1, Push(row.channel, row.recipient, row.payload, row.key))
            if row.attempts >= MOST_ATTEMPTS:
                self._change(row.id, row.attempts, due, state=PARKED, error=row.error or _UNANSWERED)
            else:
                tried = {"attempts": claim.attempt, "due_at": self._clock() + LEASE, "error": None}
                if self._change(row.id, row.attempts, due, **tried):
                    claims.append(claim)
        return claims

    def sent(self, claim: Claim) -> None:
        """It has arrived. What it said is not kept here any longer."""
        done = {"state": SENT, "sent_at": self._clock(), "payload": {}, "error": None}
        with self._engine.begin() as connection:  # true whoever holds the lease by now
            connection.execute(sa.update(OutboxEntry).where(OutboxEntry.id == claim.id).values(**done))

    def replace(self, channel: str, key: str, payload: Mapping[str, Any]) -> None:
        """A part of a push has arrived: what is left of it is tried from now on."""
        waiting = (OutboxEntry.channel == channel, OutboxEntry.key == key, OutboxEntry.state == WAITING)
        with self._engine.begin() as connection:
            connection.execute(sa.update(OutboxEntry).where(*waiting).values(payload=dict(payload)))

    def failed(self, claim: Claim, why: str, final: bool = False, held: bool = False) -> bool:
        """It has not arrived: it is tried again later; parked if that is no use (`final`) or was done often enough.

        `held`: it is of no use before its recipient writes again (``heard``), and is kept until then.
        `why`: short, without anybody's words. Returns whether it is parked.
        """
        parked = not held and (final or claim.attempt >= MOST_ATTEMPTS)
        then: dict[str, Any] = {"due_at": self._clock() + _pause(claim.attempt)}
        if held or parked:
            then = {"state": HELD if held else PARKED}
        self._change(claim.id, claim.attempt, (OutboxEntry.state == WAITING,), error=why[:_LONGEST_ERROR], **then)
        return parked

    def unsent(self) -> list[Any]:
        """Return the rows that wait, are held or are parked, the oldest first; their times are aware."""
        wanted = sa.select(OutboxEntry.__table__).where(OutboxEntry.state != SENT).order_by(OutboxEntry.id)
        with self._engine.connect() as connection:
            rows = connection.execute(wanted).mappings().all()
        return [{**row, "due_at": aware(row["due_at"]), "created_at": aware(row["created_at"])} for row in rows]

    def counts(self, channel: str) -> dict[str, int]:
        """Return how many of a channel wait, are held and are parked."""
        unsent = (OutboxEntry.channel == channel, OutboxEntry.state != SENT)
        wanted = sa.select(OutboxEntry.state, sa.func.count()).where(*unsent).group_by(OutboxEntry.state)
        with self._engine.connect() as connection:
            return {WAITING: 0, HELD: 0, PARKED: 0, **dict(connection.execute(wanted).all())}

    def retry(self, number: int | None = None) -> int:
        """Let a parked or held push, or all of them, be tried anew from now on; return how many these are."""
        which = [OutboxEntry.state.in_((PARKED, HELD)), *([OutboxEntry.id == number] if number is not None else [])]
        anew = {"state": WAITING, "attempts": 0, "due_at": self._clock()}
        with self._engine.begin() as connection:
            return connection.execute(sa.update(OutboxEntry).where(*which).values(**anew)).rowcount

    def drop(self, number: int) -> int:
        """Delete a push that is not sent; return how many were (0 or 1)."""
        unsent = (OutboxEntry.id == number, OutboxEntry.state != SENT)
        with self._engine.begin() as connection:
            return connection.execute(sa.delete(OutboxEntry).where(*unsent)).rowcount

    def _change(self, number: int, tried: int, still: Sequence[Any], **values: Any) -> bool:
        """Write these if nobody has tried the push since; return whether it was so."""
        same = (OutboxEntry.id == number, OutboxEntry.attempts == tried, *still)
        with self._engine.begin() as connection:
            return connection.execute(sa.update(OutboxEntry).where(*same).values(**values)).rowcount == 1


def _pause(attempt: int) -> timedelta:
    """Twice as long after each attempt; up to half of it less, so that not everything comes back at once."""
    return timedelta(seconds=min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0))
