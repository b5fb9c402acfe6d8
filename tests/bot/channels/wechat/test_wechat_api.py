"""Calling WeChat: one token for everybody, never more than one more try with another, every error a sentence."""

import asyncio
import logging
import re
import subprocess
import sys
import textwrap

import pytest
import sqlalchemy as sa
from wechat_emulator import Account, Clock, WeChat

from bot.channels.wechat.api import NoMenus, WeChatApi
from bot.channels.wechat.tokens import Tokens
from bot.outbox_sender import NotSent, NotYet, Refused
from bot.settings import ROOT
from bot.store import open_engine
from bot.store.models import WechatToken

KEY = b"k" * 32
SEND = "message/custom/send"


@pytest.fixture
async def wechat():
    async with WeChat(clock=Clock(0)) as one:
        yield one


@pytest.fixture
def person(wechat):
    """A follower who has just written."""
    one = wechat.follower()
    one.quota.granted("message", wechat.clock.time())
    return one


def calling(wechat, engine, **more):
    return WeChatApi(wechat.base, wechat.account.appid, wechat.account.secret, Tokens(engine, KEY, **more))


# ── what is sent ──


async def test_words_arrive_as_they_are(wechat, person, engine):
    api = calling(wechat, engine)
    await api.send_text(person.openid, "稳岗返还：“最高”\n72,000 元 😀")
    await api.send_menu(person.openid, "是哪一类？", [("1", "企业"), ("2", "社会团体")], "回复数字也行")
    text, menu = person.seen
    assert text.text == "稳岗返还：“最高”\n72,000 元 😀"
    assert (menu.text, menu.items, menu.tail) == ("是哪一类？", (("1", "企业"), ("2", "社会团体")), "回复数字也行")


async def test_a_menu_and_codes_are_made(wechat, engine):
    api = calling(wechat, engine)
    await api.create_menu({"button": [{"type": "click", "name": "政策", "key": "ask:政策"}]})
    assert wechat.button("政策")["key"] == "ask:政策"
    code = await api.qr_code("bx.hall.003", 30)
    assert code.url.startswith("http") and code.image.startswith("https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket=")
    await api.qr_code("bx.hall.004")
    (_, first), (_, second) = wechat.codes.values()
    assert first == wechat.clock.time() + 30 * 86400 and second is None
    assert [scene for scene, _ in wechat.codes.values()] == ["bx.hall.003", "bx.hall.004"]


# ── tokens ──


async def test_one_token_for_all_who_call_at_once(wechat, person, url):
    """Several processes with a connection of their own each, twenty calls."""
    engines = [open_engine(url) for _ in range(4)]
    apis = [calling(wechat, engine) for engine in engines]
    await asyncio.gather(*(api.create_menu({"button": [{"type": "click", "name": "一", "key": "k"}]})
                           for api in apis for _ in range(5)))  # fmt: skip
    assert wechat.tokens.calls == {"stable": 1, "forced": 0, "old": 0}
    for engine in engines:
        engine.dispose()


async def test_two_processes_one_token(wechat, url):
    """Real ones: both are told to begin at the same moment."""
    script = """
        import asyncio, sys
        from bot.channels.wechat.api import WeChatApi
        from bot.channels.wechat.tokens import Tokens
        from bot.store import open_engine
        url, base, appid, secret = sys.argv[1:]
        async def main():
            api = WeChatApi(base, appid, secret, Tokens(open_engine(url), b"k" * 32))
            print("ready", flush=True)
            sys.stdin.readline()
            menu = {"button": [{"type": "click", "name": "一", "key": "k"}]}
            await asyncio.gather(*(api.create_menu(menu) for _ in range(10)))
        asyncio.run(main())
    """
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(script),
        url,
        wechat.base,
        wechat.account.appid,
        wechat.account.secret,
    ]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for one in both:
        assert await asyncio.to_thread(one.stdout.readline) == "ready\n"
    for one in both:
        one.stdin.write("go\n")
        one.stdin.flush()
    codes = await asyncio.gather(*(asyncio.to_thread(one.wait) for one in both))
    for one in both:
        one.stdin.close()
        one.stdout.close()
    assert codes == [0, 0] and wechat.api.count("menu/create") == 20
    assert wechat.tokens.calls == {"stable": 1, "forced": 0, "old": 0}


async def test_a_token_that_ends_in_the_middle_is_asked_for_again(wechat, person, engine):
    api = calling(wechat, engine)
    await api.send_text(person.openid, "一")
    await wechat.clock.advance(7300)
    await api.send_text(person.openid, "二")
    assert person.texts == ["一", "二"] and wechat.tokens.calls == {"stable": 2, "forced": 0, "old": 0}


async def test_a_token_that_somebody_else_ended_is_asked_for_again_without_force(wechat, person, engine):
    api = calling(wechat, engine)
    await api.send_text(person.openid, "一")
    wechat.tokens.revoke()
    await asyncio.gather(api.send_text(person.openid, "二"), api.send_text(person.openid, "三"))
    assert sorted(person.texts) == ["一", "三", "二"] and wechat.tokens.calls == {"stable": 2, "forced": 0, "old": 0}


async def test_a_token_is_renewed_before_its_end(wechat, person, engine):
    api = calling(wechat, engine, clock=wechat.clock.time)
    await api.send_text(person.openid, "一")
    await wechat.clock.advance(7200 - 241)
    await api.send_text(person.openid, "二")
    assert wechat.tokens.calls["stable"] == 1
    await wechat.clock.advance(2)
    await api.send_text(person.openid, "三")
    assert wechat.tokens.calls["stable"] == 2 and len(person.texts) == 3


async def test_a_token_that_is_refused_is_renewed_by_force_once_and_not_within_30_seconds(wechat, person, engine):
    api = calling(wechat, engine, clock=wechat.clock.time)
    wechat.api.fail(SEND, 40001)
    await api.send_text(person.openid, "一")
    assert person.texts == ["一"] and wechat.tokens.calls == {"stable": 2, "forced": 1, "old": 0}
    wechat.api.fail(SEND, 40001)
    with pytest.raises(NotSent, match="30 秒一次"):
        await api.send_text(person.openid, "二")
    assert wechat.tokens.calls["forced"] == 1
    await wechat.clock.advance(31)
    await api.send_text(person.openid, "三")
    assert person.texts == ["一", "三"]


async def test_whatever_wechat_does_a_call_asks_for_two_more_tokens_at_most(wechat, person, engine):
    api = calling(wechat, engine, clock=wechat.clock.time)
    wechat.api.fail(SEND, 40001, times=1000)
    with pytest.raises(NotSent, match="40001") as error:
        await api.send_text(person.openid, "一")
    assert not isinstance(error.value, Refused)
    assert wechat.tokens.calls == {"stable": 2, "forced": 1, "old": 0}
    for _ in range(30):  # an outbox that goes on trying
        await wechat.clock.advance(31)
        with pytest.raises(NotSent):
            await api.send_text(person.openid, "一")
    assert wechat.tokens.calls["forced"] == 20
    await wechat.clock.advance(86400)
    with pytest.raises(NotSent):
        await api.send_text(person.openid, "一")
    assert wechat.tokens.calls["forced"] == 21, "a day later there are 20 more"


async def test_who_was_killed_while_renewing_keeps_nobody_for_long(wechat, person, engine, monkeypatch):
    monkeypatch.setattr("bot.channels.wechat.tokens._PATIENCE", 0.1)
    api = calling(wechat, engine, clock=wechat.clock.time)
    await api.send_text(person.openid, "一")
    with engine.begin() as connection:
        connection.execute(sa.update(WechatToken).values(expires_at=0.0, leased_until=wechat.clock.time() + 20))
    with pytest.raises(NotSent, match="别的进程"):
        await api.send_text(person.openid, "二")
    await wechat.clock.advance(21)
    await api.send_text(person.openid, "三")
    assert person.texts == ["一", "三"]


async def test_a_renewal_that_fails_keeps_nobody(wechat, person, engine):
    wechat.api.fail("stable_token", 40164)
    api = calling(wechat, engine)
    with pytest.raises(NotSent, match="IP 白名单"):
        await api.send_text(person.openid, "一")
    await api.send_text(person.openid, "二")
    assert person.texts == ["二"]


async def test_the_token_is_kept_so_that_only_the_secret_of_the_house_opens_it(wechat, person, engine, caplog):
    caplog.set_level(logging.DEBUG, logger="bot")
    await calling(wechat, engine).send_text(person.openid, "一")
    token = wechat.tokens.stable(False)["access_token"]
    with engine.connect() as connection:
        kept = connection.execute(sa.select(WechatToken.token)).scalar_one()
    assert token not in kept and wechat.account.secret not in caplog.text and token not in caplog.text
    other = WeChatApi(wechat.base, wechat.account.appid, wechat.account.secret, Tokens(engine, b"another" * 5))
    await other.send_text(person.openid, "二")
    assert person.texts == ["一", "二"]


# ── what goes wrong ──


@pytest.mark.parametrize(
    ("code", "kind"),
    [(45015, NotYet), (45047, NotYet), (45002, Refused), (40003, Refused), (40033, Refused), (43004, Refused),
     (48001, Refused), (45009, NotSent), (45011, NotSent), (40164, NotSent), (50002, NotSent), (99999, NotSent)],
)  # fmt: skip
async def test_every_error_is_a_sentence_and_final_only_when_it_stays(wechat, person, engine, code, kind):
    wechat.api.fail(SEND, code)
    with pytest.raises(NotSent) as error:
        await calling(wechat, engine).send_text(person.openid, "一")
    assert type(error.value) is kind and str(code) in str(error.value)
    assert re.search("[\u4e00-\u9fff]{4}", str(error.value)) and len(str(error.value)) <= 200
    assert person.openid not in str(error.value)
    assert len(wechat.api.calls) == 0, "it was tried once"


async def test_an_account_without_menu_messages_is_told_from_others(wechat, person, engine):
    wechat.account.menu_messages = False
    with pytest.raises(NoMenus):
        await calling(wechat, engine).send_menu(person.openid, "？", [("1", "是")])


async def test_a_busy_wechat_is_asked_again_twice(wechat, person, engine, monkeypatch):
    monkeypatch.setattr("bot.channels.wechat.api._PAUSES", (0.01, 0.01))
    api = calling(wechat, engine)
    wechat.api.fail(SEND, -1, times=2)
    await api.send_text(person.openid, "一")
    wechat.api.fail(SEND, -1, times=4)
    with pytest.raises(NotSent, match="-1"):
        await api.send_text(person.openid, "二")
    assert person.texts == ["一"]
    with pytest.raises(NotSent, match="-1"):  # the fourth was left; two more are the answer of the next call
        wechat.api.fail(SEND, -1, times=2)
        await api.send_text(person.openid, "三")
    await api.send_text(person.openid, "四")
    assert person.texts == ["一", "四"]


@pytest.mark.parametrize(("how", "arrived"), [("page", False), ("hang", False), ("lost", True)])
async def test_an_answer_that_is_none(wechat, person, engine, monkeypatch, how, arrived):
    monkeypatch.setattr("bot.channels.wechat.api._PATIENCE", 0.3)
    wechat.api.fail(SEND, how)
    with pytest.raises(NotSent) as error:
        await calling(wechat, engine).send_text(person.openid, "一")
    assert not isinstance(error.value, Refused) and (person.texts == ["一"]) == arrived


async def test_nobody_there(engine, monkeypatch):
    monkeypatch.setattr("bot.channels.wechat.api._PAUSES", (0.01, 0.01))
    account = Account()
    with pytest.raises(NotSent, match="ConnectError"):
        await WeChatApi("http://127.0.0.1:9", account.appid, account.secret, Tokens(engine, KEY)).send_text("o", "一")
