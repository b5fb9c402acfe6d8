"""What came in through the official account: kept before it is answered, each message once, however often it is sent.

**A retry and a replay.** WeChat sends a message up to three times, five seconds apart, when it gets no answer. What is
the same in all tries is the message (its MsgId; of an event sender, second, event and key); whether timestamp, nonce
and signature are made anew is written nowhere, so both must pass. Somebody who recorded a request can only send the
same signed bytes again: without the token they cannot sign a new nonce. So

* a nonce that was never seen belongs to WeChat, whatever message it brings: of one that is known it is a retry;
* a request that was seen before is a retry as long as it can be one: it brings the same message, not more often than
  WeChat tries, within the time that WeChat takes for its tries, not while WeChat still waits for the answer to it, and
  not once WeChat has signed another request for the same message. Everything else is a replay.

What passes as a retry runs no second turn: it gets the answer that is kept, encrypted. It could at most take that
answer away from an open try of WeChat's, and the last two conditions see to it that it does not. All this stands in the
database: it holds among workers and after a restart. Requests older than minutes are refused by their timestamp
(``route.py``) before they come here.

**What is not answered.** A message is due a while after WeChat's last try. Whoever finds it due (any worker) holds its
turn then; if the turn was held, that costs nothing, for a message is answered once (``bot.store.turns``).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from bot.channels.wechat import people
from bot.store.models import WechatMessage, WechatRequest, aware, has_come, now
from bot.store.outbox import heard, on_its_way, withdraw

CHANNEL = "wechat"
TRIES = 3
TRYING = timedelta(seconds=16)  # from the first try until WeChat has given up the last one
_RETRIED = timedelta(seconds=30)  # the same, with what the network and a busy host add
_HELD = timedelta(seconds=4.8)  # WeChat waits for five before it tries again
_DUE = timedelta(seconds=20)  # when a message without an answer is taken up
_SHORTEST = timedelta(seconds=60)  # between two attempts to take it up; a turn takes less
_LONGEST = timedelta(days=1)  # nobody waits longer; WeChat allows an answer for two
_MARGIN = timedelta(seconds=1.5)  # for a passive answer to leave before its push is due
_ATTEMPTS = 3  # two tries of one message may meet


class Replayed(Exception):
    """Somebody sent a recorded request again."""


@dataclass(frozen=True)
class Message:
    """A message as it is kept.

    Attributes:
        sender: the pseudonym of who sent it.
        number: the same for every try of it (``incoming.Incoming.number``).
        kind: ``text``, ``voice``, ``event.scan`` …
        said: its words, masked.
        received: when it first came in.
        tries: how often it has come in.
    """

    sender: str
    number: str
    kind: str
    said: str
    received: datetime
    tries: int

    @property
    def key(self) -> str:
        """What the push of its answer goes by."""
        return hashlib.sha256(f"{CHANNEL}\0{self.sender}\0{self.number}".encode()).hexdigest()[:32]


class Inbox:
    """The messages of a migrated database. `clock`: the time by which they are due."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = now) -> None:
        self._engine, self._clock = engine, clock

    def receive(
        self, sender: str, openid: str, number: str, kind: str, said: str, scene: str | None, signed: str
    ) -> Message:
        """Keep one try of a message and return the message. `signed`: the request's timestamp, nonce and signature.

        What was held until they write goes out from now on.
        Raises Replayed, and what SQLAlchemy raises.
        """
        digest = hashlib.sha256(signed.encode("utf-8", "surrogatepass")).hexdigest()
        row = {"sender": sender, "number": number, "kind": kind, "said": said, "scene": scene}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._engine.begin() as connection:
                    message = self._message(connection, row, digest)
                    if kind == "event.unsubscribe":
                        people.left(connection, sender)
                    else:
                        people.seen(connection, sender, openid)
                    return message
            except IntegrityError:
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _message(self, connection: Connection, row: dict[str, str | None], digest: str) -> Message:
        same = (WechatMessage.sender == row["sender"], WechatMessage.number == row["number"])
        wanted, at = sa.select(WechatMessage.__table__).where(*same), self._clock()
        before = connection.execute(wanted).one_or_none()
        self._note_request(connection, digest, f"{row['sender']}\0{row['number']}", before, at)
        if before is None:
            if row["kind"] != "event.unsubscribe":
                heard(connection, CHANNEL, str(row["sender"]))  # WeChat counts anew; before what erasure deletes later
            new = {**row, "tries": 1, "received_at": at, "due_at": at + _DUE}
            connection.execute(sa.insert(WechatMessage), new)
        else:
            connection.execute(sa.update(WechatMessage).where(*same).values(tries=WechatMessage.tries + 1))
        return _message(connection.execute(wanted).one())

    @staticmethod
    def _note_request(
        connection: Connection, digest: str, message: str, before: sa.engine.Row | None, at: datetime
    ) -> None:
        """Note a signed request. `before`: its message, if that came in before. Raises Replayed."""
        brings = hashlib.sha256(message.encode()).hexdigest()
        wanted = sa.select(WechatRequest.__table__).where(WechatRequest.digest == digest)
        seen = connection.execute(wanted).one_or_none()
        if seen is None:
            row = {"digest": digest, "message": brings, "times": 1, "seen_at": at}
            connection.execute(sa.insert(WechatRequest), row)
            return
        newer = sa.select(WechatRequest.digest).where(
            WechatRequest.message == brings, WechatRequest.seen_at > seen.seen_at, WechatRequest.digest != digest
        )
        late = before is None or at - aware(before.received_at) > _RETRIED
        held = at - aware(seen.seen_at) < _HELD
        if seen.message != brings or seen.times >= TRIES or late or held or connection.execute(newer).first():
            raise Replayed
        again = {"times": WechatRequest.times + 1, "seen_at": at}
        connection.execute(sa.update(WechatRequest).where(WechatRequest.digest == digest).values(**again))

    def answer_now(self, message: Message) -> bool:
        """Whether its answer, which is kept, may be given to an open try; then nobody takes the message up any more.

        False: customer service has sent it, or is about to.
        """
        with self._engine.begin() as connection:
            if on_its_way(connection, CHANNEL, message.key, self._clock() + _MARGIN):
                return False
            self._settle(connection, message)
        return True

    def answered(self, message: Message) -> None:
        """The answer has left on a try: it is not pushed. (Until here a crash would have it pushed.)"""
        with self._engine.begin() as connection:
            withdraw(connection, CHANNEL, message.key)

    def settled(self, message: Message) -> None:
        """Nobody needs to take the message up any more: its turn is kept, and with it the push of its answer."""
        with self._engine.begin() as connection:
            self._settle(connection, message)

    def overdue(self, most: int) -> list[Message]:
        """Return up to so many messages that are due; they are the caller's for a while, the longer the older.

        Those a day old are given up.
        """
        at = self._clock()
        due = (has_come(WechatMessage.due_at, at, _LONGEST),)
        wanted = sa.select(WechatMessage.__table__).where(*due).order_by(WechatMessage.due_at).limit(most)
        with self._engine.connect() as connection:
            found = connection.execute(wanted).all()
        taken = []
        for row in found:
            age = at - aware(row.received_at)
            next_due = None if age > _LONGEST else at + max(age, _SHORTEST)
            mine = sa.update(WechatMessage).where(WechatMessage.id == row.id, *due).values(due_at=next_due)
            with self._engine.begin() as connection:
                if connection.execute(mine).rowcount and next_due:  # of several workers one
                    taken.append(_message(row))
        return taken

    @staticmethod
    def _settle(connection: Connection, message: Message) -> None:
        same = (WechatMessage.sender == message.sender, WechatMessage.number == message.number)
        connection.execute(sa.update(WechatMessage).where(*same).values(due_at=None))


def _message(row: sa.engine.Row) -> Message:
    return Message(row.sender, row.number, row.kind, row.said, aware(row.received_at), row.tries)
