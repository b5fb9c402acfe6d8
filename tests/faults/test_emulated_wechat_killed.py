"""A house is killed while WeChat waits for its answer: the follower gets one answer all the same, of one turn."""

import asyncio
import signal
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa
from house import PATIENCE, House
from wechat_emulator import UNAVAILABLE, Clock, WeChat, faults
from wechat_emulator.wechat import until

from bot.store import open_engine
from bot.store.models import Turn, WechatMessage


@asynccontextmanager
async def account(folder):
    """WeChat (its time stands still), the house, and the house's database."""
    async with WeChat(clock=Clock(0)) as wechat:
        environment = wechat.account.environment(wechat.base)
        with await asyncio.to_thread(House, folder, environment=environment) as house:
            wechat.callback = f"http://127.0.0.1:{house.port}/wechat"
            engine = open_engine(house.database)
            yield wechat, house, engine
            engine.dispose()


def count(engine, table):
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


async def kill(house):
    await asyncio.to_thread(house.stop, signal.SIGKILL)


async def test_killed_before_the_turn_is_kept_it_is_answered_on_the_next_try(tmp_path):
    async with account(tmp_path) as (wechat, house, engine):
        person = wechat.follower()
        asked = person.say("很慢")
        await until(lambda: count(engine, WechatMessage) == 1)
        await kill(house)
        await until(lambda: asked.over == 1)
        assert count(engine, Turn) == 0
        await asyncio.to_thread(house.start)
        await wechat.clock.advance(1)
        await asked
        assert asked.outcomes == ["broken", "answered"] and person.texts == ["1"] and count(engine, Turn) == 1
        await person.say("在吗")
        assert person.texts == ["1", "2"], "the turn before was one"


async def test_killed_after_the_turn_is_kept_the_next_try_gets_its_answer(tmp_path):
    async with account(tmp_path) as (wechat, house, engine):

        async def killed_in_between(_delivery, number):
            if number == 2:
                await kill(house)
                await asyncio.to_thread(house.start)

        wechat.courier.before = killed_in_between
        person = wechat.follower()
        asked = person.say("在吗", faults={1: faults.lost})
        await until(lambda: count(engine, Turn) == 1)
        await wechat.clock.advance(5)
        await asked
        assert asked.outcomes == ["timeout", "answered"] and person.texts == ["1"] and count(engine, Turn) == 1


async def test_down_for_all_tries_it_answers_by_customer_service_once_it_is_back(tmp_path):
    async with account(tmp_path) as (wechat, house, engine):
        person = wechat.follower()
        asked = person.say("很慢")
        await until(lambda: count(engine, WechatMessage) == 1)
        await kill(house)
        for tries in (1, 2):
            await until(lambda tries=tries: asked.over == tries)
            await wechat.clock.advance(1)
        await asked
        assert person.texts == [UNAVAILABLE] and count(engine, Turn) == 0
        with engine.begin() as connection:  # WeChat's tries are over
            ago = datetime.now(timezone.utc) - timedelta(seconds=60)
            connection.execute(sa.update(WechatMessage).values(received_at=ago, due_at=ago))
        await asyncio.to_thread(house.start)
        await until(lambda: len(person.seen) == 2, PATIENCE)
        assert [(one.text, one.how) for one in person.seen[1:]] == [("1", "service")] and count(engine, Turn) == 1
        await person.say("在吗")
        assert person.texts[2:] == ["2"] and wechat.api.count("message/custom/send") == 1
