"""The log: one line an entry, on stderr, with the number of the request, and personal numbers masked.

``json``: for machines. ``text``: for whoever sits at the terminal. Neither holds what people say; the masking is for
what slips into the message of an error all the same.
"""

import json
import logging
import sys
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Any

from bot.privacy import mask

FORMS = ("json", "text")
request_number: ContextVar[str | None] = ContextVar("request_number", default=None)
"""The number the client got in X-Request-Id, wherever that request is being worked on."""


def configure(form: str) -> None:
    """Let everything be logged in this form ("json" or "text"): ours from INFO on, that of others from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if form == "json" else Text())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("bot").setLevel(logging.INFO)


def _entry(record: logging.LogRecord, formatter: logging.Formatter) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": mask(record.getMessage())[0],
    }
    if number := request_number.get():
        entry["request"] = number
    entry.update(getattr(record, "fields", {}))
    if record.exc_info:
        entry["error"] = mask(formatter.formatException(record.exc_info))[0]
    return entry


class Json(logging.Formatter):
    """A JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        return json.dumps(_entry(record, self), ensure_ascii=False, default=str)


class Text(logging.Formatter):
    """Words; an error has its traceback below."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        entry = _entry(record, self)
        error = entry.pop("error", None)
        head = " ".join(str(entry.pop(key)) for key in ("time", "level", "event"))
        rest = "".join(f" {key}={value}" for key, value in entry.items())
        return f"{head}{rest}" + (f"\n{error}" if error else "")
