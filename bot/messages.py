"""The sentences of bot/messages.yml: what the doors themselves say (the dialogue's words stand elsewhere)."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml


def say(key: str, **details: Any) -> str:
    """Return the sentence at `key` (``group.name``) with its {placeholders} filled."""
    group, _, name = key.partition(".")
    return _messages()[group][name].format(**details)


def listed(key: str) -> list[str]:
    """Return the sentences at `key`, one a line."""
    return say(key).splitlines()


def has(key: str) -> bool:
    """Whether there is a sentence at `key`."""
    group, _, name = key.partition(".")
    return name in _messages().get(group, {})


@lru_cache(maxsize=1)
def _messages() -> dict[str, dict[str, str]]:
    return dict(yaml.safe_load(Path(__file__).with_name("messages.yml").read_text(encoding="utf-8")))
