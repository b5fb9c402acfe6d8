"""The three ways to write a sum of money come to the same, and a reading is named only where it can matter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from eligibility.decide import Engine
from eligibility.facts import read_facts
from eligibility.model import Decision, Programme
from knowledge import Knowledge

DAY = date(2021, 8, 1)
Read = Callable[..., dict[str, Programme]]
HEAD = """\
id: example
title: 例子
source: {document: LN, item: 一（一）}
subject: unit
summary: 一句话
when:
  any:
    - {id: always, if: true, cite: [LN/一/裁员率]}
amount:
  kind: at_most
"""
PAID, CITE = "premium_paid_prev_year_yuan", "cite: [LN/一/其他60]"
AS_RATE = f"  base: {{value: {PAID}, cite: [LN/一/缴费依据]}}\n  rate: {{value: 60%, {CITE}}}\n"
AS_VALUE = f"  value: {{value: {PAID} * 60%, {CITE}}}\n"
AS_PARTS = f"  parts:\n    - {{value: {PAID} * 60%, {CITE}}}\n"


def decide(read: Read, knowledge: Knowledge, amount: str, **facts: Any) -> Decision:
    engine = Engine(read(example=HEAD + amount)["example"], knowledge)
    return engine.decide(read_facts(knowledge, facts), DAY, ("本溪", "辽宁"), frozenset(), None, None)


@pytest.mark.parametrize("amount", [AS_RATE, AS_VALUE, AS_PARTS])
def test_the_same_sum_however_it_is_written(read: Read, knowledge: Knowledge, amount: str) -> None:
    for paid, fen, readings in (("100", 6000, ()), ("0", 0, ()), ("33.33", 1999, ("floor_to_fen",))):
        decision = decide(read, knowledge, amount, **{PAID: paid})
        assert decision.amount and (decision.amount.fen, decision.assumptions) == (fen, readings)
        assert (decision.amount.low_fen, decision.amount.high_fen) == (None, None)
        assert decision.missing_for_amount == ()
    without = decide(read, knowledge, amount)
    assert without.amount and (without.amount.fen, without.missing_for_amount) == (None, (PAID,))


@pytest.mark.parametrize(
    "options",
    [
        f"  base: {{value: {PAID}, cite: [LN/一/缴费依据]}}\n  rate:\n"
        f"    - {{if: enterprise_size == large, value: 30%, {CITE}}}\n    - {{value: 60%, {CITE}}}\n",
        f"  value:\n    - {{if: enterprise_size == large, value: {PAID} * 30%, {CITE}}}\n"
        f"    - {{value: {PAID} * 60%, {CITE}}}\n",
    ],
)
def test_from_the_lowest_to_the_highest_while_it_is_open(read: Read, knowledge: Knowledge, options: str) -> None:
    money = decide(read, knowledge, options, **{PAID: 10}).amount
    assert money and (money.fen, money.low_fen, money.high_fen) == (None, 300, 600)
    assert decide(read, knowledge, options, **{PAID: 10}).missing_for_amount == ("enterprise_size",)
    money = decide(read, knowledge, options, **{PAID: 10}, enterprise_size="large").amount
    assert money and (money.fen, money.low_fen, money.high_fen) == (300, None, None)


def test_parts_that_are_open_are_left_out_and_asked_for(read: Read, knowledge: Knowledge) -> None:
    parts = f"  parts:\n    - {{value: {PAID} * 60%, {CITE}}}\n    - {{if: able, value: {PAID}, {CITE}}}\n"
    for facts, fen, missing in (({}, 600, ("able",)), ({"able": True}, 1600, ()), ({"able": False}, 600, ())):
        decision = decide(read, knowledge, parts, **{PAID: 10}, **facts)
        assert decision.amount and (decision.amount.fen, decision.missing_for_amount) == (fen, missing)


READING = "assume: {id: size_by_own_statement, if: enterprise_size == large}"


@pytest.mark.parametrize(
    "amount",
    [
        AS_RATE.replace("60%,", f"60%, {READING},"),
        AS_RATE.replace(f"{PAID},", f"{PAID}, {READING},"),
        AS_VALUE.replace("60%,", f"60%, {READING},"),
        AS_PARTS.replace("60%,", f"60%, {READING},"),
    ],
    ids=["rate", "base", "value", "part"],
)
def test_a_reading_counts_where_its_condition_holds(read: Read, knowledge: Knowledge, amount: str) -> None:
    assert "size_by_own_statement" in amount
    named = decide(read, knowledge, amount, **{PAID: 10}, enterprise_size="large")
    assert named.assumptions == ("size_by_own_statement",)
    assert decide(read, knowledge, amount, **{PAID: 10}).assumptions == ()


def test_a_reading_counts_where_the_other_one_says_something_else(read: Read, knowledge: Knowledge) -> None:
    other = f"assume: {{id: layoff_rate_definition, otherwise: {PAID} * 30% + 3}}"
    amount = AS_VALUE.replace("60%,", f"60%, {other},")
    assert decide(read, knowledge, amount, **{PAID: 10}).assumptions == ()
    assert decide(read, knowledge, amount, **{PAID: 20}).assumptions == ("layoff_rate_definition",)
