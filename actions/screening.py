"""“还能领什么”: every programme of the same kind of applicant, grouped and ordered by ``eligibility.screen``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from actions.assign import covers
from actions.programmes import can_get, programme_name
from actions.speak import say, wording
from actions.state import State
from eligibility import Rulebook
from eligibility.applicant import Applicant
from eligibility.screen import ELSEWHERE, FITS, NOT, ON_CONDITION, ON_FACTS, Row, Screener

_NEAR, _FAR, _PAST = "near", "far", "past"
_LINES = (
    ("what_else_likely", (FITS, ON_CONDITION)),
    ("what_else_near", (_NEAR,)),
    ("what_else_far", (_FAR, ELSEWHERE)),
    ("what_else_past", (_PAST,)),
    ("what_else_no", (NOT,)),
)
_TO_TAP = 5  # quick replies under the answer


def screening(state: State) -> tuple[dict[str, Any], str | None]:
    """One readable answer: likely, worth asking, the others, not applicable; and the programme to go into next.

    First what the applicant's own words speak for, then the rest; each of the first can be tapped.
    """
    rows = _rows(state)
    touched = _touched(state, rows)
    if not any(True for _ in state.profile.entries()) and state.programme is None:
        return _nothing_told(state, rows), None
    lines, names = [say("what_else_head", whose=state.whom)], []
    for key, groups in _LINES:
        group = [
            programme_name(state, row.programme) for one in groups for row in rows if _spoken_as(row, touched) == one
        ]
        if group:
            lines.append(say(key, names="、".join(group)))
            names += group if key in ("what_else_likely", "what_else_near") else []
    likely = [row for row in rows if _spoken_as(row, touched) in (FITS, ON_CONDITION)]
    into = None if state.programme or likely else _closest(rows)
    if into:
        lines.append(say("what_else_into", name=programme_name(state, into)))
        names = [name for name in names if name != programme_name(state, into)]
    by_what_was_told = sorted((row for row in rows if row.met), key=lambda row: -len(row.met))
    reply = {
        "kind": "text",
        "text": "\n".join(lines),
        "suggestions": [can_get(state, name) for name in names[:_TO_TAP]],
        "outcome": "answered",
        "cited": list(dict.fromkeys(clause for row in by_what_was_told for clause in row.met)),
        "as_of": state.as_of.isoformat(),
    }
    return reply, into


def other_ways(state: State) -> list[str]:
    """After a “no”: programmes that what was told speaks for, by the name they go by."""
    rows = _rows(state)
    touched = _touched(state, rows)
    ways = [row for row in rows if row.in_time and _spoken_as(row, touched) in (FITS, ON_CONDITION, _NEAR)]
    ways.sort(key=lambda row: not row.met)
    return [programme_name(state, row.programme) for row in ways[:2]]


def _touched(state: State, rows: list[Row]) -> set[str]:
    """The programmes that turn on anything the applicant said is so."""
    told = {entry.fact for entry in state.profile.entries() if entry.value not in (None, False)}
    return {row.programme for row in rows if told & covers(state.room.rules.benefits[row.programme])}


def _rows(state: State) -> list[Row]:
    found = _screener(state.room.rules).screen(_applicant(state), as_of=state.as_of, place=state.place)
    known = state.room.knowledge.lexicon["programmes"]
    return [row for row in found.rows if row.programme != state.programme and row.programme in known]


def _nothing_told(state: State, rows: list[Row]) -> dict[str, Any]:
    """Nobody can be matched who has said nothing: what there is, for whom, and what to tell."""
    rows = sorted(rows, key=lambda row: row.group != ON_FACTS)
    by_subject = {
        subject: "、".join(
            programme_name(state, row.programme) for row in rows if row.in_time and row.subject == subject
        )
        for subject in ("person", "unit")
    }
    return {
        "kind": "text",
        "text": say("what_else_nothing_told", **by_subject),
        "suggestions": list(wording("messages")["what_else_examples"]),
        "outcome": "clarify",
        "cited": [],
        "as_of": state.as_of.isoformat(),
    }


def _closest(rows: list[Row]) -> str | None:
    """The programme that the most of what was told speaks for and that can still be had."""
    open_ones = [row for row in rows if row.met and row.in_time and row.group in (FITS, ON_CONDITION, ON_FACTS)]
    best = max(open_ones, key=lambda row: (row.group == ON_FACTS, len(row.met)), default=None)
    return best.programme if best else None


def _spoken_as(row: Row, touched: set[str]) -> str:
    """Its group; closed or replaced ones have a line of their own, and nothing is likely of which nothing was told."""
    if row.decision.window.state in ("closed", "replaced"):
        return _PAST
    if row.group == ON_FACTS:
        return _NEAR if row.met or row.programme in touched else _FAR
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
    said = {catalogue[fact].scope for fact in state.heard.get("recorded", ()) if fact in catalogue} - {"programme"}
    subject = current.subject if current else said.pop() if len(said) == 1 else "person" if state.whom else None
    return Applicant(facts, frozenset(declined), subject)


@lru_cache(maxsize=2)
def _screener(rules: Rulebook) -> Screener:
    """One for each rulebook: it remembers what it has worked out."""
    return Screener(rules)
