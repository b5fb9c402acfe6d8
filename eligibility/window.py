"""A programme in time: open, closed, not yet, undated, or replaced by a later document, as of a date."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from eligibility.expression import Env
from eligibility.model import Programme, Window
from eligibility.options import possible
from knowledge import Knowledge


class Windows:
    """Tells the window of one programme."""

    def __init__(self, programme: Programme, knowledge: Knowledge) -> None:
        self.programme = programme
        self.later = knowledge.successors.get(programme.id, ())
        self.begins = knowledge.notices[programme.document].date_not_before
        self._window = lru_cache(1024)(self._work_out)

    def of(self, env: Env) -> Window:
        """The window as of ``env["as_of"]``; its note is the sourced sentence on what came later, if one is on file."""
        options = possible(self.programme.windows, env)
        until = [option.worth(env) for option in options]
        settled = any(option.holds(env) for option in options)
        return self._window(env["as_of"], max(until) if until and None not in until else None, settled)

    def _work_out(self, as_of: date, last: date | None, settled: bool) -> Window:
        later = [entry for entry in self.later if entry["from"] <= as_of]
        latest = later[-1] if later else {}
        note, source = latest.get("says"), latest.get("source")
        if self.begins is not None and as_of < self.begins:
            return Window("not_yet", last)
        if latest.get("state") == "replaced":
            return Window("replaced", last, note, source)
        if last is None:
            return Window("undated", None, note, source)
        return Window("closed", last, note, source, not settled) if as_of > last else Window("open", last)
