"""An official account over an assistant that says what it is told to."""

from datetime import timedelta
from types import SimpleNamespace

import httpx
import pytest
from databases import migrated
from doors import FakeAssistant, settings
from wechat_letters import ACCOUNT, letter

from bot.channels.wechat import answering
from bot.server import create_app
from bot.store import open_engine


@pytest.fixture
def patient(monkeypatch):
    """A try is open as long as anybody listens: a machine that is busy with something else is no slow assistant."""
    monkeypatch.setattr(answering, "OPEN", 60)
    monkeypatch.setattr(answering, "LATEST", 61)
    monkeypatch.setattr(answering, "TRYING", timedelta(minutes=10))


@pytest.fixture
def assistant():
    return FakeAssistant()


@pytest.fixture
def make_account(tmp_path, assistant, rules):
    """Make the account; it has `app`, `engine`, `client`, `settings` and `send(fields or (query, body))`."""
    engines = []

    def make(**more):
        chosen = settings(tmp_path, **{**ACCOUNT, **more})
        migrated(chosen.database_url)
        engine = open_engine(chosen.database_url)
        engines.append(engine)
        app = create_app(assistant, rules, None, chosen, engine=engine)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")

        async def send(what, **how):
            query, body = what if isinstance(what, tuple) else letter(what, **how)
            return await client.post("/wechat", params=query, content=body)

        return SimpleNamespace(app=app, engine=engine, client=client, settings=chosen, send=send)

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def account(make_account):
    return make_account()
