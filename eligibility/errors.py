"""What can be wrong with a request for a decision, said in one Chinese sentence."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml


class DecisionError(ValueError):
    """A request that cannot be decided. ``str()`` is one sentence: what is wrong, where, how to mend it.

    Attributes:
        code: key of the sentence in ``eligibility/messages.yml``.
        field: the input that is wrong (``programme``, ``as_of``, a fact id …) or None.
    """

    def __init__(self, code: str, field: str | None = None, **details: Any) -> None:
        self.code = code
        self.field = field
        super().__init__(message(code, field=field, **details))


class FactError(DecisionError):
    """A fact that is unknown to the catalogue, of the wrong type or out of range."""


def message(code: str, **details: Any) -> str:
    """The sentence ``code`` of ``messages.yml`` with its placeholders filled."""
    return _messages()[code].format(**details)


@lru_cache(maxsize=1)
def _messages() -> dict[str, str]:
    path = Path(__file__).with_name("messages.yml")
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))
