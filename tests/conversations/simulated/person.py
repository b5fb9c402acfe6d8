"""Somebody who asks: a programme, a day, a place, the whole truth about them, and what they are going to get wrong.

Everything follows from one seed. The truth is drawn as in the property tests of the engine (``situations``): values on
both sides of each border of the rule, agreeing with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from situations import BENEFITS, PLACES, RULES, SHUNNED, VOLUNTEERED, WOKEN, _implying, agrees, grid, reads, whole_truth

from actions.assign import covers
from eligibility.decide import with_implied
from eligibility.effort import answer
from eligibility.model import Programme
from simulated.words import phrases, said

DAYS = [date(2021, 7, 20), date(2021, 8, 10), date(2021, 9, 1), date(2021, 10, 15), date(2021, 12, 31)]
LATE = [date(2022, 1, 1), date(2022, 3, 15), date(2026, 3, 1)]
SUMS = [35_000, 120_000, 6_000, 9_000, 48_500]
STANDARDS = [500, 640, 735]
COUNTS = {"count": [1, 2, 3, 8], "days": [10, 45, 60], "months": [1, 3, 6]}
_DROPPED = {"premium_employer_part_yuan", "premium_employee_part_yuan", "premium_self_reported_yuan"}
"""Parts of a sum that is told whole."""
_LATE, _UNSURE, _TOLD_UNASKED, _MISTAKEN = 0.08, 0.08, 0.15, 0.5  # probabilities
_MANY = 6  # facts from which on a programme comes no oftener


@dataclass
class Person:
    """Who asks.

    Attributes:
        truth: what they know about themselves. unsure: what they cannot tell.
        mistakes: what they first get wrong, with the wrong value.
        opens_with: facts told in the first message.
    """

    seed: int
    programme: str
    as_of: date
    place: str
    truth: dict[str, Any]
    unsure: set[str]
    mistakes: dict[str, Any] = field(default_factory=dict)
    opens_with: list[str] = field(default_factory=list)

    def decision(self, as_of: date, facts: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What the engine says to the truth (or to these facts), as public JSON."""
        known = self.truth if facts is None else facts
        return RULES.to_json(
            RULES.decide(self.programme, known, as_of=as_of, place=self.place, declined=sorted(self.unsure))
        )


def draw(seed: int) -> Person:
    """The person of one seed; programmes that ask more come oftener."""
    rng = Random(seed)
    programme = rng.choices(BENEFITS, [1 + min(len(reads(RULES.benefits[name])), _MANY) for name in BENEFITS])[0]
    as_of = rng.choice(LATE if rng.random() < _LATE else DAYS)
    place = "本溪" if rng.random() < 0.7 else rng.choice(PLACES)
    rule = RULES.programme_at(programme, as_of, place)
    truth = _truth(rule, as_of, place, rng)
    questions = RULES.knowledge.questions.values()
    certain = {name for one in questions if not one.unsure or one.kind == "multi" for name in one.facts}
    certain.add("insured_unemployed")  # whoever speaks of their benefit was insured
    unsure = {name for name in truth if name not in certain and rng.random() < _UNSURE}
    unsure |= {"enterprise_size"} & {*truth} if "unit_kind" in unsure else set()
    truth = {name: value for name, value in truth.items() if name not in unsure}
    person = Person(seed, programme, as_of, place, truth, unsure)
    speakable = [name for name in truth if name in phrases()["facts"]]
    only_told = [name for name in truth if name in VOLUNTEERED.get(programme, ())]
    person.opens_with = [*only_told, *(n for n in speakable if n not in only_told and rng.random() < _TOLD_UNASKED)][:3]
    speakable = [name for name in speakable if said(RULES.knowledge.facts[name], truth[name], "say", rng, as_of)]
    for name in rng.sample(speakable, min(len(speakable), rng.choice((1, 1, 2)))) if rng.random() < _MISTAKEN else ():
        if wrong := _others(rule, as_of, {**truth, **person.mistakes}, name):
            person.mistakes[name] = rng.choice(wrong)
    return person


def fewest(person: Person, as_of: date, told: Mapping[str, Any]) -> int:
    """How many questions the engine needs from ``told`` on, if every one is answered plainly with the truth."""
    facts, declined, count = dict(told), set(person.unsure & {*told}), 0
    while True:
        decision = RULES.decide(person.programme, facts, as_of=as_of, place=person.place, declined=sorted(declined))
        closed = decision.window.state not in ("open", "undated") and not decision.window.unsettled
        if closed or decision.next_question is None:
            return count
        known, unknown = answer(decision.next_question.facts, person.truth)
        facts |= known
        declined |= unknown
        count += 1


def plausible(truth: Mapping[str, Any]) -> bool:
    """Whether nobody would call it a contradiction, though no notice says so: “领完了还没找到工作” has no work."""
    benefit = truth.get("situation")
    idle = benefit != "ui_exhausted" or not truth.get("currently_employed")
    insured = benefit in (None, "not_qualified_for_ui") or truth.get("insured_unemployed", True)
    return idle and insured


def _truth(rule: Programme, as_of: date, place: str, rng: Random) -> dict[str, Any]:
    catalogue = RULES.knowledge.facts
    values = {**grid(rule, as_of), **_implying(rule)}
    names = sorted(values)
    rng.shuffle(names)
    truth = whole_truth(rule, as_of, place, {n: values[n] for n in names}, rng.choice, rng.choice(SHUNNED), plausible)
    own = {*reads(rule), *covers(rule)} & {*catalogue}
    truth = {name: value for name, value in truth.items() if name in own}
    for name in sorted(own - {*truth} - _DROPPED):
        truth[name] = rng.choice(_ordinary(name))
    silent = {name for name in VOLUNTEERED.get(rule.id, ()) if rng.random() > _TOLD_UNASKED}
    if "layoff_rate_pct" not in silent:
        silent.add("layoff_count")
    waking, woken = WOKEN.get(rule.id, (set(), set()))
    if waking <= silent:
        silent |= woken
    if waking and not waking & silent:
        silent.add("accepted_year")  # one of the two ways to say it
    if truth.get("unit_kind", "enterprise") != "enterprise":
        silent.add("enterprise_size")
    agency = {name for name in truth if catalogue[name].agency or name in rule.held_by}
    return {name: value for name, value in truth.items() if name not in agency | silent}


def _ordinary(name: str) -> list[Any]:
    fact = RULES.knowledge.facts[name]
    if fact.type == "choice":
        return list(fact.values)
    if fact.type == "bool":
        return [True, False]
    if fact.type == "yuan":
        return STANDARDS if "dibao" in name else SUMS
    return COUNTS.get(fact.type, [1])


def _others(rule: Programme, as_of: date, truth: Mapping[str, Any], name: str) -> list[Any]:
    """Other values of a fact that contradict nothing else that is true."""
    values = grid(rule, as_of).get(name) or _ordinary(name)
    rest = {other: value for other, value in truth.items() if other != name}
    implied = with_implied(rest, RULES.knowledge)
    return [
        value
        for value in values
        if value != truth[name]
        and agrees(rest, name, value)
        and implied.get(name, value) == value
        and plausible({**truth, name: value})
    ]
