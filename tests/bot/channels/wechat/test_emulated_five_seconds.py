"""However long the assistant thinks, a follower gets one answer to each message, and each is one turn."""

import asyncio
import os
from datetime import timedelta

import pytest
import sqlalchemy as sa
from account_house import SlowAssistant, serving, tries
from wechat_emulator import Clock, WeChat, faults
from wechat_emulator.wechat import until

from bot.channels.wechat.inbox import TRYING
from bot.store.models import Turn
from bot.store.outbox import Outbox


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("bot.outbox_sender._EVERY", 0.01)


@pytest.fixture
async def wechat(monkeypatch):
    """Its time stands still until it is put forward."""
    async with WeChat(clock=Clock(0)) as one:
        monkeypatch.setattr("bot.channels.wechat.route._now", one.clock.time)
        yield one


def turns(house):
    with house.engine.connect() as connection:
        return list(connection.execute(sa.select(Turn.text).order_by(Turn.id)).scalars())


@pytest.mark.parametrize(("seconds", "number"), [(0, 1), (3, 1), (8, 2), (13, 3)])
async def test_it_is_answered_on_the_try_that_is_open(wechat, tmp_path, seconds, number):
    assistant = SlowAssistant(wechat.clock)
    async with serving(assistant, wechat, tmp_path) as house:
        person = wechat.follower()
        asked = person.say(f"想{seconds}秒")
        for earlier in range(1, number):
            await until(lambda earlier=earlier: tries(house) == earlier and assistant.turns)
            await wechat.clock.advance(5)
        await until(lambda: tries(house) == number and assistant.turns)
        await wechat.clock.advance(seconds - 5 * (number - 1))
        await asked
        assert asked.outcomes == ["timeout"] * (number - 1) + ["answered"]
        assert [(one.text, one.how) for one in person.seen] == [(f"第1句：想{seconds}秒", "reply")]
        assert assistant.turns == turns(house) == [f"想{seconds}秒"]
        await until(lambda: Outbox(house.engine).unsent() == [])
        await person.say("还在吗")
        assert person.texts[1:] == ["第2句：还在吗"] and wechat.api.calls == [], "and none by customer service"


async def test_after_the_last_try_it_is_sent_by_customer_service(wechat, tmp_path, monkeypatch):
    monkeypatch.setattr("bot.channels.wechat.answering.OPEN", 0.5)
    monkeypatch.setattr("bot.channels.wechat.answering.HANGING", 30.0)
    monkeypatch.setattr("bot.channels.wechat.answering.TRYING", timedelta(0))
    assistant = SlowAssistant(wechat.clock)
    async with serving(assistant, wechat, tmp_path) as house:
        person = wechat.follower()
        asked = person.say("想30秒")
        for number in (1, 2):
            await until(lambda number=number: tries(house) == number and assistant.turns)
            await wechat.clock.advance(5)
        await asked
        assert asked.outcomes == ["timeout", "timeout", "silent"] and person.seen == []
        await wechat.clock.advance(20)
        await until(lambda: person.seen)
        assert [(one.text, one.how) for one in person.seen] == [("第1句：想30秒", "service")]
        assert assistant.turns == turns(house) == ["想30秒"]
        await until(lambda: Outbox(house.engine).unsent() == [])
        monkeypatch.setattr("bot.channels.wechat.answering.TRYING", TRYING)
        await person.say("好")
        assert person.texts[1:] == ["第2句：好"] and wechat.api.count("message/custom/send") == 1


async def test_an_answer_that_is_lost_comes_with_the_next_try(wechat, tmp_path):
    assistant = SlowAssistant(wechat.clock)
    async with serving(assistant, wechat, tmp_path) as house:
        person = wechat.follower()
        asked = person.say("你好", faults={1: faults.lost})
        await until(lambda: turns(house) == ["你好"])
        await asyncio.sleep(0)
        await wechat.clock.advance(5)
        await asked
        assert asked.outcomes == ["timeout", "answered"] and person.texts == ["第1句：你好"]
        assert assistant.turns == ["你好"]


@pytest.mark.parametrize("fault", [faults.duplicate, faults.replayed])
async def test_what_comes_twice_is_one_turn_and_one_answer(wechat, tmp_path, fault):
    assistant = SlowAssistant(wechat.clock)
    async with serving(assistant, wechat, tmp_path) as house:
        person = wechat.follower()
        asked = await person.say("你好", faults={1: fault})
        assert asked.answered_on == 1 and person.texts == ["第1句：你好"]
        assert assistant.turns == turns(house) == ["你好"]
        await until(lambda: Outbox(house.engine).unsent() == [])
        assert wechat.api.calls == []


async def test_what_overtakes_is_answered_first(wechat, tmp_path):
    assistant = SlowAssistant(wechat.clock)
    async with serving(assistant, wechat, tmp_path):
        person, overtaken = wechat.follower(), asyncio.Event()
        first = person.say("一", faults={1: faults.held(overtaken)})
        assert (await person.say("二")).answered_on == 1
        overtaken.set()
        assert (await first).answered_on == 1 and person.texts == ["第1句：二", "第2句：一"]


@pytest.mark.parametrize("fault", [faults.half_open, faults.dropped])
async def test_a_try_that_never_arrives_whole_is_made_up_for_by_the_next(wechat, tmp_path, fault):
    assistant = SlowAssistant(wechat.clock)
    async with serving(assistant, wechat, tmp_path):
        person = wechat.follower()
        asked = person.say("你好", faults={1: fault})
        await until(lambda: asked.tries)
        await asyncio.sleep(0.05)
        await wechat.clock.advance(5)
        assert (await asked).answered_on == 2 and assistant.turns == ["你好"]


@pytest.mark.skipif(not os.environ.get("WENGANG_VERIFY"), reason="half a minute of waiting: make verify")
async def test_in_real_time(tmp_path):
    """The same with nothing put forward and nothing changed: WeChat's five seconds against ours."""
    async with WeChat() as wechat:
        assistant = SlowAssistant(wechat.clock)
        async with serving(assistant, wechat, tmp_path) as house:
            people = {seconds: wechat.follower() for seconds in (0, 3, 8, 13, 30)}
            asked = {seconds: person.say(f"想{seconds}秒") for seconds, person in people.items()}
            for delivery in asked.values():
                await delivery
            assert {seconds: one.answered_on for seconds, one in asked.items()} == {0: 1, 3: 1, 8: 2, 13: 3, 30: None}
            assert asked[30].outcomes == ["timeout", "timeout", "silent"]
            await until(lambda: people[30].seen, 60)
            await until(lambda: Outbox(house.engine).unsent() == [])
            assert [len(person.seen) for person in people.values()] == [1] * 5
            assert [person.seen[0].how for person in people.values()] == ["reply"] * 4 + ["service"]
            assert sorted(assistant.turns) == sorted(turns(house)) == sorted(f"想{seconds}秒" for seconds in people)
