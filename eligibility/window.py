"""A programme in time: open, closed, not yet, undated, or replaced by a later document, as of a date."""

from __future__ import annotations

from datetime import date

from eligibility.amount import possible
from eligibility.expression import Env, Expression
from eligibility.model import Programme, Window
from knowledge import Knowledge


def window_of(programme: Programme, knowledge: Knowledge, env: Env) -> Window:
    """The window as of ``env["as_of"]``; its note is the sourced sentence on what came later, if one is on file."""
    as_of: date = env["as_of"]
    later = [entry for entry in knowledge.successors.get(programme.id, ()) if entry["from"] <= as_of]
    latest = later[-1] if later else {}
    note, source = latest.get("says"), latest.get("source")
    options = possible(programme.windows, env)
    until = [option.value.evaluate(env) for option in options if isinstance(option.value, Expression)]
    last = max(until) if until and None not in until else None
    begins = knowledge.notices[programme.document].date_not_before
    if begins is not None and as_of < begins:
        return Window("not_yet", last)
    if latest.get("state") == "replaced":
        return Window("replaced", last, note, source)
    if last is None:
        return Window("undated", None, note, source)
    return Window("closed", last, note, source) if as_of > last else Window("open", last)
