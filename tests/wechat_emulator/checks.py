"""What WeChat holds against its rules: menus, QR codes, customer-service messages, and the account's own replies."""

import json
import re
from typing import Any
from xml.etree import ElementTree

from wechat_emulator.account import Account
from wechat_emulator.crypto import BadCipher, signature, unseal

LONGEST_TEXT = 2048  # bytes
_CLICKS = {"click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin",
           "location_select"}  # fmt: skip
_LONGEST_TEMPORARY = 2_592_000  # seconds
_CODES = 100_000  # permanent ones with a number


class BadReply(ValueError):
    """The account answered with something WeChat does not understand. ``str()`` says what."""


# ── the account's interface ──


def body_fault(raw: bytes) -> tuple[Any, int]:
    """Read a JSON body: (object, 0) or (None, error code)."""
    if re.search(rb"\\u[0-9a-fA-F]{4}", raw):
        return None, 40033
    try:
        body = json.loads(raw.decode())
    except ValueError:
        return None, 47001
    return (body, 0) if isinstance(body, dict) else (None, 47001)


def menu_fault(menu: Any) -> int:
    """Return the error code for a menu, 0 for a sound one."""
    buttons = menu.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        return 40016
    for button in buttons:
        if not 1 <= _bytes(button.get("name")) <= 16:
            return 40018
        below = button.get("sub_button")
        if below is None:
            if fault := _button_fault(button, 40017, 40019, 40020):
                return fault
            continue
        if not isinstance(below, list) or not 1 <= len(below) <= 5:
            return 40023
        for one in below:
            if "sub_button" in one:
                return 40022
            if not 1 <= _bytes(one.get("name")) <= 60:
                return 40025
            if fault := _button_fault(one, 40024, 40026, 40027):
                return fault
    return 0


def _button_fault(button: dict[str, Any], kind: int, key: int, url: int) -> int:
    if button.get("type") in _CLICKS:
        return 0 if 1 <= _bytes(button.get("key")) <= 128 else key
    if button.get("type") == "view":
        if not 1 <= _bytes(button.get("url")) <= 1024:
            return url
        return 0 if re.match(r"https?://[^\s/]+", button["url"]) else 40055
    return kind


def code_fault(wanted: Any) -> int:
    """Return the error code for a QR code that is asked for, 0 for a sound one."""
    name, scene = wanted.get("action_name"), (wanted.get("action_info") or {}).get("scene") or {}
    seconds = wanted.get("expire_seconds", 60)
    if name in ("QR_SCENE", "QR_STR_SCENE") and not (isinstance(seconds, int) and 1 <= seconds <= _LONGEST_TEMPORARY):
        return 40052
    if name == "QR_SCENE":
        return 0 if isinstance(scene.get("scene_id"), int) and scene["scene_id"] > 0 else 40053
    if name == "QR_LIMIT_SCENE":
        return 0 if isinstance(scene.get("scene_id"), int) and 1 <= scene["scene_id"] <= _CODES else 40053
    if name in ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE"):
        text = scene.get("scene_str")
        return 0 if isinstance(text, str) and 1 <= len(text) <= 64 else 40053
    return 40051


def message_fault(message: dict[str, Any], account: Account) -> int:
    """Return the error code for the content of a customer-service message, 0 for a sound one."""
    kind = message.get("msgtype")
    if kind == "text":
        content = (message.get("text") or {}).get("content")
        if not isinstance(content, str) or not content:
            return 44004
        return 45002 if _bytes(content) > LONGEST_TEXT else 0
    if kind == "msgmenu":
        if not account.menu_messages:
            return 40200
        menu = message.get("msgmenu") or {}
        items = menu.get("list")
        if not isinstance(items, list) or not 1 <= len(items) <= 10:
            return 47001
        if any(not isinstance(one.get("id"), str) or not 1 <= _bytes(one.get("content")) <= 128 for one in items):
            return 47001
        return 45002 if max(_bytes(menu.get("head_content")), _bytes(menu.get("tail_content"))) > 1024 else 0
    if kind in ("image", "voice", "video", "music", "news", "mpnews", "mpnewsarticle", "wxcard", "miniprogrampage"):
        return 0
    return 40008


def _bytes(value: Any) -> int:
    return len(value.encode()) if isinstance(value, str) else 0


# ── what the account answers a callback with ──


def reply_text(raw: bytes, account: Account, openid: str) -> str | None:
    """Return the text of a passive reply, None when it says nothing. Raises BadReply."""
    if raw.strip() in (b"", b"success"):
        return None
    reply = _fields(raw)
    if account.mode != "plain":
        reply = _fields(_opened(reply, account).encode())
    if (reply.get("ToUserName"), reply.get("FromUserName")) != (openid, account.name):
        raise BadReply(f"to {reply.get('ToUserName')}, from {reply.get('FromUserName')}")
    if not (reply.get("CreateTime") or "").isdigit():
        raise BadReply("CreateTime is no number")
    if reply.get("MsgType") != "text":
        raise BadReply(f"MsgType {reply.get('MsgType')}")
    content = reply.get("Content") or ""
    if not content.strip():
        raise BadReply("no Content")
    if len(content.encode()) > LONGEST_TEXT:
        raise BadReply(f"Content of {len(content.encode())} bytes")
    return content


def _opened(reply: dict[str, str], account: Account) -> str:
    if missing := {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"} - reply.keys():
        raise BadReply(f"without {sorted(missing)}")
    signed = signature(account.token, reply["TimeStamp"], reply["Nonce"], reply["Encrypt"])
    if signed != reply["MsgSignature"]:
        raise BadReply("MsgSignature does not fit")
    try:
        return unseal(reply["Encrypt"], account.aes_key, account.appid)
    except BadCipher as error:
        raise BadReply(str(error)) from None


def _fields(raw: bytes) -> dict[str, str]:
    try:
        root = ElementTree.fromstring(raw.decode())
    except (ElementTree.ParseError, ValueError) as error:
        raise BadReply(f"no XML: {error}") from None
    if root.tag != "xml" or any(len(child) for child in root) or len({child.tag for child in root}) != len(root):
        raise BadReply("not one <xml> of different plain elements")
    return {child.tag: child.text or "" for child in root}
