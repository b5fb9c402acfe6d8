"""The words of wording.yml, and how they are put together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_PLACE = re.compile(r"\{(\w+)\}")
_HAN, _FIGURE = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[0-9A-Za-z%]")


@lru_cache(maxsize=1)
def wording() -> Mapping[str, Any]:
    """wording.yml as data."""
    return dict(yaml.safe_load(Path(__file__).with_name("wording.yml").read_text(encoding="utf-8")))


def say(group: str, key: str, **details: object) -> str:
    """The words at ``group``/``key`` with their {placeholders} filled."""
    return fill(wording()[group][key], **details)


def fill(template: str, **details: object) -> str:
    """A template with its details; a blank goes between Chinese and figures where a detail meets the template."""
    said, at = "", 0
    for place in _PLACE.finditer(template):
        said = _joined(_joined(said, template[at : place.start()], at > 0), str(details[place[1]]), True)
        at = place.end()
    return _joined(said, template[at:], at > 0)


def listed(words: Iterable[str]) -> str:
    """甲、乙、丙"""
    return str(wording()["value"]["list"]).join(words)


def _joined(first: str, second: str, apart: bool) -> str:
    left, right = first[-1:], second[:1]
    meet = _HAN.match(left) and _FIGURE.match(right) or _FIGURE.match(left) and _HAN.match(right)
    return f"{first} {second}" if apart and meet else first + second
