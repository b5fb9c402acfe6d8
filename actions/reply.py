"""A reply as every door receives it: a dict of the closed set in docs/architecture.md; here, the plain one."""

from __future__ import annotations

from typing import Any

Reply = dict[str, Any]
"""At least ``kind`` and ``text``."""


def text_reply(text: str, outcome: str, suggestions: list[str] | None = None) -> Reply:
    """A reply of plain words; ``suggestions``: words to send back with one tap."""
    return {"kind": "text", "text": text, "suggestions": suggestions or [], "outcome": outcome, "cited": []}
