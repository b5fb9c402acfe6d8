"""Whether the process lives, whether it can take a turn, and its figures: for those who keep it running."""

import asyncio
import logging
from typing import Literal

import sqlalchemy as sa
from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import Field
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.api.given import Documented
from bot.api.identity import check_token
from bot.metrics import exposition
from bot.store.models import Conversation
from bot.store.turns import Turns

logger = logging.getLogger(__name__)
_PATIENCE = 2.0  # seconds for the database


class Alive(Documented):
    """The event loop answers."""

    status: Literal["ok"] = "ok"


class Ready(Documented):
    """What a turn needs. There is no address to ask before the model is loaded."""

    status: Literal["ok", "not_ready"]
    database: bool = Field(description="数据库能用")
    stopping: bool = Field(description="正在停止，不再接新的一句")
    running: int = Field(description="正在办的有几句")
    queue: int = Field(description="最多同时办几句")


def metrics_routes(token: str) -> APIRouter:
    """GET /metrics, for those who hold the token: how many asked what is nobody else's business."""
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    async def metrics(authorization: str = Header("")) -> Response:
        check_token(token, "WENGANG_METRICS_TOKEN", authorization)
        return Response(await asyncio.to_thread(exposition), media_type=CONTENT_TYPE_LATEST)

    return router


def health_routes(engine: Engine, turns: Turns) -> APIRouter:
    """GET /healthz and GET /readyz."""
    router = APIRouter(tags=["运行"])

    @router.get("/healthz", response_model=Alive, summary="进程是否活着")
    async def healthz() -> Alive:
        return Alive()

    @router.get("/readyz", response_model=Ready, responses={503: {"model": Ready}}, summary="能不能接一句话")
    async def readyz() -> JSONResponse:
        database = await _answers(engine)
        fine = database and not turns.stopping
        ready = Ready(
            status="ok" if fine else "not_ready",
            database=database,
            stopping=turns.stopping,
            running=turns.running,
            queue=turns.most,
        )
        return JSONResponse(ready.dict(), 200 if fine else 503)

    return router


async def _answers(engine: Engine) -> bool:
    def ask() -> None:
        with engine.connect() as connection:
            connection.execute(sa.select(Conversation.version).limit(1))

    try:
        await asyncio.wait_for(asyncio.to_thread(ask), _PATIENCE)
    except (SQLAlchemyError, asyncio.TimeoutError) as error:
        logger.error("not ready: database: %s", type(error).__name__)
        return False
    return True
