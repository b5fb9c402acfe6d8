"""Rasa's event broker (RabbitMQ, Kafka, …) as endpoints.yml configures it.

Events leave when their turn has been kept, never before (``bot.store.trackers``). While the broker is away RabbitMQ's
client keeps them in memory and sends them later; what a process that dies has not sent is lost to the broker, not to
the store.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from bot.messages import say

if TYPE_CHECKING:
    from rasa.core.brokers.broker import EventBroker

_PATIENCE = 5.0  # seconds for what is still to be sent at the end


class BrokerError(RuntimeError):
    """The broker of endpoints.yml cannot be used. ``str()`` is one Chinese sentence."""


async def open_broker(endpoints: Path) -> EventBroker | None:
    """Return the broker of this file, connected, for the running loop; None: it names none. Raises BrokerError."""
    try:
        named = "event_broker" in (yaml.safe_load(endpoints.read_text(encoding="utf-8")) or {})
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BrokerError(say("serve.endpoints", path=endpoints)) from error
    return await _connected(endpoints) if named else None


async def _connected(endpoints: Path) -> EventBroker | None:
    import bot.rasa_patches  # isort: skip  # noqa: F401  - first: it decides how Rasa is imported
    from rasa.core.brokers.broker import EventBroker
    from rasa.core.utils import AvailableEndpoints

    try:
        configured = AvailableEndpoints.read_endpoints(str(endpoints)).event_broker
        return await EventBroker.create(configured, asyncio.get_running_loop())
    except Exception as error:  # every broker has errors of its own
        why = type(error.__cause__ or error).__name__
        raise BrokerError(say("serve.broker", path=endpoints, why=why)) from error


async def close_broker(broker: EventBroker | None) -> None:
    """Send what is on its way, then close the connection."""
    if broker is None:
        return
    if sending := getattr(broker, "_background_tasks", None):  # of Rasa's Pika broker; it does not wait for them
        await asyncio.wait(set(sending), timeout=_PATIENCE)
    await broker.close()
