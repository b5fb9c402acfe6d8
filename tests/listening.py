"""An ASGI application on a port of its own, in the loop of the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import uvicorn


@asynccontextmanager
async def listening(app: Any, port: int = 0) -> AsyncIterator[str]:
    """Its address, as long as this lasts; connections that are open at the end are cut."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", ws="none"
    )
    config.load()
    taken, server = config.bind_socket(), uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign]  # Ctrl-C is the caller's
    serving = asyncio.ensure_future(server.serve(sockets=[taken]))
    try:
        while not server.started:
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await serving
        taken.close()
