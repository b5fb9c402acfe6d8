"""“还能领什么”: every programme of the same kind of applicant, grouped and ordered by ``eligibility.screen``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from actions.programmes import programme_name
from actions.speak import say
from actions.state import State
from eligibility import Rulebook
from eligibility.applicant import Applicant
from eligibility.screen import ELSEWHERE, FITS, NOT, ON_CONDITION, ON_FACTS, Row, Screener

_PAST = "past"
_LINES = (
    ("what_else_likely", (FITS, ON_CONDITION)),
    ("what_else_maybe", (ON_FACTS, ELSEWHERE)),
    ("what_else_past", (_PAST,)),
    ("what_else_no", (NOT,)),
)


def screening(state: State) -> dict[str, Any]:
    """One readable answer: likely, to be asked, not applicable; each name can be tapped to go into it."""
    found = _screener(state.room.rules).screen(_applicant(state), as_of=state.as_of, place=state.place)
    known = state.room.knowledge.lexicon["programmes"]
    rows = [row for row in found.rows if row.programme != state.programme and row.programme in known]
    lines, names = [say("what_else_head")], []
    for key, groups in _LINES:
        group = [programme_name(state, row.programme) for one in groups for row in rows if _spoken_as(row) == one]
        if group:
            lines.append(say(key, names="、".join(group)))
            if NOT not in groups:
                names += [say("can_i_get", name=name) for name in group]
    by_what_was_told = sorted((row for row in rows if row.met), key=lambda row: -len(row.met))
    return {
        "kind": "text",
        "text": "\n".join(lines),
        "suggestions": names,
        "outcome": "answered",
        "cited": list(dict.fromkeys(clause for row in by_what_was_told for clause in row.met)),
        "as_of": state.as_of.isoformat(),
    }


def _spoken_as(row: Row) -> str:
    """Its group; closed or replaced ones have a line of their own, and nothing is likely of which nothing was told."""
    if row.decision.window.state in ("closed", "replaced"):
        return _PAST
    return ELSEWHERE if row.group == ON_CONDITION and not row.met else row.group


def _applicant(state: State) -> Applicant:
    """What is believed, for all programmes; of a programme under discussion, its kind of applicant."""
    facts: dict[str, Any] = {}
    declined: set[str] = set()
    rules, catalogue = state.room.rules, state.room.knowledge.facts
    for programme in rules.benefits:

        def name(fact: str, owner: str = programme) -> str:
            return f"{owner}/{fact}" if catalogue[fact].scope == "programme" else fact

        facts |= {name(fact): value for fact, value in state.profile.facts(programme).items()}
        declined |= {name(fact) for fact in state.profile.unknowns(programme)}
    current = rules.benefits.get(state.programme or "")
    return Applicant(facts, frozenset(declined), current.subject if current else None)


@lru_cache(maxsize=2)
def _screener(rules: Rulebook) -> Screener:
    """One for each rulebook: it remembers what it has worked out."""
    return Screener(rules)
