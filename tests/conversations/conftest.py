"""One assistant for all conversations: the model is trained once (or reused) and loaded once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.assistant import Assistant


@pytest.fixture(scope="session")
def assistant() -> Any:
    return asyncio.run(Assistant.load())
