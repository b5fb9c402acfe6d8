"""How many questions it takes to settle every programme: played through with random applicants.

Three ways over the same applicants: all programmes together (``Screener``); one programme after the other, in random
order, with what was told before carried over; and each programme on its own, where everything is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Any

from eligibility.applicant import Applicant
from eligibility.decide import with_implied
from eligibility.effort import answer
from eligibility.model import Programme
from eligibility.screen import Ask, Screener, Screening

_HEADS = (0, 1, 2, 5, 6, 10, 29, 30, 31, 99, 100, 200, 201, 500)  # counts: on both sides of every threshold
_TRIES = 30


@dataclass(frozen=True)
class Played:
    """One interview: the questions that were asked, and where it ended."""

    asked: tuple[Ask, ...]
    end: Screening


@dataclass(frozen=True)
class Effort:
    """Average number of questions per applicant until every programme is settled."""

    subject: str
    applicants: int
    together: float
    in_turn: float
    one_by_one: float


def random_applicant(screener: Screener, subject: str, as_of: date, place: str, random: Random) -> dict[str, Any]:
    """The whole truth about one applicant, by fact name: every value drawn from the cells its programmes cut.

    Facts that imply one another agree. Raises DecisionError: unknown place.
    """
    knowledge, truth = screener.knowledge, dict[str, Any]()
    wanted = [
        (programme, name)
        for programme in _of(screener, subject)
        for name in dict.fromkeys(
            name for leaf in screener.rules.engine(programme.id, as_of, place).programme.leaves for name in leaf.facts
        )
    ]
    random.shuffle(wanted)
    for programme, fact in wanted:
        name = screener.applicants.name(fact, programme.id)
        engine = screener.rules.engine(programme.id, as_of, place)
        if name in truth or fact not in engine.user_facts:
            continue
        cells = engine.relevance.cells(fact, {"as_of": as_of}, engine.programme.leaves)
        for _ in range(_TRIES):
            cell = random.choice(cells)
            value = random.choice(_HEADS if knowledge.facts[fact].type == "count" else (cell.low, cell.high))
            follows = {other: v for other, v in with_implied({fact: value}, knowledge).items() if other != fact}
            if all(truth.get(other, v) == v for other, v in follows.items()):
                truth[name] = value
                truth |= follows if name == fact else {}
                break
    return truth


def play(
    screener: Screener,
    truth: Mapping[str, Any],
    *,
    subject: str,
    as_of: date,
    place: str,
    known: Mapping[str, Any] = {},
) -> Played:
    """Interview an applicant until there is no next question; what is not in ``truth`` they cannot tell.

    Args:
        known: told before the first question.

    Raises:
        DecisionError: a truth that cannot be decided.
    """
    facts, declined = dict(known), set[str]()
    asked: list[Ask] = []
    while True:
        applicant = Applicant(facts, frozenset(declined), subject)
        now = screener.screen(applicant, as_of=as_of, place=place)
        question = now.next_question
        if question is None:
            return Played(tuple(asked), now)
        asked.append(question)
        told, unsure = answer(question.facts, truth)
        facts |= told
        declined |= unsure


def play_in_turn(
    screener: Screener,
    truth: Mapping[str, Any],
    programmes: Iterable[Programme],
    *,
    subject: str,
    as_of: date,
    place: str,
    carried: bool,
) -> int:
    """The number of questions, one programme after the other, within each in its best order.

    Args:
        carried: whether what was told before counts for the later programmes.
    """
    count, facts = 0, dict[str, Any]()
    for programme in programmes:
        facts, declined = (facts if carried else {}), set[str]()
        while True:
            applicant = Applicant(facts, frozenset(declined), subject)
            decision = screener.rules.decide(
                programme.id,
                applicant.facts_for(programme.id),
                as_of=as_of,
                place=place,
                declined=applicant.declined_for(programme.id),
            )
            question = decision.next_question
            in_time = decision.window.state in ("open", "undated")
            if not in_time or question is None or question.purpose != "verdict":
                break
            count += 1
            told, unsure = answer((screener.applicants.name(fact, programme.id) for fact in question.facts), truth)
            facts |= told
            declined |= unsure
    return count


def effort(screener: Screener, *, subject: str, applicants: int, as_of: date, place: str, seed: int) -> Effort:
    """Average over random applicants, always the same for one ``seed``."""
    random, counts = Random(seed), list[tuple[int, int, int]]()
    circumstances: dict[str, Any] = {"subject": subject, "as_of": as_of, "place": place}
    for _ in range(applicants):
        truth = random_applicant(screener, subject, as_of, place, random)
        programmes = random.sample(_of(screener, subject), len(_of(screener, subject)))
        counts.append(
            (
                len(play(screener, truth, **circumstances).asked),
                play_in_turn(screener, truth, programmes, **circumstances, carried=True),
                play_in_turn(screener, truth, programmes, **circumstances, carried=False),
            )
        )
    together, in_turn, one_by_one = (sum(column) / applicants for column in zip(*counts, strict=True))
    return Effort(subject, applicants, together, in_turn, one_by_one)


def _of(screener: Screener, subject: str) -> list[Programme]:
    return [one for one in screener.rules.benefits.values() if one.subject == subject]
