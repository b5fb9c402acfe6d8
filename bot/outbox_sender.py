"""Sends what waits in the outbox (``bot.store.outbox``), as long as a process serves; each may do it, all at once.

A channel is a coroutine function ``(id, recipient, payload)`` that returns when the push has arrived, and raises when
not: Refused when it is no use to try again, NotYet when it is none before the recipient has written again. The receiver
may get a push twice, with the same `id`. ``bot/channels/`` lists the channels.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.store.outbox import Claim, Outbox

logger = logging.getLogger(__name__)

Send = Callable[[str, str, Mapping[str, Any]], Awaitable[None]]
_AT_ONCE = 8  # pushes of one channel
_EVERY = 1.0  # second between two looks for what is due
_AFTER_FAILURE = 5.0  # seconds, when the database cannot be asked
_LONGEST = 10.0  # seconds an attempt may take; less than the lease of the outbox
_PATIENCE = 5.0  # seconds for what is on its way when the process stops


class NotSent(Exception):
    """It has not arrived, and may be tried again. ``str()`` is short and repeats nobody's words: it is kept."""


class Refused(NotSent):
    """It has not arrived and will not, however often it is tried."""


class NotYet(NotSent):
    """It has not arrived, and may not before its recipient writes again: it is held until then."""


@asynccontextmanager
async def sending(outbox: Outbox, channels: Mapping[str, Send]) -> AsyncIterator[None]:
    """Send in the background while this lasts. At the end what is on its way may arrive; if it does not, another
    process tries it once its lease has run out."""
    stopping = asyncio.Event()
    loops = [asyncio.create_task(_send_on(outbox, name, send, stopping)) for name, send in channels.items()]
    try:
        yield
    finally:
        stopping.set()
        if loops:
            _, late = await asyncio.wait(loops, timeout=_PATIENCE)
            for loop in late:
                loop.cancel()
            await asyncio.gather(*late, return_exceptions=True)


async def _send_on(outbox: Outbox, channel: str, send: Send, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        pause = _EVERY
        try:
            claims = await asyncio.to_thread(outbox.claim, channel, _AT_ONCE)
            await asyncio.gather(*(_try(outbox, claim, send) for claim in claims))
            for state, count in (await asyncio.to_thread(outbox.counts, channel)).items():
                metrics.OUTBOX.labels(channel, state).set(count)
            if claims:
                continue
        except SQLAlchemyError as error:
            logger.error("outbox failed: %s", type(error).__name__)
            pause = _AFTER_FAILURE
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause)


async def _try(outbox: Outbox, claim: Claim, send: Send) -> None:
    push, outcome = claim.push, "sent"
    try:
        await asyncio.wait_for(send(push.key, push.recipient, push.payload), _LONGEST)
    except Exception as error:  # each channel has errors of its own, whose words may be those of the push
        outcome = await _note(outbox, claim, error)
    else:
        await _recorded(outbox.sent, claim)
    metrics.PUSHES.labels(push.channel, outcome).inc()


async def _note(outbox: Outbox, claim: Claim, error: Exception) -> str:
    why = str(error) if isinstance(error, NotSent) else type(error).__name__
    held = isinstance(error, NotYet)
    parked = await _recorded(outbox.failed, claim, why, isinstance(error, Refused), held)
    outcome = "parked" if parked else "held" if held else "failed"
    fields = {"push": claim.id, "channel": claim.push.channel, "attempt": claim.attempt, "why": why}
    logger.log(logging.ERROR if parked else logging.WARNING, "push %s", outcome,
               extra={"fields": fields})  # fmt: skip
    return outcome


async def _recorded(record: Callable[..., Any], *what: Any) -> Any:
    """When the database cannot take it, the lease runs out and the push is tried again."""
    try:
        return await asyncio.to_thread(record, *what)
    except SQLAlchemyError as error:
        logger.error("outbox failed: %s", type(error).__name__)
        return None
