"""A few simulated conversations (`make verify ARGS=--simulated` plays hundreds), and that the judge sees faults."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from knowledge import load
from simulated.conversation import MOST_TURNS, play
from simulated.person import RULES, draw
from simulated.words import chinese, phrases

SEEDS = range(1, 13)


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_conversation_comes_to_the_verdict_of_the_engine(assistant: Any, seed: int) -> None:
    outcome = await play(assistant, draw(seed))
    assert not outcome.faults, "\n".join([*map(str, outcome.faults), *outcome.lines])


def test_whoever_is_drawn_twice_is_the_same() -> None:
    assert draw(7) == draw(7)


def test_every_programme_can_be_drawn_and_spoken_of() -> None:
    drawn = [draw(seed) for seed in range(200)]
    assert {person.programme for person in drawn} == set(RULES.benefits)
    for kind in ("opening", "back"):
        assert set(phrases()[kind]) == set(RULES.benefits)
    told = {name for person in drawn for name in person.truth}
    assert told <= set(phrases()["facts"]), "no phrase for some fact"


def test_every_value_has_a_phrase() -> None:
    catalogue = load().facts
    for name, entry in phrases()["facts"].items():
        fact = catalogue[name]
        values = {"bool": ["true", "false"], "choice": list(fact.values)}.get(fact.type)
        assert set(entry) - {"name"} == ({"say", "answer"} if values is None else set(values)), name


def test_numbers_are_read_aloud() -> None:
    said = {7: "七", 10: "十", 15: "十五", 40: "四十", 101: "一百零一", 115: "一百一十五", 1005: "一千零五"}
    assert {number: chinese(number) for number in said} == said


# --- the judge, on assistants that are at fault -------------------------------------------------------------------
class Scripted:
    """Answers everything in one way."""

    def __init__(self, *replies: Mapping[str, Any]) -> None:
        self.replies = list(replies)

    async def reply(self, sender: str, text: str, as_of: date | None = None, place: str | None = None) -> Any:
        return self.replies


def _seed_of(programme: str, verdict: str) -> int:
    people = (draw(seed) for seed in range(1000))
    return next(p.seed for p in people if p.programme == programme and p.decision(p.as_of)["verdict"] == verdict)


def _decision(seed: int, **other: Any) -> dict[str, Any]:
    person = draw(seed)
    decided = {**person.decision(person.as_of), **other}
    return {"kind": "decision", "text": "…", "programme": person.programme, "outcome": "interview", "decision": decided}


async def test_a_right_verdict_is_no_fault_and_a_wrong_one_is() -> None:
    seed = _seed_of("unemployment_aid", "eligible")
    assert not (await play(Scripted(_decision(seed)), draw(seed))).faults
    outcome = await play(Scripted(_decision(seed, verdict="ineligible")), draw(seed))
    assert {kind for kind, _ in outcome.faults} == {"verdict"}


async def test_the_same_question_for_ever_is_a_loop() -> None:
    seed = _seed_of("skill_upgrade_subsidy", "conditional")
    asked = {"id": "ui_months", "facts": ["ui_months"], "input": "number"}
    about = {"programme": "skill_upgrade_subsidy", "outcome": "interview"}
    reply = {"kind": "question", "text": "…", "question": asked, **about}
    outcome = await play(Scripted(reply), draw(seed))
    assert "loop" in {kind for kind, _ in outcome.faults}
    assert outcome.turns <= MOST_TURNS


async def test_silence_an_apology_and_an_end_without_a_verdict_are_seen() -> None:
    text = {"kind": "text", "text": "…", "outcome": "clarify"}
    assert {kind for kind, _ in (await play(Scripted(text), draw(1))).faults} == {"dead_end"}
    outcome = await play(Scripted({**text, "failed": True}), draw(1))
    assert {kind for kind, _ in outcome.faults} == {"dead_end", "failed"}
    answered = {"kind": "text", "text": "…", "outcome": "answered"}
    assert ("dead_end", "it ended without a verdict") in (await play(Scripted(answered), draw(1))).faults
