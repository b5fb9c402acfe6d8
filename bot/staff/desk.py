"""A citizen asks for a human: the conversation waits, is taken, and comes back.

    bot ── asks ──> queued ── taken ──> human ── given back ──> bot
                      │  ^                │
                      │  └── lease over ──┘        (the operator's page has been gone too long)
                      ├── nobody took it ──> missed, a case is made ──> bot
                      └── does not want to wait any more ──> left ──> bot

The state stands in our store, in front of Rasa: while a conversation is queued or with a human the bot does not answer,
and what is said is kept for the operator. Every step is an update that only one of several can win; what is said to the
citizen is kept in the same transaction, so that it is said once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from actions.reply import Reply
from actions.speak import wording
from bot.api.errors import ApiError
from bot.messages import has, say
from bot.staff.accounts import OFFICER, Member
from bot.staff.cases import Cases, Matter, left_open, put_new, written
from bot.staff.delivery import BY_PUSH, by_push, undelivered
from bot.store import pushed
from bot.store.audit_chain import AuditChain
from bot.store.conversations import Conflict, HeldTurn, Replies
from bot.store.database import in_order
from bot.store.handoff_tables import Handoff, HandoffMessage
from bot.store.models import Turn, aware, has_come, now
from bot.store.outbox import put as put_push
from bot.store.staff_tables import StaffSession

QUEUED, HUMAN, RETURNED, MISSED, LEFT = "queued", "human", "returned", "missed", "left"
CITIZEN, OPERATOR, HOUSE = "citizen", "operator", "house"
SPOKEN_TO = ("web:", "wechat:")  # senders an operator's words reach; partners (rest:) have no way to fetch them
LEASE = timedelta(seconds=90)  # a page that is loaded anew, or a short break of the line, loses nothing
AT_DESK = timedelta(seconds=45)  # how long a page counts as somebody being there
_TRANSCRIPT = 50  # messages of before
_MOST = 2**31  # what a number in the database may be
_COLUMNS = Handoff.__table__.c


@dataclass(frozen=True)
class Said:
    """One message of a hand-off, or of the conversation before it (`id` 0); `client_id`: an operator's own number."""

    id: int
    author: str
    replies: Replies
    at: datetime
    client_id: str | None = None


class Desk:
    """The hand-offs of a migrated database.

    `patience`: how long a citizen waits for somebody to take them; `offered`: whether there is a console at all.
    """

    def __init__(
        self,
        engine: Engine,
        cases: Cases,
        chain: AuditChain,
        patience: timedelta,
        offered: Callable[[], bool] = lambda: True,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._engine, self._cases, self._chain = engine, cases, chain
        self._patience, self._offered, self._clock = patience, offered, clock

    # ── the citizen's side: within a turn, kept with it ──

    def heard(self, turn: HeldTurn) -> Replies | None:
        """Keep what is said while a human is to answer, and return what is said to that; None: the bot answers."""
        with self._engine.connect() as connection:
            active = connection.execute(
                sa.select(Handoff.__table__).where(_COLUMNS.active == turn.sender)
            ).one_or_none()
            ahead = _ahead(connection, active) if active else 0
        if active is None:
            return None
        if active.state == QUEUED and _bare(turn.text) in say("handoff.leaving_words").split():
            turn.also.append(lambda connection: self._leave(connection, active.id))
            return [_told("left", "bot")]
        turn.also.append(lambda connection: self._keep(connection, active.id, turn))
        if any(word in turn.text for word in wording("messages")["crisis_words"]):
            return None  # that cannot wait
        if active.state != QUEUED:
            return [_told("heard", HUMAN)]
        return [_told("waiting" if ahead else "waiting_first", QUEUED, ahead=ahead)]

    def asked(self, turn: HeldTurn, replies: Replies) -> Replies:
        """Return the replies of the bot; with one that hands over, the conversation waits for a human from here on.

        Of a channel that an operator cannot speak to, it stays with the bot.
        """
        at = next((place for place, reply in enumerate(replies) if reply.get("kind") == "handoff"), None)
        if at is None or not turn.sender.startswith(SPOKEN_TO) or not self._offered():
            return replies
        summary = str(replies[at].get("summary") or "")
        with self._engine.connect() as connection:
            if connection.execute(sa.select(_COLUMNS.id).where(_COLUMNS.active == turn.sender)).first():
                return replies
            there = self._anybody(connection)
            ahead = _waiting(connection)
        if there:
            turn.also.append(lambda connection: self._queue(connection, turn, summary))
            told = _told("queued" if ahead else "queued_first", QUEUED, ahead=ahead)
            reply = {**replies[at], **told, "summary": summary}
        else:
            turn.also.append(lambda connection: self._miss_at_once(connection, turn, summary))
            reply = {**replies[at], "text": f"{say('handoff.nobody')}\n{replies[at]['text']}"}
        return [*replies[:at], reply, *replies[at + 1 :]]

    def _queue(self, connection: Connection, turn: HeldTurn, summary: str) -> None:
        row = {"state": QUEUED, "active": turn.sender, "sender": turn.sender, "question": turn.text, "summary": summary}
        connection.execute(sa.insert(Handoff).values(**row, asked_at=self._clock(), queued_at=self._clock()))

    def _miss_at_once(self, connection: Connection, turn: HeldTurn, summary: str) -> None:
        row = {"state": MISSED, "sender": turn.sender, "question": turn.text, "summary": summary}
        moment = self._clock()
        kept = connection.execute(sa.insert(Handoff).values(**row, asked_at=moment, queued_at=moment, ended_at=moment))
        self._case(connection, int(kept.inserted_primary_key[0]), turn.sender, turn.text, summary)

    def _keep(self, connection: Connection, id: int, turn: HeldTurn) -> None:
        """Raises Conflict when it has ended meanwhile: then the bot is to answer after all."""
        self._still(connection, id, _COLUMNS.active == turn.sender)
        self._put(connection, id, turn.sender, CITIZEN, [{"kind": "text", "text": turn.text}], turn.message)

    def _leave(self, connection: Connection, id: int) -> None:
        self._still(connection, id, _COLUMNS.state == QUEUED, state=LEFT, active=None, ended_at=self._clock())

    # ── the operator's side ──

    def queue(self) -> list[dict[str, Any]]:
        """Return who waits, the longest first: {id, from, question, summary, waiting (seconds), messages}.

        `messages`: how often the citizen said something.
        """
        return self._listed(_COLUMNS.state == QUEUED)

    def taken(self, member: Member) -> list[dict[str, Any]]:
        """Return the conversations that somebody has."""
        return self._listed(*_theirs(member))

    def _listed(self, *which: Any) -> list[dict[str, Any]]:
        said = (HandoffMessage.handoff_id == _COLUMNS.id, HandoffMessage.author == CITIZEN)
        count = sa.select(sa.func.count()).where(*said).scalar_subquery()
        wanted = sa.select(Handoff.__table__, count.label("messages")).where(*which)
        with self._engine.connect() as connection:
            rows = connection.execute(wanted.order_by(_COLUMNS.asked_at, _COLUMNS.id)).all()
        return [{**self._shown(row), "messages": row.messages} for row in rows]

    def take(self, member: Member, id: int) -> dict[str, Any]:
        """One of several wins; again by the winner is no harm. Raises ApiError 404, 409."""
        moment = self._clock()
        with self._engine.begin() as connection:
            self._first(connection, id)
            taken = {"state": HUMAN, "operator": member.id, "lease_until": moment + LEASE, "taken_at": moment}
            won = self._change(connection, id, _COLUMNS.state == QUEUED, **taken)
            row = self._row(connection, id)
            if won:
                self._tell(connection, row, HOUSE, [_told("taken", HUMAN)])
                self._chain.append(connection, member.id, "handoff_taken", row.sender, {"handoff": id})
            elif row.state != HUMAN or row.operator != member.id:
                raise ApiError(409, "staff.taken")
        return self._shown(row)

    def beat(self, member: Member, id: int) -> bool:
        """Keep what one has: the page is still there. Returns whether it is still theirs."""
        with self._engine.begin() as connection:
            return self._change(connection, id, *_theirs(member), lease_until=self._clock() + LEASE)

    def say(self, member: Member, id: int, client_id: str, replies: Replies) -> int:
        """Say something to the citizen, once for each `client_id`; return its number. Raises ApiError 409."""
        with self._engine.begin() as connection:
            row = self._first(connection, id)
            if not self._change(connection, id, *_theirs(member), lease_until=self._clock() + LEASE):
                raise ApiError(409, "staff.not_taken")
            same = (HandoffMessage.handoff_id == id, HandoffMessage.author == OPERATOR)
            known = sa.select(HandoffMessage.id).where(*same, HandoffMessage.client_id == client_id)
            if (number := connection.execute(known).scalar()) is not None:
                return int(number)
            number = self._tell(connection, row, OPERATOR, replies, client_id)
            self._chain.append(connection, member.id, "handoff_said", None, {"handoff": id, "message": number})
        return number

    def give_back(self, member: Member, id: int, subject: str | None = None) -> int | None:
        """The bot goes on. With a `subject`, a case is made of it; returns its number. Raises ApiError, InputError."""
        case = None
        with self._engine.begin() as connection:
            row = self._first(connection, id)
            ended = {"state": RETURNED, "active": None, "ended_at": self._clock()}
            if not self._change(connection, id, *_theirs(member), **ended):
                raise ApiError(409, "staff.not_taken")
            if subject:
                case = self._case(connection, id, row.sender, subject, row.summary, member.id)
            self._tell(connection, row, HOUSE, [_told("returned", "bot")])
            self._chain.append(connection, member.id, "handoff_ended", row.sender, {"handoff": id, "case": case})
        return case

    def messages(self, member: Member, id: int, after: int = 0) -> list[Said]:
        """What was said after a message; after none of them (0), also what was said to the bot before.

        For whoever has the conversation, or had it last, and officers. Raises ApiError 404.
        """
        with self._engine.connect() as connection:
            row = self._row(connection, id)
            if row.operator != member.id and member.role != OFFICER:
                raise ApiError(404, "staff.no_handoff")
            before, after = _before(connection, row) if not after else [], min(max(after, 0), _MOST - 1)
            wanted = sa.select(HandoffMessage.__table__).where(
                HandoffMessage.handoff_id == id, HandoffMessage.id > after
            )
            found = connection.execute(wanted.order_by(HandoffMessage.id)).all()
        return [*before, *map(_said, found)]

    def one(self, member: Member, id: int) -> dict[str, Any]:
        """How it stands with a conversation: {…, state, mine, undelivered}. Raises ApiError 404.

        `undelivered`: by the number of a message, how it stands with what has not reached the citizen (``delivery``).
        """
        with self._engine.connect() as connection:
            row = self._row(connection, id)
            late = undelivered(connection, row.id, row.sender)
        mine = row.state == HUMAN and row.operator == member.id
        return {**self._shown(row), "mine": mine, "undelivered": late}

    # ── what nobody does ──

    def sweep(self) -> int:
        """End what has waited too long, and queue again what an operator has lost; return how many these were."""
        moment = self._clock()
        tired = sa.and_(
            _COLUMNS.state == QUEUED, has_come(_COLUMNS.queued_at, moment - self._patience, 2 * self._patience)
        )
        lost = sa.and_(_COLUMNS.state == HUMAN, has_come(_COLUMNS.lease_until, moment, 2 * LEASE))
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(Handoff.__table__).where(sa.or_(tired, lost))).all()
        return sum(self._lost(row, lost) if row.state == HUMAN else self._tired(row, tired) for row in rows)

    def _tired(self, row: Any, still: Any) -> bool:
        with self._engine.begin() as connection:
            in_order(connection, row.sender)
            ended = {"state": MISSED, "active": None, "ended_at": self._clock()}
            if not self._change(connection, row.id, still, **ended):
                return False
            self._case(connection, row.id, row.sender, row.question, row.summary)
            self._tell(connection, row, HOUSE, [_told("too_long", "bot")])
        return True

    def _lost(self, row: Any, still: Any) -> bool:
        with self._engine.begin() as connection:
            in_order(connection, row.sender)
            again = {"state": QUEUED, "operator": None, "lease_until": None, "queued_at": self._clock()}
            if not self._change(connection, row.id, still, **again):
                return False
            self._tell(connection, row, HOUSE, [_told("lost", QUEUED)])
        return True

    # ── shared ──

    def _anybody(self, connection: Connection) -> bool:
        there = (StaffSession.ended.is_(False), StaffSession.at_desk_at > self._clock() - AT_DESK)
        return connection.execute(sa.select(StaffSession.token).where(*there).limit(1)).first() is not None

    def _change(self, connection: Connection, number: int, *still: Any, **values: Any) -> bool:
        if not 0 < number < _MOST:
            return False
        changed = sa.update(Handoff).where(_COLUMNS.id == number, *still).values(**values)
        return bool(connection.execute(changed.execution_options(synchronize_session=False)).rowcount)

    def _still(self, connection: Connection, id: int, still: Any, **values: Any) -> None:
        """Raises Conflict unless it is so; nobody else changes it before the end of the transaction."""
        if not self._change(connection, id, still, **(values or {"state": _COLUMNS.state})):
            raise Conflict(str(id))

    def _row(self, connection: Connection, id: int) -> Any:
        row = None
        if 0 < id < _MOST:
            row = connection.execute(sa.select(Handoff.__table__).where(_COLUMNS.id == id)).one_or_none()
        if row is None:
            raise ApiError(404, "staff.no_handoff")
        return row

    def _first(self, connection: Connection, id: int) -> Any:
        """The row. Its conversation is held before it is locked, as in a citizen's turn: or the two would block."""
        row = self._row(connection, id)
        in_order(connection, row.sender)
        return row

    def _put(
        self, connection: Connection, id: int, sender: str, author: str, replies: Replies, client_id: str | None
    ) -> int:
        row = {"handoff_id": id, "sender": sender, "author": author, "client_id": client_id, "replies": replies}
        made = connection.execute(sa.insert(HandoffMessage).values(**row, created_at=self._clock()))
        return int(made.inserted_primary_key[0])

    def _tell(
        self, connection: Connection, row: Any, author: str, replies: Replies, client_id: str | None = None
    ) -> int:
        """Say it to the citizen, by the way their channel has, and keep that it was said."""
        number = self._put(connection, row.id, row.sender, author, replies, client_id)
        if row.sender.startswith(BY_PUSH):
            put_push(connection, [by_push(row.id, number, row.sender, replies)])
        else:
            pushed.put(connection, row.sender, replies)
        return number

    def _case(
        self, connection: Connection, id: int, sender: str, subject: str, summary: str, owner: str | None = None
    ) -> int:
        """A case of it. Nobody's again while the sender has one that nobody took: then that one says this, too."""
        text = written(subject, 10_000)[:300] or say("handoff.no_words")
        door = sender.split(":")[0]
        channel = say(f"door.{door}") if has(f"door.{door}") else door
        case = None if owner else left_open(connection, sender)
        if case is None:
            case = self._cases.put(connection, Matter(text, caller=channel, sender=sender), owner)
        for words in (text, summary):
            put_new(connection, case, owner, "handoff", words)
        connection.execute(sa.update(Handoff).where(_COLUMNS.id == id).values(case_id=case))
        return case

    def _shown(self, row: Any) -> dict[str, Any]:
        waiting = (aware(row.taken_at) if row.state == HUMAN and row.taken_at else self._clock()) - aware(row.asked_at)
        return {
            "id": row.id,
            "state": row.state,
            "from": row.sender.split(":")[0],
            "question": row.question,
            "summary": row.summary,
            "waiting": max(0, int(waiting.total_seconds())),
            "asked_at": aware(row.asked_at).isoformat(timespec="seconds"),
            "case": row.case_id,
        }


def _said(row: Any) -> Said:
    number = row.client_id if row.author == OPERATOR else None
    return Said(row.id, row.author, row.replies, aware(row.created_at), number)


def _theirs(member: Member) -> tuple[Any, ...]:
    return _COLUMNS.state == HUMAN, _COLUMNS.operator == member.id


def _told(key: str, state: str, **details: Any) -> Reply:
    """A sentence of the house about the hand-off; `state`: where the conversation is from here on."""
    return {"kind": "handoff", "text": say(f"handoff.{key}", **details), "summary": "", "outcome": "smalltalk",
            "state": state}  # fmt: skip


def _bare(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def _waiting(connection: Connection) -> int:
    return int(connection.execute(sa.select(sa.func.count()).where(_COLUMNS.state == QUEUED)).scalar() or 0)


def _ahead(connection: Connection, row: Any) -> int:
    before = (_COLUMNS.state == QUEUED, _COLUMNS.asked_at < row.asked_at)
    return int(connection.execute(sa.select(sa.func.count()).where(*before)).scalar() or 0)


def _before(connection: Connection, row: Any) -> list[Said]:
    """What was said to the bot until it was asked for a human, that message included."""
    wanted = sa.select(Turn.text, Turn.replies, Turn.pushed, Turn.created_at).where(
        Turn.sender == row.sender, Turn.created_at <= row.asked_at
    )
    found = connection.execute(wanted.order_by(Turn.id.desc()).limit(_TRANSCRIPT)).all()
    said = []
    for turn in reversed(found):
        at = aware(turn.created_at)
        said += [] if turn.pushed else [Said(0, CITIZEN, [{"kind": "text", "text": turn.text}], at)]
        said.append(Said(0, HOUSE if turn.pushed else "bot", turn.replies, at))
    return said
