"""The channels that push: one line each. To be asked in a process that serves (after the fork)."""

from sqlalchemy.engine import Engine

from bot import handoff
from bot.outbox_sender import Send
from bot.settings import Settings


def channels(settings: Settings, engine: Engine | None = None) -> dict[str, Send]:
    """Return what sends the pushes of each channel that is configured; `engine`: of the database that serves."""
    found: dict[str, Send] = {}
    if settings.handoff_url:
        found[handoff.CHANNEL] = handoff.Desk(settings.handoff_url, settings.shown_to_handoff())
    return found
