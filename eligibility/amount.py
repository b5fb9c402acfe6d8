"""How much: exact, in fen; "at most" is floored, an open rate gives an interval, an open base gives only the rate."""

from __future__ import annotations

from fractions import Fraction

from eligibility.expression import Env, Expression
from eligibility.model import Amount, Assumption, Guarded, Money

FLOOR = Assumption("floor_to_fen")


def possible(options: tuple[Guarded, ...], env: Env) -> list[Guarded]:
    """The options that may still turn out to hold, up to the first that certainly does."""
    found = []
    for option in options:
        holds = True if option.condition is None else option.condition.evaluate(env)
        if holds is not False:
            found.append(option)
        if holds:
            break
    return found


def work_out(amount: Amount | None, env: Env) -> tuple[Money | None, list[Guarded], list[Assumption]]:
    """The amount over ``env`` with the options behind it and the assumptions used."""
    if amount is None:
        return None, [], []
    options = possible(amount.rates, env)
    values = [option.value.evaluate(env) for option in options if isinstance(option.value, Expression)]
    assumptions = [option.assumption for option in options if option.assumption]
    if amount.kind == "months_at_most":
        months = values[0] if len(values) == 1 else None
        return Money(amount.kind, months=months, says=amount.says), options, assumptions
    if amount.base is None:
        return Money(amount.kind, says=amount.says, refer_to=amount.refer_to), options, assumptions
    base = amount.base.evaluate(env)
    rates = tuple(sorted({Fraction(value) for value in values if value is not None}))
    if base is None or not rates:
        return Money(amount.kind, rates=rates, says=amount.says), options, assumptions
    if amount.base_assumption:
        assumptions.append(amount.base_assumption)
    exact = [Fraction(base) * 100 * rate for rate in rates]
    fen = [value.numerator // value.denominator for value in exact]
    if any(value.denominator != 1 for value in exact):
        assumptions.append(FLOOR)
    base_fen = int(Fraction(base) * 100)
    if len(fen) == 1:
        money = Money(amount.kind, fen=fen[0], base_fen=base_fen, rates=rates, says=amount.says)
    else:
        money = Money(amount.kind, low_fen=fen[0], high_fen=fen[-1], base_fen=base_fen, rates=rates, says=amount.says)
    return money, options, assumptions


def open_facts(amount: Amount | None, env: Env) -> list[str]:
    """The facts that only the amount still needs: of its base, and of the rates that differ."""
    if amount is None:
        return []
    names: list[str] = []
    if amount.base is not None and amount.base.evaluate(env) is None:
        names += amount.base_facts
    options = possible(amount.rates, env)
    values = [option.value.evaluate(env) for option in options if isinstance(option.value, Expression)]
    if None in values or len(set(values)) > 1:
        names += [fact for option in options for fact in option.facts]
    return [name for name in dict.fromkeys(names) if name not in env]
