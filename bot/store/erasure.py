"""What a person said leaves every table and file: when they ask for it, and when it has been kept long enough.

SQLite overwrites what is deleted (``secure_delete``, set for each connection); the copy in its write-ahead log goes by
``scrub``. PostgreSQL keeps dead rows in its files until ``scrub`` rewrites them. What remains is the audit: what was
decided and that something was erased, under a pseudonym. Write-ahead archives and backups run out by themselves:
docs/数据保留与删除.md.
"""

import asyncio
import logging
import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.messages import say
from bot.store.audit_chain import AuditChain, cut_before
from bot.store.case_tables import Case, CaseNote, PackArchive
from bot.store.database import StoreError, in_order
from bot.store.handoff_tables import Handoff, HandoffMessage, LayQuestion
from bot.store.models import (
    Audit,
    Conversation,
    Feedback,
    OutboxEntry,
    Turn,
    WechatMessage,
    WechatPerson,
    WechatRequest,
    audited,
    now,
)
from bot.store.staff_tables import FailedSignIn, StaffSession

logger = logging.getLogger(__name__)

_AT_A_TIME = 500  # rows in one transaction: turns that are held meanwhile wait for no more
_EVERY = 6 * 3600.0  # seconds
_DRIFT = 3600.0  # seconds by which a clock is put right without being suspect
_PATIENCE = 20.0  # seconds for others to end their reading of the write-ahead log
_sleep = asyncio.sleep  # a test lets the hours pass
_WHOSE: dict[Any, Any] = {  # where words of a person stand, and the column that tells whose
    Conversation: Conversation.sender,
    Turn: Turn.sender,
    OutboxEntry: OutboxEntry.recipient,
    Feedback: Feedback.sender,
    WechatMessage: WechatMessage.sender,
    WechatPerson: WechatPerson.sender,
    Case: Case.sender,
    HandoffMessage: HandoffMessage.sender,
    Handoff: Handoff.sender,
}
_PACKS_OF_CASES = sa.select(Case.pack_hash).where(Case.pack_hash.is_not(None))
_REPLAYS_FOR = 1  # day; a signed request is stale after minutes
_FAILURES_FOR, _SESSIONS_FOR = 1, 30  # days; of the staff's sign-ins


def erase(engine: Engine, senders: Collection[str]) -> int:
    """Delete everything of these senders, in one transaction; return how many rows. The audit notes that it was done.

    A turn of theirs that is being held finds its conversation gone, and begins a new one; what an operator is just
    saying to them is waited for. Call ``scrub`` afterwards.
    """
    with engine.begin() as connection:
        for sender in sorted(set(senders)):  # the same order for all who erase: or two could wait for each other
            in_order(connection, sender)
        rows = {
            table.__tablename__: connection.execute(sa.delete(table).where(whose.in_(senders))).rowcount
            for table, whose in _WHOSE.items()
        }
        if any(rows.values()):
            gone = {table: count for table, count in rows.items() if count}
            connection.execute(sa.insert(Audit), [audited("erased", sender, gone) for sender in senders])
    return sum(rows.values())


def remaining(engine: Engine, senders: Collection[str]) -> int:
    """Count the rows of these senders, in every table."""
    counts = [sa.select(sa.func.count()).where(whose.in_(senders)) for whose in _WHOSE.values()]
    with engine.connect() as connection:
        return sum(connection.execute(count).scalar_one() for count in counts)


def wipe(engine: Engine, patience: float = _PATIENCE) -> None:
    """Leave no copy of what was deleted in the write-ahead log; cheap, while others go on. `patience`: seconds.

    On PostgreSQL nothing can be done cheaply: autovacuum comes by itself, ``scrub`` is for who cannot wait.
    Raises StoreError when others do not let it.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            _empty_the_log(connection, patience)


def wiped(engine: Engine, patience: float = _PATIENCE) -> bool:
    """Do so, and tell whether it could be done; if not, the log has it."""
    try:
        wipe(engine, patience)
    except (SQLAlchemyError, StoreError) as error:
        logger.warning("write-ahead log not emptied: %s", type(error).__name__)
        return False
    return True


def scrub(engine: Engine) -> None:
    """Leave no copy of what was deleted in the database's own files. Raises StoreError when others do not let it.

    On PostgreSQL nobody can hold a turn while the tables are rewritten.
    """
    names = ", ".join(table.__tablename__ for table in (*_WHOSE, CaseNote))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"VACUUM FULL {names}")
            return
        connection.exec_driver_sql("PRAGMA temp_store=MEMORY")  # no copy in a file of its own meanwhile
        connection.exec_driver_sql("VACUUM")  # also what was deleted before secure_delete was set
        _empty_the_log(connection)


def expire(engine: Engine, days: int, audit_days: int, case_days: int = 365, key: bytes | None = None) -> int:
    """Delete what was said, pushed and audited longer ago, and those long unheard of; return how many rows.

    `key`: the secret of the house; without it the chain of what the staff did stays as it is.
    """
    count = AuditChain(key).cut(engine, cut_before(audit_days)) if key else 0
    for age, kept in ((Turn.created_at, days), (Conversation.updated_at, days), (OutboxEntry.created_at, days),
                      (Feedback.created_at, days),
                      (WechatMessage.received_at, days), (WechatPerson.seen_at, days),
                      (WechatRequest.seen_at, _REPLAYS_FOR),
                      (FailedSignIn.at, _FAILURES_FOR), (StaffSession.seen_at, _SESSIONS_FOR),
                      (LayQuestion.created_at, days),
                      (HandoffMessage.created_at, days), (Handoff.asked_at, days),
                      (Case.updated_at, case_days)):  # fmt: skip
        count += _delete_before(engine, age, kept)
    count += _delete_before(engine, PackArchive.created_at, 1, PackArchive.hash.not_in(_PACKS_OF_CASES))
    count += _delete_before(engine, Audit.created_at, audit_days, Audit.number.is_(None))
    if count:
        with engine.begin() as connection:
            connection.execute(sa.insert(Audit), audited("expired", None, {"rows": count}))
        wipe(engine)
    return count


async def expire_again_and_again(
    engine: Engine, days: int, audit_days: int, case_days: int = 365, key: bytes | None = None
) -> NoReturn:
    """Do so now and every few hours, as long as the process lives; what goes wrong is logged and tried again then.

    A round is left out when the clock was set meanwhile: a clock that is a year ahead makes everything old.
    """
    clock = _Clock()
    while True:
        try:
            if clock.was_set():
                logger.error("expiry left out: the clock was set")
            else:
                if count := await asyncio.to_thread(expire, engine, days, audit_days, case_days, key):
                    logger.info("expired", extra={"fields": {"rows": count}})
        except Exception as error:  # a chore that is dead stays so until the process is started anew
            logger.error("expiry failed: %s", type(error).__name__)
        await _sleep(_EVERY)


class _Clock:
    """Tells whether the time of day went another way than time itself since it was last asked."""

    def __init__(self) -> None:
        self._seen = now().timestamp() - time.monotonic()

    def was_set(self) -> bool:
        before, self._seen = self._seen, now().timestamp() - time.monotonic()
        return abs(self._seen - before) > _DRIFT


def _delete_before(engine: Engine, age: Any, days: int, *only: Any) -> int:
    table, before, count = age.class_, now() - timedelta(days=days), 0
    key = sa.inspect(table).primary_key[0]
    while True:
        old = sa.select(key).where(age < before, *only).limit(_AT_A_TIME)
        with engine.begin() as connection:
            deleted = connection.execute(
                sa.delete(table).where(key.in_(old), age < before).execution_options(synchronize_session=False)
            ).rowcount
        count += deleted
        if deleted < _AT_A_TIME:
            return count


def _empty_the_log(connection: Any, patience: float = _PATIENCE) -> None:
    until = time.monotonic() + patience
    while connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").first()[0]:
        if time.monotonic() > until:
            raise StoreError(say("store.not_scrubbed"))
        time.sleep(0.05)
