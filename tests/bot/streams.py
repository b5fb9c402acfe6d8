"""The application on a socket, and server-sent events as a client reads them."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import httpx
import uvicorn
from databases import migrated

from bot.server import create_app


@asynccontextmanager
async def served(assistant, rules, searcher, chosen):
    """A client of the application on a socket; `client.app` is the application, `client.server` what serves it."""
    migrated(chosen.database_url)
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    app = create_app(assistant, rules, searcher, chosen)
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", ws="none"))
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    while not server.started:
        await asyncio.sleep(0.01)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}", timeout=20) as client:
        client.app, client.server, client.serving = app, server, serving
        yield client
    app.state.turns.stopping = server.should_exit = True
    await serving
    taken.close()


async def events(response):
    """Yield (event, data, id) of a stream, and ("", comment, None) of a comment."""
    block = []
    async for line in response.aiter_lines():
        if line:
            block.append(line)
            continue
        fields = dict(one.split(": ", 1) if ": " in one else (one.rstrip(":"), "") for one in block)
        block = []
        if "event" in fields:
            yield fields["event"], json.loads(fields["data"]), int(fields["id"]) if "id" in fields else None
        elif "retry" not in fields:
            yield "", fields, None


async def told(client, text, headers=None, **more):
    """Say something and return all events of the turn, and the response."""
    body = {"text": text, **more}
    headers = {"Accept": "text/event-stream", **(headers or {})}
    async with client.stream("POST", "/api/messages", json=body, headers=headers) as response:
        if response.headers["content-type"].startswith("application/json"):
            await response.aread()
            return [], response
        return [(name, data) async for name, data, _ in events(response)], response
