"""Empty databases of the two kinds the store is meant for, as they are and with their tables."""

import functools
import os
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url

POSTGRES = os.environ.get("WENGANG_TEST_POSTGRES", "postgresql://postgres@127.0.0.1/test")


@contextmanager
def empty_database(kind, tmp_path):
    """The address of an empty database; on PostgreSQL a schema of this test's own."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path}/a folder/test.db"
        return
    schema = f"wengang_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(POSTGRES, future=True, connect_args={"connect_timeout": 5})
    try:
        with engine.begin() as connection:
            connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    except sa.exc.OperationalError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL here: set WENGANG_TEST_POSTGRES ({error.orig})")
    yield make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(False)
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


def migrated(url):
    """Give a database its tables, as `bot.store.migrate` does; one that has them is left as it is.

    Alembic is run once a process for each kind: then its file is copied, or what it said is said again. Whether it
    works is what tests/bot/test_store.py asks.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        _say_again(url)
        return
    path = Path(address.database)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_file())


@functools.cache
def _file():
    from bot.store import migrate

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test.db"
        migrate(f"sqlite:///{path}")
        return path.read_bytes()


_said = []  # by Alembic, on PostgreSQL


def _say_again(url):
    from bot.store import migrate, open_engine

    if not _said:
        _said.extend(_listening_to(migrate, url))
        return
    engine = open_engine(url)
    with engine.begin() as connection:
        there = connection.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar()
        for statement, parameters in _said if there is None else ():
            connection.exec_driver_sql(statement, parameters)
    engine.dispose()


def _listening_to(migrate, url):
    """Migrate; every statement with its parameters."""
    said = []

    def listen(connection, _cursor, statement, parameters, *_):
        if connection.engine.url == make_url(url):  # whoever is at work elsewhere is not meant
            said.append((statement, parameters))

    sa.event.listen(Engine, "before_cursor_execute", listen)
    try:
        migrate(url)
    finally:
        sa.event.remove(Engine, "before_cursor_execute", listen)
    return said
