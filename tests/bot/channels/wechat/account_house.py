"""The assistant's server with an official account of the emulator, in the loop of the test."""

import asyncio
from contextlib import asynccontextmanager
from functools import cache
from types import SimpleNamespace

import sqlalchemy as sa
from databases import migrated
from doors import settings
from listening import listening

from bot.channels import channels
from bot.channels.wechat.answering import taking_up
from bot.outbox_sender import sending
from bot.server import create_app
from bot.store import InDatabase, open_engine
from bot.store.conversations import turn_being_held
from bot.store.models import WechatMessage
from bot.store.outbox import Outbox
from eligibility import Rulebook
from knowledge import load


@cache
def rules():
    return Rulebook(load())


@asynccontextmanager
async def serving(assistant, wechat, folder, **more):
    """Let it serve; `wechat` calls it from now on. What it has: ``engine``, ``settings``."""
    account = wechat.account
    given = settings(
        folder, wechat_appid=account.appid, wechat_secret=account.secret, wechat_token=account.token,
        wechat_aes_key=account.aes_key, wechat_api_base=wechat.base, **more,
    )  # fmt: skip
    migrated(given.database_url)
    engine = open_engine(given.database_url)
    assistant.keep_in(InDatabase(engine))
    app = create_app(assistant, rules(), None, given, engine=engine)
    async with sending(Outbox(engine), channels(given, engine)), taking_up(app.state.wechat), listening(app) as base:
        wechat.callback = f"{base}/wechat"
        try:
            yield SimpleNamespace(engine=engine, settings=given, base=base)
        finally:
            engine.dispose()


def tries(house):
    """How often the last message has come in."""
    with house.engine.connect() as connection:
        last = sa.select(WechatMessage.tries).order_by(WechatMessage.id.desc()).limit(1)
        return connection.execute(last).scalar_one_or_none()


class SlowAssistant:
    """Counts the messages of a conversation as the real one would remember them, and takes the time it is told:
    “想8秒” takes eight seconds by the clock."""

    def __init__(self, clock):
        self._clock, self.turns = clock, []

    def keep_in(self, conversations, event_broker=None):
        """Count there."""
        self._kept = conversations

    async def reply(self, sender, text, as_of=None, place=None, client_message_id=None):
        """Read, think, write."""
        turn = turn_being_held()
        events, turn.version = await asyncio.to_thread(self._kept.recall, sender)
        self.turns.append(text)
        if text.startswith("想"):
            await self._clock.sleep(float(text[1:-1]))
        count = (events[0]["value"] if events else 0) + 1
        turn.events = [{"event": "slot", "name": "count", "value": count}]
        return [{"kind": "text", "text": f"第{count}句：{text}", "outcome": "smalltalk"}]
