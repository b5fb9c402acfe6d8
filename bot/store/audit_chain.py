"""What the staff did, as a chain: each row of the audit holds a keyed hash of itself and of the row before.

Whoever edits or reorders a row, or deletes one before the last, with all rights on the database but without the secret
of the house, breaks the chain there. Only its end can be taken away: the last rows, and ``audit_head`` set back to the
row before them, leave a chain that holds. That is told by a head noted elsewhere (``wengang staff audit --verify``
prints it): the row of that number is gone, or has another hash.

Writers take turns by the row ``audit_head``; a citizen's turn writes rows outside of the chain and waits for nobody.
What is old is cut off from the beginning: a later row (``expired``) names the last that was.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from bot.store.models import Audit, audited, aware, now
from bot.store.staff_tables import AuditHead

NOTHING = "0" * 64
EXPIRED = "expired"
HOUSE = "house"  # who did what nobody of the staff did
_AT_A_TIME = 500  # rows
_LAST = 20  # rows
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Checked:
    """How many rows were looked at; the number of the first that is not as it was written (None: all are), and why:
    ``changed``, ``missing`` or ``head``. `head`: the number and hash of the last row, to be noted elsewhere."""

    rows: int
    broken: int | None
    why: str
    head: tuple[int, str]


class AuditChain:
    """Appends to the chain and checks it. `key`: the secret of the house; `clock`: for tests."""

    def __init__(self, key: bytes, clock: Callable[[], datetime] = now) -> None:
        self._key, self._clock = hmac.new(key, b"audit chain", hashlib.sha256).digest(), clock

    def append(
        self,
        connection: Connection,
        actor: str | None,
        event: str,
        subject: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Write what was done in a transaction of the caller's, as the last thing in it: others wait for its end.

        `actor`: the id of an account; `subject`: whom or what it was done to, kept as a pseudonym; `detail`: JSON
        without words of anybody.
        """
        head = sa.update(AuditHead).where(AuditHead.id == 1)
        connection.execute(head.values(number=AuditHead.number + 1))  # from here on we are alone
        number, before = connection.execute(sa.select(AuditHead.number, AuditHead.hash)).one()
        row = {**audited(event, subject, detail or {}), "created_at": self._clock(), "actor": actor, "number": number}
        row["hash"] = self._hash(row, before)
        connection.execute(sa.insert(Audit), row)
        connection.execute(head.values(hash=row["hash"]))

    def verify(self, engine: Engine) -> Checked:
        """Read the whole chain, from its first row or the last cut: some rows at a time, and nobody waits for it."""
        while True:
            with engine.connect() as connection:
                cut = self._cut(connection)  # before the head, which is so never behind it
                beyond = sa.exists().where(Audit.number > AuditHead.number).label("beyond")
                head = connection.execute(sa.select(AuditHead.number, AuditHead.hash, beyond)).one_or_none()
            if head is None:
                return Checked(0, 1, "head", (0, NOTHING))
            checked = self._read(engine, cut, (head.number, head.hash))
            if checked.broken is None and head.beyond:
                return Checked(checked.rows, head.number + 1, "head", checked.head)
            if checked.broken is None:
                return checked
            with engine.connect() as connection:
                if self._cut(connection) == cut:
                    return checked  # else what is missing is what was cut off meanwhile

    def latest(self, connection: Connection, *events: str) -> Mapping[str, Any] | None:
        """Return the latest row of one of these events; None also if it is not as it was written."""
        columns = Audit.__table__.c
        wanted = sa.select(Audit.__table__).where(columns.number.is_not(None), columns.event.in_(events))
        try:
            row = connection.execute(wanted.order_by(columns.number.desc()).limit(1)).mappings().one_or_none()
        except ValueError:  # no date, no JSON: SQLite takes anything
            return None
        return row if row is not None and self._proven(connection, row) else None

    def ours(self, connection: Connection) -> bool:
        """Whether any of the last rows is as it was written; none is where they were written with another secret."""
        columns = Audit.__table__.c
        wanted = sa.select(Audit.__table__).where(columns.number.is_not(None)).order_by(columns.number.desc())
        try:
            rows = connection.execute(wanted.limit(_LAST)).mappings().all()
        except ValueError:
            return False
        return not rows or any(self._proven(connection, row) for row in rows)

    def alone(self, connection: Connection) -> bool:
        """Nobody else appends until this transaction of the caller's ends; False: there is no head to append to."""
        kept = sa.update(AuditHead).where(AuditHead.id == 1).values(number=AuditHead.number)
        return connection.execute(kept).rowcount == 1

    def cut(self, engine: Engine, older_than: datetime) -> int:
        """Delete what is older from the beginning of the chain, and write down that it was; return how many rows."""
        with engine.begin() as connection:
            self.alone(connection)
            kept = sa.select(sa.func.min(Audit.number)).where(Audit.created_at >= older_than)
            first = connection.execute(kept.where(Audit.number.is_not(None))).scalar()
            chained = (Audit.number.is_not(None), *([Audit.number < first] if first is not None else []))
            last = connection.execute(
                sa.select(Audit.number, Audit.hash).where(*chained).order_by(Audit.number.desc()).limit(1)
            ).one_or_none()
            if last is None:
                return 0
            gone = connection.execute(sa.delete(Audit).where(*chained)).rowcount
            self.append(connection, HOUSE, EXPIRED, None, {"rows": gone, "through": last.number, "hash": last.hash})
        return int(gone)

    def _cut(self, connection: Connection) -> tuple[int, str]:
        """The last row that was deleted because it was old, as the chain itself tells."""
        told = sa.select(Audit.detail).where(Audit.event == EXPIRED, Audit.actor == HOUSE, Audit.number.is_not(None))
        try:
            detail = connection.execute(told.order_by(Audit.number.desc()).limit(1)).scalar()
            return (int(detail["through"]), str(detail["hash"])) if detail else (0, NOTHING)
        except (ValueError, TypeError, LookupError):  # nothing that we wrote
            return 0, NOTHING

    def _read(self, engine: Engine, cut: tuple[int, str], head: tuple[int, str]) -> Checked:
        rows, number, before = 0, 0, NOTHING
        for row in _through(engine, head[0]):
            if row is not None and not rows and row["number"] > cut[0]:
                number, before = cut
            rows, number = rows + 1, number + 1
            if row is not None and row["number"] != number:
                return Checked(rows, number, "missing", head)
            if row is None or not self._fits(row, before):
                return Checked(rows, number, "changed", head)
            before = row["hash"]
        if not rows:
            number, before = cut
        if (number, before) != head:
            return Checked(rows, number + 1, "missing" if number < head[0] else "head", head)
        return Checked(rows, None, "", head)

    def _proven(self, connection: Connection, row: Mapping[str, Any]) -> bool:
        earlier = row["number"] - 1
        before = connection.execute(sa.select(Audit.hash).where(Audit.number == earlier)).scalar()
        if before is None:
            number, before = self._cut(connection)
            if number != earlier:
                return False
        return self._fits(row, before)

    def _fits(self, row: Mapping[str, Any], before: str) -> bool:
        try:
            return hmac.compare_digest(self._hash(row, before).encode(), str(row["hash"]).encode())
        except ValueError:  # half a character
            return False

    def _hash(self, row: Mapping[str, Any], before: str) -> str:
        moment = aware(row["created_at"]).astimezone(timezone.utc).isoformat(timespec="microseconds")
        said = [row["number"], moment, row["event"], row["actor"], row["pseudonym"], row["detail"], before]
        return hmac.new(self._key, _CANONICAL.encode(said).encode(), hashlib.sha256).hexdigest()


def _through(engine: Engine, last: int) -> Iterator[Mapping[str, Any] | None]:
    """The rows of the chain up to this number; None for one that cannot even be read. Who writes meanwhile is not
    looked at."""
    columns = Audit.__table__.c
    wanted = sa.select(Audit.__table__).where(columns.number.is_not(None), columns.number <= last)
    following, most = wanted, _AT_A_TIME
    while True:
        try:
            with engine.connect() as connection:
                rows = connection.execute(following.order_by(columns.number).limit(most)).mappings().all()
        except ValueError:  # no date, no JSON: SQLite takes anything
            if most == 1:
                yield None
                return
            most = 1  # to find out which
            continue
        yield from rows
        if len(rows) < most:
            return
        following = wanted.where(columns.number > rows[-1]["number"])


def cut_before(days: int) -> datetime:
    """The moment before which the audit is old."""
    return now() - timedelta(days=days)
