"""The HTTP door: the application. ``serving.py`` has the process around it."""

from functools import partial
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from sqlalchemy.engine import Engine
from starlette.staticfiles import StaticFiles

from actions.room import Room
from bot.api import errors
from bot.api.conversation import Answers, Conversation, Door, message_routes, rest_routes
from bot.api.guard import Guard
from bot.api.health import health_routes, metrics_routes
from bot.api.identity import Identity
from bot.api.origins import Origins
from bot.api.pages import page_routes
from bot.api.plain import plain_routes
from bot.api.policy import policy_routes
from bot.api.session import Sessions
from bot.api.throttle import Throttle
from bot.api.transcript import Eraser, own_routes
from bot.api.widget import widget_routes
from bot.channels.wechat import route as wechat
from bot.live import Live
from bot.settings import Settings
from bot.staff.console import Console
from bot.store import Conversations, InDatabase, open_engine
from bot.store.erasure import wiped
from bot.store.locks import Locks
from bot.store.transcript import Transcript
from bot.store.turns import Turns
from eligibility import Rulebook
from eligibility.place import places_containing
from knowledge.search import Searcher

WEB = Path(__file__).with_name("web")


def create_app(
    assistant: Answers,
    rules: Rulebook,
    searcher: Searcher,
    settings: Settings,
    conversations: Conversations | None = None,
    locks: Locks | None = None,
    engine: Engine | None = None,
) -> FastAPI:
    """Return the application; the database of `settings` has been migrated. Its turns are at ``app.state.turns``, who
    watches at ``app.state.live``, the official account (if there is one) at ``app.state.wechat``, the console at
    ``app.state.console``.

    `conversations`: where the assistant keeps them, if it is not that database; `locks`: if other processes share them;
    `engine`: of that database, if one is open.
    """
    app = FastAPI(
        title="稳岗",
        description="本溪就业政策助手：会问、会算、逐条引用原文。",
        version="1",
        docs_url=None,  # FastAPI's own pages load scripts from other hosts; /docs is a page of ours
        redoc_url=None,
        responses=errors.documented(422),
    )
    errors.install(app)
    origins = Origins(settings.allowed_origins())
    refused = {wechat.PATH: wechat.refused_before} if settings.wechat_appid else {}
    app.add_middleware(Guard, origins=origins, refused=refused)
    engine = engine or open_engine(settings.database_url, settings.connections())
    identity = Identity(settings.key(), settings.session_minutes * 60, settings.session_hours * 3600)
    kept = conversations or InDatabase(engine)
    app.state.turns = turns = Turns(kept, locks, settings.queue)
    app.state.console = console = Console(engine, settings, Room(rules.knowledge, rules, searcher))
    humans = console.desk if console.hands_over else None
    conversation = Conversation(
        assistant, turns, settings, lambda place: places_containing(rules.knowledge, place), humans
    )
    transcript = Transcript(engine)
    throttle = Throttle(settings.writes_per_conversation, settings.writes_per_address)
    app.state.live = live = Live(transcript, settings.watchers, lambda: turns.stopping)
    door = Door(conversation, Sessions(identity), throttle, transcript, live)
    eraser = Eraser(turns, kept, partial(wiped, engine))
    app.include_router(message_routes(door))
    app.include_router(own_routes(door, eraser))
    app.include_router(widget_routes(settings, origins, console.promised))
    app.include_router(plain_routes(door, eraser, rules, settings, console.promised))
    app.include_router(policy_routes(rules, searcher, settings))
    app.include_router(page_routes(rules, settings))
    app.include_router(health_routes(engine, turns))
    if settings.metrics_token:
        app.include_router(metrics_routes(settings.metrics_token.get_secret_value()))
    if settings.rest_token:
        app.include_router(rest_routes(conversation, identity, settings.rest_token.get_secret_value()))
    console.install(app, turns)

    account = wechat.open_door(settings, conversation, identity, engine)
    app.state.wechat = account.answering if account else None
    if account:
        app.include_router(wechat.wechat_routes(account))

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(WEB / "index.html")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(WEB / "docs.html")

    app.mount("/web", StaticFiles(directory=WEB))
    return app
