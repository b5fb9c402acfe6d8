"""Empty databases of the two kinds the store is meant for."""

import os
import uuid
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

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
