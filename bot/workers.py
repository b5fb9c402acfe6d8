"""Several processes for one address: a parent forks them, starts the dead anew and passes the wish to stop on.

What the parent loaded before is shared with its workers (docs/decisions/0005-many-workers.md). It must have no threads
and no connections then: neither survives a fork.
"""

from __future__ import annotations

import gc
import logging
import os
import selectors
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from bot.messages import say

logger = logging.getLogger(__name__)

FIGURES = "PROMETHEUS_MULTIPROC_DIR"  # where the processes' figures are added up; read when the library is imported
PATIENCE = 40.0  # seconds in which workers may finish what they are at; then they are killed
_HEALTHY = 1.0  # second a worker lives, or its death is one more of a row
_LONGEST_PAUSE = 5.0  # seconds between two attempts to start a worker that dies at once
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class WorkersFailed(RuntimeError):
    """A worker died before all of them were ready for the first time: it is no use to try again.

    ``str()`` is one Chinese sentence.
    """


@dataclass(frozen=True)
class Seat:
    """What one worker is given.

    Attributes:
        number: 0 to count - 1; a worker that takes the place of a dead one has its number.
        ready: to be called once it serves.
        orphaned: a file descriptor that becomes readable when the parent is gone.
    """

    number: int
    ready: Callable[[], None]
    orphaned: int | None = None


def figures_folder() -> tempfile.TemporaryDirectory[str]:
    """Let the processes forked from this one add their figures up (``bot.metrics``), as long as the result lives."""
    folder = tempfile.TemporaryDirectory(prefix="wengang-figures-")
    os.environ[FIGURES] = folder.name
    return folder


def run(
    count: int,
    work: Callable[[Seat], None],
    ready: Callable[[], None],
    stopping: Callable[[], None] = lambda: None,
    lost: Callable[[int], None] = lambda pid: None,
    patience: float = PATIENCE,
) -> None:
    """Let `count` processes do `work` until this one is told to stop (SIGTERM, SIGINT) and they have ended.

    `ready` is called here when all of them are, `stopping` before they are told to stop, `lost` with the process id of
    one that died.
    Raises WorkersFailed, KeyboardInterrupt (after SIGINT), and RuntimeError when there are threads.
    """
    if threading.active_count() > 1:
        raise RuntimeError(f"threads do not survive a fork: {threading.enumerate()}")
    gc.collect()
    gc.freeze()  # the collector would write into every object, and so copy every shared page
    _Parent(count, work, ready, stopping, lost, patience).run()


@dataclass
class _Worker:
    number: int
    begun: float
    deaths: int  # of its predecessors, one soon after the other


class _Parent:
    def __init__(
        self,
        count: int,
        work: Callable[[Seat], None],
        ready: Callable[[], None],
        stopping: Callable[[], None],
        lost: Callable[[int], None],
        patience: float,
    ) -> None:
        self._work, self._ready, self._stopping, self._lost = work, ready, stopping, lost
        self._patience = patience
        self._count = count
        self._workers: dict[int, _Worker] = {}
        self._due: list[tuple[float, int, int]] = []  # when to start which number after how many deaths
        self._not_ready: set[int] | None = set(range(count))  # None: all have been
        self._told: int | None = None  # the signal that ended it
        self._deadline: float | None = None  # of the workers to end; None: they are wanted

    def run(self) -> None:
        """Start the workers and look after them until the last has ended."""
        self._news, self._tell = os.pipe()  # workers write their number when they are ready
        self._life, self._alive = os.pipe()  # nobody writes; the end of the parent closes it
        with self._signals() as wakeup, selectors.DefaultSelector() as selector:
            selector.register(wakeup, selectors.EVENT_READ)
            selector.register(self._news, selectors.EVENT_READ)
            for number in range(self._count):
                self._start(number, 0)
            while self._workers or (self._due and self._deadline is None):
                for key, _ in selector.select(self._pause()):
                    told = os.read(key.fd, 1024)
                    self._on_signals(told) if key.fd == wakeup else self._on_ready(told)
                self._reap()
                self._start_what_is_due()
                if self._deadline is not None and time.monotonic() > self._deadline:
                    self._kill()
        for descriptor in (self._news, self._tell, self._life, self._alive):
            os.close(descriptor)
        if self._told == signal.SIGINT:
            raise KeyboardInterrupt
        if self._told is None:
            raise WorkersFailed(say("serve.worker_failed"))

    # ── what happens ──

    def _on_signals(self, numbers: bytes) -> None:
        for number in numbers:
            if number != signal.SIGCHLD and self._told is None:
                self._told = number
                self._stop()

    def _on_ready(self, numbers: bytes) -> None:
        if self._not_ready is None:
            return
        self._not_ready -= set(numbers)
        if not self._not_ready:
            self._not_ready = None
            self._ready()

    def _stop(self) -> None:
        self._stopping()
        self._deadline = time.monotonic() + self._patience
        self._send(signal.SIGTERM)

    def _kill(self) -> None:
        logger.error("workers did not finish in %g s", self._patience)
        self._deadline = time.monotonic() + self._patience
        self._send(signal.SIGKILL)

    def _reap(self) -> None:
        while self._workers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            worker = self._workers.pop(pid, None)
            if worker is None or self._deadline is not None:
                continue
            code = os.waitstatus_to_exitcode(status)
            self._lost(pid)
            logger.error("worker %d (process %d) ended with %d", worker.number, pid, code)
            if self._not_ready is not None:
                self._stop()
                continue
            lived = time.monotonic() - worker.begun
            deaths = 0 if lived > _HEALTHY else worker.deaths + 1
            pause = min(0.1 * 2**deaths, _LONGEST_PAUSE) if deaths else 0.0  # seconds
            self._due.append((time.monotonic() + pause, worker.number, deaths))

    def _start_what_is_due(self) -> None:
        now = time.monotonic()
        due = [one for one in self._due if one[0] <= now and self._deadline is None]
        self._due = [one for one in self._due if one not in due]
        for _, number, deaths in due:
            self._start(number, deaths)

    def _pause(self) -> float | None:
        """Seconds until something has to be done even if nothing happens."""
        times = [when for when, *_ in self._due] if self._deadline is None else [self._deadline]
        return max(0.0, min(times) - time.monotonic()) + 0.001 if times else None

    def _send(self, sign: signal.Signals) -> None:
        for pid in self._workers:
            os.kill(pid, sign)  # each is our child and not reaped yet, so the number is still its own

    # ── forking ──

    def _start(self, number: int, deaths: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # until the child has handlers of its own
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        pid = os.fork()
        if pid == 0:
            self._be(number)
        self._workers[pid] = _Worker(number, time.monotonic(), deaths)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _be(self, number: int) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for one in _SIGNALS:
                signal.signal(one, signal.SIG_DFL)
            os.close(self._alive)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            self._work(Seat(number, lambda: self._say_ready(number), self._life))
            code = 0
        except BaseException:
            logger.exception("worker %d failed", number)
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(code)  # nothing of the parent's is to be cleaned up here

    def _say_ready(self, number: int) -> None:
        os.write(self._tell, bytes([number]))

    @contextmanager
    def _signals(self) -> Iterator[int]:
        """Signals become bytes to be read here, so that none interrupts anything."""
        read, write = os.pipe()
        os.set_blocking(write, False)
        before = {one: signal.signal(one, _nothing) for one in _SIGNALS}
        earlier = signal.set_wakeup_fd(write)
        try:
            yield read
        finally:
            signal.set_wakeup_fd(earlier)
            for one, handler in before.items():
                signal.signal(one, handler)
            os.close(read)
            os.close(write)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """What the parent does when a signal comes: the byte in its pipe is enough."""
