"""How many customer-service messages a follower may be sent: so many, for so long, after what they did.

Not cumulative: each further message begins a new count. A click, a scan or a subscription has a count of its own.
"""

from dataclasses import dataclass

MESSAGE = (5, 48 * 3600.0)  # after a message of theirs: messages, seconds
EVENT = (3, 60.0)  # after a click in the menu, a scan, a subscription

WINDOW_OVER, COUNT_OVER = 45015, 45047


@dataclass
class _Grant:
    left: int
    until: float


class Quota:
    """Of one follower."""

    def __init__(self) -> None:
        self._grants: dict[str, _Grant] = {}

    def granted(self, trigger: str, time: float) -> None:
        """They did something: ``message``, ``click``, ``scan`` or ``subscribe``."""
        count, seconds = MESSAGE if trigger == "message" else EVENT
        self._grants[trigger] = _Grant(count, time + seconds)

    def left(self, time: float) -> int:
        """How many may be sent now."""
        return sum(grant.left for grant in self._grants.values() if grant.until >= time)

    def take(self, time: float) -> int:
        """Use one; return 0, or the error code. What ends first is used first."""
        open_now = sorted((one for one in self._grants.values() if one.until >= time), key=lambda grant: grant.until)
        if not open_now:
            return WINDOW_OVER
        usable = next((grant for grant in open_now if grant.left), None)
        if usable is None:
            return COUNT_OVER
        usable.left -= 1
        return 0
