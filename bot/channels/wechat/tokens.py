"""The access token of the official account: one for all workers, kept encrypted in the database.

It is renewed by one of them: those of a process wait at a lock, those of other processes for the lease that only one
update can win. WeChat gives a new token in the last five minutes of the old one, and both hold meanwhile. A token that
WeChat refuses before its time is asked for again; only when the same one comes back it is renewed by force, which
WeChat allows 20 times a day, 30 s apart, and which ends the old one for everybody.
Source: developers.weixin.qq.com/doc, getStableAccessToken.
"""

import asyncio
import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from bot.messages import say
from bot.outbox_sender import NotSent
from bot.store.models import WechatToken

Fetch = Callable[[bool], Awaitable[tuple[str, float]]]
"""Asks WeChat, by force or not; returns a token and how many seconds it lasts."""

_MARGIN = 240.0  # seconds before its end a token is renewed; WeChat has a new one ready 300 before
_LEASE = 20.0  # seconds one renewal may take
_PATIENCE = 8.0  # seconds for a renewal by somebody else; less than an attempt of the outbox may take
_POLL = 0.05
_FORCED_A_DAY, _FORCED_APART = 20, 30.0  # WeChat's limits; seconds
_DAY = 86400.0


class Tokens:
    """Those of a migrated database. `key`: the secret of the house; `clock`: Unix time."""

    def __init__(self, engine: Engine, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._engine, self._clock = engine, clock
        self._cipher = Fernet(urlsafe_b64encode(hmac.new(key, b"wechat token", hashlib.sha256).digest()))
        self._renewing = asyncio.Lock()

    async def get(self, appid: str, fetch: Fetch, refused: str | None = None) -> str:
        """Return a token that holds; `refused`: not this one. Raises NotSent, and what `fetch` raises."""
        async with self._renewing:
            until = time.monotonic() + _PATIENCE
            while True:
                sealed, expires = await asyncio.to_thread(self._read, appid)
                token = self._opened(sealed)
                if token not in (None, refused) and expires - _MARGIN > self._clock():
                    return str(token)
                if await asyncio.to_thread(self._lease, appid, sealed):
                    return await self._renewed(appid, fetch, refused)
                if time.monotonic() > until:
                    raise NotSent(say("wechat_error.token_slow"))
                await asyncio.sleep(_POLL)

    async def _renewed(self, appid: str, fetch: Fetch, refused: str | None) -> str:
        kept: dict[str, Any] = {}
        try:
            token, lasts = await fetch(False)
            if token == refused:
                if not await asyncio.to_thread(self._may_force, appid):
                    raise NotSent(say("wechat_error.token_forced"))
                token, lasts = await fetch(True)
            sealed = self._cipher.encrypt(token.encode()).decode()
            kept = {"token": sealed, "expires_at": self._clock() + lasts}
            return token
        finally:
            await asyncio.to_thread(self._write, appid, leased_until=0.0, **kept)

    def _opened(self, sealed: str | None) -> str | None:
        try:
            return self._cipher.decrypt(sealed.encode()).decode() if sealed else None
        except InvalidToken:  # the secret of the house is another by now
            return None

    def _read(self, appid: str) -> tuple[str | None, float]:
        wanted = sa.select(WechatToken.token, WechatToken.expires_at).where(WechatToken.appid == appid)
        with self._engine.connect() as connection:
            found = connection.execute(wanted).one_or_none()
        return (found.token, found.expires_at) if found else (None, 0.0)

    def _lease(self, appid: str, seen: str | None) -> bool:
        """Be the one who renews, if nobody is and nobody has since `seen` was read."""
        with self._engine.connect() as connection:
            known = connection.execute(sa.select(WechatToken.appid).where(WechatToken.appid == appid)).first()
        if known is None:
            empty = {"appid": appid, "token": None, "expires_at": 0.0, "leased_until": 0.0, "forced": "[]"}
            try:
                with self._engine.begin() as connection:
                    connection.execute(sa.insert(WechatToken), empty)
            except IntegrityError:
                pass  # another process was first
        same = WechatToken.token.is_(None) if seen is None else WechatToken.token == seen
        free = (WechatToken.appid == appid, WechatToken.leased_until <= self._clock(), same)
        taken = sa.update(WechatToken).where(*free).values(leased_until=self._clock() + _LEASE)
        with self._engine.begin() as connection:
            return bool(connection.execute(taken).rowcount == 1)

    def _may_force(self, appid: str) -> bool:
        """Whether one more forced renewal is within WeChat's limits; it is counted before it is tried."""
        wanted = sa.select(WechatToken.forced).where(WechatToken.appid == appid)
        with self._engine.connect() as connection:
            all_of_them = json.loads(connection.execute(wanted).scalar_one())
        forced = [moment for moment in all_of_them if moment > self._clock() - _DAY]
        if len(forced) >= _FORCED_A_DAY or forced and self._clock() - forced[-1] < _FORCED_APART:
            return False
        self._write(appid, forced=json.dumps([*forced, self._clock()]))
        return True

    def _write(self, appid: str, **values: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.update(WechatToken).where(WechatToken.appid == appid).values(**values))
