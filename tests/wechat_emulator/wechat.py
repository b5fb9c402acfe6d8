"""The emulator itself: an account, its followers, and the server at which the account calls WeChat."""

import asyncio
import secrets
import time
from contextlib import AsyncExitStack
from typing import Any

import httpx
from listening import listening

from wechat_emulator.account import Account
from wechat_emulator.api import Api
from wechat_emulator.clock import Clock
from wechat_emulator.crypto import signature
from wechat_emulator.delivery import PATIENCE, UNAVAILABLE, Courier, Delivery, Fault
from wechat_emulator.follower import Follower, Seen
from wechat_emulator.tokens import Tokens


class WeChat:
    """Use it as ``async with``; then `base` is the address of its interface.

    Attributes:
        callback: the account's server URL, as set in the console.
        courier: makes the tries; tests may stop it before one (``courier.before``).
        api: what the account calls; ``api.fail(…)`` lets calls go wrong, ``api.calls`` lists them.
    """

    def __init__(
        self, account: Account | None = None, clock: Clock | None = None, callback: str = "", port: int = 0
    ) -> None:
        self.account, self.clock, self.callback = account or Account(), clock or Clock(), callback
        self.tokens = Tokens(self.clock.time)
        self.followers: dict[str, Follower] = {}
        self.menu: dict[str, Any] | None = None
        self.codes: dict[str, tuple[str, float | None]] = {}  # ticket: scene, until when
        self.deliveries: list[Delivery] = []
        self.courier, self.api = Courier(self.account, self.clock), Api(self)
        self.base, self._port, self._listening = "", port, AsyncExitStack()

    async def __aenter__(self) -> "WeChat":
        self.base = await self._listening.enter_async_context(listening(self.api.app, self._port))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.api.release.set()
        for delivery in self.deliveries:
            delivery.cancel()
        await self._listening.aclose()

    # ── the console ──

    async def verify(self, url: str | None = None) -> str | None:
        """Press 提交 beside the server URL: None when the account answered as it must, else what was wrong."""
        timestamp, nonce, echo = str(int(self.clock.time())), secrets.token_hex(5), str(secrets.randbits(62))
        query = {"signature": signature(self.account.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
        try:
            async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
                response = await client.get(url or self.callback, params={**query, "echostr": echo})
        except httpx.HTTPError as error:
            return type(error).__name__
        if response.status_code != 200:
            return f"HTTP {response.status_code}"
        return None if response.content == echo.encode() else "the echostr did not come back"

    def scene_of(self, ticket: str) -> str:
        """The scene of a QR code. Raises LookupError when there is none, or no longer."""
        scene, until = self.codes[ticket]
        if until is not None and until < self.clock.time():
            raise LookupError(f"the code of {scene} has run out")
        return scene

    def button(self, name: str) -> dict[str, Any]:
        """A button of the menu. Raises LookupError."""
        top = (self.menu or {}).get("button", ())
        for button in [*top, *(one for each in top for one in each.get("sub_button") or ())]:
            if button["name"] == name and "type" in button:
                return dict(button)
        raise LookupError(f"no button {name}")

    # ── the people ──

    def follower(self, subscribed: bool = True) -> Follower:
        """Somebody new."""
        one = Follower(self, subscribed)
        self.followers[one.openid] = one
        return one

    def deliver(self, follower: Follower, fields: dict[str, Any], faults: dict[int, Fault]) -> Delivery:
        """Begin to bring something a follower did to the account."""
        head = {
            "ToUserName": self.account.name, "FromUserName": follower.openid, "CreateTime": int(self.clock.time()),
        }  # fmt: skip
        delivery = Delivery(follower.openid, {**head, **fields}, faults)
        self.deliveries.append(delivery)

        def shown(done: Delivery) -> None:
            silent = done.fields["MsgType"] == "event" and done.fields["Event"] in ("unsubscribe", "VIEW")
            if not silent:
                assert done.text is not None
                follower.see(Seen(done.text, "fault" if done.text == UNAVAILABLE else "reply"))

        return delivery.begin(self.courier.deliver(self.callback, delivery, shown))


async def until(true: Any, seconds: float = 30.0) -> None:
    """Wait for a condition. Raises AssertionError after so many of the world's seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.005)
