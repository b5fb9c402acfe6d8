"""The lines of ``wengang outbox``: what is not sent, without what it says."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.messages import say
from bot.settings import CHINA


def lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the parked ones, those held, the waiting ones, then their numbers (rows: ``Outbox.unsent``)."""
    parked = [row for row in rows if row["state"] == "parked"]
    held = [row for row in rows if row["state"] == "held"]
    waiting = [row for row in rows if row["state"] == "waiting"]
    told = [
        *(_line("parked", row) for row in parked),
        *(_line("held", row) for row in held),
        *(_line("waiting_after" if row["error"] else "waiting", row) for row in waiting),
    ]
    return [*told, say("outbox.total", waiting=len(waiting), held=len(held), parked=len(parked))]


def _line(kind: str, row: Mapping[str, Any]) -> str:
    told = {name: row[name] for name in ("id", "channel", "recipient", "attempts", "error")}
    return say(f"outbox.{kind}", created=_time(row["created_at"]), due=_time(row["due_at"]), **told)


def _time(moment: datetime) -> str:
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
