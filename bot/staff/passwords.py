"""Passwords of the staff: argon2id, off the event loop, two at a time (each takes 64 MB and a third of a second)."""

import asyncio
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from bot.inputs import InputError

SHORTEST, LONGEST = 10, 128
_HASHER = PasswordHasher()
_AT_ONCE = threading.BoundedSemaphore(2)
_THREADS = ThreadPoolExecutor(2, "password")  # of their own: who waits here takes no thread from a conversation


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def check_new(password: str, name: str) -> str:
    """Return a password that may be chosen. Raises InputError."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InputError("staff.password_length", "password", least=SHORTEST, most=LONGEST)
    if name.lower() in password.lower() or len(set(password)) < 4:
        raise InputError("staff.password_simple", "password")
    return password


async def fits(kept: str | None, password: str) -> bool:
    """Whether this is the password; of nobody (None) it takes as long to say no."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _fits, kept, password)


def _fits(kept: str | None, password: str) -> bool:
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept or nobodys(), password[:LONGEST]) and len(password) <= LONGEST
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False


_nobodys: dict[int, str] = {}


def nobodys() -> str:
    """A hash that no password fits, made with the parameters of today."""
    if id(_HASHER) not in _nobodys:
        _nobodys[id(_HASHER)] = _HASHER.hash(secrets.token_hex())
    return _nobodys[id(_HASHER)]
