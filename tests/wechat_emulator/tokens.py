"""The account's access tokens: ``stable_token`` (two modes) and the old ``token``, which know nothing of each other."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LIFETIME = 7200.0  # seconds
_RENEWED = 300.0  # seconds before the end: from then on a new one is given, and both hold
_APART = 30.0  # seconds between two forced renewals; sooner the token stays
_FORCED = 20  # a day
_OLD = 2000  # a day
_DAY = 86400.0

MISSING, MALFORMED, INVALID, EXPIRED, DAILY = 41001, 40014, 40001, 42001, 45009


@dataclass
class _Token:
    text: str
    until: float
    revoked: bool = False


class Tokens:
    """`time`: the clock of the emulator. ``calls``: how often each kind was asked for."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._given: dict[str, _Token] = {}
        self._stable: _Token | None = None
        self._old: _Token | None = None
        self._forced: list[float] = []
        self.calls: dict[str, int] = {"stable": 0, "forced": 0, "old": 0}

    def stable(self, force: bool) -> dict[str, Any]:
        """Answer POST /cgi-bin/stable_token."""
        now = self._time()
        self.calls["forced" if force else "stable"] += 1
        if force:
            self._forced = [one for one in self._forced if one > now - _DAY]
            if len(self._forced) >= _FORCED:
                return {"errcode": DAILY}
            if not self._forced or now - self._forced[-1] >= _APART:
                self._forced.append(now)
                if self._stable:
                    self._stable.revoked = True
                self._stable = self._new()
        if self._stable is None or self._stable.revoked or self._stable.until - now <= _RENEWED:
            self._stable = self._new()
        return {"access_token": self._stable.text, "expires_in": int(self._stable.until - now)}

    def old(self) -> dict[str, Any]:
        """Answer GET /cgi-bin/token: always a new one; the one before holds five minutes longer."""
        now = self._time()
        self.calls["old"] += 1
        if self.calls["old"] > _OLD:
            return {"errcode": DAILY}
        if self._old:
            self._old.until = min(self._old.until, now + _RENEWED)
        self._old = self._new()
        return {"access_token": self._old.text, "expires_in": int(LIFETIME)}

    def revoke(self) -> None:
        """Somebody else renews the stable token by force: what was given before holds no longer."""
        if self._stable:
            self._stable.revoked = True

    def fault(self, shown: str | None) -> int:
        """Return 0 for a token that holds, else the error code."""
        if not shown:
            return MISSING
        token = self._given.get(shown)
        if token is None:
            return MALFORMED if len(shown) < 32 else INVALID
        if token.revoked:
            return INVALID
        return EXPIRED if token.until <= self._time() else 0

    def _new(self) -> _Token:
        token = _Token(f"{len(self._given)}_{secrets.token_urlsafe(90)}", self._time() + LIFETIME)
        self._given[token.text] = token
        return token
