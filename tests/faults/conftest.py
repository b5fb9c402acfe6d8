"""Databases of their own for the fault tests."""

import os
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

POSTGRES = os.environ.get("WENGANG_TEST_POSTGRES", "postgresql://postgres@127.0.0.1/test")


@pytest.fixture
def postgres_url():
    """The address of an empty schema on the PostgreSQL of this machine."""
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


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/house.db"
    return request.getfixturevalue("postgres_url")
