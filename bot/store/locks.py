"""One turn of a conversation at a time: in this process, among those of this machine, or among many with Redis."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol
from weakref import WeakValueDictionary

from redis.asyncio import Redis
from redis.exceptions import LockError, RedisError

logger = logging.getLogger(__name__)

_PATIENCE = 30.0  # seconds a message waits for the one before it
_LIFETIME = 10.0  # seconds after which Redis frees the lock of a process that died; a turn takes less
_POLL = 0.005  # seconds


class Locks(Protocol):
    """Holds a conversation for one turn."""

    def hold(self, sender: str) -> AbstractAsyncContextManager[None]:
        """Hold it; others wait in turn. Raises TimeoutError when it cannot be had in time."""


class LocalLocks:
    """Among the turns of this process, in the order they came."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, sender: str) -> AsyncIterator[None]:
        """Hold it; others wait in turn. Raises TimeoutError when it cannot be had in time."""
        lock = self._locks.setdefault(sender, asyncio.Lock())
        try:
            await asyncio.wait_for(lock.acquire(), _PATIENCE)
        except asyncio.TimeoutError:
            raise TimeoutError(f"a turn of the conversation takes longer than {_PATIENCE} s") from None
        try:
            yield
        finally:
            lock.release()


class HostLocks:
    """Among the processes forked from one that made it: each conversation is a byte of one file.

    The kernel frees the bytes of a process that dies. Make it before the fork, and only one of it.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process lives
        self._here = LocalLocks()

    @asynccontextmanager
    async def hold(self, sender: str) -> AsyncIterator[None]:
        """Hold it; others wait, those of one process in turn. Raises TimeoutError when it cannot be had in time."""
        byte = int.from_bytes(hashlib.sha256(sender.encode()).digest()[:6], "big")
        async with self._here.hold(str(byte)):  # to the kernel all turns of a process are the same
            until = time.monotonic() + _PATIENCE
            while not self._taken(byte):
                if time.monotonic() > until:
                    raise TimeoutError(f"a turn of the conversation takes longer than {_PATIENCE} s")
                await asyncio.sleep(_POLL)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)

    def _taken(self, byte: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except (BlockingIOError, PermissionError):
            return False
        return True


class RedisLocks:
    """Among all processes that use the same Redis.

    `here`: the locks of this machine's own processes, of which one at a time asks Redis. Without Redis turns go on,
    guarded among machines by the version of the conversation alone: a conflict runs the turn again.
    """

    def __init__(self, url: str, here: Locks | None = None) -> None:
        self._redis = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=5)
        self._here = here or LocalLocks()

    @asynccontextmanager
    async def hold(self, sender: str) -> AsyncIterator[None]:
        """Hold it; others wait in turn. Raises TimeoutError when it cannot be had in time."""
        lock = self._redis.lock(f"wengang:turn:{sender}", timeout=_LIFETIME, sleep=_POLL, blocking_timeout=_PATIENCE)
        async with self._here.hold(sender):
            held = await self._acquire(lock)
            try:
                yield
            finally:
                if held:
                    await self._release(lock)

    async def _acquire(self, lock: object) -> bool:
        try:
            if await lock.acquire():  # type: ignore[attr-defined]
                return True
        except RedisError as error:
            logger.warning("no lock from Redis, relying on versions: %s", type(error).__name__)
            return False
        raise TimeoutError(f"a turn of the conversation takes longer than {_PATIENCE} s")

    async def _release(self, lock: object) -> None:
        try:
            await lock.release()  # type: ignore[attr-defined]
        except (LockError, RedisError) as error:  # it had run out, or Redis is gone: it frees itself
            logger.warning("lock not given back: %s", type(error).__name__)
