"""Facts on which two versions of a rule differ: a case still missing, or proof that a mutant is not equivalent."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from eligibility.cases import day_of, decide_case
from eligibility.errors import DecisionError
from eligibility.model import Decision
from eligibility.rulebook import Rulebook

_TRIES = 400
_REQUEST = ("programme", "as_of", "place", "facts", "question", "about")
_DAY = timedelta(days=1)
_Case = Mapping[str, Any]


def difference(rules: Rulebook, other: Rulebook, cases: Sequence[_Case]) -> str:
    """A request that the two rulebooks answer differently, as JSON; empty if none was found.

    Searched are variations of the cases: facts taken from one another, left out, or moved by one. The same cases give
    the same search.
    """
    chance = random.Random(len(cases))
    for request in (*_beyond(rules, cases), *_requests(cases, chance)):
        if _noticed(_seen(rules, request), _seen(other, request)):
            return json.dumps({key: request[key] for key in request if request[key]}, ensure_ascii=False, default=str)
    return ""


def _beyond(rules: Rulebook, cases: Sequence[_Case]) -> Iterator[dict[str, Any]]:
    """Whatever can be asked beyond the verdict, and every clause that obliges somebody, with no facts at all."""
    for case in cases[:1]:
        programme = rules.programme(case["programme"])
        blank: dict[str, Any] = {key: case.get(key) for key in _REQUEST}
        blank |= {"facts": {}, "question": None, "about": None}
        yield from ({**blank, "question": question} for question in programme.delegated)
        yield from ({**blank, "about": clause} for clause in programme.duties)


def _requests(cases: Sequence[_Case], chance: random.Random) -> Iterator[dict[str, Any]]:
    requests = [{key: case.get(key) for key in _REQUEST} for case in cases]
    yield from requests
    pool: dict[str, list[Any]] = {}
    for request in requests:
        for name, value in (request["facts"] or {}).items():
            pool.setdefault(name, []).extend(one for one in _near(value) if one not in pool.get(name, ()))
    names = sorted(pool)
    for _ in range(_TRIES if requests else 0):
        request = dict(chance.choice(requests))
        facts = dict(request["facts"] or {})
        for name in chance.sample(names, min(len(names), chance.randint(0, 3))):
            if chance.random() < 0.25:
                facts.pop(name, None)
            else:
                facts[name] = chance.choice(pool[name])
        yield {**request, "facts": facts, "as_of": day_of(request) + chance.choice((-1, 0, 0, 0, 1)) * _DAY}


def _near(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return True, False
    if isinstance(value, (int, float)):
        return tuple(one for one in (value - 1, value, value + 1) if one >= 0)
    try:
        day = value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        return (value,)
    return day - _DAY, day, day + _DAY


def _noticed(one: Any, other: Any) -> bool:
    """Whether a case could tell two answers apart: it names clauses that must be there, not those that must not."""
    if not isinstance(one, tuple) or not isinstance(other, tuple):
        return bool(one != other)
    *outcome, carrying, _ = one
    *other_outcome, _, cited = other
    return outcome != other_outcome or not carrying <= cited


def _seen(rules: Rulebook, request: Mapping[str, Any]) -> Any:
    """What a case could compare of an answer; last the clauses that carry it, then all that are cited."""
    try:
        return _comparable(decide_case(rules, request))
    except DecisionError as error:
        return str(error)
    except Exception as error:  # a mutant may break the engine
        return type(error).__name__


def _comparable(decision: Decision) -> tuple[Any, ...]:
    return (
        decision.verdict,
        decision.amount,
        decision.window,
        frozenset(decision.missing),
        frozenset(decision.missing_for_amount),
        bool(decision.depends_on),
        frozenset(decision.assumptions),
        dict(decision.would_change),
        frozenset(decision.refer_to),
        dict(decision.results),
        frozenset(reason.clause for reason in decision.because if reason.role != "supports"),
        frozenset(reason.clause for reason in decision.because),
    )
