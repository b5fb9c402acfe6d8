"""Which of several guarded values holds, may hold, or is still waited for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from eligibility.expression import Env
from eligibility.model import Guarded


def first(options: Iterable[Guarded], env: Env) -> Guarded | None:
    """The first option whose condition holds; None while that is open."""
    for option in options:
        holds = option.holds(env)
        if holds is not False:
            return option if holds else None
    return None


def first_value(options: Iterable[Guarded], env: Env) -> Any:
    """The value of the first option whose condition holds; None while that is open."""
    option = first(options, env)
    return option.worth(env) if option else None


def possible(options: Iterable[Guarded], env: Env) -> list[Guarded]:
    """The options that may still turn out to hold, up to the first that certainly does."""
    found = []
    for option in options:
        holds = option.holds(env)
        if holds is not False:
            found.append(option)
        if holds:
            break
    return found


def unsettled(options: Iterable[Guarded], env: Env) -> list[str]:
    """The facts that the options whose condition or value is open still wait for."""
    found: list[str] = []
    for option in options:
        if any(part.evaluate(env) is None for part in option.expressions):
            found += [name for ask in option.asks for name in ask.open_facts(env)]
    return list(dict.fromkeys(found))
