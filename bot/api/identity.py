"""Who is speaking. No client chooses the sender its conversation is kept under."""

import hashlib
import hmac
import re
import secrets
import time
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.api.errors import ApiError

_NUMBER = re.compile(r"([\w-]{22})\.(?:(\d{10})\.(\d{10})\.)?([\w-]{22})", re.ASCII)
_CHINA = re.compile(r"^(?:00)?86(?=1[3-9]\d{9}$)")  # before a mobile number
_RENEWED_WITHIN = 0.75  # of the time a number may lie idle: one that lasts longer is given back as it came


def check_token(token: str, name: str, authorization: str, given: str = "") -> None:
    """Let pass who shows the token, in the Authorization header or otherwise (`given`); `name`: its setting.

    Raises ApiError.
    """
    shown = bearer(authorization) or given
    if not hmac.compare_digest(shown.encode(), token.encode()):
        raise ApiError(401, "api.unauthorised", "token", name=name)


def bearer(authorization: str) -> str:
    """What an Authorization header shows as Bearer; "" if it shows nothing of the kind."""
    scheme, _, shown = authorization.partition(" ")
    return shown.strip() if scheme.lower() == "bearer" else ""


def telephone(number: str) -> str:
    """The digits of a telephone number, the same however it is written (+86 139-…, 0086139…, １３９…); "": none."""
    digits = re.sub("[^0-9]", "", unicodedata.normalize("NFKC", number))
    return _CHINA.sub("", digits)


def looks_like_number(text: str) -> bool:
    """Whether it has the form of a conversation number; other services' tokens have another."""
    return _NUMBER.fullmatch(text) is not None


@dataclass(frozen=True)
class Session:
    """A conversation that somebody may go on with.

    Attributes:
        number: to be shown the next time; it is a secret between us and the client.
        sender: what the conversation is kept under.
        until: when the number runs out, in seconds since 1970.
    """

    number: str
    sender: str
    until: float


class Identity:
    """Conversation numbers for the web and sender ids for the store, both made with the secret of the house.

    A conversation number is `nonce.begun.until.signature`: it cannot be guessed, one that was not issued here does not
    verify, and it runs out when nothing was said for `idle` seconds, at the latest `longest` seconds after it began.
    Numbers of earlier versions, `nonce.signature`, still verify and are given back in the new form.
    """

    def __init__(
        self, key: bytes, idle: float = 7200.0, longest: float = 86400.0, clock: Callable[[], float] = time.time
    ) -> None:
        self._key, self._idle, self._longest, self._clock = key, idle, longest, clock

    def issue(self) -> str:
        """Return a new conversation number."""
        return self.begin().number

    def begin(self, number: str | None = None) -> Session:
        """Begin a conversation. `number`: a secret of the client's, the same of which is the same conversation."""
        nonce = self._signature("begin", number) if number else secrets.token_urlsafe(16)
        return self._session(nonce, int(self._clock()))

    def resume(self, number: str, status: int) -> Session:
        """Go on with a conversation; the number may be a new one. Raises ApiError (`status`): forged, or run out."""
        nonce, begun, until = self._read(number) or (None, 0, 0)
        now = self._clock()
        if nonce is None:
            raise ApiError(status, "api.sender", "sender")
        if not begun:
            return self._session(nonce, int(now))
        if now >= until:
            raise ApiError(status, "api.expired", "sender")
        if until - now < _RENEWED_WITHIN * self._idle:
            return self._session(nonce, begun)
        return Session(number, self.sender("web", number), until)

    def outlived(self, moment: datetime) -> bool:
        """Whether a number that was given at that moment has run out, if nothing was said since."""
        return self._clock() >= moment.timestamp() + min(self._idle, self._longest)

    def verified(self, number: str) -> bool:
        """Whether the number was issued with this secret, be it run out or not."""
        return self._read(number) is not None

    def sender(self, channel: str, name: str) -> str:
        """Return the id a conversation is stored under: it tells the channel, not the name.

        All numbers that a conversation of the web has had, run out or not, name the same one; so do all ways to write
        a telephone number (channel "phone").
        """
        if channel == "phone":
            name = telephone(name)
        if channel == "web" and (known := self._read(name)):
            name = f"{known[0]}.{self._signature('conversation', known[0])}"
        return f"{channel}:{self._mac('sender', channel, name).hex()[:32]}"

    def seal(self, purpose: str, text: str) -> str:
        """Return a short signature of `text` that only this house can make; of another purpose it is another."""
        return self._signature(purpose, text)

    def _session(self, nonce: str, begun: int) -> Session:
        until = int(min(self._clock() + self._idle, begun + self._longest))
        told = f"{nonce}.{begun}.{until}"
        number = f"{told}.{self._signature('session', told)}"
        return Session(number, self.sender("web", number), until)

    def _read(self, number: str) -> tuple[str, int, int] | None:
        """Nonce, beginning and end of a number that verifies; of the old form without the latter two."""
        parts = _NUMBER.fullmatch(number)
        if parts is None:
            return None
        nonce, begun, until, shown = parts.groups()
        signed = ("session", f"{nonce}.{begun}.{until}") if begun else ("conversation", nonce)
        if not hmac.compare_digest(shown.encode(), self._signature(*signed).encode()):
            return None
        return nonce, int(begun or 0), int(until or 0)

    def _signature(self, *parts: str) -> str:
        return urlsafe_b64encode(self._mac(*parts)[:16]).decode().rstrip("=")

    def _mac(self, *parts: str) -> bytes:
        return hmac.new(self._key, "\0".join(parts).encode(), hashlib.sha256).digest()
