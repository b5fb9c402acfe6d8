"""An operator and a citizen of the official account: what WeChat does not let through is told, and comes later."""

import asyncio
import json
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from listening import listening
from wechat_emulator import Clock, WeChat
from wechat_emulator.wechat import until

from bot.channels import channels
from bot.channels.wechat.answering import taking_up
from bot.channels.wechat.api import WeChatApi
from bot.channels.wechat.menu import read_menu
from bot.channels.wechat.tokens import Tokens
from bot.messages import say
from bot.outbox_sender import sending
from bot.store.outbox import Outbox

ASK, WHY = "转人工", say("delivery.held")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("bot.outbox_sender._EVERY", 0.01)
    monkeypatch.setattr("bot.store.outbox._FIRST_PAUSE", 0.01)


@pytest.fixture
def account(make_house, monkeypatch):
    """An official account of the emulator, whose time stands still, and an operator who is there."""

    @asynccontextmanager
    async def opened():
        async with WeChat(clock=Clock(0)) as wechat:
            monkeypatch.setattr("bot.channels.wechat.route._now", wechat.clock.time)
            house = make_house(
                wechat_appid=wechat.account.appid, wechat_secret=wechat.account.secret,
                wechat_token=wechat.account.token, wechat_aes_key=wechat.account.aes_key, wechat_api_base=wechat.base,
            )  # fmt: skip
            sent = sending(Outbox(house.engine), channels(house.settings, house.engine))
            async with sent, taking_up(house.app.state.wechat), listening(house.app) as base:
                wechat.callback = f"{base}/wechat"
                operator = await house.signed_in("小王")
                await operator.tell("/staff/api/presence")
                yield SimpleNamespace(house=house, wechat=wechat, operator=operator, person=wechat.follower())

    return opened


async def take(operator):
    """Take who waits; returns where the conversation is."""
    (waiting,) = (await operator.get("/staff/api/queue")).json()["queue"]
    path = f"/staff/api/handoffs/{waiting['id']}"
    assert (await operator.tell(f"{path}/take")).status_code == 200
    return path


async def shown(operator, path):
    """What stands at the desk: (words, how it is with their delivery) of what was said to the citizen."""
    found = (await operator.get(path)).json()
    said = [one for one in found["messages"] if one["id"] and one["author"] != "citizen"]
    return [(one["replies"][0]["text"], found["undelivered"].get(str(one["id"]))) for one in said]


async def told(operator, path):
    """What the events of the desk say is not delivered."""
    lines = (await operator.get(f"{path}/events?seconds=0")).text.splitlines()
    (state,) = [lines[place + 1] for place, line in enumerate(lines) if line == "event: state"]
    return list(json.loads(state.removeprefix("data: "))["undelivered"].values())


async def arrive(operator, path, stuck):
    """Wait until nothing is on its way any more and the last so many are stuck; return what they say."""
    for _ in range(1000):
        found = await shown(operator, path)
        late = [words for words, state in found if state and state == {"state": "stuck", "text": WHY}]
        if len(late) == stuck and sum(state is not None for _, state in found) == stuck:
            return late
        await asyncio.sleep(0.01)
    raise AssertionError(found)


async def test_what_is_over_the_count_is_told_and_comes_once_they_write(account):
    """WeChat allows five messages after one of theirs: the house's sentence and four lines."""
    async with account() as here:
        operator, person = here.operator, here.person
        await person.say(ASK)
        path = await take(operator)
        lines = [f"第{number}句" for number in range(1, 8)]
        for line in lines:
            assert (await operator.tell(f"{path}/say", client_id=line[1], text=line)).status_code == 200
        assert await arrive(operator, path, 3) == lines[4:]
        assert await told(operator, path) == [{"state": "stuck", "text": WHY}] * 3
        assert person.texts[1:] == [say("handoff.taken"), *lines[:4]]
        await person.say("在")
        assert await arrive(operator, path, 0) == [] == await told(operator, path)
        assert [text for text in person.texts if text in lines] == lines, "each once, in their order"


async def test_after_a_tap_of_the_menu_they_are_asked_for_a_word_and_hear_what_came_too_late(account):
    """A tap allows three messages for a minute; an operator who takes them after that is heard later."""
    async with account() as here:
        operator, person, wechat = here.operator, here.person, here.wechat
        tokens = Tokens(here.house.engine, here.house.settings.key())
        api = WeChatApi(wechat.base, wechat.account.appid, wechat.account.secret, tokens)
        await api.create_menu(read_menu())
        await api.close()
        tapped = await person.click("找人工")
        assert tapped.text.endswith(say("wechat.write_first")) and "您是下一位" in tapped.text
        await wechat.clock.advance(90)
        path = await take(operator)
        await operator.tell(f"{path}/say", client_id="1", text="您好")
        assert await arrive(operator, path, 2) == [say("handoff.taken"), "您好"] and len(person.seen) == 1
        written = await person.say("在")
        assert say("wechat.write_first") not in written.text
        assert await arrive(operator, path, 0) == []
        assert sorted(person.texts[1:]) == sorted([written.text, say("handoff.taken"), "您好"])
        assert person.texts.index(say("handoff.taken")) < person.texts.index("您好")


async def test_whoever_has_left_is_told_of_as_out_of_reach(account):
    async with account() as here:
        operator, person = here.operator, here.person
        await person.say(ASK)
        path = await take(operator)
        await until(lambda: len(person.seen) == 2)
        await person.unsubscribe()
        await operator.tell(f"{path}/say", client_id="1", text="您好")
        await until(lambda: [row["state"] for row in Outbox(here.house.engine).unsent()] == ["parked"])
        (_, first), (_, second) = await shown(operator, path)
        assert first is None and second["state"] == "stuck" and "取消关注" in second["text"]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_picture_or_a_voice_without_words_is_heard_of_by_the_operator(account):
    async with account() as here:
        operator, person = here.operator, here.person
        await person.say(ASK)
        assert (await person.send("image")).text == say("handoff.waiting_first"), "and while they wait"
        path = await take(operator)
        for act in (lambda: person.send("image"), person.speak, lambda: person.send("location")):
            assert (await act()).text == say("handoff.heard")
        said = (await operator.get(path)).json()["messages"]
        heard = [one["replies"][0]["text"] for one in said if one["id"] and one["author"] == "citizen"]
        assert heard == [say(f"wechat.said_{kind}") for kind in ("image", "image", "voice", "location")]
        await operator.tell(f"{path}/return")
        assert (await person.send("image")).text == say("wechat.image"), "the house again"
