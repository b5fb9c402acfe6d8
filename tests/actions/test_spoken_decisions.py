"""Whatever is decided can be said: no placeholder, no empty line, and the words of the notices in force."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest

from actions.decision_reply import decision_reply, signature
from actions.profile import Profile
from actions.room import room
from eligibility.relevance import Relevance

DAYS = (date(2021, 8, 1), date(2021, 12, 31), date(2022, 1, 5), date(2026, 11, 27))


def spoken(programme: str, facts: dict[str, Any], as_of: date, declined: tuple[str, ...] = ()) -> dict[str, Any]:
    here = room()
    decision = here.rules.decide(programme, here.rules.read(facts), as_of=as_of, place="本溪", declined=declined)
    return decision_reply(here, decision, Profile(here.knowledge, {}))


@pytest.mark.parametrize("programme", sorted(room().rules.benefits))
def test_every_decision_can_be_said(programme: str) -> None:
    here, draw = room(), random.Random(programme)
    rule = here.rules.benefits[programme]
    facts = sorted({fact for leaf in rule.leaves for fact in leaf.facts})
    relevance = Relevance(rule, here.knowledge.facts)
    for _ in range(60):
        as_of = draw.choice(DAYS)
        known: dict[str, Any] = {"as_of": as_of}
        for fact in facts:
            if draw.random() < 0.6:
                known[fact] = draw.choice(relevance.cells(fact, known, rule.leaves)).low
        declined = tuple(fact for fact in facts if fact not in known and draw.random() < 0.5)
        given = {name: value for name, value in known.items() if name != "as_of"}
        decision = here.rules.decide(programme, given, as_of=as_of, place="本溪", declined=declined)
        text = decision_reply(here, decision, Profile(here.knowledge, {}))["text"]
        for bad in ("{", "}", "：。", "None", "（）", "“”"):
            assert bad not in text.replace("““", "").replace("””", ""), (given, declined, text)


def test_a_no_of_the_city_names_its_reason() -> None:
    said = spoken("work_for_training_subsidy", {"training_date": "2020-12-31"}, date(2021, 9, 1))["text"]
    assert "从 2021年1月起" in said


def test_a_halved_amount_is_news() -> None:
    here = room()
    facts = {"unit_kind": "enterprise", "insured_in_liaoning": True, "insured_count": 100, "layoff_count": 0}
    told = set()
    for size in ("large", "medium_small_micro"):
        decision = here.rules.decide(
            "stabilisation_refund",
            {**facts, "enterprise_size": size},
            as_of=DAYS[0],
            place="本溪",
            declined=("premium_paid_prev_year_yuan",),
        )
        told.add(signature(decision))
    assert len(told) == 2
