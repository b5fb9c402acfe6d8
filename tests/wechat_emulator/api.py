"""The interface of api.weixin.qq.com, as far as the account uses it, with its limits and error codes."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from wechat_emulator.checks import body_fault, code_fault, menu_fault, message_fault
from wechat_emulator.follower import Seen

if TYPE_CHECKING:
    from wechat_emulator.wechat import WeChat

_SAYS = {
    -1: "system error",
    0: "ok",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40008: "invalid message type",
    40013: "invalid appid",
    40014: "invalid access_token",
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
    40125: "invalid appsecret",
    40200: "invalid account type",
    41001: "access_token missing",
    42001: "access_token expired",
    43002: "require POST method",
    43004: "require subscribe",
    44004: "empty content",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    46003: "menu no exist",
    47001: "data format error",
    48001: "api unauthorized",
}
_NEEDS_VERIFIED = ("message/custom/send", "message/custom/typing", "qrcode/create")

Call = Callable[[dict[str, Any]], dict[str, Any]]


class Api:
    """`calls`: (path, body) of each call that was understood; `limits`: most calls of a path a day."""

    def __init__(self, wechat: WeChat) -> None:
        self._wechat = wechat
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.limits: dict[str, int] = {}
        self.release = asyncio.Event()  # lets go of those who hang
        self._counts: Counter[str] = Counter()
        self._failing: dict[str, list[int | str]] = {}
        posts: dict[str, Call] = {
            "message/custom/send": self._send,
            "message/custom/typing": self._typing,
            "menu/create": self._create_menu,
            "qrcode/create": self._create_code,
        }
        gets: dict[str, Call] = {"menu/get": self._get_menu, "menu/delete": self._delete_menu}
        self.app = Starlette(
            routes=[
                Route("/cgi-bin/stable_token", self._stable_token, methods=["GET", "POST"]),
                Route("/cgi-bin/token", self._token),
                *(Route(f"/cgi-bin/{path}", self._call(path, call, True), methods=["GET", "POST"])
                  for path, call in posts.items()),
                *(Route(f"/cgi-bin/{path}", self._call(path, call, False)) for path, call in gets.items()),
            ]
        )  # fmt: skip

    def fail(self, path: str, how: int | str, times: int = 1) -> None:
        """Let the next calls of a path (``message/custom/send``, ``stable_token``) go wrong.

        `how`: an error code, or ``hang`` (no answer), ``page`` (HTML with status 502), ``lost`` (it is done, and the
        connection breaks before the answer).
        """
        self._failing.setdefault(path, []).extend([how] * times)

    def count(self, path: str) -> int:
        """How many calls of a path were understood."""
        return sum(one == path for one, _ in self.calls)

    # ── what is the same for all ──

    def _call(self, path: str, call: Call, posted: bool) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            how = self._next_failure(path)
            if (response := await self._fail_at_once(how)) is not None:
                return response
            if code := self._wechat.tokens.fault(request.query_params.get("access_token")):
                return _answer({"errcode": code})
            if posted and request.method != "POST":
                return _answer({"errcode": 43002})
            if path in _NEEDS_VERIFIED and not self._wechat.account.verified:
                return _answer({"errcode": 48001})
            self._counts[path] += 1
            if self._counts[path] > self.limits.get(path, 500_000):
                return _answer({"errcode": 45009})
            body, fault = body_fault(await request.body()) if posted else ({}, 0)
            if fault:
                return _answer({"errcode": fault})
            self.calls.append((path, body))
            done = call(body)
            return _answer(done) if how != "lost" else _broken()

        return answer

    def _next_failure(self, path: str) -> int | str | None:
        waiting = self._failing.get(path)
        return waiting.pop(0) if waiting else None

    async def _fail_at_once(self, how: int | str | None) -> Response | None:
        if isinstance(how, int):
            return _answer({"errcode": how})
        if how == "page":
            return PlainTextResponse("<html><h1>502 Bad Gateway</h1></html>", 502)
        if how == "hang":
            await self.release.wait()
            return _broken()
        return None

    # ── tokens ──

    async def _stable_token(self, request: Request) -> Response:
        if (response := await self._fail_at_once(self._next_failure("stable_token"))) is not None:
            return response
        if request.method != "POST":
            return _answer({"errcode": 43002})
        body, fault = body_fault(await request.body())
        if fault := fault or self._stranger(body):
            return _answer({"errcode": fault})
        return _answer(self._wechat.tokens.stable(body.get("force_refresh") is True))

    async def _token(self, request: Request) -> Response:
        fault = self._stranger(dict(request.query_params))
        return _answer({"errcode": fault} if fault else self._wechat.tokens.old())

    def _stranger(self, shown: dict[str, Any]) -> int:
        account = self._wechat.account
        if shown.get("grant_type") != "client_credential":
            return 40002
        if shown.get("appid") != account.appid:
            return 40013
        return 0 if shown.get("secret") == account.secret else 40125

    # ── the calls ──

    def _send(self, message: dict[str, Any]) -> dict[str, Any]:
        follower = self._wechat.followers.get(message.get("touser") or "")
        if follower is None:
            return {"errcode": 40003}
        if not follower.subscribed:
            return {"errcode": 43004}
        if fault := message_fault(message, self._wechat.account):
            return {"errcode": fault}
        if fault := follower.quota.take(self._wechat.clock.time()):
            return {"errcode": fault}
        if message["msgtype"] == "msgmenu":
            menu = message["msgmenu"]
            items = tuple((one["id"], one["content"]) for one in menu["list"])
            follower.see(Seen(menu.get("head_content", ""), "service", items, menu.get("tail_content", "")))
        else:
            follower.see(Seen((message.get("text") or {}).get("content", f"[{message['msgtype']}]"), "service"))
        return {"errcode": 0}

    def _typing(self, message: dict[str, Any]) -> dict[str, Any]:
        follower = self._wechat.followers.get(message.get("touser") or "")
        if follower is None:
            return {"errcode": 40003}
        return {"errcode": 0 if follower.quota.left(self._wechat.clock.time()) else 45080}

    def _create_menu(self, menu: dict[str, Any]) -> dict[str, Any]:
        if fault := menu_fault(menu):
            return {"errcode": fault}
        self._wechat.menu = menu
        return {"errcode": 0}

    def _get_menu(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"menu": self._wechat.menu} if self._wechat.menu else {"errcode": 46003}

    def _delete_menu(self, _: dict[str, Any]) -> dict[str, Any]:
        self._wechat.menu = None
        return {"errcode": 0}

    def _create_code(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if fault := code_fault(wanted):
            return {"errcode": fault}
        scene = wanted["action_info"]["scene"]
        ticket = "gQ" + secrets.token_urlsafe(60)
        temporary = not wanted["action_name"].startswith("QR_LIMIT")
        seconds = wanted.get("expire_seconds", 60)
        until = self._wechat.clock.time() + seconds if temporary else None
        self._wechat.codes[ticket] = (str(scene.get("scene_str", scene.get("scene_id"))), until)
        url = f"http://weixin.qq.com/q/{quote(secrets.token_urlsafe(16))}"
        return {"ticket": ticket, "url": url, **({"expire_seconds": seconds} if temporary else {})}


def _answer(body: dict[str, Any]) -> Response:
    if "errcode" in body:
        code = body["errcode"]
        said = _SAYS.get(code, "invalid")
        body = {"errcode": code, "errmsg": said if code == 0 else f"{said} rid: {secrets.token_hex(12)}"}
    return JSONResponse(body)


class _Broken(Response):
    """The connection ends in the middle of the answer."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


def _broken() -> Response:
    return _Broken()
