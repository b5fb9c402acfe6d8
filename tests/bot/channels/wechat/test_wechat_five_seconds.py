"""One turn a message, answered on whichever try is open, and never lost: over real connections that WeChat hangs up.

How long anything takes is said by the test (a gate before the assistant, a connection that is closed), not by a clock.
"""

import asyncio
import contextlib
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from wechat_letters import OPENID, answer, event, letter, text

from bot import metrics
from bot.channels.wechat import answering
from bot.channels.wechat.inbox import Inbox
from bot.channels.wechat.people import People
from bot.channels.wechat.render import pieces
from bot.outbox_sender import sending
from bot.store.models import OutboxEntry, Turn, WechatMessage
from bot.store.outbox import Outbox

pytestmark = pytest.mark.usefixtures("patient")
LATER = timedelta(minutes=20)


class SlowAssistant:
    """Answers when its gate is open; counts."""

    def __init__(self):
        self.begun, self.gate, self.fail = 0, asyncio.Event(), 0

    async def reply(self, sender, text, as_of=None, place=None, client_message_id=None):
        self.begun += 1
        number = self.begun
        await self.gate.wait()
        if self.fail:
            self.fail -= 1
            return [{"kind": "text", "text": "抱歉，没有办成。", "failed": True, "outcome": "clarify"}]
        return [{"kind": "text", "text": f"第{number}次：{text}", "outcome": "answered"}]


@pytest.fixture
def assistant():
    return SlowAssistant()


@asynccontextmanager
async def serving(app):
    """The address of a real server."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off", ws="none")
    config.load()
    server, taken = uvicorn.Server(config), config.bind_socket()
    server.capture_signals = contextlib.nullcontext
    running = asyncio.create_task(server.serve(sockets=[taken]))
    try:
        await until(lambda: server.started)
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await running
        taken.close()


async def until(condition):
    for _ in range(6000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come to that")


class WeChat:
    """Makes tries, of which each is a task; cancelled, it hangs up."""

    def __init__(self, url):
        self._url = url

    def tries(self, fields):
        """One try of this message, with a nonce of its own."""

        async def send():
            query, body = letter(fields)
            async with httpx.AsyncClient(timeout=120, trust_env=False) as client:
                return await client.post(f"{self._url}/wechat", params=query, content=body)

        return asyncio.create_task(send())

    @staticmethod
    async def hang_up(one):
        """WeChat's five seconds are over."""
        one.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await one


def count(engine, table, *where):
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one()


def tries(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.max(WechatMessage.tries))).scalar_one()


def ended(number, end):
    return metrics.WECHAT_TRIES.labels(str(number), end)._value.get()


class Phone:
    """What the follower sees, by customer service."""

    def __init__(self, engine):
        self.engine, self.got = engine, []

    async def __call__(self, id, recipient, payload):
        assert People(self.engine).openid(recipient) == OPENID
        self.got += pieces(payload["replies"])


async def service(engine, condition, when=LATER):
    """What comes by customer service until then; time has gone on by so much."""
    phone = Phone(engine)
    outbox = Outbox(engine, lambda: datetime.now(timezone.utc) + when)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.outbox_sender._EVERY", 0.01)
        async with sending(outbox, {"wechat": phone}):
            await until(lambda: condition(phone))
            await asyncio.sleep(0.05)
    return phone.got


def nothing_waits(engine):
    return count(engine, OutboxEntry, OutboxEntry.state == "waiting") == 0


@pytest.mark.parametrize("on", [1, 2, 3])
async def test_the_answer_goes_to_the_try_that_is_open_and_nowhere_else(account, assistant, on):
    before, fields = ended(on, "answered"), text("你好")
    async with serving(account.app) as url:
        wechat = WeChat(url)
        for number in range(1, on):
            one = wechat.tries(fields)
            await until(lambda number=number: tries(account.engine) == number)
            await wechat.hang_up(one)
        last = wechat.tries(fields)
        await until(lambda: tries(account.engine) == on)
        assert not last.done()
        assistant.gate.set()
        assert answer(await last) == "第1次：你好"
        await until(lambda: nothing_waits(account.engine))
    assert assistant.begun == 1 and count(account.engine, Turn) == 1 and ended(on, "answered") == before + 1
    assert await service(account.engine, lambda _: True) == []


async def test_what_takes_longer_than_all_tries_goes_by_customer_service(account, assistant, monkeypatch):
    fields = text("你好")
    async with serving(account.app) as url:
        wechat = WeChat(url)
        for number in (1, 2):
            one = wechat.tries(fields)
            await until(lambda number=number: tries(account.engine) == number)
            await wechat.hang_up(one)
        monkeypatch.setattr(answering, "OPEN", 0.05)
        monkeypatch.setattr(answering, "HANGING", 600)
        assert answer(await wechat.tries(fields)) is None, "success, before WeChat hangs up"
        assert count(account.engine, Turn) == 0
        assistant.gate.set()
        await until(lambda: count(account.engine, Turn) == 1)
        assert await service(account.engine, lambda phone: phone.got) == ["第1次：你好"]
        assert answer(await wechat.tries(fields)) is None, "a late try is not answered a second time"
    assert assistant.begun == 1 and await service(account.engine, lambda _: True) == []


async def test_too_late_for_a_try_nothing_is_said_until_wechat_hangs_up(account, assistant, monkeypatch):
    monkeypatch.setattr(answering, "OPEN", 0.05)
    monkeypatch.setattr(answering, "HANGING", 20)
    fields = text("你好")
    async with serving(account.app) as url:
        wechat = WeChat(url)
        first = wechat.tries(fields)
        await until(lambda: assistant.begun == 1)
        await asyncio.sleep(0.15)
        assistant.gate.set()
        await until(lambda: count(account.engine, Turn) == 1)
        await asyncio.sleep(0.05)
        assert not first.done(), "an answer now might be the one that is lost"
        await wechat.hang_up(first)
        monkeypatch.setattr(answering, "OPEN", 4)  # the next try has the time of one, whatever else the machine does
        assert answer(await wechat.tries(fields)) == "第1次：你好"


async def test_a_proxy_that_does_not_hang_up_is_not_waited_for_for_ever(account, monkeypatch):
    monkeypatch.setattr(answering, "OPEN", 0.05)
    monkeypatch.setattr(answering, "HANGING", 0.1)
    async with serving(account.app) as url:
        assert answer(await WeChat(url).tries(text("你好"))) is None


async def test_the_push_is_kept_with_the_turn_and_due_when_the_tries_are_over(account, assistant):
    async with serving(account.app) as url:
        one = WeChat(url).tries(text("你好"))
        await until(lambda: assistant.begun)
        await WeChat.hang_up(one)
        assistant.gate.set()
        await until(lambda: count(account.engine, Turn) == 1)
    with account.engine.connect() as connection:
        (push,) = connection.execute(sa.select(OutboxEntry.__table__)).all()
        (kept,) = connection.execute(sa.select(WechatMessage.__table__)).all()
    assert push.due_at == kept.received_at + answering.TRYING and push.recipient == kept.sender
    assert push.payload == {"message": kept.number, "replies": [
        {"kind": "text", "text": "第1次：你好", "outcome": "answered"}]}  # fmt: skip
    assert Outbox(account.engine).claim("wechat", 5) == []
    assert await service(account.engine, lambda phone: phone.got) == ["第1次：你好"]


async def test_an_answer_that_was_lost_on_its_way_is_given_again(account, assistant):
    assistant.gate.set()
    fields = text("你好")
    async with serving(account.app) as url:
        told = [answer(await WeChat(url).tries(fields)) for _ in range(3)]
    assert told == ["第1次：你好"] * 3 and assistant.begun == 1 and nothing_waits(account.engine)


async def test_a_newer_try_overtakes_one_that_is_still_here(account, assistant):
    """WeChat delivers twice at once, or what stands in between did not tell that it had hung up."""
    fields = text("你好")
    async with serving(account.app) as url:
        first = WeChat(url).tries(fields)
        await until(lambda: tries(account.engine) == 1)
        second = WeChat(url).tries(fields)
        assert answer(await first) is None
        assert account.app.state.turns.running == 1, "they wait for the same"
        assistant.gate.set()
        assert answer(await second) == "第1次：你好"
    assert assistant.begun == 1 and count(account.engine, Turn) == 1


async def test_a_recorded_request_takes_no_answer_away_from_an_open_try(account, assistant):
    query, body = letter(text("你好"))
    async with serving(account.app) as url, httpx.AsyncClient(timeout=120, trust_env=False) as client:
        genuine = asyncio.create_task(client.post(f"{url}/wechat", params=query, content=body))
        await until(lambda: assistant.begun == 1)
        assert (await client.post(f"{url}/wechat", params=query, content=body)).status_code == 403
        assistant.gate.set()
        assert answer(await genuine) == "第1次：你好"


async def test_a_try_that_reaches_another_process_finds_the_answer(make_account, assistant, rules):
    """Two applications over one database, which share the locks of their conversations as workers of a machine do."""
    from bot.server import create_app
    from bot.store.locks import LocalLocks

    account, locks = make_account(), LocalLocks()
    apps = [create_app(assistant, rules, None, account.settings, None, locks) for _ in range(2)]
    fields = text("你好")
    async with serving(apps[0]) as first, serving(apps[1]) as second:
        one = WeChat(first).tries(fields)
        await until(lambda: assistant.begun == 1)
        await WeChat.hang_up(one)
        other = WeChat(second).tries(fields)
        await until(lambda: tries(account.engine) == 2)
        assistant.gate.set()
        assert answer(await other) == "第1次：你好"
        assert answer(await WeChat(first).tries(fields)) == "第1次：你好"
    assert assistant.begun == 1 and count(account.engine, Turn) == 1 and nothing_waits(account.engine)


async def test_messages_of_one_follower_are_answered_in_their_order(account, assistant):
    async with serving(account.app) as url:
        first = WeChat(url).tries(text("一"))
        await until(lambda: assistant.begun == 1)
        second = WeChat(url).tries(text("二"))
        await until(lambda: count(account.engine, WechatMessage) == 2)
        assistant.gate.set()
        assert [answer(await one) for one in (first, second)] == ["第1次：一", "第2次：二"]


async def test_many_at_once(account, assistant):
    """Twelve followers, three tries each at the same time: twelve turns, and each of them is answered."""
    assistant.gate.set()
    letters = [text("你好", openid=f"o{n:027}") for n in range(12)]
    async with serving(account.app) as url:
        got = await asyncio.gather(*(WeChat(url).tries(fields) for fields in letters * 3))
        assert all(one.status_code == 200 for one in got)
        await until(lambda: nothing_waits(account.engine))
    assert assistant.begun == 12 == count(account.engine, Turn)
    assert sum(one.text != "success" for one in got) >= 12


# ── what fails ──


async def test_an_apology_is_given_once_and_what_failed_is_asked_again_by_the_follower(account, assistant):
    assistant.gate.set()
    assistant.fail = 1
    async with serving(account.app) as url:
        assert answer(await WeChat(url).tries(text("你好"))) == "抱歉，没有办成。"
        await account.app.state.wechat.take_up()
    assert (
        count(account.engine, Turn) == 0 and count(account.engine, WechatMessage, WechatMessage.due_at.isnot(None)) == 0
    )


async def test_what_cannot_be_taken_now_is_taken_on_the_next_try(account, assistant):
    fields = text("你好")
    assistant.gate.set()
    async with serving(account.app) as url:
        account.app.state.turns.most = 0
        gone, one = ended(1, "gone"), WeChat(url).tries(fields)
        await until(lambda: tries(account.engine) == 1)
        await asyncio.sleep(0.05)
        assert not one.done(), "an error would be shown to the follower, and WeChat would not try again"
        await WeChat.hang_up(one)
        await until(lambda: ended(1, "gone") == gone + 1)
        account.app.state.turns.most = 100
        assert answer(await WeChat(url).tries(fields)) == "第1次：你好"


# ── what is left unanswered ──


async def left(account, assistant, fields=None):
    """A message whose turn was lost, as by kill -9: its tries are over, and it is kept."""
    async with serving(account.app) as url:
        account.app.state.turns.most = 0
        gone, one = ended(1, "gone"), WeChat(url).tries(fields or text("你好"))
        await until(lambda: count(account.engine, WechatMessage) == 1)
        await WeChat.hang_up(one)
        await until(lambda: ended(1, "gone") == gone + 1)
        account.app.state.turns.most = 100
    assistant.gate.set()


def an_inbox_of_later(account, when=LATER):
    account.app.state.wechat._inbox = Inbox(account.engine, lambda: datetime.now(timezone.utc) + when)


async def test_a_message_nobody_answered_is_taken_up_once_its_tries_are_over(account, assistant):
    await left(account, assistant)
    await account.app.state.wechat.take_up()
    assert assistant.begun == 0, "WeChat may still try"
    an_inbox_of_later(account)
    await asyncio.gather(*(account.app.state.wechat.take_up() for _ in range(3)))
    assert assistant.begun == 1
    assert await service(account.engine, lambda phone: phone.got) == ["第1次：你好"]
    an_inbox_of_later(account, timedelta(hours=2))
    await account.app.state.wechat.take_up()
    assert assistant.begun == 1 and count(account.engine, Turn) == 1


async def test_what_failed_when_it_was_taken_up_is_taken_up_again_later_and_given_up_after_a_day(account, assistant):
    await left(account, assistant)
    assistant.fail = 2
    for minutes, begun in ((1, 1), (1.5, 1), (3, 2), (4, 2), (8, 3), (20, 3), (60 * 30, 3)):
        an_inbox_of_later(account, timedelta(minutes=minutes))
        await account.app.state.wechat.take_up()
        assert assistant.begun == begun, minutes
    assert count(account.engine, Turn) == 1


async def test_a_message_of_yesterday_is_given_up(account, assistant):
    await left(account, assistant)
    an_inbox_of_later(account, timedelta(hours=25))
    await account.app.state.wechat.take_up()
    an_inbox_of_later(account, timedelta(hours=26))
    await account.app.state.wechat.take_up()
    assert assistant.begun == 0 and count(account.engine, WechatMessage, WechatMessage.due_at.isnot(None)) == 0


async def test_an_event_is_taken_up_as_well(account, assistant):
    await left(account, assistant, event("subscribe", EventKey="qrscene_board"))
    an_inbox_of_later(account)
    await account.app.state.wechat.take_up()
    assert await service(account.engine, lambda phone: phone.got) == ["感谢关注。\n\n第1次：你好"]


async def test_it_is_looked_for_in_the_background(account, assistant, monkeypatch):
    monkeypatch.setattr(answering, "_EVERY", 0.02)
    await left(account, assistant)
    async with answering.taking_up(account.app.state.wechat):
        an_inbox_of_later(account)
        await until(lambda: count(account.engine, Turn) == 1)
    async with answering.taking_up(None):
        pass


async def test_an_answer_that_customer_service_was_refused_is_given_to_a_try_that_still_comes(account, assistant):
    fields = text("你好")
    async with serving(account.app) as url:
        one = WeChat(url).tries(fields)
        await until(lambda: assistant.begun)
        await WeChat.hang_up(one)
        assistant.gate.set()
        await until(lambda: count(account.engine, Turn) == 1)
        outbox = Outbox(account.engine, lambda: datetime.now(timezone.utc) + LATER)
        (claim,) = outbox.claim("wechat", 5)
        assert answer(await WeChat(url).tries(fields)) is None, "somebody is sending it"
        outbox.failed(claim, "48001", final=True)
        assert answer(await WeChat(url).tries(fields)) == "第1次：你好"
        await until(lambda: count(account.engine, OutboxEntry) == 0)


async def test_the_end_of_the_process_waits_for_the_turn_and_the_answer_is_pushed(account, assistant):
    """SIGTERM: no new turn begins; the one that runs is kept, and so is the push of its answer."""
    async with serving(account.app) as url:
        one = WeChat(url).tries(text("你好"))
        await until(lambda: assistant.begun)
        account.app.state.turns.stopping = True
        assert account.app.state.turns.running == 1
        await WeChat.hang_up(one)
        assistant.gate.set()
        await until(lambda: account.app.state.turns.running == 0)
    assert await service(account.engine, lambda phone: phone.got) == ["第1次：你好"]
