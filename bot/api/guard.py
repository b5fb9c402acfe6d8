"""What every request passes through: who may ask, a number, a limit, security headers, a sentence when it breaks."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.api.errors import problem
from bot.api.origins import Origins
from bot.inputs import InputError, read_json
from bot.logs import request_number
from bot.messages import say
from bot.metrics import REQUESTS
from bot.traces import span

LARGEST_BODY = 64 * 1024
_DISCARDED = 8 * 1024 * 1024  # read and thrown away, so that the sender of a few megabytes still sees our sentence
_PATIENCE = 10.0  # seconds for a whole body
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_JSON_PATHS = (  # that take a POST
    "/api/messages",
    "/api/decisions",
    "/api/screenings",
    "/api/feedback",
    "/api/conversation/erase",
    "/webhooks/rest/webhook",
)
_MAY_BE_EMPTY = ("/api/conversation/erase",)  # nothing there means {}


def policy(form_action: str = "'none'", frame_ancestors: str = "'none'") -> str:
    """The content security policy of a page: nothing inline, nothing from others."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        f"form-action {form_action}; base-uri 'none'; frame-ancestors {frame_ancestors}"
    )


_HEADERS = {
    "Content-Security-Policy": policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser names no origin in the forms it sends to ourselves
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

logger = logging.getLogger(__name__)


class Guard:
    """ASGI middleware around the whole application.

    `origins`: which other sites may speak to it. `refused`: by path, who is told the status when a body is refused
    before anybody sees it.
    """

    def __init__(
        self, app: ASGIApp, origins: Origins, refused: Mapping[str, Callable[[int], None]] | None = None
    ) -> None:
        self._app, self._origins, self._told = app, origins, refused or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever the application raises becomes a 500 with a number, and a log entry."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number, status, begun = secrets.token_hex(4), 0, time.perf_counter()
        request_number.set(number)

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in {**_HEADERS, **self._origins.headers(scope)}.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = number
                headers.setdefault("Cache-Control", "no-store" if _is_data(scope["path"]) else "no-cache")
            await send(message)

        try:
            with span("receive") as told:
                try:
                    await self._answer(scope, receive, guarded)
                finally:
                    route = getattr(scope.get("route"), "path", "other")  # of what was asked, never its words
                    told |= {"http.request.method": _method(scope), "http.route": route}
        except Exception:
            # The path without its query: what people search for is not written to a log.
            logger.exception("request %s failed: %s %s", number, scope["method"], scope["path"])
            if not status:
                await problem(500, say("api.broken", request=number))(scope, receive, guarded)
        finally:
            REQUESTS.labels(_method(scope), route, status).observe(time.perf_counter() - begun)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if answer := self._origins.answer(scope):
            await answer(scope, receive, send)
            return
        if scope["method"] not in ("POST", "PUT", "PATCH", "DELETE"):
            await self._app(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(_read(scope, receive), _PATIENCE)
        except asyncio.TimeoutError:
            await self._refuse(408, "api.too_slow", scope, receive, send)
            return
        if body is None:
            await self._refuse(413, "api.too_large", scope, receive, send)
            return
        if scope["method"] == "POST" and scope["path"] in _JSON_PATHS:
            try:
                body = body or (b"{}" if scope["path"] in _MAY_BE_EMPTY else b"")
                value = read_json(body)
            except InputError as error:
                await problem(400, str(error))(scope, receive, send)
                return
            if not isinstance(value, dict):  # pydantic would take a list of pairs for an object
                await problem(422, say("input.not_object"))(scope, receive, send)
                return
            scope["headers"] = list(_as_json(scope["headers"]))
        await self._app(scope, _replay(body, receive), send)

    async def _refuse(self, status: int, key: str, scope: Scope, receive: Receive, send: Send) -> None:
        if tell := self._told.get(scope["path"]):
            tell(status)
        await problem(status, say(key), headers={"Connection": "close"})(scope, receive, send)


async def _read(scope: Scope, receive: Receive) -> bytes | None:
    """Return the body, or None when it is too large; never more than the limit is kept in memory."""
    headers = Headers(scope=scope)
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > LARGEST_BODY and "expect" in headers:
        return None  # the client asks before it sends
    kept, size = bytearray(), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(kept)
        size += len(message.get("body", b""))
        if size <= LARGEST_BODY:
            kept += message.get("body", b"")
        if size > _DISCARDED or not message.get("more_body", False):
            return bytes(kept) if size <= LARGEST_BODY else None


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body that was read, then what the client does next."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _as_json(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    """The same headers for a body that has been found to be JSON, whatever the client called it."""
    yield from ((name, value) for name, value in headers if name != b"content-type")
    yield b"content-type", b"application/json"


def _method(scope: Scope) -> str:
    """A method that exists: a client may send any word, and each would be a series of its own."""
    return scope["method"] if scope["method"] in _METHODS else "other"


def _is_data(path: str) -> bool:
    return path.startswith(("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics"))
