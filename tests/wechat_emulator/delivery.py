"""One message or event on its way to the account: 5 seconds, three tries, as WeChat makes them."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from wechat_emulator.account import Account
from wechat_emulator.checks import BadReply, reply_text
from wechat_emulator.clock import Clock
from wechat_emulator.crypto import seal, signature

PATIENCE = 5.0  # seconds for an answer; then WeChat hangs up and tries again
TRIES = 3
PAUSE = 1.0  # second before the next try after an answer other than 200 or a broken connection
UNAVAILABLE = "该公众号暂时无法提供服务，请稍后再试"


@dataclass(frozen=True)
class Request:
    """One HTTP request to the callback; `again` makes another of the same message, with a nonce of its own."""

    url: str
    query: dict[str, str]
    body: bytes
    again: Callable[[], "Request"]


@dataclass(frozen=True)
class Response:
    """What came back."""

    status: int
    body: bytes


Send = Callable[[Request], Awaitable[Response]]
Fault = Callable[[Request, Send, Clock], Awaitable["Response | None"]]
"""Stands in for a try (faults.py): returns what WeChat gets, None for nothing."""


@dataclass
class Try:
    """One of the three. `outcome`: ``answered``, ``silent`` (answered without words), ``timeout``, ``broken``,
    ``refused`` (another status than 200) or ``abnormal`` (an answer that is no reply)."""

    number: int
    began: float
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    ended: float | None = None
    outcome: str | None = None
    status: int | None = None
    why: str = ""


class Delivery:
    """Await it: it is over when it was answered, or after the third try.

    Attributes:
        fields: the message as the account gets it.
        tries: those made so far.
        text: what the follower was shown for it; None: nothing.
    """

    def __init__(self, openid: str, fields: dict[str, Any], faults: dict[int, Fault]) -> None:
        self.openid, self.fields, self.faults = openid, fields, faults
        self.tries: list[Try] = []
        self.text: str | None = None
        self._run: asyncio.Task[None] | None = None

    @property
    def answered_on(self) -> int | None:
        """The number of the try that was answered with words."""
        return next((one.number for one in self.tries if one.outcome == "answered"), None)

    @property
    def over(self) -> int:
        """How many tries are over."""
        return sum(one.ended is not None for one in self.tries)

    @property
    def outcomes(self) -> list[str | None]:
        """Of the tries, in their order."""
        return [one.outcome for one in self.tries]

    def begin(self, run: Awaitable[None]) -> "Delivery":
        """Let it run."""
        self._run = asyncio.ensure_future(run)
        return self

    def __await__(self) -> Generator[Any, None, "Delivery"]:
        assert self._run is not None
        yield from asyncio.shield(self._run).__await__()
        return self

    def cancel(self) -> None:
        """WeChat itself ends."""
        if self._run:
            self._run.cancel()

    async def sent(self, number: int) -> None:
        """Wait until that try is on its way."""
        while len(self.tries) < number:
            await asyncio.sleep(0.002)
        await self.tries[number - 1].sent.wait()


class Courier:
    """Makes the tries. `before`: awaited before each of them (a test may stop the world there)."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self.account, self.clock = account, clock
        self.before: Callable[[Delivery, int], Awaitable[None]] | None = None

    async def deliver(self, url: str, delivery: Delivery, shown: Callable[[Delivery], None]) -> None:
        """Make them until one is answered; `shown` is told when the follower is to see something."""
        for number in range(1, TRIES + 1):
            if self.before:
                await self.before(delivery, number)
            one = Try(number, self.clock.time())
            delivery.tries.append(one)
            response = await self._try(self.request(url, delivery.fields), delivery.faults.get(number), one)
            one.ended = self.clock.time()
            if response is not None and response.status == 200:
                self._understand(response, one, delivery)
                break
            if response is not None:
                one.outcome, one.status = "refused", response.status
            if one.outcome != "timeout" and number < TRIES:
                await self.clock.sleep(PAUSE)
        else:
            delivery.text = UNAVAILABLE
        if delivery.text is not None:
            shown(delivery)

    def _understand(self, response: Response, one: Try, delivery: Delivery) -> None:
        one.status = response.status
        try:
            delivery.text = reply_text(response.body, self.account, delivery.openid)
            one.outcome = "silent" if delivery.text is None else "answered"
        except BadReply as error:
            one.outcome, one.why, delivery.text = "abnormal", str(error), UNAVAILABLE

    async def _try(self, request: Request, fault: Fault | None, one: Try) -> Response | None:
        async def send(again: Request = request) -> Response:
            return await post(again, one.sent)

        asked = asyncio.ensure_future(fault(request, send, self.clock) if fault else send(request))
        alarm = asyncio.ensure_future(self.clock.sleep(PATIENCE))
        try:
            await asyncio.wait({asked, alarm}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                one.outcome = "timeout"
                return None
            try:
                response = asked.result()
            except (httpx.HTTPError, OSError) as error:
                one.outcome, one.why = "broken", type(error).__name__
                return None
            if response is None:
                one.outcome = "timeout"
                await alarm
            return response
        finally:
            one.sent.set()
            for task in (asked, alarm):
                task.cancel()
                with suppress(asyncio.CancelledError, httpx.HTTPError, OSError):
                    await task

    def request(self, url: str, fields: dict[str, Any]) -> Request:
        """A request as WeChat makes it, with a time and a nonce of its own."""
        account, plain = self.account, as_xml(fields)
        timestamp, nonce = str(int(self.clock.time())), secrets.token_hex(5)
        query = {"signature": signature(account.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
        query["openid"] = str(fields["FromUserName"])
        if account.mode == "plain":
            return Request(url, query, plain.encode(), lambda: self.request(url, fields))
        sealed = seal(plain, account.aes_key, account.appid)
        query |= {"encrypt_type": "aes", "msg_signature": signature(account.token, timestamp, nonce, sealed)}
        shown = fields if account.mode == "compat" else {"ToUserName": fields["ToUserName"]}
        body = as_xml({**shown, "Encrypt": sealed}).encode()
        return Request(url, query, body, lambda: self.request(url, fields))


async def post(request: Request, sent: asyncio.Event | None = None) -> Response:
    """Send one request on a connection of its own; cancelled, it hangs up. `sent`: set when it is on its way."""

    async def body() -> Any:
        yield request.body
        if sent:
            sent.set()

    headers = {
        "Content-Type": "text/xml", "User-Agent": "Mozilla/4.0", "Pragma": "no-cache",
        "Content-Length": str(len(request.body)),
    }  # fmt: skip
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
        response = await client.post(request.url, params=request.query, content=body(), headers=headers)
        return Response(response.status_code, response.content)


def as_xml(fields: dict[str, Any]) -> str:
    """The XML that WeChat writes: numbers plain, words in CDATA."""
    return "<xml>" + "".join(f"<{name}>{_value(value)}</{name}>" for name, value in fields.items()) + "</xml>"


def _value(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    return f"<![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]>"
