"""A whole conversation as a follower has it: WeChat's side by the emulator in safe mode, ours by the trained model."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from account_house import serving, tries
from wechat_emulator import Clock, WeChat
from wechat_emulator.wechat import until

from actions.speak import say
from bot.assistant import Assistant
from bot.channels.wechat.answering import OPEN
from bot.channels.wechat.api import WeChatApi
from bot.channels.wechat.inbox import TRYING
from bot.channels.wechat.menu import read_menu
from bot.channels.wechat.tokens import Tokens
from bot.store.models import Turn
from bot.store.outbox import Outbox


@pytest.fixture(scope="module")
def assistant(model_path):
    return asyncio.run(Assistant.load(model_path))


@pytest.fixture
async def wechat():
    async with WeChat(clock=Clock(0)) as one:
        yield one


async def with_menu(wechat, house):
    """The menu of the house, as `wengang wechat menu` makes it."""
    tokens = Tokens(house.engine, house.settings.key())
    api = WeChatApi(wechat.base, wechat.account.appid, wechat.account.secret, tokens)
    await api.create_menu(read_menu())
    await api.close()


async def test_from_the_menu_to_the_verdict(assistant, wechat, tmp_path):
    async with serving(assistant, wechat, tmp_path) as house:
        assert await wechat.verify() is None
        await with_menu(wechat, house)
        person = wechat.follower(subscribed=False)
        said = [
            await person.subscribe("bx.hall.003"),
            await person.click("稳岗返还能领吗"),
            await person.speak("就一个小公司，28个人，去年裁了5个"),
            await person.say("1"),
            await person.say("去年一共交了12万"),
            await person.say("依据"),
        ]
        assert [delivery.outcomes for delivery in said] == [["answered"]] * len(said)
        greeted, asked, heard, decided, amount, basis = (delivery.text for delivery in said)
        assert greeted.startswith("感谢关注。")
        assert "辽宁" in asked and "1. 是" in asked
        assert heard.startswith("识别为：就一个小公司，28个人，去年裁了5个") and "28" in heard
        assert "符合" in decided and "失业保险费" in decided
        assert "72,000" in amount and "最高" in amount and "依据" in amount
        assert "30人(含)以下" in basis and "辽人社发〔2021〕7号" in basis
        assert "**" not in "".join(person.texts) and all(len(text.encode()) <= 2048 for text in person.texts)
        with house.engine.connect() as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(Turn)).scalar_one() == len(said)
        await until(lambda: Outbox(house.engine).unsent() == [])
        assert wechat.api.count("message/custom/send") == 0


@pytest.mark.parametrize("top", ["单位", "个人", "帮助"])
async def test_every_entry_of_the_menu_is_understood(assistant, wechat, tmp_path, top):
    async with serving(assistant, wechat, tmp_path) as house:
        await with_menu(wechat, house)
        buttons = next(one["sub_button"] for one in wechat.menu["button"] if one["name"] == top)
        for button in buttons:
            person = wechat.follower()
            delivery = await person.click(button["name"])
            assert delivery.outcomes == ["answered"], button["name"]
        with house.engine.connect() as connection:
            turns = connection.execute(sa.select(Turn.text, Turn.replies).order_by(Turn.id)).all()
        assert [turn.text for turn in turns] == [button["key"].removeprefix("ask:") for button in buttons]
        assert not [turn.text for turn in turns if turn.replies[0]["text"].startswith(say("not_understood")[:8])]
        assert not [turn.text for turn in turns if turn.replies[0]["outcome"] in ("out_of_scope", "not_stated")]


async def test_what_comes_too_late_for_wechat_is_tapped_as_a_menu(assistant, wechat, tmp_path, monkeypatch):
    """The answer with a question goes by customer service; an item that is tapped is its answer."""
    monkeypatch.setattr("bot.outbox_sender._EVERY", 0.01)
    monkeypatch.setattr("bot.channels.wechat.answering.OPEN", 0.0)
    monkeypatch.setattr("bot.channels.wechat.answering.HANGING", 60.0)
    monkeypatch.setattr("bot.channels.wechat.answering.TRYING", timedelta(0))
    monkeypatch.setattr("bot.channels.wechat.route._now", wechat.clock.time)
    async with serving(assistant, wechat, tmp_path) as house:
        person = wechat.follower()
        asked = person.say("我们公司能领稳岗返还吗")
        for number in (1, 2):
            await until(lambda number=number: tries(house) == number)
            await wechat.clock.advance(5)
        assert (await asked).outcomes == ["timeout", "timeout", "silent"]
        await until(lambda: person.seen)
        (menu,) = person.seen
        assert (
            menu.how == "service" and "辽宁" in menu.text and [words for _, words in menu.items][:2] == ["是", "不是"]
        )
        monkeypatch.setattr("bot.channels.wechat.answering.OPEN", OPEN)
        monkeypatch.setattr("bot.channels.wechat.answering.TRYING", TRYING)
        assert (await person.choose("不是")).answered_on == 1
        assert "辽宁" in person.texts[-1]
