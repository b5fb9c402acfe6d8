"""What an applicant may be asked for a programme, as far as its rule tells; what is asked when is chosen later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eligibility.model import BENEFIT, Guarded, Programme
from knowledge import Fact


def may_be_asked(programme: Programme, facts: Mapping[str, Fact]) -> tuple[str, ...]:
    """The facts that verdict, amount, window and results may need from an applicant, in the order of the text."""
    asked = dict.fromkeys(_asked(programme)) if programme.kind == BENEFIT else ()
    return tuple(name for name in asked if name not in programme.held_by and not facts[name].agency)


def options(programme: Programme) -> tuple[Guarded, ...]:
    """Everything that a programme tells with a condition: its amounts, windows and results."""
    amount = programme.amount
    amounts = (*amount.rates, *amount.values, *amount.parts) if amount else ()
    return (*amounts, *programme.windows, *(one for many in programme.results.values() for one in many))


def _asked(programme: Programme) -> Iterator[str]:
    for exception in programme.exceptions:
        yield from (name for name in exception.facts if name not in exception.given_only)
    for leaf in programme.leaves:
        yield from leaf.facts
    yield from programme.amount.base_facts if programme.amount else ()
    for option in options(programme):
        yield from option.facts
