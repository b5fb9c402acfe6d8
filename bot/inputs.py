"""What people hand to a door (HTTP body, file, option) made into plain values, or one sentence about what is wrong."""

import calendar
import json
import re
from datetime import date
from typing import Any

from bot.messages import say

_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_YEARS = range(1990, 2100)
_NO_TEXT = re.compile("[^\t\n -~\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

LONGEST_MESSAGE = 300
"""Characters of one message; more than anybody types into a chat."""


class InputError(ValueError):
    """Something from outside that cannot be used. ``str()`` is one Chinese sentence; `field` names the input."""

    def __init__(self, key: str, field: str | None = None, **details: Any) -> None:
        self.field = field
        super().__init__(say(key, field=field, **details))


def brief(value: object, longest: int = 40) -> str:
    """Return `value` as it may be repeated to its sender: one line, not too long."""
    shown = " ".join(str(value).split())
    return shown if len(shown) <= longest else shown[:longest] + "…"


def read_date(value: object, field: str) -> date:
    """Read ``2021-09-01``. Raises InputError, which tells a date that does not exist from one written wrongly."""
    if isinstance(value, date):
        return value
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise InputError("input.date_form", field, value=brief(value))
    year, month, day = (int(part) for part in match.groups())
    if year not in _YEARS:
        raise InputError("input.date_year", field, value=value, first=_YEARS[0], last=_YEARS[-1])
    if not 1 <= month <= 12:
        raise InputError("input.date_month", field, value=value)
    last = calendar.monthrange(year, month)[1]
    if not 1 <= day <= last:
        raise InputError("input.date_day", field, value=value, year=year, month=month, last=last)
    return date(year, month, day)


def read_json(raw: bytes) -> Any:
    """Read JSON from bytes. Raises InputError: not UTF-8, not JSON, not finite, nested too deep, half a character."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("input.not_utf8") from None
    try:
        value = json.loads(text.removeprefix("\ufeff"), parse_constant=_no_number, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate could never be stored or sent back
    except (ValueError, RecursionError):
        raise InputError("input.not_json") from None
    return value


def clean(text: str) -> str:
    """Return `text` without what cannot be stored (NUL, half characters) or stand in an XML file (U+FFFE, U+FFFF), and
    without other control characters; line ends and tabs stay."""
    return _NO_TEXT.sub("", text)


def _finite(text: str) -> float:
    number = float(text)
    return _no_number(text) if number in (float("inf"), float("-inf")) else number


def _no_number(text: str) -> float:
    raise ValueError(text)
