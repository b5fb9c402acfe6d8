"""“还能领什么”: every programme of the same kind of applicant, by what is believed so far."""

from __future__ import annotations

from typing import Any

from actions.speak import say
from actions.state import State
from eligibility.model import CONDITIONAL, ELIGIBLE, INELIGIBLE, NEEDS_INFO, NOT_IN_NOTICE, Leaf

PAST = "past"
_GROUPS = (
    ("what_else_likely", (ELIGIBLE, CONDITIONAL)),
    ("what_else_maybe", (NEEDS_INFO, NOT_IN_NOTICE)),
    ("what_else_past", (PAST,)),
    ("what_else_no", (INELIGIBLE,)),
)


def screening(state: State) -> dict[str, Any]:
    """One readable answer: likely, to be asked, not applicable; each name can be tapped to go into it."""
    programmes = state.room.rules.benefits
    current = programmes.get(state.programme or "")
    told = {state.room.knowledge.facts[entry.fact].scope for entry in state.profile.entries()} & {"unit", "person"}
    subjects = {current.subject} if current else told
    verdicts: dict[str, list[str]] = {}
    cited: list[tuple[int, list[str]]] = []
    for name, programme in programmes.items():
        if (
            name == state.programme
            or name not in state.room.knowledge.lexicon["programmes"]
            or (subjects and programme.subject not in subjects)
        ):
            continue
        decision = state.room.rules.decide(
            name, state.profile.facts(name), as_of=state.as_of, place=state.place,
            declined=state.profile.unknowns(name),
        )  # fmt: skip
        over = decision.window.state in ("closed", "replaced")
        met = {leaf.id for leaf in programme.leaves if decision.leaves.get(leaf.id)}
        own = [c for leaf in programme.leaves if leaf.id in met and _said(state, leaf) for c in leaf.cite]
        cited.append((-len(own), own))
        unheard = decision.verdict == CONDITIONAL and not own  # nothing of what was told speaks for it
        verdict = PAST if over else NEEDS_INFO if unheard else decision.verdict
        verdicts.setdefault(verdict, []).append(programme_name(state, name))
    lines, names = [say("what_else_head")], []
    for key, wanted in _GROUPS:
        group = [name for verdict in wanted for name in verdicts.get(verdict, ())]
        if group:
            lines.append(say(key, names="、".join(group)))
            if INELIGIBLE not in wanted:
                names += [say("can_i_get", name=name) for name in group]
    return {
        "kind": "text",
        "text": "\n".join(lines),
        "suggestions": names,
        "outcome": "answered",
        "cited": list(dict.fromkeys(clause for _, own in sorted(cited) for clause in own)),
        "as_of": state.as_of.isoformat(),
    }


def _said(state: State, leaf: Leaf) -> bool:
    """Whether the user's own words speak for a condition (and not just the calendar)."""
    return any(entry.fact in leaf.facts for entry in state.profile.entries())


def offered(state: State) -> list[str]:
    """The programmes to choose from when somebody has not said which: the most asked for."""
    return [name for name in state.room.knowledge.lexicon["offered"] if name in state.room.rules.benefits]


def programme_name(state: State, programme: str) -> str:
    """How the programme is called in speech."""
    words = state.room.knowledge.lexicon.get("programmes", {}).get(programme) or {}
    return str(words.get("name") or state.room.rules.benefits[programme].title)
