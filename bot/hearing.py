"""Who hears the replies of a turn as they are made, before the turn is kept.

What was heard counts only once the turn is kept: a turn that is held again (``bot.store.turns``) begins anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from actions.reply import Reply


class Hearer(Protocol):
    """Somebody who hears."""

    def begins(self) -> None:
        """The turn begins; what was heard of it before is void."""

    def hears(self, reply: Reply) -> None:
        """One reply is ready."""


_hearer: ContextVar[Hearer | None] = ContextVar("hearer", default=None)


@contextmanager
def heard_by(hearer: Hearer) -> Iterator[None]:
    """Let this one hear the turns that are begun while this lasts."""
    token = _hearer.set(hearer)
    try:
        yield
    finally:
        _hearer.reset(token)


def begins() -> None:
    """Tell whoever hears that the turn begins."""
    if hearer := _hearer.get():
        hearer.begins()


def tell(reply: Reply) -> None:
    """Tell whoever hears a reply."""
    if hearer := _hearer.get():
        hearer.hears(reply)
