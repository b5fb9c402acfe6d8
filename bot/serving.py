"""The process that serves: its address, when it is ready, and how it stops.

Told to stop (SIGTERM, or Ctrl-C), it finishes the turns it has begun; a new one meanwhile is answered with 503 and when
to come again (``bot.store.turns``). Then it closes its connections and ends.
"""

import asyncio
import errno
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from bot.messages import say
from bot.store.turns import Turns

_PATIENCE = 30  # seconds for turns and connections that are still open
_BACKLOG = 2048  # connections that wait to be accepted


class ServeError(RuntimeError):
    """The server cannot start. ``str()`` is one Chinese sentence."""


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


def address(taken: socket.socket) -> str:
    """The address as a browser takes it."""
    host, port = taken.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def serve(
    make_app: Callable[[], AbstractAsyncContextManager[FastAPI]],
    taken: socket.socket,
    ready: Callable[[], None],
    orphaned: int | None = None,
) -> None:
    """Serve until told to stop. `make_app` is entered in the serving loop; `ready` is called once it accepts.

    `orphaned`: a file descriptor; when it can be read, that is a wish to stop, too.
    """

    async def run() -> None:
        async with make_app() as app:
            await _serve(app, taken, ready, orphaned)

    asyncio.run(run())


async def _serve(app: FastAPI, taken: socket.socket, ready: Callable[[], None], orphaned: int | None) -> None:
    config = uvicorn.Config(
        app,
        log_config=None,  # bot/logs.py
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        backlog=1,  # accepted at a time, so that one worker does not take all that wait
        timeout_graceful_shutdown=_PATIENCE,
    )
    server, loop = _Server(config, app.state.turns, ready), asyncio.get_running_loop()

    def stop(watched: int) -> None:
        loop.remove_reader(watched)
        server.handle_exit(signal.SIGTERM, None)

    if orphaned is not None:
        loop.add_reader(orphaned, stop, orphaned)
    try:
        await server.serve(sockets=[taken])
    except OSError as error:
        host, port = taken.getsockname()[:2]
        raise _cannot_listen(error, host, port) from None


class _Server(uvicorn.Server):
    """Tells when it accepts connections; told to stop, it finishes its turns first."""

    def __init__(self, config: uvicorn.Config, turns: Turns, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._turns, self._ready, self._until = turns, ready, 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then say so."""
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(_BACKLOG)
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin no more turns. A second Ctrl-C waits for nothing."""
        self._turns.stopping = True
        self._until = self._until or time.monotonic() + _PATIENCE
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM ends here; uvicorn would send it once more, to a process that has something left to close."""
        with super().capture_signals():
            yield
            if signal.SIGTERM in self._captured_signals:
                self._captured_signals.clear()

    async def on_tick(self, counter: int) -> bool:
        """Return whether to close, ten times a second: when told so, and no turn is running."""
        wanted = await super().on_tick(counter)
        waiting = self._turns.running and time.monotonic() < self._until and not self.force_exit
        return wanted and not waiting


def _cannot_listen(error: OSError, host: str, port: int) -> ServeError:
    keys = {errno.EADDRINUSE: "serve.busy", errno.EACCES: "serve.forbidden"}
    return ServeError(say(keys.get(error.errno or 0, "serve.host"), host=host, port=port))
