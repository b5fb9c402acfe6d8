"""转人工: what a person at a desk needs to go on, pushed to the desk's own system (WENGANG_HANDOFF_URL).

It gets a POST with ``{"id", "conversation", "asked_at", "message", "summary"}`` and the id in ``Idempotency-Key``; any
2xx is a receipt. The conversation is a pseudonym, what was said is masked.
"""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

import httpx

from bot.messages import say
from bot.outbox_sender import NotSent, Refused
from bot.store.conversations import HeldTurn, Replies
from bot.store.models import now
from bot.store.outbox import Push

CHANNEL = "handoff"
_TEMPORARY = (408, 409, 425, 429)  # 409: the receiver is still at work on the same key
_PATIENCE = 8.0  # seconds


def handed_over(turn: HeldTurn, replies: Replies) -> Replies:
    """Return the replies; whoever asked for a human is told that it was passed on, and it is, once `turn` is kept."""
    asked = next((place for place, reply in enumerate(replies) if reply.get("kind") == "handoff"), None)
    if asked is None:
        return replies
    reply = replies[asked]
    payload = {
        "asked_at": now().isoformat(timespec="seconds"),
        "message": turn.text,
        "summary": reply.get("summary") or "",
    }
    turn.pushes.append(Push(CHANNEL, turn.sender, payload, _key(turn)))
    told = {**reply, "text": f"{reply['text']}\n{say('handoff.told')}"}
    return [*replies[:asked], told, *replies[asked + 1 :]]


class Desk:
    """The channel to the desk's system; `token` goes into ``Authorization: Bearer``."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url, self._client = url, httpx.AsyncClient(headers=headers, timeout=_PATIENCE)

    async def __call__(self, id: str, recipient: str, payload: Mapping[str, Any]) -> None:
        """Send one. Raises NotSent, Refused (a redirection, or a 4xx that will not pass by itself)."""
        body = {"id": id, "conversation": recipient, **payload}
        try:
            response = await self._client.post(self._url, json=body, headers={"Idempotency-Key": id})
        except httpx.HTTPError as error:
            raise NotSent(type(error).__name__) from None
        if not response.is_success:
            final = response.status_code < 500 and response.status_code not in _TEMPORARY
            raise (Refused if final else NotSent)(f"HTTP {response.status_code}")


def _key(turn: HeldTurn) -> str:
    """The same for a message that is sent again, if the client numbers its messages."""
    if turn.message is None:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{CHANNEL}\0{turn.sender}\0{turn.message}".encode()).hexdigest()[:32]
