"""Whoever watches a conversation hears what is said in it elsewhere: in another tab, by a person at a desk.

One loop in each process asks the database for all its watchers, once a second, and only while there are any; so it does
not matter which process of which host kept a turn. A turn kept in this process is told at once.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from bot import metrics
from bot.store.models import pseudonym
from bot.store.transcript import Said, Transcript

logger = logging.getLogger(__name__)

News = Said | Literal["alive", "ended", "closing"]
"""A turn; or: the connection is to show that it lives; the conversation is over; the watcher is to come again."""

_EVERY = 1.0  # second between two questions to the database
_AFTER_FAILURE = 5.0  # seconds, when it does not answer
_HEARTBEAT = 15.0  # seconds; proxies break off what is silent for a minute
_LATE = 10.0  # seconds by which a turn, or an audit entry, may be kept later than one with a higher number
_OVERLAP = 1000  # numbers below the highest from which the loop begins to ask
_WAITING = 100  # turns that a slow reader may lag behind
_PER_CONVERSATION = 8


class Watcher:
    """One connection; `after`: the number of the last turn it knows."""

    def __init__(self, after: int) -> None:
        self.last, self._news = after, asyncio.Queue[News](_WAITING)

    @property
    def room(self) -> int:
        """How many turns more it may be told before its reader has read on; one place is left for other news."""
        return max(0, self._news.maxsize - self._news.qsize() - 1)

    async def next(self) -> News:
        """Wait for news."""
        return await self._news.get()

    def tell(self, news: News) -> None:
        """Tell it; of turns those that it does not know. One that lags too far behind is to come again."""
        if isinstance(news, dict):
            if news["id"] <= self.last:
                return
            self.last = news["id"]
        try:
            self._news.put_nowait(news)
        except asyncio.QueueFull:
            while not self._news.empty():
                self._news.get_nowait()
            self._news.put_nowait("closing")


class Live:
    """The watchers of this process, at most `most`; `stopping`: whether the process is to end."""

    def __init__(self, transcript: Transcript, most: int, stopping: Callable[[], bool]) -> None:
        self._transcript, self._most, self._stopping = transcript, most, stopping
        self._watchers: dict[str, set[Watcher]] = {}
        self._fresh: dict[Watcher, str] = {}  # that have not heard yet all of what they missed before they came
        self._loop: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()

    @property
    def count(self) -> int:
        """How many watch."""
        return sum(map(len, self._watchers.values()))

    def full(self, sender: str) -> bool:
        """Whether as many watch as may, this conversation or all together."""
        return len(self._watchers.get(sender, ())) >= _PER_CONVERSATION or self.count >= self._most

    @contextmanager
    def watching(self, sender: str, after: int) -> Iterator[Watcher]:
        """Watch a conversation while this lasts, from the turn of that number on."""
        watcher = Watcher(after)
        self._watchers.setdefault(sender, set()).add(watcher)
        self._fresh[watcher] = sender
        metrics.WATCHERS.inc()
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._look_again_and_again())
        self._wake.set()
        try:
            yield watcher
        finally:
            metrics.WATCHERS.dec()
            self._fresh.pop(watcher, None)
            self._watchers[sender].discard(watcher)
            if not self._watchers[sender]:
                del self._watchers[sender]

    def look(self, sender: str) -> None:
        """Something was kept here: do not wait for the next second."""
        if sender in self._watchers:
            self._wake.set()

    async def _look_again_and_again(self) -> None:
        beat, looking = time.monotonic(), _Looking(self._transcript)
        while self._watchers:
            pause = _EVERY
            fresh, self._fresh = self._fresh, {}
            try:
                missed = [(sender, watcher.last, watcher.room) for watcher, sender in fresh.items()]
                before, news = await asyncio.to_thread(looking.look, list(self._watchers), missed)
                for (watcher, sender), (_, _, room), turns in zip(fresh.items(), missed, before, strict=True):
                    for said in turns:
                        watcher.tell(said)
                    if len(turns) == room:  # there may be more: once its reader has read on
                        self._stay_fresh({watcher: sender})
                self._tell(news)
            except SQLAlchemyError as error:
                logger.error("watching failed: %s", type(error).__name__)
                self._stay_fresh(fresh)
                pause = _AFTER_FAILURE
            if self._stopping():
                self._tell_all("closing")
                return
            if time.monotonic() - beat > _HEARTBEAT:
                beat = time.monotonic()
                self._tell_all("alive")
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)
            self._wake.clear()

    def _stay_fresh(self, watchers: dict[Watcher, str]) -> None:
        self._fresh |= {one: sender for one, sender in watchers.items() if one in self._watchers.get(sender, ())}

    def _tell(self, found: list[tuple[str, News]]) -> None:
        for sender, news in found:
            for watcher in tuple(self._watchers.get(sender, ())):
                if news == "ended" or watcher not in self._fresh:  # those hear first what they missed
                    watcher.tell(news)

    def _tell_all(self, news: News) -> None:
        for watchers in self._watchers.values():
            for watcher in tuple(watchers):
                watcher.tell(news)


class _Looking:
    """What was looked at so far; asked in one thread after the other."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._marks: deque[tuple[float, int, int]] = deque()  # when which turn and which audit entry was the highest
        self._read: set[int] = set()  # numbers above the floor that were read
        self._erasings: set[int] = set()  # audit entries that were told

    def look(
        self, senders: list[str], missed: list[tuple[str, int, int]]
    ) -> tuple[list[list[Said]], list[tuple[str, News]]]:
        """Return, for each (conversation, number, most) that was `missed`, the turns since that number, and what is
        new in these conversations."""
        turn, latest = self._transcript.latest()
        before = [self._transcript.since(number, [sender], most) for sender, number, most in missed]
        floor, entry = self._floors(turn, latest)
        turns = self._transcript.since(floor, senders, known=self._read)
        found: list[tuple[str, News]] = [(said["sender"], said) for said in turns]
        erasings = self._transcript.erased_since(entry) if latest > entry else {}
        gone = {hidden for number, hidden in erasings.items() if number not in self._erasings}
        found += [(sender, "ended") for sender in senders if pseudonym(sender) in gone]
        self._read = {number for number in self._read if number > floor} | {said["id"] for said in turns}
        self._erasings = set(erasings)
        return before, found

    def _floors(self, turn: int, entry: int) -> tuple[int, int]:
        """The highest turn and audit entry that were seen long enough ago: what was kept later stands above them."""
        now = time.monotonic()
        self._marks.append((now, turn, entry))
        while len(self._marks) > 1 and self._marks[1][0] < now - _LATE:
            self._marks.popleft()
        when, turn, entry = self._marks[0]
        return turn if when < now - _LATE else max(0, turn - _OVERLAP), entry
