"""One message or event of a follower, out of the fields of its XML."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.channels.wechat.envelope import Malformed

SPOKEN = ("text", "voice")
SHOWN = ("image", "video", "shortvideo", "location", "link")
EVENTS = ("event.subscribe", "event.unsubscribe", "event.scan", "event.click")
SILENT = (  # nobody waits for an answer to these
    "event.view", "event.view_miniprogram", "event.location", "event.templatesendjobfinish",
    "event.masssendjobfinish", "event.scancode_push", "event.pic_sysphoto", "event.pic_photo_or_album",
    "event.pic_weixin", "event.location_select", "event.subscribe_msg_popup_event",
    "event.subscribe_msg_change_event", "event.subscribe_msg_sent_event",
)  # fmt: skip

ASKED = "ask:"
"""The key of a menu entry that asks begins so (``menu.py``); the rest is what it asks."""

_ID = re.compile(r"[0-9A-Za-z_@.-]{1,64}")
_TIME = re.compile(r"[0-9]{1,12}")
_WORD = re.compile(r"[0-9A-Za-z_]{1,26}")
_MESSAGE = re.compile(r"[0-9]{1,20}")
_LONGEST_SCENE = 128


@dataclass(frozen=True)
class Incoming:
    """What came in.

    Attributes:
        openid: who sent it; `account`: to whom, the account's own id (gh_…).
        number: the same for every try of it, and for nothing else of this person.
        message: its MsgId; events have none.
        kind: ``text``, ``image``, ``event.subscribe`` …
        words: what was typed, spoken (as WeChat recognised it), tapped or behind the button of a menu; may be empty.
        scene: of the QR code that led here.
    """

    openid: str
    account: str
    number: str
    message: str | None
    kind: str
    words: str
    scene: str | None

    @property
    def known(self) -> bool:
        """Whether this kind is one that is answered, or left unanswered on purpose."""
        return self.kind in (*SPOKEN, *SHOWN, *EVENTS, *SILENT)


def incoming(fields: Mapping[str, str]) -> Incoming:
    """Read the fields of a message. Raises Malformed."""
    openid, account = fields.get("FromUserName", ""), fields.get("ToUserName", "")
    kind, event = fields.get("MsgType", ""), fields.get("Event", "")
    sound = _ID.fullmatch(openid) and _ID.fullmatch(account) and _TIME.fullmatch(fields.get("CreateTime", ""))
    if not sound or not _WORD.fullmatch(kind) or (kind == "event" and not _WORD.fullmatch(event)):
        raise Malformed("fields")
    kind = f"event.{event.lower()}" if kind == "event" else kind.lower()
    message = fields.get("MsgId", "")
    known = _MESSAGE.fullmatch(message) is not None and not kind.startswith("event.")
    number, words, scene = message if known else _number(fields), _words(kind, fields), _scene(kind, fields)
    return Incoming(openid, account, number, message if known else None, kind, words, scene)


def _number(fields: Mapping[str, str]) -> str:
    """Of what has no MsgId: sender and second alone are not enough, two buttons may be tapped within one."""
    names = ("FromUserName", "CreateTime", "MsgType", "Event", "EventKey", "Content")
    return hashlib.sha256("\0".join(fields.get(name, "") for name in names).encode()).hexdigest()[:32]


def _words(kind: str, fields: Mapping[str, str]) -> str:
    if kind == "text":
        return fields.get("Content") or fields.get("bizmsgmenuid", "")  # a tapped item says its words; its id counts
    if kind == "event.click":
        return fields.get("EventKey", "").removeprefix(ASKED)
    return fields.get("Recognition", "") if kind == "voice" else ""


def _scene(kind: str, fields: Mapping[str, str]) -> str | None:
    if kind not in ("event.subscribe", "event.scan"):
        return None
    return fields.get("EventKey", "").removeprefix("qrscene_")[:_LONGEST_SCENE] or None
