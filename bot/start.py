"""What `wengang serve` does: train if need be, migrate, load, serve, in this process or in several forked from it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from bot import logs
from bot import workers as processes
from bot.messages import say
from bot.settings import Settings


def start(settings: Settings, model: Callable[[], Any], load_assistant: Callable[[], Any]) -> None:
    """Serve until told to stop. `model` sees to it that there is one, `load_assistant` returns the Assistant.

    Raises what the steps raise: PackError, TrainingError, SettingsError, ServeError, StoreError, WorkersFailed.
    """
    logs.configure(settings.log)
    figures = processes.figures_folder() if settings.workers > 1 else None  # before anything counts
    from actions.room import room
    from bot.broker import close_broker, open_broker
    from bot.channels import channels
    from bot.channels.wechat.answering import taking_up
    from bot.metrics import worker_lost
    from bot.outbox_sender import sending
    from bot.server import create_app
    from bot.serving import address, bind
    from bot.serving import serve as serve_app
    from bot.staff.audit_checks import check_again_and_again
    from bot.staff.sweeping import sweep_again_and_again
    from bot.store import InDatabase, InMemory, migrate, open_engine
    from bot.store.erasure import expire_again_and_again
    from bot.store.locks import HostLocks, LocalLocks, RedisLocks
    from bot.store.outbox import Outbox
    from bot.traces import tracing

    key = settings.key()
    taken = bind(settings.host, settings.port)
    migrate(settings.database_url)
    here = room()  # the one that the actions use; a broken pack is told before the model is trained
    print(say("serve.loading"), file=sys.stderr)
    model()
    assistant = load_assistant()
    here_only = HostLocks() if settings.workers > 1 else LocalLocks()

    @asynccontextmanager
    async def make_app(first: bool = True) -> AsyncIterator[Any]:
        """What has threads or connections is made here: after the fork."""
        engine = open_engine(settings.database_url, settings.connections())
        kept = InDatabase(engine) if settings.tracker_store == "sql" else InMemory()
        broker = await open_broker(settings.endpoints)
        assistant.keep_in(kept, broker)
        locks = RedisLocks(settings.redis_url, here_only) if settings.redis_url else here_only
        app = create_app(assistant, here.rules, here.searcher, settings, kept, locks, engine)
        running: list[asyncio.Task[Any]] = []
        if first:  # of several workers one does it
            days = (settings.retention_days, settings.audit_days, settings.case_days)
            chores = (
                expire_again_and_again(engine, *days, key),
                sweep_again_and_again(app.state.console.desk),
                check_again_and_again(app.state.console.checks),
            )
            running = [asyncio.create_task(chore) for chore in chores]
        try:
            async with sending(Outbox(engine), channels(settings, engine)), taking_up(app.state.wechat):
                with tracing(settings.otlp):
                    yield app
        finally:
            for task in running:
                task.cancel()
            await close_broker(broker)
            engine.dispose()

    def ready() -> None:
        print(say("serve.ready", url=address(taken)), flush=True)

    def stopping() -> None:
        taken.close()  # else those who come now would wait at a door that nobody opens
        print(say("serve.stopping"), file=sys.stderr)

    if figures is None:
        serve_app(make_app, taken, ready)
        return
    with figures:
        processes.run(
            settings.workers,
            lambda seat: serve_app(lambda: make_app(seat.number == 0), taken, seat.ready, seat.orphaned),
            ready,
            stopping,
            worker_lost,
        )
