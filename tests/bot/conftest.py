"""For all tests of this folder: one trained model, one assistant over stub actions, and databases of each kind."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databases import empty_database


@pytest.fixture(scope="session")
def model_path() -> Path:
    """The model of the present data; trained at most once, also across test runs."""
    from bot.train import ensure_model

    return ensure_model(progress=False)


@pytest.fixture(scope="session")
def stub_assistant(model_path: Path) -> Any:
    """The trained model with the actions of stub_actions.py."""
    from bot.assistant import Assistant

    return asyncio.run(Assistant.load(model_path, actions="stub_actions", deadline=0.5))


@pytest.fixture
def stub_calls() -> Iterator[list[str]]:
    """The names of the stub actions run so far in this test, in their order."""
    import stub_actions

    stub_actions.CALLS.clear()
    yield stub_actions.CALLS


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database that has been migrated and is empty."""
    from bot.store import migrate

    with empty_database(request.param, tmp_path) as url:
        migrate(url)
        yield url


@pytest.fixture
def engine(url: str) -> Iterator[Any]:
    """Its engine."""
    from bot.store import open_engine

    engine = open_engine(url)
    yield engine
    engine.dispose()
