"""GET and POST /wechat: what WeChat sends is verified, opened and read here; everything else is refused.

Whether a body must be encrypted is decided by the settings alone, never by what the request says of itself; in
compatibility mode only the encrypted part is read. Each refusal is one line in the log, with its reason and without
anything of what was sent.
"""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.background import BackgroundTask

from bot.api.conversation import Conversation
from bot.api.errors import problem
from bot.api.identity import Identity
from bot.channels.wechat import render
from bot.channels.wechat.answering import HANGING, OPEN, Answering
from bot.channels.wechat.crypto import Cipher, Undecipherable
from bot.channels.wechat.dialogue import Dialogue
from bot.channels.wechat.envelope import Malformed, read, write
from bot.channels.wechat.inbox import Inbox, Message, Replayed
from bot.channels.wechat.incoming import SILENT, Incoming, incoming
from bot.inputs import LONGEST_MESSAGE, clean
from bot.messages import say
from bot.metrics import WECHAT_REFUSED
from bot.privacy import mask
from bot.settings import Settings
from bot.store import InDatabase

logger = logging.getLogger(__name__)

PATH = "/wechat"
_FRESH = 300  # seconds by which WeChat's clock and ours may differ, its way here included
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_ECHO = re.compile(r"[\x21-\x7e]{1,256}")
_SUCCESS = "success"  # to WeChat: do not try again, say nothing
_now = time.time  # a test sets it

_FORBIDDEN = ("signature", "stale", "replay", "appid")  # not, or not certainly, from WeChat: 403; unreadable: 400


class Refusal(Exception):
    """A request that is not taken for a message of WeChat's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Opened:
    """A message, and how its answer is to be closed: with this key; None: as it came, in the open."""

    message: Incoming
    signed: str
    key: bytes | None


class Door:
    """The account's callback. `plain`: a body that is not encrypted is accepted; for trials only."""

    def __init__(self, cipher: Cipher, plain: bool, identity: Identity, inbox: Inbox, answering: Answering) -> None:
        self._cipher, self._plain, self._identity = cipher, plain, identity
        self._inbox, self.answering = inbox, answering

    def echoed(self, query: dict[str, str]) -> str:
        """Return what WeChat wants to hear when the address is set in its console. Raises Refusal."""
        self._verify(query, query.get("signature", ""))
        if not _ECHO.fullmatch(query.get("echostr", "")):
            raise Refusal("echostr")
        return query["echostr"]

    def opened(self, query: dict[str, str], body: bytes) -> Opened:
        """Return what a request brings. Raises Refusal, Malformed, Undecipherable."""
        fields, key = read(body), None
        if "Encrypt" in fields:
            signed = self._verify(query, query.get("msg_signature", ""), fields["Encrypt"])
            xml, key = self._cipher.opened(fields["Encrypt"])
            fields = read(xml)
        elif self._plain:
            signed = self._verify(query, query.get("signature", ""))
        else:
            raise Refusal("not_encrypted")
        return Opened(incoming(fields), signed, key)

    async def answer(self, opened: Opened, hung_up: Callable[[], Awaitable[None]], begun: float) -> Response:
        """Return the answer to one try (``Answering.on_try``). Raises Replayed, and what SQLAlchemy raises."""
        one = opened.message
        if one.kind in SILENT:
            return PlainTextResponse(_SUCCESS)
        if not one.known:
            _note("unknown_type", 200)  # an error would be shown to the follower
            return PlainTextResponse(_SUCCESS)
        sender, said = self._identity.sender("wechat", one.openid), mask(clean(one.words))[0][: LONGEST_MESSAGE + 1]
        kept = (sender, one.openid, one.number, one.kind, said, one.scene, opened.signed)
        message = await asyncio.to_thread(self._inbox.receive, *kept)
        if one.kind == "event.unsubscribe":
            await asyncio.to_thread(self._inbox.settled, message)
            return PlainTextResponse(_SUCCESS)
        replies = await self.answering.on_try(message, hung_up, begun)
        if replies is None:
            return PlainTextResponse(_SUCCESS)
        return self._closed(opened, message, render.passive(replies))

    def _closed(self, opened: Opened, message: Message, text: str) -> Response:
        one, at = opened.message, int(_now())
        head: dict[str, str | int] = {"ToUserName": one.openid, "FromUserName": one.account, "CreateTime": at}
        xml = write({**head, "MsgType": "text", "Content": text})
        if opened.key is not None:
            sealed, nonce = self._cipher.encrypt(xml, key=opened.key), secrets.token_hex(8)
            signature = self._cipher.signature(str(at), nonce, sealed)
            xml = write({"Encrypt": sealed, "MsgSignature": signature, "TimeStamp": at, "Nonce": nonce})
        left = BackgroundTask(self.answering.answered, message)
        return Response(xml, media_type="text/xml", background=left)

    def _verify(self, query: dict[str, str], signature: str, *sealed: str) -> str:
        """Return what identifies the request. Raises Refusal."""
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not self._cipher.signed(signature, timestamp, nonce, *sealed):
            raise Refusal("signature")
        if not _TIMESTAMP.fullmatch(timestamp) or abs(_now() - int(timestamp)) > _FRESH:
            raise Refusal("stale")
        return f"{timestamp}\0{nonce}\0{signature}"


def open_door(settings: Settings, conversation: Conversation, identity: Identity, engine: Engine) -> Door | None:
    """Return the door of the account in the settings; None: there is none."""
    if not (settings.wechat_appid and settings.wechat_token):
        return None
    cipher = Cipher(settings.wechat_token.get_secret_value(), settings.wechat_aes_keys(), settings.wechat_appid)
    inbox = Inbox(engine)
    answering = Answering(conversation, Dialogue(conversation, InDatabase(engine)), inbox)
    return Door(cipher, settings.wechat_plain, identity, inbox, answering)


def wechat_routes(door: Door) -> APIRouter:
    """GET and POST /wechat."""
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    async def verify(request: Request) -> Response:
        try:
            return PlainTextResponse(door.echoed(dict(request.query_params)))
        except Refusal as refusal:
            return _refused(refusal.reason)

    @router.post(PATH)
    async def receive(request: Request) -> Response:
        begun, body = asyncio.get_running_loop().time(), await request.body()

        async def hung_up() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass

        try:
            return await door.answer(door.opened(dict(request.query_params), body), hung_up, begun)
        except Replayed:
            return _refused("replay")
        except (Refusal, Malformed, Undecipherable) as refusal:
            return _refused(refusal.reason)
        except SQLAlchemyError as error:
            # Not kept, so it must come again: WeChat tries again when nothing is said until it hangs up.
            logger.error("wechat message not kept: %s", type(error).__name__)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(hung_up(), begun + OPEN + HANGING - asyncio.get_running_loop().time())
            return problem(503, say("wechat.not_kept"))

    return router


def refused_before(status: int) -> None:
    """A request for this path was refused before its body was read (``bot.api.guard``)."""
    _note({408: "too_slow", 413: "too_large"}.get(status, "other"), status)


def _refused(reason: str) -> Response:
    status = 403 if reason in _FORBIDDEN else 400
    _note(reason, status)
    return problem(status, say("wechat.refused" if status == 403 else "wechat.unreadable"))


def _note(reason: str, status: int) -> None:
    WECHAT_REFUSED.labels(reason).inc()
    logger.warning("wechat refused", extra={"fields": {"reason": reason, "status": status}})
