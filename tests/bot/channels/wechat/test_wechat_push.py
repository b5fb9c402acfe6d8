"""What goes by customer service: within WeChat's limits, in order, nothing twice that came, held while it may not."""

import json

import pytest
import sqlalchemy as sa
from doors import question
from wechat_emulator import Clock, WeChat
from wechat_emulator.wechat import until

from bot.channels.wechat.api import WeChatApi
from bot.channels.wechat.people import People, seen
from bot.channels.wechat.push import CustomerService, fitted
from bot.channels.wechat.tokens import Tokens
from bot.cli import run as wengang
from bot.outbox_sender import sending
from bot.store import InDatabase
from bot.store.conversations import HeldTurn
from bot.store.models import OutboxEntry
from bot.store.outbox import Outbox, Push

SENDER, SEND = "wechat:" + "a" * 32, "message/custom/send"
LONG = [{"kind": "text", "text": "\n".join(f"第{number}条，" + "稳" * 300 + "。" for number in range(1, 7))}]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("bot.outbox_sender._EVERY", 0.01)
    monkeypatch.setattr("bot.store.outbox._FIRST_PAUSE", 0.01)
    monkeypatch.setattr("bot.channels.wechat.api._PAUSES", (0.01, 0.01))


@pytest.fixture
async def wechat():
    async with WeChat(clock=Clock(0)) as one:
        yield one


@pytest.fixture
def person(wechat, engine):
    """A follower who has just written, and is known as SENDER."""
    one = wechat.follower()
    one.quota.granted("message", wechat.clock.time())
    with engine.begin() as connection:
        seen(connection, SENDER, one.openid)
    return one


def put(engine, replies, key="k"):
    push = Push("wechat", SENDER, {"replies": replies, "message": "1"}, key)
    InDatabase(engine).keep(HeldTurn(SENDER, "你好", key, replies=replies, pushes=[push]))


def service(wechat, engine):
    api = WeChatApi(wechat.base, wechat.account.appid, wechat.account.secret, Tokens(engine, b"k" * 32))
    return {"wechat": CustomerService(api, People(engine), Outbox(engine))}


def states(engine):
    with engine.connect() as connection:
        return dict(connection.execute(sa.select(OutboxEntry.key, OutboxEntry.state)).all())


async def test_a_question_comes_as_a_menu_and_its_items_answer(wechat, person, engine):
    put(engine, [{"kind": "text", "text": "**符合**。"}, question("choice", "贵单位是哪一类？", ("企业", "社会团体"))])
    async with sending(Outbox(engine), service(wechat, engine)):
        await until(lambda: states(engine) == {"k": "sent"})
    text, menu = person.seen
    assert text.text == "符合。" and menu.text == "贵单位是哪一类？"
    assert [words for _, words in menu.items] == ["企业", "社会团体", "不知道"]


async def test_an_account_without_menus_gets_the_same_in_words(wechat, person, engine):
    wechat.account.menu_messages = False
    put(engine, [question("choice", "贵单位是哪一类？", ("企业", "社会团体"))])
    async with sending(Outbox(engine), service(wechat, engine)):
        await until(lambda: states(engine) == {"k": "sent"})
    (only,) = person.seen
    assert only.text.startswith("贵单位是哪一类？") and "2. 社会团体" in only.text


async def test_long_answers_keep_their_order_and_what_arrived_is_not_sent_again(wechat, person, engine):
    """The second message breaks off twice; the first is not repeated."""
    put(engine, LONG)
    calls = wechat.api.calls
    person.on_seen = lambda _: wechat.api.fail(SEND, "page", times=2) if len(person.seen) == 1 else None
    async with sending(Outbox(engine), service(wechat, engine)):
        await until(lambda: states(engine) == {"k": "sent"})
    said = "".join(person.texts)
    assert len(person.seen) == len(calls) == 3 and all(f"第{number}条" in said for number in range(1, 7))
    assert [said.count(f"第{number}条") for number in range(1, 7)] == [1] * 6
    assert said.index("第1条") < said.index("第3条") < said.index("第6条")
    assert all(len(text.encode()) <= 2048 for text in person.texts)


async def test_pieces_are_put_together_only_where_they_fit():
    few = fitted(["一", "二", "三", "四", "五"], 3)
    assert len(few) == 3 and "\n\n".join(few) == "一\n\n二\n\n三\n\n四\n\n五"
    assert fitted(["一", "二"], 3) == ["一", "二"]
    full = "稳" * 600
    assert fitted([full] * 4, 3) == [full] * 4
    assert fitted([full, "一", full, "二", full], 3) == [f"{full}\n\n一", f"{full}\n\n二", full]


async def test_where_the_quota_is_used_up_it_is_held_and_shown_and_can_be_sent_later(
    wechat, person, engine, url, capsys, monkeypatch
):
    monkeypatch.setenv("WENGANG_DATABASE_URL", url)
    for _ in range(4):
        person.quota.take(wechat.clock.time())
    put(engine, LONG)
    async with sending(Outbox(engine), service(wechat, engine)):
        await until(lambda: states(engine) == {"k": "held"})
        assert len(person.seen) == 1
        assert wengang(["outbox"]) == 0
        told = capsys.readouterr().out
        assert "等对方来话" in told and "45047" in told and SENDER in told
        assert person.openid not in told and "稳" * 10 not in told
        person.quota.granted("message", wechat.clock.time())  # they write again
        assert wengang(["outbox", "--retry", "all"]) == 0
        await until(lambda: states(engine) == {"k": "sent"})
    assert len(person.seen) == 3 and "".join(person.texts).count("第1条") == 1


async def test_when_the_window_is_over_it_is_held(wechat, person, engine):
    await wechat.clock.advance(48 * 3600 + 1)
    put(engine, [{"kind": "text", "text": "好"}])
    async with sending(Outbox(engine), service(wechat, engine)):
        await until(lambda: states(engine) == {"k": "held"})
    (row,) = Outbox(engine).unsent()
    assert "45015" in row["error"] and person.seen == []


async def test_nobody_is_sent_anything_who_has_left(wechat, engine):
    put(engine, [{"kind": "text", "text": "好"}])
    async with sending(Outbox(engine), service(wechat, engine)):
        await until(lambda: states(engine) == {"k": "parked"})
    assert "已取消关注" in Outbox(engine).unsent()[0]["error"] and wechat.api.calls == []


async def test_what_is_sent_is_utf8_json_to_the_owner_of_the_pseudonym(wechat, person, engine):
    put(engine, [{"kind": "text", "text": "最高 72,000 元"}])
    async with sending(Outbox(engine), service(wechat, engine)):
        await until(lambda: states(engine) == {"k": "sent"})
    ((path, body),) = wechat.api.calls
    assert (path, body["touser"]) == (SEND, person.openid) and "72,000" in json.dumps(body)
