"""Whether what was said to a citizen has reached them: told at the desk, for what goes by the outbox (WeChat).

A visitor of the website fetches what is said to them; nothing is under way there.
"""

from typing import Any

from sqlalchemy.engine import Connection

from bot.messages import say
from bot.store.conversations import Replies
from bot.store.outbox import HELD, PARKED, Push, unsent_to

BY_PUSH = "wechat:"  # of senders who are written to by the outbox
_CHANNEL = "wechat"


def by_push(handoff: int, message: int, sender: str, replies: Replies) -> Push:
    """The push of a message of a hand-off."""
    return Push(_CHANNEL, sender, {"replies": replies}, f"{_keys(handoff)}{message}")


def undelivered(connection: Connection, handoff: int, sender: str) -> dict[str, dict[str, str]]:
    """Return {message: {state, text}} of what has not arrived: ``waiting`` (it is on its way) or ``stuck``, and why."""
    if not sender.startswith(BY_PUSH):
        return {}
    found, held = {}, False
    for push in unsent_to(connection, _CHANNEL, sender):
        held = held or push.state == HELD  # what comes behind it waits for it
        if push.key.startswith(_keys(handoff)):
            found[push.key.removeprefix(_keys(handoff))] = _told(push, held)
    return found


def _told(push: Any, held: bool) -> dict[str, str]:
    if push.state == PARKED:
        return {"state": "stuck", "text": say("delivery.lost", why=push.error)}
    if held:
        return {"state": "stuck", "text": say("delivery.held")}
    return {"state": "waiting", "text": say("delivery.late" if push.attempts > 1 or push.error else "delivery.waiting")}


def _keys(handoff: int) -> str:
    return f"handoff-{handoff}-"
