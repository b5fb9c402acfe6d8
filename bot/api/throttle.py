"""How much may be written in a minute: in one conversation, and from one address.

A sliding window in this process's memory; with several workers each counts for itself. Not the library ``limits``: its
store in memory keeps every conversation it ever saw and walks through all of them again and again.
"""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from starlette.requests import HTTPConnection

from bot.api.errors import ApiError
from bot.metrics import REFUSED

_WINDOW = 60.0  # seconds
_REMEMBERED = 20_000  # conversations and addresses; beyond that the one that was quiet longest is forgotten
_NEIGHBOURS = 64  # bits of an IPv6 address that one connection has for itself


class Throttle:
    """Counts writes; a bound of 0 is none. Whoever speaks from this machine without a proxy is not counted."""

    def __init__(self, per_conversation: int, per_address: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._bounds = (per_conversation, per_address)
        self._clock = clock
        self._written: OrderedDict[str, deque[float]] = OrderedDict()

    def admit(self, request: HTTPConnection, sender: str) -> None:
        """Count one write of this conversation. Raises ApiError (429): too many, and when to come again."""
        address = address_of(request)
        if address is None:
            return
        now = self._clock()
        for key, bound in zip((sender, address), self._bounds, strict=True):
            if bound and (wait := self._wait(key, bound, now)):
                REFUSED.labels("too_fast").inc()
                raise ApiError(429, "api.too_fast", after=math.ceil(wait), seconds=math.ceil(wait))
        for key, bound in zip((sender, address), self._bounds, strict=True):
            if bound:
                self._written.setdefault(key, deque()).append(now)
                self._written.move_to_end(key)
        while len(self._written) > _REMEMBERED:
            self._written.popitem(last=False)

    def _wait(self, key: str, bound: int, now: float) -> float:
        """Seconds until another one fits; 0: now."""
        written = self._written.get(key, deque())
        while written and written[0] <= now - _WINDOW:
            written.popleft()
        return written[-bound] + _WINDOW - now if len(written) >= bound else 0.0


def address_of(request: HTTPConnection) -> str | None:
    """Whose address it is; of IPv6 the network of the connection. None: this machine itself."""
    if request.client is None:
        return None
    try:
        address = ip_address(request.client.host)
    except ValueError:
        return "unknown"
    if address.is_loopback:
        return None
    return str(address if address.version == 4 else ip_network((address, _NEIGHBOURS), strict=False))
