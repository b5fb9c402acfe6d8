"""Relevance where it is easy to get wrong: shared numbers, ratios, several formulas, twins, and full memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from eligibility import Rulebook
from eligibility.check.worlds import Worlds, joined, negated
from eligibility.decide import Engine
from eligibility.model import Decision, Programme
from eligibility.relevance import Choice, Relevance
from knowledge import Knowledge

DAY = date(2021, 8, 1)
Read = Callable[..., dict[str, Programme]]
HEAD = """\
id: example
title: 例子
source: {document: LN, item: 一（一）}
subject: unit
summary: 一句话
"""


def condition(name: str, text: str) -> str:
    return f"    - {{id: {name}, if: {text}, cite: [LN/一/裁员率]}}\n"


def engine(read: Read, knowledge: Knowledge, body: str) -> Engine:
    return Engine(read(example=HEAD + body)["example"], knowledge)


def decide(one: Engine, facts: dict[str, Any], as_of: date = DAY) -> Decision:
    return one.decide(facts, as_of, ("本溪", "辽宁"), frozenset(), None, None)


def test_leaves_on_one_number_are_not_independent(read: Read, knowledge: Knowledge) -> None:
    """Three-valued logic alone leaves "at most 30 or more than 20" open; every number fulfils it."""
    either = "when:\n  any:\n" + condition("few", "insured_count <= 30") + condition("many", "insured_count > 20")
    assert decide(engine(read, knowledge, either), {}).verdict == "eligible"
    neither = "when:\n  all:\n" + condition("few", "insured_count <= 20") + condition("many", "insured_count > 30")
    assert decide(engine(read, knowledge, neither), {}).verdict == "ineligible"


def test_a_fact_and_its_denial(read: Read, knowledge: Knowledge) -> None:
    body = (
        "when:\n  any:\n" + condition("with", "disabled and orphan") + condition("without", "not disabled and orphan")
    )
    assert decide(engine(read, knowledge, body), {}).missing == ("orphan",)


def test_equal_functions_are_one_whatever_the_order_of_the_text(read: Read, knowledge: Knowledge) -> None:
    """With or without the choice the same two facts decide, named in another order: the choice does not matter."""
    body = (
        "when:\n  any:\n"
        "    - all:\n"
        + condition("a", "unit_kind == enterprise").replace("    -", "        -")
        + condition("b", "able").replace("    -", "        -")
        + condition("c", "insured_count <= 30").replace("    -", "        -")
        + "    - all:\n"
        + condition("d", "unit_kind != enterprise").replace("    -", "        -")
        + condition("e", "insured_count <= 30").replace("    -", "        -")
        + condition("f", "able").replace("    -", "        -")
    )
    assert set(decide(engine(read, knowledge, body), {}).missing) == {"able", "insured_count"}


def test_a_formula_that_changes_on_the_way(read: Read, knowledge: Knowledge) -> None:
    """From 10 on the rate falls back to nothing: the middle alone fails, and is found between two equal ends."""
    body = (
        "derive:\n  rate:\n    - {if: layoff_count >= 10, value: 0%}\n    - value: layoff_count / 100\n"
        "when:\n  all:\n" + condition("low", "rate <= 6%")
    )
    one = engine(read, knowledge, body)
    assert decide(one, {}).missing == ("layoff_count",)
    assert [decide(one, {"layoff_count": n}).verdict for n in (6, 7, 9, 10)] == [
        "eligible",
        "ineligible",
        "ineligible",
        "eligible",
    ]


def test_a_derived_truth_has_its_cuts_too(read: Read, knowledge: Knowledge) -> None:
    body = "derive:\n  then:\n    - value: accepted_year == 2020\nwhen:\n  all:\n" + condition("old", "then")
    one = engine(read, knowledge, body)
    assert decide(one, {}).missing == ("accepted_year",)
    assert decide(one, {"accepted_year": 2020}).verdict == "eligible"
    assert decide(one, {"accepted_year": 2019}).verdict == "ineligible"


@pytest.mark.parametrize("order", ["given first", "asked first"])
def test_a_twin_that_was_given_is_not_asked_for(read: Read, knowledge: Knowledge, order: str) -> None:
    ways = ["    - value: accepted_in_2020\n", "    - {value: accepted_year == 2020, given_only: true}\n"]
    if order == "given first":
        ways.reverse()
    body = "derive:\n  then:\n" + "".join(ways) + "when:\n  all:\n" + condition("both", "then and able")
    one = engine(read, knowledge, body)
    assert decide(one, {}).missing == ("accepted_in_2020", "able")
    assert decide(one, {"accepted_year": 2020}).missing == ("able",)
    assert decide(one, {"accepted_year": 2019}).verdict == "ineligible"


def test_a_day_that_stands_in_is_not_asked_for_nor_mixed_up(read: Read, knowledge: Knowledge) -> None:
    """A condition of an application date and a number: as_of stands in for the date, also in what is remembered."""
    body = "derive:\n  applied:\n    - value: application_date\n    - value: as_of\nwhen:\n  all:\n" + condition(
        "both", "insured_count <= 200 and applied <= 2021-12-31"
    )
    one = engine(read, knowledge, body)
    assert decide(one, {}, date(2021, 12, 31)).missing == ("insured_count",)
    assert decide(one, {}, date(2022, 1, 1)).verdict == "ineligible"
    assert decide(one, {"application_date": DAY}, date(2022, 1, 1)).missing == ("insured_count",)


def test_both_halves_of_a_ratio_are_open(rules: Rulebook) -> None:
    facts = rules.read({"unit_kind": "enterprise", "insured_in_liaoning": True, "region_reserve_months": 24})
    for known, missing in (
        ({}, ("layoff_count", "insured_count")),
        ({"layoff_count": 0}, ()),
        ({"layoff_count": 1}, ("insured_count",)),
        ({"insured_count": 0}, ("layoff_count",)),
        ({"insured_count": 30}, ("layoff_count",)),
        ({"layoff_rate_pct": 6}, ()),
        ({"layoff_rate_pct": 15}, ("insured_count",)),
        ({"layoff_rate_pct": 15, "layoff_count": 3}, ("insured_count",)),
        ({"layoff_rate_pct": 21}, ()),
    ):
        decision = rules.decide("stabilisation_refund", {**facts, **known}, as_of=DAY, place="本溪")
        assert decision.missing == missing, known


@pytest.mark.parametrize(("layoffs", "insured"), [(0, 0), (1, 0), (10**12, 1), (10**12, 10**12), (6, 10**12)])
def test_extreme_numbers_are_decided(rules: Rulebook, layoffs: int, insured: int) -> None:
    facts = rules.read({"layoff_count": layoffs, "insured_count": insured})
    decision = rules.decide("stabilisation_refund", facts, as_of=DAY, place="本溪")
    rate = layoffs * 100 <= 6 * insured or (insured <= 30 and layoffs * 100 <= 20 * insured)
    assert decision.verdict == ("needs_info" if rate else "ineligible")
    if not rate:
        boundary = max(6 * insured // 100, 20 * insured // 100 if insured <= 30 else 0)
        assert decision.would_change == {}, "the other conditions are open"
        whole = rules.read(
            {"unit_kind": "enterprise", "insured_in_liaoning": True, "layoff_count": layoffs, "insured_count": insured}
        )
        known = rules.decide("stabilisation_refund", whole, as_of=DAY, place="本溪")
        assert known.would_change == {"layoff_count_at_most": boundary}


def test_two_threads_that_make_the_same_node_end_up_with_one(rules: Rulebook, knowledge: Knowledge) -> None:
    """Equal diagrams are told by identity; a second copy would make a fact look relevant that is not."""

    class Raced(dict[Any, Any]):
        def get(self, key: Any, default: Any = None) -> Any:
            self.setdefault(key, Choice(key[0], (), frozenset()))  # another thread is quicker, after this look
            return default

    relevance = Relevance(rules.programmes["stabilisation_refund"], knowledge.facts)
    relevance._memory.nodes = Raced()
    found = relevance.diagram(relevance.rest({"as_of": DAY}))
    assert isinstance(found, Choice) and found.children == (), "the copy of the slower thread is in use"


def test_memory_stays_bounded_over_many_different_numbers(knowledge: Knowledge) -> None:
    rules = Rulebook(knowledge)
    one = rules._engines["stabilisation_refund"]
    one.relevance.limit = one.order.limit = 500
    fresh = Rulebook(knowledge)
    largest = 0
    for n in range(1, 1500):
        facts = {"layoff_count": n, "unit_kind": "enterprise"} if n % 2 else {"insured_count": n}
        decision = rules.decide("stabilisation_refund", facts, as_of=DAY + timedelta(n % 300), place="本溪")
        largest = max(largest, one.relevance.size, one.order.size)
        if n % 100 < 2:
            again = fresh.decide("stabilisation_refund", facts, as_of=DAY + timedelta(n % 300), place="本溪")
            assert rules.to_json(again) == rules.to_json(decision), "forgetting changes nothing"
    assert largest <= 500 + 200


SCRIPT = """
import json
from datetime import date
from eligibility import Rulebook
from knowledge import load
rules = Rulebook(load())
for programme in rules.benefits:
    for facts in ({}, {"unit_kind": "enterprise", "layoff_count": 3}, {"land_lost_farmer": True, "orphan": False}):
        decision = rules.decide(programme, rules.read(facts), as_of=date(2022, 1, 5), place="本溪")
        print(json.dumps(rules.to_json(decision), ensure_ascii=False), decision.deciding, decision.leaves)
"""


def test_every_process_decides_the_same() -> None:
    """Sets iterate in another order in every process; decisions must not."""
    root = Path(__file__).parents[2]
    seen = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
        run = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, env=environment, capture_output=True, check=True)
        seen.add(run.stdout)
    assert len(seen) == 1 and next(iter(seen))


def test_the_search_for_one_outcome_finds_what_the_diagram_shows(rules: Rulebook) -> None:
    """Of every condition, its contrary, and each with the contrary of its neighbour."""
    found = []
    for programme in rules.benefits.values():
        world = Worlds(programme, rules.knowledge.facts, (DAY, date(2026, 1, 1)))
        nodes = [*programme.leaves, *map(negated, programme.leaves)]
        nodes += [joined(one, negated(other)) for one, other in pairwise(programme.leaves)]
        nodes += [joined(one, negated(one)) for one in programme.leaves]
        for node in nodes:
            found.append(world.may_hold(node))
            assert found[-1] == (True in world.truths(node)), node
    assert True in found and False in found
