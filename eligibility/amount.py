"""How much: exact, in fen; "at most" is floored, an open rate gives an interval, an open base gives only the rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eligibility.expression import Env
from eligibility.model import FLOOR, Amount, Assumption, Guarded, Money
from eligibility.options import possible, unsettled

Exact = Fraction | int
Settled = list[tuple[Guarded, Any]]  # options that hold, with their values


@dataclass(frozen=True)
class Worth:
    """An amount with what it stands on: clauses, readings of the text, and the facts it lacks."""

    money: Money | None = None
    cites: tuple[str, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    open_facts: tuple[str, ...] = ()


def work_out(amount: Amount | None, env: Env) -> Worth:
    """The amount over ``env``; money as exact as the facts allow.

    Of rates and values the first that holds counts: while several may, the amount lies between the lowest and the
    highest. Of parts all that certainly hold are summed; those that are open are left out of the sum, and asked for.
    """
    if amount is None:
        return Worth()
    if not (amount.rates or amount.values or amount.parts):  # left to another text
        return Worth(Money(amount.kind, says=amount.says, refer_to=amount.refer_to))
    if amount.parts:
        waiting = [part for part in amount.parts if part.holds(env) is not False]
        options = [part for part in waiting if part.holds(env)]
    else:
        waiting = options = possible(amount.rates or amount.values, env)
    values = [option.worth(env) for option in options]
    base = amount.base.evaluate(env) if amount.base else None
    payments = _payments(amount, base, values)
    # until one option is left, no reading and no sentence of an option counts
    settled = list(zip(options, values, strict=True)) if amount.parts or len(options) == 1 else []

    lacking = list(amount.base_facts) if base is None else []
    if amount.parts or None in values or len(set(values)) > 1:
        lacking += unsettled(waiting, env)
    return Worth(
        _money(amount, settled, values, base, payments),
        tuple([clause for option in options for clause in option.cite]) + amount.base_cite,
        tuple(_readings(amount, settled, base, payments, env)),
        tuple([name for name in dict.fromkeys(lacking) if name not in env]),
    )


def _payments(amount: Amount, base: Exact | None, values: Sequence[Any]) -> list[list[Exact]]:
    """Every sum it may turn out to be, from the lowest to the highest: the payments in yuan that it is made of."""
    if amount.kind == "months_at_most" or None in values or not values:
        return []
    if amount.parts:
        return [[*values]]
    if amount.base is None:
        return [[value] for value in sorted({*values})]
    return [] if base is None else [[base * rate] for rate in sorted({*values})]


def _money(
    amount: Amount, settled: Settled, values: Sequence[Any], base: Exact | None, payments: list[list[Exact]]
) -> Money:
    fen = [sum(map(_floor, payment)) for payment in payments]
    said = [] if amount.rates else [option.says for option, _ in settled if option.says]  # a rate's is only its name
    return Money(
        amount.kind,
        fen=fen[0] if len(fen) == 1 else None,
        low_fen=fen[0] if len(fen) > 1 else None,
        high_fen=fen[-1] if len(fen) > 1 else None,
        months=values[0] if amount.kind == "months_at_most" and settled else None,
        base_fen=_floor(base) if base is not None and payments else None,
        rates=tuple(sorted({*values})) if amount.base and None not in values else (),
        says="；".join(said) or amount.says,
        refer_to=amount.refer_to,
    )


def _readings(
    amount: Amount, settled: Settled, base: Exact | None, payments: list[list[Exact]], env: Env
) -> Iterator[Assumption]:
    """The readings of the text without which the amount could be another one."""
    for option, value in settled:
        if option.assumption and option.assumption.matters(env, value):
            yield option.assumption
    if payments and amount.base_assumption and amount.base_assumption.matters(env, base):
        yield amount.base_assumption
    if any(100 * yuan.numerator % yuan.denominator for payment in payments for yuan in payment):
        yield FLOOR


def _floor(yuan: Exact) -> int:
    """In fen, rounded down."""
    return 100 * yuan.numerator // yuan.denominator
