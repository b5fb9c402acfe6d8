"""The component for other people's pages: its script, our page for those who put it in a frame, what it is to know."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import Field
from starlette.staticfiles import StaticFiles

from bot.api.errors import documented
from bot.api.given import Documented
from bot.api.guard import policy
from bot.api.origins import Origins
from bot.inputs import LONGEST_MESSAGE
from bot.messages import listed, say
from bot.settings import Settings

WEB = Path(__file__).parent.parent / "web"
_KEPT = {"Cache-Control": "public, no-cache"}  # kept for long; asked each time, by its ETag, whether it is the same


HandsOver = Callable[[], Awaitable[bool]]
"""Tells whether, as things stand, whoever asks for a human is passed on to one."""


class Notice(Documented):
    """What is to be read before the first message."""

    title: str = Field(description="标题")
    lines: list[str] = Field(description="几句话")
    accept: str = Field(description="按钮上的字")


class Erasing(Documented):
    """What is said about erasing."""

    ask: str = Field(description="删除之前问一句")
    done: str = Field(description="删除之后说一句；{erased} 和 {left} 换成条数")


class WidgetReply(Documented):
    """What the component must know before the first message."""

    as_of: str = Field(description="默认的办理日期")
    place: str = Field(description="默认的地点")
    limit: int = Field(description="一句话最多几个字")
    retention_days: int = Field(description="对话保留几天")
    brand: str = Field(description="名称")
    title: str = Field(description="是什么")
    notice: Notice = Field(description="第一句话之前要看的说明")
    examples: list[str] = Field(description="可以这样问的几句")
    erase: Erasing = Field(description="删除对话时说的话")
    handoff: bool = Field(description="要找真人时，会不会转给工作人员")


def widget_routes(settings: Settings, origins: Origins, hands_over: HandsOver) -> APIRouter:
    """GET /widget.js, /widget and /api/widget."""
    router, files = APIRouter(tags=["对话"]), StaticFiles(directory=WEB)

    @router.get("/widget.js", include_in_schema=False)
    async def script(request: Request) -> Response:
        response = await files.get_response("widget/widget.js", request.scope)
        response.headers.update(_KEPT)
        return response

    @router.get("/widget", include_in_schema=False)
    async def frame() -> FileResponse:
        framed = {"Content-Security-Policy": policy(frame_ancestors=origins.ancestors)}
        return FileResponse(WEB / "widget.html", headers=framed)

    @router.get(
        "/api/widget", response_model=WidgetReply, responses=documented(403), summary="嵌入的助手开口之前要知道的"
    )
    async def about() -> JSONResponse:
        passed_on = await hands_over()
        return JSONResponse(
            {
                "as_of": settings.today().isoformat(),
                "place": settings.place,
                "limit": LONGEST_MESSAGE,
                "retention_days": settings.retention_days,
                "brand": say("widget.brand"),
                "title": say("widget.title"),
                "notice": {
                    "title": say("widget.notice"),
                    "lines": notice(settings, passed_on),
                    "accept": say("widget.accept"),
                },
                "examples": listed("widget.examples"),
                "erase": {"ask": say("widget.erase"), "done": say("widget.erased", erased="{erased}", left="{left}")},
                "handoff": passed_on,
            }
        )

    return router


def notice(settings: Settings, passed_on: bool) -> list[str]:
    """What happens to what people say, in a few sentences. `passed_on`: also to a human, when they ask for one."""
    desk = ["desk"] if passed_on else []
    return [
        say(f"widget.{name}", days=settings.retention_days) for name in ("kept", "masked", *desk, "yours", "advice")
    ]
