"""What one message changes in the conversation: filled by the steps of ``actions.understand``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from actions.profile import Profile, Slot
from actions.state import State, Topic
from actions.subjects import Spoken
from actions.values import Value
from eligibility.model import NextQuestion, Programme
from knowledge import Question


@dataclass
class Reading:
    """What a message changes.

    Attributes:
        subject: whom ``profile`` is about (``before`` this message, as it then was). profiles: those of the others.
        aside: facts stated of others, by subject.
        recorded: facts stated, in order. corrected: they replace what was believed.
        declined: facts the user cannot tell.
        problems: [{problem: impossible_date | negative | not_read, said}].
        notes: sentences on what was worked out from what was said.
        undone: what the last message changed was taken back. settled: there is nothing else in this message.
        what_if: only supposed (“要是35人呢”): decided, but not believed afterwards.
        chosen: one of the offered answers was picked.
        answered: the message took the interview further (the form must not reject it).
    """

    state: State
    spoken: Spoken
    subject: str
    profile: Profile
    profiles: dict[str, Slot]
    programme: str | None
    as_of: date
    place: str
    topics: tuple[Topic, ...]
    told: str | None
    pending: str | None
    door_date: str | None
    values: list[Value] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    aside: dict[str, list[str]] = field(default_factory=dict)
    declined: list[str] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    corrected: bool = False
    switched: bool = False
    date_set: bool = False
    what_if: bool = False
    undone: bool = False
    settled: bool = False
    chosen: bool = False
    answered: bool = False

    def __post_init__(self) -> None:
        self.before = self.profile

    def record(self, fact: str, value: Any, said: str, low: Any = None, high: Any = None, **kept: Any) -> None:
        for other in self._contradicted(fact, value):
            self.profile = self.profile.without(other, self.programme)
        self.profile = self.profile.given(fact, self.programme, value, said, low, high, **kept)
        if fact not in self.recorded:
            self.recorded.append(fact)

    def _contradicted(self, fact: str, value: Any) -> list[str]:
        """What is believed and implies another value: “是2021年受理的” after “2020年就受理了”."""
        implied = (
            (one.fact, self.profile.knowledge.facts[one.fact].implies.get(one.value, {}))
            for one in self.profile.entries(self.programme)
            if one.fact != fact
        )
        return [other for other, more in implied if fact in more and more[fact] != value]

    def record_of(self, subject: str, fact: str, value: Any, said: str) -> None:
        """A fact of somebody else than the one talked about: kept with theirs."""
        profile = Profile(self.profile.knowledge, self.profiles.get(subject)).given(fact, None, value, said)
        self.profiles = {**{name: one for name, one in self.profiles.items() if name != subject}, subject: profile.slot}
        told = self.aside.setdefault(subject, [])
        told += [fact] if fact not in told else []

    def turn_to_subject(self, subject: str) -> None:
        """Somebody else is talked about: their facts are taken up, the others' laid aside."""
        self.profiles[self.subject] = self.profile.slot
        self.profile = Profile(self.profile.knowledge, self.profiles.pop(subject, None))
        self.subject, self.before, self.pending, self.told = subject, self.profile, None, None

    def lay_aside(self) -> None:
        """The programme under discussion waits until it is taken up again."""
        if self.programme is not None:
            topic = (self.subject, self.programme)
            self.topics = (*(other for other in self.topics if other != topic), topic)

    def turn_to(self, programme: str | None) -> None:
        """Another programme, or none: what was asked and told of the one before does not hold for it."""
        self.programme, self.pending, self.told = programme, None, None

    @property
    def replaced(self) -> dict[str, Any]:
        """What this message replaced in the profile, as the slot ``undo`` keeps it; empty if it changed nothing."""
        before, now = self.before.slot, self.profile.slot
        entries = {key: before.get(key) for key in {**before, **now} if before.get(key) != now.get(key)}
        return {"subject": self.subject, "entries": entries} if entries else {}

    @property
    def missing(self) -> frozenset[str]:
        """The facts the programme under discussion is still waiting for."""
        if self.programme is None:
            return frozenset()
        decide, facts = self.state.room.rules.decide, self.profile.facts(self.programme)
        decision = decide(self.programme, facts, as_of=self.as_of, place=self.place)
        return frozenset((*decision.missing, *decision.missing_for_amount))

    @property
    def asked(self) -> tuple[str, ...]:
        """The facts that the open question asks for; of a long list, those that still matter were offered."""
        if self.question is None:
            return ()
        asks = self.next_question(self.before)
        return asks.facts if asks and asks.id == self.pending else self.question.facts

    def next_question(self, profile: Profile) -> NextQuestion | None:
        """What comes next by what a profile knows and declines; None when nothing does, or there is no programme."""
        if self.programme is None:
            return None
        decide, facts = self.state.room.rules.decide, profile.facts(self.programme)
        declined = profile.unknowns(self.programme)
        return decide(self.programme, facts, as_of=self.as_of, place=self.place, declined=declined).next_question

    @property
    def current(self) -> Programme | None:
        return self.state.programme_in_force(self.programme, self.as_of)

    @property
    def question(self) -> Question | None:
        return self.state.room.knowledge.questions.get(self.pending or "")
