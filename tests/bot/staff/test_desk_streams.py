"""Events over a real connection: they come as they happen, and a page that goes away leaves nothing running."""

import asyncio
import threading
from contextlib import contextmanager

import httpx
import pytest
import uvicorn


@contextmanager
def served(app):
    """The application at a real address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "it stops although somebody watches"


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_what_a_citizen_says_comes_while_the_operator_watches(house):
    browser = await house.signed_in("小王")
    cookies = {"wengang_staff": browser.cookies["wengang_staff"]}
    with served(house.app) as address:
        async with httpx.AsyncClient(base_url=address, cookies=cookies, timeout=20) as operator:
            async with operator.stream("GET", "/staff/api/queue/events") as queue:
                lines = queue.aiter_lines()
                await until(lines, '"queue": []')
                await operator.post("/staff/api/presence", json={}, headers={"X-CSRF-Token": browser.csrf})
                await until(lines, '"here": true')
                citizen = (await operator.post("/api/messages", json={"text": "转人工"})).json()
                assert citizen["replies"][0]["state"] == "queued"
                await until(lines, '"question": "转人工"')
            (waiting,) = (await operator.get("/staff/api/queue")).json()["queue"]
            path = f"/staff/api/handoffs/{waiting['id']}"
            await operator.post(f"{path}/take", json={}, headers={"X-CSRF-Token": browser.csrf})
            async with operator.stream("GET", f"{path}/events") as said:
                lines = said.aiter_lines()
                await until(lines, '"mine": true')
                await operator.post("/api/messages", json={"text": "您在吗", "sender": citizen["sender"]})
                await until(lines, "您在吗")


async def until(lines, words):
    """Read on until a line has these words."""

    async def read():
        async for line in lines:
            if words in line:
                return
        raise AssertionError(f"the stream ended without {words}")

    await asyncio.wait_for(read(), 15)
