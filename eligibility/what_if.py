"""What would change a "no": the nearest boundary of one fact that the applicant could change."""

from __future__ import annotations

from typing import Any

from eligibility.expression import Env
from eligibility.facts import plain
from eligibility.model import ELIGIBLE, Programme
from eligibility.relevance import Relevance, support


def boundaries(programme: Programme, relevance: Relevance, env: Env, agency: frozenset[str]) -> dict[str, Any]:
    """``{fact}_at_most`` / ``{fact}_at_least`` → the boundary value, for each single change that would be enough.

    Enough means: no condition fails any more, and nothing but an authority's own facts is left open.
    """
    found: dict[str, Any] = {}
    for fact in programme.may_change:
        if fact not in env:
            continue
        without = {name: value for name, value in env.items() if name != fact}
        cells = relevance.cells(fact, without, programme.leaves)
        here = next((i for i, cell in enumerate(cells) if cell.low <= env[fact] <= cell.high), None)
        if here is None:
            continue
        below = next((c for c in reversed(cells[:here]) if _enough(relevance, {**env, fact: c.low}, agency)), None)
        above = next((c for c in cells[here + 1 :] if _enough(relevance, {**env, fact: c.low}, agency)), None)
        if below is not None:
            found[f"{fact}_at_most"] = plain(below.high)
        if above is not None:
            found[f"{fact}_at_least"] = plain(above.low)
    return found


def _enough(relevance: Relevance, env: Env, agency: frozenset[str]) -> bool:
    outcome = relevance.diagram(relevance.rest(env))
    return outcome == ELIGIBLE or bool(support(outcome)) and support(outcome) <= agency
