"""How much: exact, in fen; "at most" is floored, an open rate gives an interval, an open base gives only the rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from eligibility.expression import Env, Expression
from eligibility.model import FLOOR, Amount, Assumption, Guarded, Money

Exact = Fraction | int


@dataclass(frozen=True)
class Worth:
    """An amount with what it stands on: the options still possible, the readings used, the facts it lacks."""

    money: Money | None = None
    options: tuple[Guarded, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    open_facts: tuple[str, ...] = ()


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


def unsettled(options: Iterable[Guarded], env: Env) -> list[str]:
    """The facts that the options whose condition or value is open still wait for."""
    found: list[str] = []
    for option in options:
        if any(part.evaluate(env) is None for part in option.expressions):
            found += [name for ask in option.asks for name in ask.open_facts(env)]
    return list(dict.fromkeys(found))


def work_out(amount: Amount | None, env: Env) -> Worth:
    """The amount over ``env``; money as exact as the facts allow."""
    if amount is None:
        return Worth()
    if amount.parts:
        return _sum(amount, env)
    if amount.values:
        return _first(amount, env)
    options = possible(amount.rates, env)
    rates = [option.value.evaluate(env) for option in options if isinstance(option.value, Expression)]
    differ = len(rates) > 1 and len(set(rates)) > 1
    # a reading of the text belongs to the amount only once its option is the one
    readings = [option.assumption for option in options if option.assumption and len(options) == 1]
    lacking = unsettled(options, env) if differ or None in rates else []
    money, more = Money(amount.kind, says=amount.says, refer_to=amount.refer_to), list[Assumption]()
    if amount.kind == "months_at_most":
        money = Money(amount.kind, months=rates[0] if len(rates) == 1 else None, says=amount.says)
    elif amount.base is not None:
        base = amount.base.evaluate(env)
        lacking = [*(amount.base_facts if base is None else ()), *lacking]
        known = [rate for rate in rates if rate is not None]
        money, more = _share(amount, base, sorted(set(known)) if differ else known[:1])
    open_facts = tuple(name for name in dict.fromkeys(lacking) if name not in env)
    return Worth(money, tuple(options), (*readings, *more), open_facts)


def _first(amount: Amount, env: Env) -> Worth:
    """The first value that holds; from lowest to highest while several may."""
    options = possible(amount.values, env)
    values = [option.worth(env) for option in options]
    lacking = unsettled(options, env)
    readings = [option.assumption for option in options if option.assumption and len(options) == 1]
    says = options[0].says if len(options) == 1 and options[0].says else amount.says
    if None in values or not values:
        return Worth(_money(amount, [], says), tuple(options), tuple(readings), tuple(lacking))
    fen = sorted({_floor(value) for value in values})
    readings += [FLOOR] if any(_broken(value) for value in values) else []
    return Worth(_money(amount, fen, says), tuple(options), tuple(readings), tuple(lacking) if len(fen) > 1 else ())


def _sum(amount: Amount, env: Env) -> Worth:
    """The sum of the parts that certainly hold; those that are open are left out of it, and asked for."""
    held = {part: True if part.condition is None else part.condition.evaluate(env) for part in amount.parts}
    certain = [part for part in amount.parts if held[part]]
    lacking = unsettled([part for part in amount.parts if held[part] is not False], env)
    values = [part.worth(env) for part in certain]
    readings = [part.assumption for part in certain if part.assumption]
    says = "；".join(part.says for part in certain if part.says) or amount.says
    if None in values or not values:
        return Worth(_money(amount, [], says), tuple(certain), tuple(readings), tuple(lacking))
    readings += [FLOOR] if any(_broken(value) for value in values) else []
    fen = [sum(_floor(value) for value in values)]
    return Worth(_money(amount, fen, says), tuple(certain), tuple(readings), tuple(lacking))


def _money(amount: Amount, fen: list[int], says: str | None) -> Money:
    one = len(fen) == 1
    return Money(
        amount.kind,
        fen=fen[0] if one else None,
        low_fen=fen[0] if len(fen) > 1 else None,
        high_fen=fen[-1] if len(fen) > 1 else None,
        says=says,
        refer_to=amount.refer_to,
    )


def _floor(yuan: Exact) -> int:
    return 100 * yuan.numerator // yuan.denominator


def _broken(yuan: Exact) -> bool:
    return 100 * yuan.numerator % yuan.denominator != 0


def _share(amount: Amount, base: Exact | None, rates: list[Exact]) -> tuple[Money, list[Assumption]]:
    """``base × rate`` in fen, rounded down; from lowest to highest while several rates are possible."""
    if base is None or not rates:
        return Money(amount.kind, rates=tuple(rates), says=amount.says), []
    shares = [divmod(100 * base.numerator * r.numerator, base.denominator * r.denominator) for r in rates]
    readings = [amount.base_assumption] if amount.base_assumption else []
    if any(rest for _, rest in shares):
        readings.append(FLOOR)
    one, low, high = len(shares) == 1, shares[0][0], shares[-1][0]
    money = Money(
        amount.kind,
        fen=low if one else None,
        low_fen=None if one else low,
        high_fen=None if one else high,
        base_fen=100 * base.numerator // base.denominator,
        rates=tuple(rates),
        says=amount.says,
    )
    return money, readings
