"""Opening the database and bringing its tables up to date."""

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import InvalidatePoolError, SQLAlchemyError

from bot.messages import say

_BUSY_SECONDS = 15
_REST = 0.05  # seconds
_PATIENCE = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "tcp_user_timeout": 10_000}
MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 0x77656E67  # "weng": one migration at a time on PostgreSQL
_ALONE = sa.text("SELECT pg_advisory_xact_lock(:key)")


class StoreError(RuntimeError):
    """The database cannot be used. ``str()`` is one Chinese sentence."""


def open_engine(url: str, connections: int = 5) -> Engine:
    """Return an engine (SQLAlchemy 2.0 style) with at most so many `connections`.

    SQLite files get their folder, WAL and a busy timeout; PostgreSQL is given up when it does not answer.
    """
    address = make_url(url)
    pool: dict[str, Any] = {"pool_size": connections, "max_overflow": 0, "pool_timeout": _BUSY_SECONDS}
    if address.get_backend_name() != "sqlite":
        # The connection used last is used next: to PostgreSQL each is a process, which loses what it had at hand.
        engine = sa.create_engine(address, future=True, pool_use_lifo=True, connect_args=_PATIENCE, **pool)
        sa.event.listen(engine, "checkin", _begins_to_rest)
        sa.event.listen(engine, "checkout", partial(_tried, engine.dialect))
        return engine
    if address.database and address.database != ":memory:":
        try:
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            raise _unusable(url) from None
    shared = {"timeout": _BUSY_SECONDS, "check_same_thread": False}  # a pooled connection, one thread at a time
    engine = sa.create_engine(address, future=True, poolclass=sa.pool.QueuePool, connect_args=shared, **pool)
    sa.event.listen(engine, "connect", prepare_sqlite)
    return engine


def migrate(url: str, to: str = "head") -> None:
    """Create or update the tables (`to`: up to this revision); safe to repeat and to run from several processes.

    Raises StoreError.
    """
    engine = open_engine(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with engine.connect() as connection, connection.begin():
            _only_one(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    except SQLAlchemyError as error:
        raise _unusable(url) from error
    finally:
        engine.dispose()


@contextmanager
def at_once(engine: Engine) -> Iterator[Connection]:
    """A connection to PostgreSQL whose every statement is a transaction of its own, or one to SQLite for reading.

    No BEGIN and no COMMIT go to the server and back. (SQLAlchemy's AUTOCOMMIT does without them, too, but has the
    server told when it begins and when it ends.)
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            yield connection
            return
        driver: Any = connection.connection.dbapi_connection
        driver.autocommit = True
        try:
            yield connection
        finally:
            if not driver.closed:
                driver.autocommit = False


def in_order(connection: Connection, sender: str) -> None:
    """Until this transaction ends nobody else numbers a turn of the conversation, or erases it: who has heard of one
    has heard of all with lower numbers. To be called before any row of the sender's is locked.

    On SQLite a transaction that writes is alone anyhow.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_ALONE, {"key": key_of(sender)})


def key_of(sender: str) -> int:
    """The number of the lock (PostgreSQL's, 64 bits) that `in_order` takes."""
    return int.from_bytes(hashlib.sha256(sender.encode()).digest()[:8], "big", signed=True)


def _begins_to_rest(_driver: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _tried(dialect: Any, driver: Any, record: Any, _fairy: Any) -> None:
    """Try a connection that has rested before it is used, as SQLAlchemy's pre-ping tries every one.

    A turn uses it twice within some milliseconds, in which no database goes away and comes back. Raises
    InvalidatePoolError; then the pool opens another one.
    """
    used = record.info.get("rests_since")  # a new one has not rested
    if used is not None and time.monotonic() - used > _REST and not dialect.do_ping(driver):
        raise InvalidatePoolError("the database has closed the connection")


def _only_one(connection: Connection) -> None:
    """Wait here while another process migrates, until this transaction ends."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(_ALONE, {"key": _LOCK})


def prepare_sqlite(connection: Any, _record: Any) -> None:
    """Set up one new SQLite connection."""
    cursor = connection.cursor()
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # with NORMAL a crash of the machine would lose the last turns
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # what is deleted or replaced is overwritten, not only forgotten
    cursor.close()


def _use_wal(cursor: Any) -> None:
    """Switch to WAL. SQLite's busy timeout does not cover this switch: when several open a new file, wait ourselves."""
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _unusable(url: str) -> StoreError:
    return StoreError(say("store.unusable", url=make_url(url).render_as_string(hide_password=True)))
