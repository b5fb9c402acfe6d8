"""What may go wrong with a try: give ``{number of the try: fault}`` to whoever does something.

await person.say("你好", faults={1: lost})
"""

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from wechat_emulator.clock import Clock
from wechat_emulator.delivery import Fault, Request, Response, Send

strays: set[Any] = set()  # requests that WeChat no longer waits for
replays: list[Response] = []  # what was answered to requests that were sent once more


async def lost(request: Request, send: Send, _clock: Clock) -> Response | None:
    """The account answers, and its answer is lost."""
    await send(request)
    return None


async def dropped(_request: Request, _send: Send, _clock: Clock) -> Response | None:
    """The request never arrives."""
    return None


async def duplicate(request: Request, send: Send, _clock: Clock) -> Response | None:
    """WeChat delivers the same message twice at the same time; the answer with words counts."""
    both = await asyncio.gather(send(request), send(request.again()))
    return max(both, key=lambda response: (response.status == 200, len(response.body)))


async def replayed(request: Request, send: Send, _clock: Clock) -> Response | None:
    """Somebody who listened sends the same bytes once more; what they get stands in ``replays``."""
    response = await send(request)
    replays.append(await send(request))
    return response


def late(seconds: float) -> Fault:
    """It arrives only after so many seconds, when WeChat has long hung up."""

    async def fault(request: Request, send: Send, clock: Clock) -> Response | None:
        async def later() -> Response:
            await clock.sleep(seconds)
            return await send(request)

        task = asyncio.ensure_future(later())
        strays.add(task)
        task.add_done_callback(strays.discard)
        return None

    return fault


def held(until: asyncio.Event) -> Fault:
    """It is overtaken: it arrives only when the event is set."""

    async def fault(request: Request, send: Send, _clock: Clock) -> Response | None:
        await until.wait()
        return await send(request)

    return fault


async def corrupt(request: Request, send: Send, _clock: Clock) -> Response | None:
    """A byte in the middle of the body is another."""
    middle = len(request.body) // 2
    other = b"A" if request.body[middle : middle + 1] != b"A" else b"B"
    return await send(replace(request, body=request.body[:middle] + other + request.body[middle + 1 :]))


async def half_open(request: Request, _send: Send, _clock: Clock) -> Response | None:
    """Half of the body comes, and then nothing more, without an end of the connection."""
    url = urlsplit(request.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port or 80)
    head = (
        f"POST {url.path}?{urlencode(request.query)} HTTP/1.1\r\nHost: {url.netloc}\r\n"
        f"Content-Type: text/xml\r\nContent-Length: {len(request.body)}\r\n\r\n"
    )
    try:
        writer.write(head.encode() + request.body[: len(request.body) // 2])
        await writer.drain()
        await asyncio.Event().wait()
        return None
    finally:
        writer.close()
