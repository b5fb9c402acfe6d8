"""The interface of WeChat (api.weixin.qq.com) as far as we call it: customer-service messages, the menu, QR codes.

What does not succeed is one Chinese sentence: ``NotSent`` when it may succeed later, ``NotYet`` when it
may once the follower has written again, ``Refused`` when not. The
sentences stand in bot/messages.yml by WeChat's error code (``wechat_error.e45015``); they repeat nobody's words.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from bot.channels.wechat.tokens import Tokens
from bot.messages import has, say
from bot.outbox_sender import NotSent, NotYet, Refused

_PATIENCE = 4.0  # seconds for one answer; an attempt of the outbox has ten
_PAUSES = (0.2, 0.6)  # seconds before the second and the third try of a call that WeChat was too busy for
_BUSY = -1
_TOKEN_REFUSED = (40001, 40014, 42001)
_LATER = {  # what passes by itself, or once somebody has put the account right
    _BUSY, *_TOKEN_REFUSED, 40013, 40125, 40164, 45009, 45011, 50002,
}  # fmt: skip
_NO_MENUS = 40200
_USED_UP = (45015, 45047)  # what may be sent after a message of the follower's: the time, the count
_DAY = 86400  # seconds


class NoMenus(Refused):
    """This account may not send messages with a menu."""


@dataclass(frozen=True)
class QrCode:
    """A QR code: what it says, and where WeChat draws it."""

    url: str
    image: str


class WeChatApi:
    """`base`: where WeChat is, without a slash at the end; `tokens`: shared with all who call for the same account."""

    def __init__(self, base: str, appid: str, secret: str, tokens: Tokens) -> None:
        self._appid, self._secret, self._tokens = appid, secret, tokens
        self._client = httpx.AsyncClient(base_url=base, timeout=_PATIENCE)

    async def send_text(self, openid: str, text: str) -> None:
        """Send a customer-service message of at most 2,048 bytes. Raises NotSent, NotYet, Refused."""
        await self._call("message/custom/send", {"touser": openid, "msgtype": "text", "text": {"content": text}})

    async def send_menu(self, openid: str, head: str, items: Sequence[tuple[str, str]], tail: str = "") -> None:
        """Send words (`head`, `tail`) with items to tap, each (id, text): tapped, its text comes back as a message.

        Raises NotSent, NotYet, Refused (NoMenus: this account may not).
        """
        listed = [{"id": id, "content": text} for id, text in items]
        menu = {"head_content": head, "list": listed, "tail_content": tail}
        await self._call("message/custom/send", {"touser": openid, "msgtype": "msgmenu", "msgmenu": menu})

    async def create_menu(self, menu: Mapping[str, Any]) -> None:
        """Put the menu (``{"button": […]}``) in the place of the present one. Raises NotSent, Refused."""
        await self._call("menu/create", menu)

    async def qr_code(self, scene: str, days: int | None = None) -> QrCode:
        """Make a QR code of a scene (1–64 characters) for so many days (at most 30); None: for good.

        Raises NotSent, Refused.
        """
        wanted: dict[str, Any] = {"action_info": {"scene": {"scene_str": scene}}, "action_name": "QR_LIMIT_STR_SCENE"}
        if days is not None:
            wanted |= {"action_name": "QR_STR_SCENE", "expire_seconds": days * _DAY}
        made = await self._call("qrcode/create", wanted)
        return QrCode(made["url"], f"https://mp.weixin.qq.com/cgi-bin/showqrcode?ticket={quote(made['ticket'])}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Call with a token; with another one, once, when WeChat no longer takes it."""
        token = await self._tokens.get(self._appid, self._fetch_token)
        answer = await self._post(path, body, {"access_token": token})
        if answer.get("errcode") in _TOKEN_REFUSED:
            token = await self._tokens.get(self._appid, self._fetch_token, refused=token)
            answer = await self._post(path, body, {"access_token": token})
        return _checked(answer)

    async def _fetch_token(self, force: bool) -> tuple[str, float]:
        wanted = {"grant_type": "client_credential", "appid": self._appid, "secret": self._secret}
        given = _checked(await self._post("stable_token", {**wanted, **({"force_refresh": True} if force else {})}))
        return given["access_token"], float(given["expires_in"])

    async def _post(self, path: str, body: Mapping[str, Any], query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Post; again, twice at most, when nobody was reached or WeChat was too busy: nothing was done then."""
        for pause in (*_PAUSES, None):
            try:
                answer = await self._once(path, body, query)
                if answer.get("errcode") != _BUSY or pause is None:
                    return answer
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if pause is None:
                    raise NotSent(say("wechat_error.unreachable", why=type(error).__name__)) from None
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _once(self, path: str, body: Mapping[str, Any], query: Mapping[str, str] | None) -> dict[str, Any]:
        content = json.dumps(body, ensure_ascii=False).encode()  # WeChat does not read \uXXXX
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            response = await self._client.post(f"/cgi-bin/{path}", params=query, content=content, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise
        except httpx.HTTPError as error:  # it may have been done
            raise NotSent(say("wechat_error.unreachable", why=type(error).__name__)) from None
        try:
            answer = response.json() if response.status_code == 200 else None
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise NotSent(say("wechat_error.no_answer", status=response.status_code))
        return answer


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, if it is none of WeChat's errors. Raises NotSent, NotYet, Refused."""
    code = answer.get("errcode") or 0
    if code == 0:
        return answer
    key = f"wechat_error.{'busy' if code == _BUSY else f'e{code}'}"
    sentence = say(key if has(key) else "wechat_error.other", code=code)
    if code == _NO_MENUS:
        raise NoMenus(sentence)
    if code in _USED_UP:
        raise NotYet(sentence)
    raise (NotSent if code in _LATER or not has(key) else Refused)(sentence)
