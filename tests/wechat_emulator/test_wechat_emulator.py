"""The emulator itself: it must be as strict as WeChat, or what passes here fails there.

wechatpy, which has talked to the real WeChat for years, is the outside check: its client against the emulator's
interface, its cipher and parser against what the emulator sends.
"""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest
from listening import listening
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from wechatpy import WeChatClient, parse_message
from wechatpy.client.api import WeChatMenu, WeChatMessage, WeChatQRCode
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException

from wechat_emulator import UNAVAILABLE, Account, Clock, WeChat, faults
from wechat_emulator.checks import BadReply, reply_text
from wechat_emulator.crypto import BadCipher, seal, signature, unseal
from wechat_emulator.delivery import as_xml
from wechat_emulator.wechat import until

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


class Callback:
    """An account's server that does what it is told: `answers`, one after the other; a number is a status; a coroutine
    function is awaited; the last holds for all that follow."""

    def __init__(self, *answers):
        self.answers, self.got = list(answers), []

    async def answer(self, request):
        self.got.append((dict(request.query_params), await request.body()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = await answer(request)
        return Response("", status_code=answer) if isinstance(answer, int) else Response(answer)


@asynccontextmanager
async def connected(*answers, account=None, speed=0.0):
    """WeChat, its clock, and an account's server."""
    callback = Callback(*answers)
    app = Starlette(routes=[Route("/wechat", callback.answer, methods=["GET", "POST"])])
    async with WeChat(account, Clock(speed)) as wechat, listening(app) as base:
        wechat.callback = f"{base}/wechat"
        yield wechat, callback


def reply(wechat, person, content="好的", **wrong):
    """A passive reply in safe mode, sealed by wechatpy."""
    account = wechat.account
    fields = {"ToUserName": person.openid, "FromUserName": account.name, "CreateTime": 1_630_000_000,
              "MsgType": "text", "Content": content, **wrong}  # fmt: skip
    return WeChatCrypto(account.token, account.aes_key, account.appid).encrypt_message(
        as_xml(fields), "n", "1630000000"
    )


# ── what it sends ──


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
async def test_wechatpy_understands_what_it_sends(mode):
    async with connected("success", account=Account(mode=mode)) as (wechat, callback):
        person = wechat.follower()
        await person.say("我们公司]]>能领吗")
        await person.speak("稳岗返还")
        await person.send("location")
        await person.subscribe("bx.hall.003")
        account = wechat.account
        crypto = WeChatCrypto(account.token, account.aes_key, account.appid)
        parsed = []
        for query, body in callback.got:
            assert signature(account.token, query["timestamp"], query["nonce"]) == query["signature"]
            assert query["openid"] == person.openid
            plain = body
            if mode != "plain":
                plain = crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
            assert (b"<Content>" in body) == (mode != "safe") or parsed
            parsed.append(parse_message(plain))
        text, voice, place, event = parsed
        assert (text.type, text.content, text.source, text.target) == (
            "text", "我们公司]]>能领吗", person.openid, account.name,
        )  # fmt: skip
        assert (voice.type, voice.recognition) == ("voice", "稳岗返还")
        assert place.type == "location" and place.label == "本溪市平山区"
        assert (event.event, event.scene_id) == ("subscribe_scan", "bx.hall.003")
        assert text.id != voice.id


async def test_the_url_is_verified():
    async def echo(request):
        return request.query_params["echostr"]

    async with connected(echo) as (wechat, callback):
        assert await wechat.verify() is None
        query = callback.got[0][0]
        assert signature(wechat.account.token, query["timestamp"], query["nonce"]) == query["signature"]
        callback.answers = ["something else"]
        assert "echostr" in await wechat.verify()
        callback.answers = [403]
        assert await wechat.verify() == "HTTP 403"


# ── five seconds, three tries ──


async def test_no_answer_is_tried_three_times_with_the_same_number_and_a_fresh_signature():
    forever = asyncio.Event()

    async def never(_request):
        await forever.wait()
        return "success"

    async with connected(never) as (wechat, callback):
        person = wechat.follower()
        asked = person.say("你好")
        for number in (1, 2, 3):
            await asked.sent(number)
            await until(lambda number=number: len(callback.got) == number)
            assert person.seen == []
            await wechat.clock.advance(5)
        await asked
        assert asked.outcomes == ["timeout"] * 3 and [one.ended - one.began for one in asked.tries] == [5.0] * 3
        assert person.texts == [UNAVAILABLE]
        assert len({query["nonce"] for query, _ in callback.got}) == 3
        assert len({query["timestamp"] for query, _ in callback.got}) == 3
        sealed = [body.decode().split("CDATA[")[2].split("]]")[0] for _, body in callback.got]
        numbers = {unseal(one, KEY, wechat.account.appid).split("<MsgId>")[1].split("<")[0] for one in sealed}
        assert len(set(sealed)) == 3 and numbers == {str(asked.fields["MsgId"])}
        forever.set()


async def test_a_broken_connection_or_another_status_is_tried_again_after_a_second():
    async with connected(500, 503, "success") as (wechat, callback):
        asked = wechat.follower().say("你好")
        for tries in (1, 2):
            await until(lambda tries=tries: asked.over == tries)
            await wechat.clock.advance(1)
        await asked
        assert asked.outcomes == ["refused", "refused", "silent"] and [one.status for one in asked.tries] == [
            500,
            503,
            200,
        ]
    async with WeChat(clock=Clock(100)) as wechat:
        wechat.callback = "http://127.0.0.1:9/wechat"
        person = wechat.follower()
        assert (await person.say("你好")).outcomes == ["broken"] * 3 and person.texts == [UNAVAILABLE]


async def test_a_reply_is_shown_and_silence_is_not():
    async with connected("success", "") as (wechat, callback):
        person = wechat.follower()
        assert (await person.say("你好")).outcomes == ["silent"] and (await person.say("你好")).outcomes == ["silent"]
        callback.answers = [reply(wechat, person)]
        assert (await person.say("你好")).answered_on == 1
        assert [(one.text, one.how) for one in person.seen] == [("好的", "reply")]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lambda w, p: '{"text": "好"}', "no XML"),
        (lambda w, p: "<xml><a><b/></a></xml>", "different plain elements"),
        (lambda w, p: as_xml({"ToUserName": p.openid, "Content": "明文"}), "without"),
        (lambda w, p: reply(w, p).replace("<TimeStamp>1", "<TimeStamp>2"), "MsgSignature"),
        (lambda w, p: reply(w, p, ToUserName="somebody"), "to somebody"),
        (lambda w, p: reply(w, p, MsgType="Text"), "MsgType Text"),
        (lambda w, p: reply(w, p, CreateTime="now"), "CreateTime"),
        (lambda w, p: reply(w, p, " "), "no Content"),
        (lambda w, p: reply(w, p, "稳" * 683), "2049 bytes"),
    ],
)
async def test_what_is_no_reply_is_seen_as_a_fault(wrong, why):
    async with connected("success") as (wechat, callback):
        person = wechat.follower()
        callback.answers = [wrong(wechat, person)]
        asked = await person.say("你好")
        assert asked.outcomes == ["abnormal"] and why in asked.tries[0].why and person.texts == [UNAVAILABLE]


async def test_a_reply_of_2048_bytes_is_shown():
    async with connected("success") as (wechat, callback):
        person = wechat.follower()
        callback.answers = [reply(wechat, person, "稳" * 682 + "ab")]
        assert (await person.say("你好")).answered_on == 1


def test_a_reply_for_another_account_is_none():
    account = Account()
    other = WeChatCrypto(account.token, account.aes_key, "wx0000000000000000").encrypt_message("<xml/>", "n", "1")
    with pytest.raises(BadReply, match="another account"):
        reply_text(other.encode(), account, "o")


@pytest.mark.parametrize("sealed", ["", "x", "YWJj", seal("x", KEY, "a", b"r" * 16)[:-24] + "A" * 23 + "="])
def test_what_was_not_sealed_is_not_opened(sealed):
    with pytest.raises(BadCipher):
        unseal(sealed, KEY, "a")


def test_the_official_vector():
    sealed = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    assert seal("我是中文abcd123", KEY, "wxb11529c136998cb6", b"aaaabbbbccccdddd") == sealed
    assert unseal(sealed, KEY, "wxb11529c136998cb6") == "我是中文abcd123"


# ── faults ──


async def test_faults():
    async with connected("success") as (wechat, callback):
        person = wechat.follower()

        async def requests(fault, arriving, outcomes):
            """So many requests arrive on the first try; where it has no answer, five seconds pass."""
            before, asked = len(callback.got), person.say("你好", faults={1: fault})
            await until(lambda: asked.tries and len(callback.got) >= before + arriving)
            if outcomes[0] == "timeout":
                await wechat.clock.advance(5)
            await asked
            assert asked.outcomes == outcomes and len(callback.got) == before + arriving + len(outcomes) - 1

        answered, missed = ["silent"], ["timeout", "silent"]
        await requests(faults.lost, 1, missed)
        await requests(faults.dropped, 0, missed)
        await requests(faults.duplicate, 2, answered)
        assert len({query["nonce"] for query, _ in callback.got[-2:]}) == 2
        await requests(faults.replayed, 2, answered)
        assert callback.got[-1] == callback.got[-2]
        await requests(faults.half_open, 0, missed)
        await requests(faults.corrupt, 1, answered)
        before = len(callback.got)
        await requests(faults.late(12), 0, missed)
        await wechat.clock.advance(12)
        await until(lambda: len(callback.got) == before + 2)
        overtaken = asyncio.Event()
        first = person.say("一", faults={1: faults.held(overtaken)})
        second = await person.say("二")
        overtaken.set()
        await first
        assert first.outcomes == second.outcomes == answered and len(callback.got) == before + 4


# ── its interface, by wechatpy ──


def client(wechat, account=None):
    account = account or wechat.account

    class Client(WeChatClient):
        API_BASE_URL = f"{wechat.base}/cgi-bin/"

        def fetch_access_token(self):
            return self._fetch_access_token(
                url=f"{wechat.base}/cgi-bin/token",
                params={"grant_type": "client_credential", "appid": self.appid, "secret": self.secret},
            )

    for api in (WeChatMenu, WeChatMessage, WeChatQRCode):
        api.API_BASE_URL = f"{wechat.base}/cgi-bin/"
    return Client(account.appid, account.secret)


async def test_the_client_of_wechatpy_works_with_it(monkeypatch):
    for api in (WeChatMenu, WeChatMessage, WeChatQRCode):
        monkeypatch.setattr(api, "API_BASE_URL", None, raising=False)  # put back at the end
    async with connected("success") as (wechat, _callback):
        person, them = wechat.follower(), client(wechat)
        await person.say("你好")

        def use():
            them.message.send_text(person.openid, "稳岗返还")
            them.menu.create({"button": [{"type": "click", "name": "政策", "key": "ask:政策"}]})
            code = them.qrcode.create(
                {"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": {"scene": {"scene_str": "bx.1"}}}
            )
            return them.menu.get(), code

        menu, code = await asyncio.to_thread(use)
        assert person.texts == ["稳岗返还"] and menu["menu"]["button"][0]["name"] == "政策"
        assert code["expire_seconds"] == 600 and (await person.scan(code["ticket"])).fields["EventKey"] == "bx.1"
        await wechat.clock.advance(601)
        with pytest.raises(LookupError):
            person.scan(code["ticket"])
        assert (await person.click("政策")).fields["EventKey"] == "ask:政策"
        with pytest.raises(WeChatClientException) as error:
            await asyncio.to_thread(them.message.send_text, "nobody", "稳岗返还")
        assert error.value.errcode == 40003
        person.unsubscribe()
        with pytest.raises(WeChatClientException) as error:
            await asyncio.to_thread(them.message.send_text, person.openid, "稳岗返还")
        assert error.value.errcode == 43004


# ── its interface, byte by byte ──


class Caller:
    def __init__(self, wechat):
        self.wechat, self.http = wechat, httpx.AsyncClient(base_url=wechat.base, trust_env=False)

    async def post(self, path, body, token=None):
        content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        query = {} if token is None else {"access_token": token}
        return (await self.http.post(f"/cgi-bin/{path}", content=content, params=query)).json()

    async def token(self, force=False, **wrong):
        account = self.wechat.account
        wanted = {"grant_type": "client_credential", "appid": account.appid, "secret": account.secret, **wrong}
        return await self.post("stable_token", {**wanted, "force_refresh": force})

    async def text(self, person, content="好", token=None):
        body = {"touser": person.openid, "msgtype": "text", "text": {"content": content}}
        return (await self.post("message/custom/send", body, token))["errcode"]


@pytest.fixture
async def wechat():
    async with WeChat(clock=Clock(0)) as one:
        yield one


async def test_tokens_live_two_hours_and_overlap_five_minutes(wechat):
    caller, person = Caller(wechat), wechat.follower()
    person.quota.granted("message", wechat.clock.time())
    first = await caller.token()
    assert first["expires_in"] == 7200 and len(first["access_token"]) > 100
    await wechat.clock.advance(6899)
    assert (await caller.token())["access_token"] == first["access_token"]
    await wechat.clock.advance(2)
    second = (await caller.token())["access_token"]
    assert second != first["access_token"]
    assert await caller.text(person, token=first["access_token"]) == await caller.text(person, token=second) == 0
    await wechat.clock.advance(300)
    assert await caller.text(person, token=first["access_token"]) == 42001
    assert await caller.text(person, token=second) == 0
    assert [await caller.text(person, token=one) for one in (None, "x", "y" * 100)] == [41001, 40014, 40001]


async def test_force_refresh_ends_the_token_30_seconds_apart_and_20_times_a_day(wechat):
    caller, person = Caller(wechat), wechat.follower()
    person.quota.granted("message", wechat.clock.time())
    first = (await caller.token())["access_token"]
    second = (await caller.token(force=True))["access_token"]
    assert await caller.text(person, token=first) == 40001 and await caller.text(person, token=second) == 0
    await wechat.clock.advance(29)
    assert (await caller.token(force=True))["access_token"] == second, "sooner than 30 s it stays"
    for _ in range(19):
        await wechat.clock.advance(31)
        assert "access_token" in await caller.token(force=True)
    await wechat.clock.advance(31)
    assert (await caller.token(force=True))["errcode"] == 45009
    wrong = [{"appid": "wx1"}, {"secret": "s"}, {"grant_type": "password"}]
    assert [(await caller.token(**one))["errcode"] for one in wrong] == [40013, 40125, 40002]


async def test_five_messages_in_48_hours_after_a_message_three_in_a_minute_after_a_click(wechat):
    caller, person = Caller(wechat), wechat.follower()
    token = (await caller.token())["access_token"]
    assert await caller.text(person, token=token) == 45015
    person.quota.granted("message", wechat.clock.time())
    assert [await caller.text(person, token=token) for _ in range(6)] == [0] * 5 + [45047]
    person.quota.granted("message", wechat.clock.time())
    person.quota.granted("message", wechat.clock.time())
    assert [await caller.text(person, token=token) for _ in range(6)] == [0] * 5 + [45047], "it does not add up"
    person.quota.granted("click", wechat.clock.time())
    assert [await caller.text(person, token=token) for _ in range(4)] == [0] * 3 + [45047]
    await wechat.clock.advance(48 * 3600 + 1)
    token = (await caller.token())["access_token"]
    assert await caller.text(person, token=token) == 45015
    person.quota.granted("click", wechat.clock.time())
    await wechat.clock.advance(61)
    assert await caller.text(person, token=token) == 45015


async def test_what_a_message_may_be(wechat):
    caller, person = Caller(wechat), wechat.follower()
    person.quota.granted("message", wechat.clock.time())
    token = (await caller.token())["access_token"]

    async def send(**message):
        return (await caller.post("message/custom/send", {"touser": person.openid, **message}, token))["errcode"]

    assert await caller.text(person, "", token) == 44004
    assert await caller.text(person, "稳" * 683, token) == 45002
    assert await send(msgtype="Text", text={"content": "好"}) == 40008
    escaped = json.dumps({"touser": person.openid, "msgtype": "text", "text": {"content": "好"}}).encode()
    assert (await caller.post("message/custom/send", escaped, token))["errcode"] == 40033
    assert (await caller.post("message/custom/send", b"{", token))["errcode"] == 47001
    menu = {"head_content": "选", "list": [{"id": "1", "content": "是"}], "tail_content": ""}
    assert await send(msgtype="msgmenu", msgmenu=menu) == 0
    assert await send(msgtype="msgmenu", msgmenu={**menu, "list": menu["list"] * 11}) == 47001
    wechat.account.menu_messages = False
    assert await send(msgtype="msgmenu", msgmenu=menu) == 40200
    wechat.api.limits["message/custom/send"] = 0
    assert await caller.text(person, token=token) == 45009
    wechat.account.verified = False
    assert await caller.text(person, token=token) == 48001
    assert (await caller.http.get("/cgi-bin/message/custom/send", params={"access_token": token})).json()[
        "errcode"
    ] == 43002
    chosen = person.choose("是")
    assert chosen.fields["Content"] == "是" and chosen.fields["bizmsgmenuid"] == "1"


def click(name="政策", key="k"):
    return {"type": "click", "name": name, "key": key}


@pytest.mark.parametrize(
    ("buttons", "code"),
    [
        ([click(), {"name": "更多", "sub_button": [click("八个汉字的按钮名字")] * 5}], 0),
        ([], 40016),
        ([click()] * 4, 40016),
        ([click("五个字太长了")], 40018),
        ([click("")], 40018),
        ([click(key="")], 40019),
        ([{**click(), "type": "hover"}], 40017),
        ([{"type": "view", "name": "网", "url": "policy.cn"}], 40055),
        ([{"type": "view", "name": "网", "url": "https://a.cn/" + "a" * 1024}], 40020),
        ([{"name": "更多", "sub_button": []}], 40023),
        ([{"name": "更多", "sub_button": [click()] * 6}], 40023),
        ([{"name": "更多", "sub_button": [click("字" * 21)]}], 40025),
        ([{"name": "更多", "sub_button": [click(key="键" * 43)]}], 40026),
        ([{"name": "更多", "sub_button": [{"name": "再", "sub_button": [click()]}]}], 40022),
    ],
)
async def test_what_a_menu_may_be(wechat, buttons, code):
    caller = Caller(wechat)
    token = (await caller.token())["access_token"]
    assert (await caller.post("menu/create", {"button": buttons}, token))["errcode"] == code


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "s" * 64}}}, None),
        ({"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "s" * 65}}}, 40053),
        ({"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": ""}}}, 40053),
        ({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 100_001}}}, 40053),
        ({"action_name": "QR", "action_info": {"scene": {"scene_str": "s"}}}, 40051),
        (
            {"action_name": "QR_STR_SCENE", "expire_seconds": 2_592_001, "action_info": {"scene": {"scene_str": "s"}}},
            40052,
        ),
    ],
)
async def test_what_a_code_may_be(wechat, wanted, code):
    caller = Caller(wechat)
    made = await caller.post("qrcode/create", wanted, (await caller.token())["access_token"])
    assert made.get("errcode") == code and ("ticket" in made) == (code is None)


async def test_calls_go_wrong_when_they_are_told_to(wechat):
    caller, person = Caller(wechat), wechat.follower()
    person.quota.granted("message", wechat.clock.time())
    token = (await caller.token())["access_token"]
    wechat.api.fail("message/custom/send", -1)
    wechat.api.fail("message/custom/send", "lost")
    assert await caller.text(person, token=token) == -1
    with pytest.raises(httpx.RemoteProtocolError):
        await caller.text(person, token=token)
    assert person.texts == ["好"], "it arrived all the same"
    assert await caller.text(person, token=token) == 0
