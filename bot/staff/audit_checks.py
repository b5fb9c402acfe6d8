"""The chain of the audit is verified by itself once a day, and whenever an administrator asks.

What came of it is a row of the chain: whoever has all rights on the database, but not the secret of the house, cannot
write there that all is well. A verification that is not as it was written counts for none.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from bot import metrics
from bot.staff.layout import moment
from bot.store.audit_chain import HOUSE, AuditChain, Checked
from bot.store.models import aware, now

logger = logging.getLogger(__name__)

INTACT, BROKEN = "chain_intact", "chain_broken"
_AFTER = timedelta(days=1)  # it is verified again
_EVERY = 300.0  # seconds between two looks whether it is time, and how it stands
_sleep = asyncio.sleep  # a test lets the minutes pass


@dataclass(frozen=True)
class Check:
    """A verification: when it was; the number of the first row that was not as written (None: all were), and when the
    chain was first found broken, in the words of the page."""

    at: datetime
    broken: int | None
    since: str


class AuditChecks:
    """Verifies and remembers. `clock`: for tests."""

    def __init__(self, engine: Engine, chain: AuditChain, clock: Callable[[], datetime] = now) -> None:
        self._engine, self._chain, self._clock = engine, chain, clock

    def last(self) -> Check | None:
        """The last verification; None: nobody knows of one."""
        with self._engine.connect() as connection:
            return self._last(connection)

    def broken(self) -> Check | None:
        """The last verification, if the chain was found broken."""
        last = self.last()
        return last if last and last.broken is not None else None

    def when_due(self) -> bool:
        """Verify the chain if nobody has for a day; return whether it holds, as far as is known."""
        last = self.last()
        if last is None or abs(self._clock() - last.at) >= _AFTER:  # also a clock that was ahead
            return self.check().broken is None
        return last.broken is None

    def check(self, by: str = HOUSE) -> Checked:
        """Verify it now and write down what came of it; a broken chain is also logged. `by`: the id of an account.

        Several may at the same time: the first writes it down.
        """
        before = self.last()
        checked = self._chain.verify(self._engine)
        if self._noted(checked, by, before) and checked.broken is not None:
            fields = {"number": checked.broken, "why": checked.why, "rows": checked.rows}
            logger.error("audit chain broken", extra={"fields": fields})
        return checked

    def _noted(self, checked: Checked, by: str, before: Check | None) -> bool:
        """Append it, if the chain can be appended to; return False if somebody else has meanwhile.

        A process that has another secret than those before would break what it verifies: it writes nothing by itself.
        """
        event: str = INTACT
        detail: dict[str, Any] = {"rows": checked.rows}
        if checked.broken is not None:
            since = before.since if before and before.broken is not None else moment(self._clock())
            event, detail = BROKEN, {"broken": checked.broken, "since": since}
        with suppress(IntegrityError), self._engine.begin() as connection:  # a head that was set back
            if not self._chain.alone(connection) or checked.broken is not None and not self._chain.ours(connection):
                return True
            if self._last(connection) != before:
                return False
            self._chain.append(connection, by, event, None, detail)
            if self._last(connection) is None:  # it hangs on an end that was meddled with; the next hangs on this one
                self._chain.append(connection, by, event, None, detail)
        return True

    def _last(self, connection: Connection) -> Check | None:
        row = self._chain.latest(connection, INTACT, BROKEN)
        if row is None:
            return None
        return Check(aware(row["created_at"]), row["detail"].get("broken"), row["detail"].get("since", ""))


async def check_again_and_again(checks: AuditChecks) -> NoReturn:
    """Verify the chain whenever it is time, as long as the process lives, and show how it stands."""
    while True:
        try:
            metrics.AUDIT_INTACT.set(await asyncio.to_thread(checks.when_due))
        except Exception as error:  # a chore that is dead stays so until the process is started anew
            logger.error("audit not verified: %s", type(error).__name__)
        await _sleep(_EVERY)
