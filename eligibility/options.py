"""Which of several guarded values holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eligibility.expression import Env
from eligibility.model import Guarded


def first_value(options: Sequence[Guarded], env: Env) -> Any:
    """The value of the first option whose condition holds; None while that is open."""
    for option in options:
        holds = True if option.condition is None else option.condition.evaluate(env)
        if holds is None:
            return None
        if holds:
            return option.worth(env)
    return None
