"""What WeChat sends and what it makes of our answers, with wechatpy's cryptography: not with our own."""

import itertools
import secrets
import time

import xmltodict
from wechatpy import parse_message
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.utils import WeChatSigner

TOKEN, APPID = "EmulatedToken2021", "wxb11529c136998cb6"
KEY, OLD_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
ACCOUNT = {
    "wechat_appid": APPID, "wechat_secret": "0123456789abcdef0123456789abcdef", "wechat_token": TOKEN,
    "wechat_aes_key": KEY,
}  # fmt: skip
OPENID, NAME = "oia2TjjewbmiOUlr6X-1crbLOvLw", "gh_7f083739789a"
_numbers = itertools.count(6_000_000_000_000_000_000)


def message(kind="text", openid=OPENID, **fields):
    """The fields of a message."""
    head = {"ToUserName": NAME, "FromUserName": openid, "CreateTime": int(time.time()), "MsgType": kind}
    return {**head, "MsgId": next(_numbers), **fields}


def text(words, **fields):
    """The fields of a text message."""
    return message("text", Content=words, **fields)


def event(name, openid=OPENID, **fields):
    """The fields of an event."""
    head = {"ToUserName": NAME, "FromUserName": openid, "CreateTime": int(time.time()), "MsgType": "event"}
    return {**head, "Event": name, **fields}


def xml(fields):
    """The XML of these fields, in CDATA."""

    def value(given):
        return given if isinstance(given, int) else f"<![CDATA[{given}]]>"

    return "<xml>" + "".join(f"<{name}>{value(given)}</{name}>" for name, given in fields.items()) + "</xml>"


def sealed(content, key=KEY, appid=APPID):
    """The content encrypted by wechatpy."""
    crypto = PrpCrypto(WeChatCrypto(TOKEN, key, appid).key)
    return crypto.encrypt(content, appid).decode()


def signature(token, *parts):
    """A signature by wechatpy."""
    signer = WeChatSigner()
    signer.add_data(token, *parts)
    return signer.signature


def letter(content, *, key=KEY, appid=APPID, token=TOKEN, timestamp=None, nonce=None, encrypt=None, **shown):
    """(query, body) of a request in safe mode. `content`: fields, or XML; `encrypt`: what stands in its place."""
    content = xml(content) if isinstance(content, dict) else content
    timestamp, nonce = str(timestamp or int(time.time())), nonce or secrets.token_hex(5)
    encrypt = sealed(content, key, appid) if encrypt is None else encrypt
    query = {
        "signature": signature(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce,
        "encrypt_type": "aes", "msg_signature": signature(token, timestamp, nonce, encrypt),
    }  # fmt: skip
    return query, xml({"ToUserName": NAME, **shown, "Encrypt": encrypt}).encode()


def plain_letter(fields, token=TOKEN, timestamp=None, nonce=None):
    """(query, body) of a request in plain mode."""
    timestamp, nonce = str(timestamp or int(time.time())), nonce or secrets.token_hex(5)
    query = {"signature": signature(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
    return query, xml(fields).encode()


def answer(response, key=KEY):
    """The words of an answer as WeChat would show them; None: it says nothing. Raises whatever wechatpy raises."""
    assert response.status_code == 200, response.text
    if response.text == "success":
        return None
    assert response.headers["Content-Type"].startswith("text/xml")
    outside = xmltodict.parse(response.content)["xml"]
    crypto = WeChatCrypto(TOKEN, key, APPID)
    inside = crypto.decrypt_message(response.text, outside["MsgSignature"], outside["TimeStamp"], outside["Nonce"])
    found = parse_message(inside)
    assert found.type == "text" and found.target == OPENID and found.source == NAME
    assert len(found.content.encode()) <= 2048 and "**" not in found.content
    return found.content
