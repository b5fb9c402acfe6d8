"""GET and POST /wechat as WeChat sees it, and as somebody else does."""

import asyncio
import base64
import logging
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from doors import DECISION
from test_wechat_envelope import BOMB
from wechat_letters import (
    KEY,
    OLD_KEY,
    OPENID,
    TOKEN,
    answer,
    event,
    letter,
    message,
    plain_letter,
    sealed,
    signature,
    text,
    xml,
)

from bot import metrics
from bot.api.identity import Identity
from bot.channels.wechat.people import People
from bot.server import create_app
from bot.store import InDatabase
from bot.store.erasure import erase, expire
from bot.store.models import OutboxEntry, Turn, WechatMessage, WechatPerson, WechatRequest

pytestmark = pytest.mark.usefixtures("patient")
SENDER = Identity(b"s" * 32).sender("wechat", OPENID)


def let_pass(engine, seconds):
    """So many seconds more have passed since what is in the database."""
    ago = timedelta(seconds=seconds)
    with engine.begin() as connection:
        for row in connection.execute(sa.select(WechatRequest.__table__)).all():
            same = sa.update(WechatRequest).where(WechatRequest.digest == row.digest)
            connection.execute(same.values(seen_at=row.seen_at - ago))
        for row in connection.execute(sa.select(WechatMessage.__table__)).all():
            same = sa.update(WechatMessage).where(WechatMessage.id == row.id)
            connection.execute(same.values(received_at=row.received_at - ago))


def rows(engine, table):
    with engine.connect() as connection:
        return connection.execute(sa.select(table.__table__)).all()


@pytest.fixture
def refusals(caplog):
    """The reasons of the refusals in the log so far, with their status; each is one line."""
    caplog.set_level(logging.INFO)

    def told():
        found = [record.fields for record in caplog.records if record.getMessage() == "wechat refused"]
        assert len(found) == sum(record.levelno >= logging.WARNING for record in caplog.records)
        caplog.clear()
        return [(fields["reason"], fields["status"]) for fields in found]

    return told


# ── the address is set in the console ──


def greeting(timestamp=None, token=TOKEN, **more):
    timestamp, nonce = str(timestamp or int(time.time())), "1372623149"
    signed = {"signature": signature(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
    return {**signed, "echostr": "5837397520665436492", **more}


async def test_the_address_is_verified(account):
    response = await account.client.get("/wechat", params=greeting())
    assert (response.status_code, response.text) == (200, "5837397520665436492")
    assert response.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (lambda: greeting(token="other"), ("signature", 403)),
        (lambda: greeting(signature=""), ("signature", 403)),
        (lambda: greeting(signature="签名"), ("signature", 403)),
        (dict, ("signature", 403)),
        (lambda: greeting(int(time.time()) - 4000), ("stale", 403)),
        (lambda: greeting(echostr="<script>"), None),
        (lambda: greeting(echostr="啊"), ("echostr", 400)),
        (lambda: greeting(echostr=""), ("echostr", 400)),
    ],
)
async def test_nobody_else_hears_an_echo(account, refusals, query, told):
    response = await account.client.get("/wechat", params=query())
    assert response.status_code == (told[1] if told else 200) and refusals() == ([told] if told else [])


async def test_without_an_account_there_is_no_such_address(make_account):
    plain = make_account(**dict.fromkeys(("wechat_appid", "wechat_secret", "wechat_token", "wechat_aes_key")))
    assert (await plain.client.get("/wechat", params=greeting())).status_code == 404
    assert (await plain.send(text("你好"))).status_code in (404, 405) and plain.app.state.wechat is None


# ── refused ──


def damaged(**more):
    query, body = letter(text("你好"))
    return {**query, **more}, body


def with_wrong_padding():
    raw = bytearray(base64.b64decode(sealed(xml(text("你好")))))
    raw[-17] ^= 1  # in CBC this flips a bit of the last byte, which tells the padding
    return letter("", encrypt=base64.b64encode(bytes(raw)).decode())


REFUSED = {
    "signature": (lambda: damaged(msg_signature="0" * 40), 403),
    "signature of another token": (lambda: letter(text("你好"), token="SomebodyElses"), 403),
    "signature missing": (lambda: damaged(msg_signature=""), 403),
    "signature of the plain mode only": (lambda: damaged(msg_signature=damaged()[0]["signature"]), 403),
    "stale": (lambda: letter(text("你好"), timestamp=int(time.time()) - 301), 403),
    "stale: to come": (lambda: letter(text("你好"), timestamp=int(time.time()) + 400), 403),
    "stale: no time": (lambda: letter(text("你好"), timestamp="12e5"), 403),
    "appid": (lambda: letter(text("你好"), appid="wx0000000000000000"), 403),
    "base64": (lambda: letter("", encrypt=sealed(xml(text("你好")))[:-3]), 400),
    "length": (lambda: letter("", encrypt=base64.b64encode(b"x" * 48).decode()), 400),
    "padding": (with_wrong_padding, 400),
    "not_encrypted": (lambda: plain_letter(text("你好")), 400),
    "not_encrypted: by the query": (lambda: (damaged(encrypt_type="raw")[0], xml(text("你好")).encode()), 400),
    "dtd": (lambda: (damaged()[0], BOMB), 400),
    "dtd: inside": (lambda: letter(BOMB.decode()), 400),
    "xml": (lambda: (damaged()[0], b"<xml"), 400),
    "xml: JSON": (lambda: (damaged()[0], b'{"Encrypt": "x"}'), 400),
    "xml: empty": (lambda: (damaged()[0], b""), 400),
    "fields": (lambda: letter("<xml><MsgType>text</MsgType></xml>"), 400),
    "fields: somebody odd": (lambda: letter(text("你好", openid="o'; DROP TABLE turns")), 400),
    "fields: no such time": (lambda: letter(text("你好", CreateTime="昨天")), 400),
    "fields: an event without a name": (lambda: letter(event("")), 400),
    "too_large": (lambda: (damaged()[0], b"<xml>" + b" " * (10 * 2**20)), 413),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_refused_with_one_line_in_the_log_and_one_more_in_the_count(account, assistant, refusals, what):
    make, status = REFUSED[what]
    reason = what.split(":")[0].split(" ")[0]
    count = metrics.WECHAT_REFUSED.labels(reason)
    before = count._value.get()
    response = await account.send(make())
    assert response.status_code == status and refusals() == [(reason, status)] and count._value.get() == before + 1
    message = response.json()["error"]["message"]
    assert message.endswith("。") and "\n" not in message
    assert not assistant.calls and not rows(account.engine, Turn) and not rows(account.engine, WechatMessage)


async def test_neither_log_nor_answer_repeats_what_was_sent(account, caplog):
    caplog.set_level(logging.DEBUG)
    for make, _ in REFUSED.values():
        response = await account.send(make())
        assert "你好" not in response.text and OPENID not in response.text
    await account.send(text("稳岗返还"))
    told = (f"{record.getMessage()} {record.__dict__}" for record in caplog.records if record.name[:3] == "bot")
    ours = "\n".join(told)
    assert "wechat refused" in ours and OPENID not in ours and "你好" not in ours and "稳岗返还" not in ours


@pytest.mark.parametrize("fields", [message("wework_card"), event("card_pass_check"), message("TEXT2", Content="你好")])
async def test_a_kind_nobody_knows_is_noted_and_not_answered(account, assistant, refusals, fields):
    response = await account.send(fields)
    assert (response.status_code, response.text) == (200, "success"), "an error would be shown to the follower"
    assert refusals() == [("unknown_type", 200)] and not assistant.calls


async def test_a_recorded_request_is_not_heard_again(account, assistant, refusals):
    recorded = letter(text("结论"))
    assert "72,000" in answer(await account.send(recorded))
    for _ in range(2):
        assert (await account.send(recorded)).status_code == 403
    assert refusals() == [("replay", 403)] * 2 and len(assistant.calls) == 1


async def test_a_recorded_request_is_not_heard_again_after_a_restart(make_account, assistant, refusals):
    recorded = letter(text("结论"))
    await make_account().send(recorded)
    assert (await make_account().send(recorded)).status_code == 403 and refusals() == [("replay", 403)]
    assert len(assistant.calls) == 1


async def test_a_retry_that_repeats_every_byte_is_answered_when_it_can_be_one(account, assistant, refusals):
    """WeChat hung up five seconds ago; if it signs a retry with the same nonce, it is the request of before."""
    recorded = letter(text("结论"))
    answers = [answer(await account.send(recorded))]
    for _ in range(2):
        let_pass(account.engine, 5)
        answers.append(answer(await account.send(recorded)))
    assert answers[0] == answers[1] == answers[2] and len(assistant.calls) == 1 and refusals() == []
    let_pass(account.engine, 5)
    assert (await account.send(recorded)).status_code == 403 and refusals() == [("replay", 403)], "a fourth is none"


async def test_a_recorded_request_is_a_replay_once_wechat_has_signed_a_newer_one(account, refusals):
    fields = text("结论")
    recorded = letter(fields)
    for what in (recorded, letter(fields)):
        assert "72,000" in answer(await account.send(what))
        let_pass(account.engine, 5)
    assert (await account.send(recorded)).status_code == 403 and refusals() == [("replay", 403)]


async def test_a_recorded_request_that_is_too_old_for_a_retry_is_a_replay(account, refusals):
    recorded = letter(text("结论"))
    await account.send(recorded)
    let_pass(account.engine, 31)
    assert (await account.send(recorded)).status_code == 403 and refusals() == [("replay", 403)]


async def test_a_retry_with_a_nonce_of_its_own_is_answered_however_late(account, assistant, refusals):
    fields = text("结论")
    first = answer(await account.send(fields))
    let_pass(account.engine, 3600)
    assert answer(await account.send(fields)) == first and len(assistant.calls) == 1 and refusals() == []


# ── modes and keys ──


async def test_plain_mode_only_where_it_is_allowed(make_account, assistant, refusals):
    trial = make_account(wechat_plain="1")
    response = await trial.send(plain_letter(text("你好")))
    assert response.status_code == 200 and b"Encrypt" not in response.content and "您说的是：你好" in response.text
    assert answer(await trial.send(text("你好"))) == "您说的是：你好"
    assert (await trial.send(plain_letter(text("你好"), token="other"))).status_code == 403
    query, _ = recorded = plain_letter(text("你好"))
    assert (await trial.send(recorded)).status_code == 200
    calls = len(assistant.calls)
    assert (await trial.send((query, xml(text("重新开始")).encode()))).status_code == 403, "another body, old signature"
    assert len(assistant.calls) == calls and refusals() == [("signature", 403), ("replay", 403)]


async def test_of_both_modes_at_once_only_the_encrypted_part_is_read(make_account, assistant):
    for trial in (make_account(), make_account(wechat_plain="1")):
        forged = {"FromUserName": "o_forged", "MsgType": "text", "Content": "假的", "MsgId": 1, "CreateTime": 1}
        query, body = letter(text("真的"), **forged)
        assert answer(await trial.send((query, body))) == "您说的是：真的"
        assert (await trial.send(({**query, "msg_signature": query["signature"]}, body))).status_code == 403
    assert {call["text"] for call in assistant.calls} == {"真的"}


async def test_while_keys_are_exchanged_an_answer_is_closed_with_the_key_of_its_message(make_account):
    both = make_account(wechat_aes_key_old=OLD_KEY)
    assert answer(await both.send(text("新"), key=KEY), KEY) == "您说的是：新"
    assert answer(await both.send(text("旧"), key=OLD_KEY), OLD_KEY) == "您说的是：旧"
    assert (await make_account().send(text("旧"), key=OLD_KEY)).status_code in (400, 403)


# ── messages ──


async def test_a_text_is_a_turn_of_a_pseudonym(account, assistant):
    assert answer(await account.send(text("稳岗返还怎么申请"))) == "您说的是：稳岗返还怎么申请"
    (call,) = assistant.calls
    assert call["sender"] == SENDER and call["text"] == "稳岗返还怎么申请" and OPENID not in SENDER
    (turn,) = rows(account.engine, Turn)
    assert (turn.sender, turn.text) == (SENDER, "稳岗返还怎么申请") and OPENID not in str(turn)
    assert People(account.engine).openid(SENDER) == OPENID


async def test_who_it_is_stands_in_the_encrypted_part_and_nowhere_else(account, assistant):
    query, body = letter(text("你好"))
    await account.send(({**query, "openid": "o_somebody_else"}, body))
    assert assistant.calls[0]["sender"] == SENDER


async def test_personal_numbers_are_masked_before_anything_is_kept(account, assistant):
    await account.send(text("我的身份证 210502199001011234"))
    await account.send(message("voice", MediaId="m", Format="amr", Recognition="电话是13812345678"))
    kept = f"{rows(account.engine, WechatMessage)}{rows(account.engine, Turn)}{assistant.calls}"
    assert "〔身份证号〕" in kept and "210502199001011234" not in kept and "13812345678" not in kept


async def test_a_voice_is_understood_as_wechat_heard_it_and_that_is_shown(account, assistant):
    heard = message("voice", MediaId="m", Format="amr", Recognition="结论")
    told = answer(await account.send(heard))
    assert told.startswith("识别为：结论\n\n您能回答的条件都符合") and assistant.calls[0]["text"] == "结论"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (message("voice", MediaId="m", Format="amr"), "打字"),
        (message("voice", MediaId="m", Format="amr", Recognition=""), "打字"),
        (message("image", PicUrl="http://example.com/1", MediaId="m"), "图片"),
        (message("video", MediaId="m", ThumbMediaId="t"), "视频"),
        (message("shortvideo", MediaId="m", ThumbMediaId="t"), "视频"),
        (message("location", Location_X="41.3", Location_Y="123.7", Scale=20, Label="本溪"), "位置"),
        (message("link", Title="t", Description="d", Url="http://example.com"), "链接"),
    ],
)
async def test_what_cannot_be_read_is_kindly_asked_for_in_words(account, assistant, fields, says):
    told = answer(await account.send(fields))
    assert says in told and told.endswith("。") and not assistant.calls
    assert answer(await account.send(fields)) == told, "a retry hears the same"
    assert rows(account.engine, Turn)[0].text.startswith("〔")


async def test_following_and_scanning_greet_and_keep_the_scene(account, assistant):
    told = answer(await account.send(event("subscribe", EventKey="qrscene_bx.ms.board.003", Ticket="t")))
    assert told.startswith("感谢关注。") and "您说的是：你好" in told
    assert answer(await account.send(event("SCAN", EventKey="bx.ms.board.004", Ticket="t"))) == "您说的是：你好"
    await account.send(event("subscribe", EventKey="", CreateTime=int(time.time()) + 5))
    kept = [(row.kind, row.scene) for row in rows(account.engine, WechatMessage)]
    assert kept[:2] == [("event.subscribe", "bx.ms.board.003"), ("event.scan", "bx.ms.board.004")]
    assert kept[2] == ("event.subscribe", None)


async def test_a_button_of_the_menu_says_its_words(account, assistant):
    assert "72,000" in answer(await account.send(event("CLICK", EventKey="结论")))
    assert assistant.calls[0]["text"] == "结论"


async def test_two_buttons_within_one_second_are_two_messages_and_one_is_one(account, assistant):
    now = int(time.time())
    for key in ("结论", "条文", "结论"):
        await account.send(event("CLICK", EventKey=key, CreateTime=now))
    assert [call["text"] for call in assistant.calls] == ["结论", "条文"]


async def test_a_tapped_item_is_what_it_says(account, assistant):
    await account.send(text("单位"))
    await account.send(text("企业", bizmsgmenuid="1"))
    await account.send(text("单位"))
    await account.send(text("", bizmsgmenuid="2"))
    assert [call["text"] for call in assistant.calls] == ["单位", "企业", "单位", "社会团体/基金会"]


@pytest.mark.parametrize("name", ["VIEW", "LOCATION", "TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH", "view_miniprogram"])
async def test_what_nobody_waits_for_is_not_answered(account, assistant, refusals, name):
    response = await account.send(event(name, EventKey="http://example.com"))
    assert response.text == "success" and not assistant.calls and refusals() == []


async def test_who_unsubscribes_cannot_be_found_any_longer(account):
    await account.send(text("你好"))
    assert (await account.send(event("unsubscribe", EventKey=""))).text == "success"
    assert People(account.engine).openid(SENDER) is None and len(rows(account.engine, Turn)) == 1
    await account.send(text("我又来了"))
    assert People(account.engine).openid(SENDER) == OPENID


@pytest.mark.parametrize("said", ["/restart", '/inform{"unit_kind": "enterprise"}', "／restart"])
async def test_orders_reach_the_assistant_as_the_words_they_are(account, assistant, said):
    """It refuses them (tests/bot/test_assistant.py); nothing on the way makes more of them."""
    await account.send(text(said))
    assert assistant.calls[0]["text"] == said


async def test_nothing_and_very_much_are_left_to_the_assistant(account, assistant):
    for said in ("", " ", "很" * 400):
        assert answer(await account.send(text(said)))
    assert len(assistant.calls[2]["text"]) == 301, "it is told that this was too long"


# ── numbers, 依据, 继续 ──


async def test_a_number_answers_the_last_question_also_behind_words_of_our_own(account, assistant):
    await account.send(text("多选"))
    await account.send(message("image", PicUrl="http://example.com/1", MediaId="m"))
    await account.send(text("1、3"))
    await account.send(text("单位"))
    await account.send(message("voice", MediaId="m", Recognition="2。"))
    said = [call["text"] for call in assistant.calls]
    assert said == ["多选", "残疾人、登记失业满一年", "单位", "社会团体/基金会"]


async def test_a_number_of_another_conversation_is_a_number(account, assistant):
    await account.send(text("单位"))
    await account.send(text("2", openid="oAnother"))
    assert assistant.calls[1]["text"] == "2" and len({call["sender"] for call in assistant.calls}) == 2


async def test_the_basis_is_given_in_full_where_there_is_one(account, assistant):
    await account.send(text("结论"))
    for said in ("依据", "“依据”", "看原文", "依据。"):
        told = answer(await account.send(text(said)))
        assert all(quote["quote"] in told and quote["source"] in told for quote in DECISION["card"]["quotes"])
    assert len(assistant.calls) == 1
    await account.send(text("单位"))
    await account.send(text("依据"))
    assert assistant.calls[-1]["text"] == "依据", "a question quotes nothing: the assistant knows why it asks"


async def test_a_long_answer_is_read_on_to_its_end(account, assistant, monkeypatch):
    long = "\n".join(f"第{n}条：单位要在规定的期限内申请，过了期限就不能再办了。" for n in range(100))
    monkeypatch.setitem(__import__("doors").SCRIPT, "全文", [{"kind": "text", "text": long}])
    told = [answer(await account.send(text("全文")))]
    while told[-1].endswith("（还有，回复“继续”接着看）"):
        told.append(answer(await account.send(text("继续"))))
    assert len(told) > 2 and len(assistant.calls) == 1
    assert "\n".join(one.removesuffix("\n（还有，回复“继续”接着看）") for one in told) == long
    await account.send(text("继续"))
    assert assistant.calls[-1]["text"] == "继续", "there is no more: it is a word like any other"


# ── kept and erased ──


async def test_what_is_old_goes(account):
    await account.send(text("我在平山区"))
    let_pass(account.engine, 2 * 86400)
    expire(account.engine, 90, 365)
    assert not rows(account.engine, WechatRequest) and len(rows(account.engine, WechatMessage)) == 1
    let_pass(account.engine, 90 * 86400)
    with account.engine.begin() as connection:
        connection.execute(sa.update(WechatPerson).values(seen_at=rows(account.engine, WechatMessage)[0].received_at))
    expire(account.engine, 90, 365)
    assert not rows(account.engine, WechatMessage) and not rows(account.engine, WechatPerson)


async def test_whoever_is_erased_leaves_nothing(account):
    await account.send(text("我在平山区"))
    await account.send(text("你好", openid="oAnother"))
    assert erase(account.engine, [SENDER]) == 3  # message, turn, person; the push was withdrawn
    for table in (Turn, WechatMessage, WechatPerson, OutboxEntry):
        assert SENDER not in str(rows(account.engine, table)) and OPENID not in str(rows(account.engine, table))
    assert People(account.engine).openid(SENDER) is None and len(rows(account.engine, WechatPerson)) == 1
    assert InDatabase(account.engine).latest(SENDER, 5) == []


async def test_when_a_message_cannot_be_kept_nothing_is_said_until_it_hangs_up(make_account, assistant, monkeypatch):
    monkeypatch.setattr("bot.channels.wechat.route.OPEN", 0.2)
    monkeypatch.setattr("bot.channels.wechat.route.HANGING", 0.1)
    account = make_account()
    with account.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE wechat_messages RENAME TO gone"))
    began = asyncio.get_running_loop().time()
    response = await account.send(text("你好"))
    assert response.status_code == 503 and asyncio.get_running_loop().time() - began >= 0.3 and not assistant.calls


async def test_an_account_that_changed_its_appid_is_another_account(make_account):
    other = make_account(wechat_appid="wx1111111111111111")
    assert (await other.send(text("你好"))).status_code == 403
    assert (await other.send(text("你好"), appid="wx1111111111111111")).status_code == 200


def test_the_application_can_be_made_without_an_engine(tmp_path, rules, assistant):
    from doors import settings
    from wechat_letters import ACCOUNT

    app = create_app(assistant, rules, None, settings(tmp_path, **ACCOUNT))
    assert app.state.wechat is not None
