"""One set of packs and one rulebook for all tests of eligibility/."""

from __future__ import annotations

import pytest

from eligibility import Rulebook
from knowledge import Knowledge, load


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load()


@pytest.fixture(scope="session")
def rules(knowledge: Knowledge) -> Rulebook:
    return Rulebook(knowledge)
