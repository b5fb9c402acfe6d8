"""Server-sent events: their form, and a turn told in them.

Written by hand and not with sse-starlette: that one breaks off every stream the moment the server is told to stop, also
that of a turn which has begun and is to be finished.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse

from actions.reply import Reply
from bot.api.errors import told
from bot.hearing import heard_by
from bot.logs import request_number
from bot.messages import say
from bot.store.turns import Answered

logger = logging.getLogger(__name__)

MEDIA_TYPE = "text/event-stream"
HEARTBEAT = ": \n\n"  # a comment: says that the connection lives
_HEADERS = {"X-Accel-Buffering": "no"}  # nginx is to pass on each event


def event(name: str, data: Any, number: int | None = None) -> str:
    """One event; `number` is what the client shows when it comes back (Last-Event-ID)."""
    lines = [f"id: {number}"] if number is not None else []
    lines += [f"event: {name}", f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}"]
    return "\n".join(lines) + "\n\n"


def streamed(events: AsyncIterator[str]) -> StreamingResponse:
    """The response that sends these as they come."""
    return StreamingResponse(events, media_type=MEDIA_TYPE, headers=_HEADERS)


def wanted(request: Request) -> bool:
    """Whether the client asks for events."""
    return MEDIA_TYPE in request.headers.get("accept", "")


class TurnInEvents:
    """A turn that is told as it is held; it begins here. `name`: what the client is to call the conversation by."""

    def __init__(self, request: Request, answering: Awaitable[Answered], name: str) -> None:
        self._request, self._name, self._hearing = request, name, _Hearing()
        with heard_by(self._hearing):
            self._turn = asyncio.ensure_future(answering)
        self._turn.add_done_callback(self._hearing.ends)

    async def admitted(self) -> bool:
        """Wait until the dialogue begins, or the message was answered before; False: the turn was refused."""
        await self._hearing.admitted.wait()
        return not self._turn.done() or not (self._turn.cancelled() or self._turn.exception())

    async def tell(self) -> AsyncIterator[str]:
        """Tell it: ``accepted``, each ``reply`` as it is made, ``done``; or ``error``.

        ``accepted`` comes again when the turn was begun anew: then what was told of it so far is void.
        """
        yield event("accepted", {})
        while (one := await self._hearing.events.get()) is not None:
            yield one
        try:
            answered = self._turn.result()
        except Exception as error:
            yield event("error", _problem(self._request, error))
            return
        known, replies = self._hearing.replies, answered.replies
        if known != replies[: len(known)]:
            yield event("accepted", {})
            known = []
        for reply in replies[len(known) :]:
            yield event("reply", reply)
        yield event("done", {"sender": self._name, "turn": answered.turn})


class _Hearing:
    """Makes events of what it hears. None in `events`: the turn has ended; `admitted`: it has begun, or ended."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[str | None] = asyncio.Queue()
        self.replies: list[Reply] = []
        self.admitted = asyncio.Event()

    def begins(self) -> None:
        if self.admitted.is_set():
            self.replies = []
            self.events.put_nowait(event("accepted", {}))
        self.admitted.set()

    def hears(self, reply: Reply) -> None:
        self.replies.append(reply)
        self.events.put_nowait(event("reply", reply))

    def ends(self, turn: "asyncio.Future[Answered]") -> None:
        if not turn.cancelled():
            turn.exception()  # seen, also when the client has gone and nobody asks for it
        self.events.put_nowait(None)
        self.admitted.set()


def _problem(request: Request, error: Exception) -> dict[str, Any]:
    if known := told(request, error):
        return known
    number = request_number.get()
    logger.error("request %s failed: %s %s", number, request.method, request.url.path, exc_info=error)
    return {"message": say("api.broken", request=number), "field": None, "status": 500, "retry_after": None}
