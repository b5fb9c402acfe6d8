"""What the dialogue says is written in one template language, and every sentence of it can be filled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jinja2 import Environment

from actions.speak import say, wording

FILES = ("messages", "decision")
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def sentences(data: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every sentence of a file with its place."""
    if isinstance(data, str):
        yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from sentences(value, f"{path}.{key}")
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from sentences(value, f"{path}.{number}")


@pytest.mark.parametrize("name", FILES)
def test_every_sentence_is_a_jinja_template(name: str) -> None:
    others = [f"{place}: {text}" for place, text in sentences(wording(name)) if set("{}") & set(_JINJA.sub("", text))]
    assert not others, others


@pytest.mark.parametrize("name", FILES)
def test_every_template_can_be_parsed(name: str) -> None:
    for _, text in sentences(wording(name)):
        Environment().parse(text)  # noqa: S701 - nothing is rendered; raises TemplateSyntaxError


def test_the_limit_of_a_message_is_said() -> None:
    assert "300 个字" in say("too_long", limit=300)
