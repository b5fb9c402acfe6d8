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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from bot.store.models import Audit, audited, aware, now
from bot.store.staff_tables import AuditHead

NOTHING = "0" * 64
EXPIRED = "expired"
_HOUSE = "house"
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
        """Read the whole chain, from its first row or the last cut."""
        rows, number, before = 0, 0, NOTHING
        columns = Audit.__table__.c
        wanted = sa.select(Audit.__table__).where(columns.number.is_not(None)).order_by(columns.number)
        with engine.connect() as connection:
            head = tuple(connection.execute(sa.select(AuditHead.number, AuditHead.hash)).one())
            wanted = wanted.where(columns.number <= head[0])  # who writes meanwhile is not looked at
            cut = self._cut(connection)
            for row in connection.execution_options(stream_results=True).execute(wanted).mappings():
                if not rows and row["number"] > cut[0]:
                    number, before = cut
                rows, number = rows + 1, number + 1
                if row["number"] != number:
                    return Checked(rows, number, "missing", head)
                if not hmac.compare_digest(self._hash(row, before), row["hash"] or ""):
                    return Checked(rows, number, "changed", head)
                before = row["hash"]
            if not rows:
                number, before = cut
        if (number, before) != head:
            return Checked(rows, number + 1, "missing" if number < head[0] else "head", head)
        return Checked(rows, None, "", head)

    def cut(self, engine: Engine, older_than: datetime) -> int:
        """Delete what is older from the beginning of the chain, and write down that it was; return how many rows."""
        with engine.begin() as connection:
            connection.execute(sa.update(AuditHead).where(AuditHead.id == 1).values(number=AuditHead.number))
            kept = sa.select(sa.func.min(Audit.number)).where(Audit.created_at >= older_than)
            first = connection.execute(kept.where(Audit.number.is_not(None))).scalar()
            chained = (Audit.number.is_not(None), *([Audit.number < first] if first is not None else []))
            last = connection.execute(
                sa.select(Audit.number, Audit.hash).where(*chained).order_by(Audit.number.desc()).limit(1)
            ).one_or_none()
            if last is None:
                return 0
            gone = connection.execute(sa.delete(Audit).where(*chained)).rowcount
            self.append(connection, _HOUSE, EXPIRED, None, {"rows": gone, "through": last.number, "hash": last.hash})
        return int(gone)

    def _cut(self, connection: Connection) -> tuple[int, str]:
        """The last row that was deleted because it was old, as the chain itself tells."""
        told = sa.select(Audit.detail).where(Audit.event == EXPIRED, Audit.actor == _HOUSE, Audit.number.is_not(None))
        detail = connection.execute(told.order_by(Audit.number.desc()).limit(1)).scalar()
        return (int(detail["through"]), str(detail["hash"])) if detail else (0, NOTHING)

    def _hash(self, row: Mapping[str, Any], before: str) -> str:
        moment = aware(row["created_at"]).astimezone(timezone.utc).isoformat(timespec="microseconds")
        said = [row["number"], moment, row["event"], row["actor"], row["pseudonym"], row["detail"], before]
        return hmac.new(self._key, _CANONICAL.encode(said).encode(), hashlib.sha256).hexdigest()


def cut_before(days: int) -> datetime:
    """The moment before which the audit is old."""
    return now() - timedelta(days=days)
