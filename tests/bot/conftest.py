"""For all tests of this folder: a trained model, an assistant over stub actions, databases, a browser with pages."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from databases import empty_database, migrated


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
    with empty_database(request.param, tmp_path) as url:
        migrated(url)
        yield url


@pytest.fixture
def engine(url: str) -> Iterator[Any]:
    """Its engine."""
    from bot.store import open_engine

    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def rules() -> Any:
    """The rules of the packs: to be read, never changed."""
    from eligibility import Rulebook
    from knowledge import load

    return Rulebook(load())


@pytest.fixture(scope="session")
def searcher(rules: Any) -> Any:
    """Their index: a second of work."""
    from knowledge.search import Searcher

    return Searcher(rules.knowledge)


@pytest.fixture
def assistant() -> Any:
    """An assistant that follows a script."""
    from doors import FakeAssistant

    return FakeAssistant()


# ── the application in a real Chromium, with an assistant that follows a script ──


@pytest.fixture(scope="module")
def other_pages() -> dict[str, Any]:
    """Path → (page, headers) of two sites that are not ours; a test puts its own in."""
    return {}


@pytest.fixture(scope="module")
def house(tmp_path_factory: Any, other_pages: dict[str, Any], rules: Any, searcher: Any) -> Iterator[Any]:
    """The application on a socket (`url`), its assistant and database (`engine`), a `site` that may embed it and a
    `stranger` that may not."""
    from browsing import bound, other_site, served
    from doors import FakeAssistant, settings

    from bot.server import create_app
    from bot.store import open_engine

    assistant = FakeAssistant()
    with other_site(other_pages) as site, other_site(other_pages) as stranger:
        chosen = settings(tmp_path_factory.mktemp("page"), origins=site, writes_per_conversation=0, session_minutes=120)
        migrated(chosen.database_url)
        app = create_app(assistant, rules, searcher, chosen)
        engine = open_engine(chosen.database_url)
        with served(app, bound()) as url:
            yield SimpleNamespace(url=url, assistant=assistant, site=site, stranger=stranger, app=app, engine=engine)
        engine.dispose()


@pytest.fixture(scope="module")  # not longer: while Playwright runs, this process can run no asynchronous test
def browser() -> Iterator[Any]:
    from browsing import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture
def open_page(browser: Any, house: Any) -> Iterator[Any]:
    """Open an address at a size and in a scheme, in a browser that knows nothing yet.

    Every complaint of the browser and every request to somebody else fails the test; `open_page.complaints` are those
    so far, and `open_page.context` opens a page beside another one.
    """
    from browsing import PHONE

    contexts, complaints = [], []
    known = (house.url, house.site, house.stranger, "about:", "blob:", "data:")

    def context(viewport: Any = PHONE, scheme: str = "light", **more: Any) -> Any:
        made = browser.new_context(viewport=viewport, color_scheme=scheme, locale="zh-CN", **more)
        made.set_default_timeout(5000)
        made.on("page", watch)
        contexts.append(made)
        return made

    def watch(page: Any) -> None:
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: request.url.startswith(known) or complaints.append(request.url))

    def make(address: str = "/", viewport: Any = PHONE, scheme: str = "light", **more: Any) -> Any:
        page = context(viewport, scheme, **more).new_page()
        page.goto(house.url + address if address.startswith("/") else address)
        return page

    house.assistant.calls.clear()
    make.complaints, make.context = complaints, context
    yield make
    for one in contexts:
        one.close()
    assert complaints == []


@pytest.fixture
def page(open_page: Any) -> Any:
    """The chat on a telephone."""
    return open_page()
