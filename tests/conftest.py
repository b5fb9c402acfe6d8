"""For every test: random draws are the same on every run and have no time limit (a busy machine is no fault).

Tests that draw more, or otherwise, say so themselves (tests/eligibility/draws.py). Where processes share the files
(`make test`), they begin with the longest.
"""

from pathlib import Path

import pytest
from hypothesis import settings
from longest_first import put_in_order

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several processes
        put_in_order(items, Path(__file__).parent)
