"""Whatever is sent to /wechat, damaged on the way or signed and then absurd, is refused or answered: never a 5xx."""

import os
import random

import pytest
from wechat_letters import event, letter, message, plain_letter, text, xml

pytestmark = pytest.mark.usefixtures("patient")
BODIES = 21_000 if "WENGANG_VERIFY" in os.environ else 400
_JUNK = [
    b"\0", b"<", b">", b"&", b"]]>", b"<![CDATA[", b"&#0;", b"&x;", b"<!DOCTYPE x>", b"\xff\xfe", "啊".encode(), b"%00",
]  # fmt: skip
_ABSURD = [
    "", " ", "\ud7ff", "0", "-1", "9" * 40, "'; DROP TABLE turns; --", "<Evil/>", "😀" * 90, "x" * 5000, "../..",
    "%s{0}",
]  # fmt: skip


def messages():
    return [
        text("稳岗返还怎么申请"),
        text("企业", bizmsgmenuid="1"),
        message("voice", MediaId="m", Format="amr", Recognition="二。"),
        message("image", PicUrl="http://example.com/1", MediaId="m"),
        message("location", Location_X="41.3", Location_Y="123.7", Scale=20, Label="本溪"),
        event("subscribe", EventKey="qrscene_bx.ms.board.003"),
        event("CLICK", EventKey="稳岗返还"),
        event("unsubscribe", EventKey=""),
    ]


def bent(draw, body):
    """Bytes with some of them changed, gone, doubled or new."""
    for _ in range(draw.randrange(1, 5)):
        at, length = draw.randrange(len(body) + 1), draw.randrange(1, 60)
        before, part, after = body[:at], body[at : at + length], body[at + length :]
        body = draw.choice(
            [
                before + bytes([draw.randrange(256)]) + body[at + 1 :],
                before,
                before + after,
                before + part * 2 + after,
                before + draw.choice(_JUNK) + body[at:],
                body[at:] + before,
            ]
        )
    return body


def absurd(draw, fields):
    """A message in which fields are gone, absurd or there twice."""
    fields = dict(fields)
    for _ in range(draw.randrange(1, 4)):
        name = draw.choice([*fields, "Event", "EventKey", "MsgId", "Recognition", "Content"])
        if draw.random() < 0.3:
            fields.pop(name, None)
        else:
            fields[name] = draw.choice(_ABSURD)
    return fields


def query_bent(draw, query):
    query = dict(query)
    name = draw.choice([*query, "encrypt_type", "openid"])
    if draw.random() < 0.3:
        query.pop(name, None)
    else:
        query[name] = draw.choice([*_ABSURD, "raw", query.get(name, "")[:-1]])
    return query


def one(draw):
    fields = draw.choice(messages())
    kind = draw.randrange(6)
    if kind == 0:  # damaged on the way
        query, body = letter(fields)
        return query, bent(draw, body)
    if kind == 1:  # signed, but what is encrypted is no base64, no blocks, no key of ours
        return letter("", encrypt=bent(draw, letter(fields)[1]).decode("latin-1"))
    if kind == 2:  # signed and encrypted, and then damaged XML
        return letter(bent(draw, xml(fields).encode()).decode("utf-8", "replace"))
    if kind == 3:  # signed, encrypted and sound, and absurd
        return letter(absurd(draw, fields))
    if kind == 4:
        query, body = draw.choice([letter, plain_letter])(fields)
        return query_bent(draw, query), body
    return plain_letter(absurd(draw, fields))


@pytest.mark.parametrize("plain", ["0", "1"])
async def test_no_body_is_a_server_error(make_account, record_property, plain):
    draw, statuses = random.Random(f"wechat {plain}"), {}
    account = make_account(wechat_plain=plain)
    for _ in range(BODIES // 2):
        query, body = one(draw)
        response = await account.client.post("/wechat", params=query, content=body)
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
        assert response.status_code in (200, 400, 403), (query, body)
        assert response.status_code == 200 or response.json()["error"]["message"].endswith("。")
    assert {200, 400, 403} <= statuses.keys(), statuses
    record_property("plain mode allowed" if plain == "1" else "safe mode only", sum(statuses.values()))
