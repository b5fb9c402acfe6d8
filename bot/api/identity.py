"""Who is speaking. No client chooses the sender its conversation is kept under."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

from bot.api.errors import ApiError


def check_token(token: str, name: str, authorization: str, given: str = "") -> None:
    """Let pass who shows the token, in the Authorization header or otherwise (`given`); `name`: its setting.

    Raises ApiError.
    """
    scheme, _, bearer = authorization.partition(" ")
    shown = bearer.strip() if scheme.lower() == "bearer" else given
    if not hmac.compare_digest(shown.encode(), token.encode()):
        raise ApiError(401, "api.unauthorised", "token", name=name)


class Identity:
    """Conversation numbers for the web and sender ids for the store, both made with the secret of the house.

    A conversation number is `nonce.signature`: it cannot be guessed, and one that was not issued here does not verify.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self) -> str:
        """Return a new conversation number."""
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._signature(nonce)}"

    def verified(self, number: str) -> bool:
        """Whether the number was issued with this secret."""
        nonce, _, signature = number.partition(".")
        return hmac.compare_digest(signature.encode(), self._signature(nonce).encode())

    def sender(self, channel: str, name: str) -> str:
        """Return the id a conversation is stored under: it tells the channel, not the name."""
        return f"{channel}:{self._mac('sender', channel, name).hex()[:32]}"

    def _signature(self, nonce: str) -> str:
        return urlsafe_b64encode(self._mac("conversation", nonce)[:16]).decode().rstrip("=")

    def _mac(self, *parts: str) -> bytes:
        return hmac.new(self._key, "\0".join(parts).encode(), hashlib.sha256).digest()
