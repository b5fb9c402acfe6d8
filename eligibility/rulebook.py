"""All programmes, compiled, and the one door to their decisions."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Any

from eligibility.decide import Engine
from eligibility.errors import DecisionError, message
from eligibility.facts import EARLIEST, LATEST, known_fact, read_facts
from eligibility.load import load_programmes
from eligibility.model import BENEFIT, Aspect, Decision, Programme
from eligibility.place import places_containing
from eligibility.present import decision_to_json
from knowledge import Knowledge


class Rulebook:
    """The programmes of the packs, ready to decide.

    Raises:
        PackError: a programme file that cannot be read, with file, line and how to mend it.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.programmes: Mapping[str, Programme] = load_programmes(knowledge)
        self._engines = {name: Engine(programme, knowledge) for name, programme in self.programmes.items()}

    @cached_property
    def benefits(self) -> Mapping[str, Programme]:
        """The programmes somebody can be entitled to (not duties, citations and mere statements)."""
        return {name: one for name, one in self.programmes.items() if one.kind == BENEFIT}

    def programme(self, name: str) -> Programme:
        """The programme with this id. Raises DecisionError, suggesting the nearest one."""
        return self._engine(name).programme

    def programme_at(self, name: str, as_of: date, place: str) -> Programme:
        """The programme as the notices in force on this day, in this place, have it. Raises DecisionError."""
        return self.engine(name, as_of, place).programme

    def decide(
        self,
        programme: str,
        facts: Mapping[str, Any],
        *,
        as_of: date,
        place: str,
        declined: Iterable[str] = (),
        question: str | None = None,
        about: str | None = None,
    ) -> Decision:
        """Decide one programme.

        Args:
            facts: fact id → exact value (see ``eligibility.facts``); absent = unknown.
            declined: facts the applicant was asked and cannot tell.
            question: something asked beyond the verdict (``amount``, ``layoff_rate_formula`` …).
            about: a clause id, for programmes of duties.

        Raises:
            DecisionError: unknown programme, place, declined fact or question; a date nobody decides for.
        """
        self._engine(programme)  # an unknown programme is told before a date or a fact that cannot be
        if not EARLIEST <= as_of <= LATEST:
            raise DecisionError("wrong_as_of", "as_of", value=as_of.isoformat())
        unsure = frozenset(known_fact(self.knowledge, name).id for name in declined)
        places = places_containing(self.knowledge, place)
        here = self._engine(programme).at(as_of, places)
        return here.decide(facts, as_of, places, unsure, question, about)

    def read(self, facts: Any) -> dict[str, Any]:
        """Facts from JSON or YAML as exact values. Raises FactError."""
        return read_facts(self.knowledge, facts)

    def engine(self, programme: str, as_of: date, place: str) -> Engine:
        """What decides one programme, with the notices in force on this day and in this place.

        Raises:
            DecisionError: unknown programme or place.
        """
        return self._engine(programme).at(as_of, places_containing(self.knowledge, place))

    def aspect(self, programme: str, name: str, place: str, as_of: date) -> Aspect | None:
        """Where the notices answer one aspect of a programme, the city's notice before the province's.

        Raises:
            DecisionError: unknown programme or place.
        """
        return self.programme_at(programme, as_of, place).aspects.get(name)

    def expected_questions(self, programme: str, facts: Mapping[str, Any], as_of: date, place: str) -> float:
        """Expected number of questions to the verdict in the best order (uniform priors).

        Raises:
            DecisionError: unknown programme or place.
        """
        return self.engine(programme, as_of, place).expected_questions(facts, as_of)

    def questions_for(self, programme: str, facts: Iterable[str]) -> list[tuple[str, ...]]:
        """The facts, grouped by the question that asks for them together, in their order."""
        return list(self._engine(programme).order.groups(dict.fromkeys(facts)).values())

    def to_json(self, decision: Decision) -> dict[str, Any]:
        """The decision in the public JSON shape."""
        return decision_to_json(decision, self.knowledge)

    def _engine(self, name: str) -> Engine:
        engine = self._engines.get(str(name))
        if engine is None:
            near = difflib.get_close_matches(str(name), list(self._engines), 1)
            suggestion = message("did_you_mean", value=near[0]) if near else ""
            raise DecisionError("unknown_programme", "programme", value=str(name)[:60], suggestion=suggestion)
        return engine
