"""Events to a page as they happen (text/event-stream): what changed is looked for once a second."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi.responses import StreamingResponse

from bot.api.errors import ApiError

Event = tuple[str, int | None, Any]
"""Name, id (None: without), data."""

_EVERY = 1.0  # second
_BEAT = 15.0  # seconds between two comments that keep the line open
LONGEST = 120  # seconds; the page connects again


def stream(look: Callable[[], list[Event]], stopping: Callable[[], bool], seconds: int = LONGEST) -> StreamingResponse:
    """Answer with whatever `look` (called in a thread) finds anew, for so many `seconds`; 0: what there is now.

    When `look` raises ApiError, the last event is ``ended``.
    """

    async def events() -> AsyncIterator[str]:
        until, beat = time.monotonic() + min(max(seconds, 0), LONGEST), time.monotonic()
        yield "retry: 1000\n\n"
        while True:
            try:
                found = await asyncio.to_thread(look)
            except ApiError as error:  # signed out, erased: no use to come again
                yield _written("ended", None, {"status": error.status, "message": error.message})
                return
            for name, id, data in found:
                yield _written(name, id, data)
            if time.monotonic() - beat > _BEAT:
                beat = time.monotonic()
                yield ": \n\n"
            if stopping() or time.monotonic() >= until:
                return
            await asyncio.sleep(_EVERY)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _written(name: str, id: int | None, data: Any) -> str:
    numbered = "" if id is None else f"id: {id}\n"
    return f"event: {name}\n{numbered}data: {json.dumps(data, ensure_ascii=False)}\n\n"
