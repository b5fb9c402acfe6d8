"""Time as the emulator sees it: the world's, a faster one, or one that moves only when it is told to."""

import asyncio
import time
from contextlib import suppress

_SETTLE = 20  # rounds of the event loop for those who were woken


class Clock:
    """`speed`: seconds that pass in one of the world's; 0: it stands still until it is put forward."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed, self._read, self._origin = speed, float(int(time.time())), time.monotonic()  # sums stay exact
        self._sleepers: list[float] = []
        self._moved = asyncio.Event()

    def time(self) -> float:
        """Unix time, in seconds."""
        return self._read + (time.monotonic() - self._origin) * self._speed

    async def sleep(self, seconds: float) -> None:
        """Sleep so long by this clock."""
        until = self.time() + seconds
        self._sleepers.append(until)
        try:
            while (left := until - self.time()) > 0:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._moved.wait(), left / self._speed if self._speed else None)
        finally:
            self._sleepers.remove(until)

    async def advance(self, seconds: float) -> None:
        """Put it forward; who sleeps is woken on time, one after the other."""
        until = self.time() + seconds
        while due := [one for one in self._sleepers if one <= until]:
            await self._set(max(min(due), self.time()))
        await self._set(until)

    async def _set(self, moment: float) -> None:
        self._read, self._origin = moment, time.monotonic()
        self._moved.set()
        self._moved = asyncio.Event()
        for _ in range(_SETTLE):
            await asyncio.sleep(0)
