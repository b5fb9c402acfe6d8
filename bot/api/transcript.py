"""One's own conversation over HTTP: what was said, what is new, its erasure, and what one thinks of an answer."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConstrainedInt, Extra, Field, StrictBool, StrictStr
from starlette.background import BackgroundTask

from bot import metrics
from bot.api import sse
from bot.api.conversation import Door
from bot.api.errors import ApiError, documented
from bot.api.given import Documented
from bot.api.session import Caller, drop_cookie, keep_cookie
from bot.inputs import clean
from bot.privacy import mask
from bot.store.conversations import Conversations
from bot.store.transcript import Said
from bot.store.turns import Turns

PAGE = 50  # turns
_BACK_IN = 2000  # milliseconds after which a watcher whose connection ended comes again
_HIGHEST = 2**31 - 1
_NUMBER = re.compile(r"\d{1,9}")


class TurnReply(Documented):
    """One message and the replies to it."""

    id: int = Field(description="这一轮的编号")
    client_message_id: str | None = Field(description="消息编号")
    text: str = Field(description="用户说的话，号码已遮住")
    replies: list[dict[str, Any]] = Field(description="回复")
    created_at: str = Field(description="什么时候说的，世界时")


class PushedReply(Documented):
    """Something that nobody asked for."""

    id: int = Field(description="编号，与各轮的编号同一序列")
    replies: list[dict[str, Any]] = Field(description="内容")
    created_at: str = Field(description="什么时候送来的，世界时")


class ConversationReply(Documented):
    """The end of a conversation, or an earlier page of it."""

    sender: str | None = Field(description="会话编号，下次请用这个；空：还没有开始对话")
    turns: list[TurnReply] = Field(description="最近的各轮，从早到晚")
    pushed: list[PushedReply] = Field(description="另外送来的，从早到晚")
    last: int = Field(description="最后一个编号；新消息从它之后取")
    more: bool = Field(description="前面还有没有；有就把最小的编号写进 before 再取")


class Nothing(BaseModel):
    """Nothing needs to be said."""

    class Config:
        extra = Extra.forbid


class ErasedReply(Documented):
    """What was erased, and that nothing is left."""

    erased: int = Field(description="删掉了几条记录")
    left: int = Field(description="各个表里还剩几条")


class TurnNumber(ConstrainedInt):
    """The number of a turn: a whole number, not text that looks like one."""

    strict, ge, le = True, 1, _HIGHEST


class Opinion(Documented):
    """What the person thinks of the answers of a turn."""

    turn: TurnNumber = Field(description="哪一轮，见回复头 Wengang-Turn 或 done 事件")
    useful: StrictBool = Field(description="有没有用")
    reason: Literal["wrong", "unclear", "outdated", "incomplete", "not_asked", "other"] | None = Field(
        None,
        description="wrong 答错了 | unclear 看不懂 | outdated 过时了 | incomplete 没说全 | "
        "not_asked 不是我问的 | other 其他",
    )
    words: StrictStr | None = Field(None, max_length=200, description="补充的话，号码会先遮住再存")

    class Config:
        extra = Extra.forbid


class OpinionReply(Documented):
    """What was kept."""

    turn: int = Field(description="哪一轮")
    useful: bool = Field(description="有没有用")


class Eraser:
    """Erases conversations. `wipe(patience)` leaves no copy in the database's files; it tells whether it could."""

    def __init__(self, turns: Turns, conversations: Conversations, wipe: Callable[..., bool]) -> None:
        self._turns, self._conversations, self._wipe = turns, conversations, wipe

    async def erase(self, sender: str) -> tuple[int, int, BackgroundTask | None]:
        """Return how many rows are gone, how many are left, and what is to be done once that was told."""
        async with self._turns.alone(sender):
            found = await asyncio.to_thread(self._conversations.forget, sender)
            left = await asyncio.to_thread(self._conversations.left, sender)
        return found, left, None if await asyncio.to_thread(self._wipe, 1.0) else BackgroundTask(self._wipe)


def own_routes(door: Door, eraser: Eraser) -> APIRouter:
    """GET /api/conversation, its events, its erasure, and POST /api/feedback."""
    router = APIRouter(tags=["对话"])

    async def known(request: Request) -> Caller:
        caller = door.sessions.known(request)
        if caller is None:
            raise ApiError(401, "api.no_session", "sender")
        await asyncio.to_thread(door.check, caller)
        return caller

    @router.get(
        "/api/conversation",
        response_model=ConversationReply,
        responses=documented(401, 503),
        summary="自己这段对话说过什么（Authorization: Bearer 会话编号）",
    )
    async def conversation(
        request: Request, before: int | None = Query(None, ge=1, le=_HIGHEST, description="只取这个编号之前的")
    ) -> JSONResponse:
        caller = door.sessions.known(request)
        if caller is None:
            return JSONResponse({"sender": None, "turns": [], "pushed": [], "last": 0, "more": False})
        await asyncio.to_thread(door.check, caller)
        said, more = await asyncio.to_thread(door.transcript.page, caller.sender, before, PAGE)
        pushed = [_shown(one) for one in said if one["pushed"]]
        asked = [_shown(one) for one in said if not one["pushed"]]
        last = said[-1]["id"] if said else 0
        response = JSONResponse({"sender": caller.name, "turns": asked, "pushed": pushed, "last": last, "more": more})
        keep_cookie(request, response, caller)
        return response

    @router.get("/api/conversation/events", include_in_schema=False)
    async def events(request: Request) -> Response:
        caller = await known(request)
        after = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        if not _NUMBER.fullmatch(after):
            raise ApiError(422, "api.wrong_number", "after")
        if door.live.full(caller.sender):
            raise ApiError(503, "api.too_many_streams", after=30)

        async def tell() -> AsyncIterator[str]:
            yield f"retry: {_BACK_IN}\n\n"
            with door.live.watching(caller.sender, int(after)) as watcher:
                while (news := await watcher.next()) != "closing":
                    if news == "ended":
                        yield sse.event("ended", {})
                        return
                    yield sse.HEARTBEAT if isinstance(news, str) else _event(news)

        return sse.streamed(tell())

    @router.post(
        "/api/conversation/erase",
        response_model=ErasedReply,
        responses=documented(400, 401, 403, 408, 413, 429, 503),
        summary="删除自己这段对话，并数一数还剩几条",
    )
    async def erase(request: Request, nothing: Nothing) -> JSONResponse:
        caller = door.sessions.known(request)
        if caller is None:
            raise ApiError(401, "api.no_session", "sender")
        door.throttle.admit(request, caller.sender)
        found, left, wiped = await eraser.erase(caller.sender)
        response = JSONResponse({"erased": found, "left": left}, background=wiped)
        if caller.by_cookie:
            drop_cookie(request, response)
        return response

    @router.post(
        "/api/feedback",
        response_model=OpinionReply,
        responses=documented(400, 401, 403, 404, 408, 413, 429, 503),
        summary="一个回答有没有用；再说一次，以后一次为准",
    )
    async def feedback(opinion: Opinion, request: Request) -> JSONResponse:
        caller = await known(request)
        door.throttle.admit(request, caller.sender)
        words = mask(clean(opinion.words))[0].strip() if opinion.words else None
        given = (opinion.turn, opinion.useful, opinion.reason, words or None)
        news = await asyncio.to_thread(door.transcript.rate, caller.sender, *given)
        if news is None:
            raise ApiError(404, "api.no_turn", "turn", turn=opinion.turn)
        if news:
            metrics.FEEDBACK.labels("yes" if opinion.useful else "no", opinion.reason or "none").inc()
        return JSONResponse({"turn": opinion.turn, "useful": opinion.useful})

    return router


def _event(said: Said) -> str:
    return sse.event("turn", {**_shown(said), "pushed": said["pushed"]}, said["id"])


def _shown(said: Said) -> dict[str, Any]:
    kept = ("id", "client_message_id", "text", "replies", "created_at")
    return {key: said[key] for key in kept if not said["pushed"] or key not in ("client_message_id", "text")}
