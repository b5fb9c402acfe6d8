"""Databases of their own for the fault tests."""

import pytest
from databases import empty_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """An empty database of each kind."""
    with empty_database(request.param, tmp_path) as url:
        yield url
