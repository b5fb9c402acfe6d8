"""The HTTP door: the application, and the process that serves it."""

import asyncio
import errno
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

from bot.api import errors
from bot.api.conversation import Answers, Conversation, message_routes, rest_routes
from bot.api.guard import Guard
from bot.api.identity import Identity
from bot.api.pages import page_routes
from bot.api.policy import policy_routes
from bot.messages import say
from bot.settings import Settings
from bot.store import Conversations, InDatabase, open_engine
from bot.store.locks import LocalLocks, RedisLocks
from bot.store.turns import Turns
from eligibility import Rulebook
from eligibility.place import places_containing
from knowledge.search import Searcher

WEB = Path(__file__).with_name("web")


class ServeError(RuntimeError):
    """The server cannot start. ``str()`` is one Chinese sentence."""


def create_app(
    assistant: Answers,
    rules: Rulebook,
    searcher: Searcher,
    settings: Settings,
    conversations: Conversations | None = None,
) -> FastAPI:
    """Return the application; the database of `settings` has been migrated.

    `conversations`: where the assistant keeps them, if it is not that database.
    """
    app = FastAPI(
        title="稳岗",
        description="本溪就业政策助手：会问、会算、逐条引用原文。",
        version="1",
        docs_url=None,  # FastAPI's own pages load scripts from other hosts; /docs is a page of ours
        redoc_url=None,
        responses={422: {"model": errors.ProblemReply, "description": "有一项不对"}},
    )
    errors.install(app)
    app.add_middleware(Guard)
    engine, identity = open_engine(settings.database_url), Identity(settings.key())
    locks = RedisLocks(settings.redis_url) if settings.redis_url else LocalLocks()
    turns = Turns(conversations or InDatabase(engine), locks)
    conversation = Conversation(assistant, turns, settings, lambda place: places_containing(rules.knowledge, place))
    app.include_router(message_routes(conversation, identity))
    app.include_router(policy_routes(rules, searcher, settings))
    app.include_router(page_routes(rules, settings))
    if settings.rest_token:
        app.include_router(rest_routes(conversation, identity, settings.rest_token.get_secret_value()))

    @app.get("/healthz", tags=["运行"], summary="是否正常")
    async def healthz() -> dict[str, Any]:
        with engine.connect() as connection:
            connection.execute(sa.select(sa.literal(1)))
        return {"status": "ok"}

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(WEB / "index.html")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(WEB / "docs.html")

    app.mount("/web", StaticFiles(directory=WEB))
    return app


def bind(host: str, port: int) -> socket.socket:
    """Take the address before the long work of starting up. Raises ServeError, naming the setting to change."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, kind, proto)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError as error:
        raise _cannot_listen(error, host, port) from None
    return taken


def serve(make_app: Callable[[], Any], taken: socket.socket, ready: Callable[[str], None]) -> None:
    """Serve until interrupted. `make_app` is awaited in the serving loop; `ready` gets the address."""

    async def run() -> None:
        config = uvicorn.Config(
            await make_app(), log_level="warning", access_log=False, server_header=False, lifespan="off", ws="none"
        )
        host, port = taken.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        server = _Server(config, lambda: ready(f"http://{shown}:{port}"))
        try:
            await server.serve(sockets=[taken])
        except OSError as error:
            raise _cannot_listen(error, host, port) from None

    asyncio.run(run())


class _Server(uvicorn.Server):
    """Tells when it accepts connections."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def _cannot_listen(error: OSError, host: str, port: int) -> ServeError:
    keys = {errno.EADDRINUSE: "serve.busy", errno.EACCES: "serve.forbidden"}
    return ServeError(say(keys.get(error.errno or 0, "serve.host"), host=host, port=port))
