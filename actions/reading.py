"""What one message changes in the conversation: filled by the steps of ``actions.understand``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from actions.profile import Profile
from actions.state import State
from actions.values import Value
from eligibility.model import Programme
from knowledge import Question


@dataclass
class Reading:
    """What a message changes.

    Attributes:
        recorded: facts stated, in order. corrected: they replace what was believed.
        declined: facts the user cannot tell.
        problems: [{problem: impossible_date | negative | not_read, said}].
        notes: sentences on what was worked out from what was said.
        what_if: only supposed (“要是35人呢”): decided, but not believed afterwards.
        chosen: one of the offered answers was picked.
        answered: the message took the interview further (the form must not reject it).
    """

    state: State
    profile: Profile
    programme: str | None
    as_of: date
    place: str
    topics: tuple[str, ...]
    told: str | None
    pending: str | None
    door_date: str | None
    values: list[Value] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    declined: list[str] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    corrected: bool = False
    switched: bool = False
    date_set: bool = False
    what_if: bool = False
    chosen: bool = False
    answered: bool = False

    def record(self, fact: str, value: Any, said: str, low: Any = None, high: Any = None, **kept: Any) -> None:
        self.profile = self.profile.given(fact, self.programme, value, said, low, high, **kept)
        if fact not in self.recorded:
            self.recorded.append(fact)

    def turn_to(self, programme: str | None) -> None:
        """Another programme, or none: what was asked and told of the one before does not hold for it."""
        self.programme, self.pending, self.told = programme, None, None

    @property
    def current(self) -> Programme | None:
        return self.state.programme_in_force(self.programme, self.as_of)

    @property
    def question(self) -> Question | None:
        return self.state.room.knowledge.questions.get(self.pending or "")
