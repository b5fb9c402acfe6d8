"""One person or unit before all programmes at once: what is known of them, and which programmes that is about.

A fact is named by its id (``insured_count``); a fact of one application (scope ``programme``) may be named with its
programme (``title_award/received_before``), so that "领过" said of one subsidy says nothing of another. Named without
one, it holds for every programme. ``subject`` (unit | person) tells for whom the question is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eligibility.errors import DecisionError, FactError
from eligibility.facts import known_fact, read_fact
from eligibility.model import Programme
from eligibility.rulebook import Rulebook

SUBJECT = "subject"
SUBJECTS = ("unit", "person")


@dataclass(frozen=True)
class Applicant:
    """What one person or unit has told.

    Attributes:
        facts: by name (see above), exact values. declined: names of facts they were asked and cannot tell.
        subject: unit or person, as they said; None: not said.
    """

    facts: Mapping[str, Any]
    declined: frozenset[str] = frozenset()
    subject: str | None = None

    def facts_for(self, programme: str) -> dict[str, Any]:
        """By fact id, those that count for one programme; what was said of that very programme comes first."""
        own = {name: value for name, value in self.facts.items() if programme_of(name) == programme}
        general = {name: value for name, value in self.facts.items() if programme_of(name) is None}
        return {**general, **{fact_of(name): value for name, value in own.items()}}

    def declined_for(self, programme: str) -> frozenset[str]:
        """The ids of the declined facts that count for one programme."""
        names = self.declined - {SUBJECT}
        return frozenset(fact_of(name) for name in names if programme_of(name) in (None, programme))


def programme_of(name: str) -> str | None:
    """The programme in the name of a fact: title_award/received_before → title_award."""
    return name.rpartition("/")[0] or None


def fact_of(name: str) -> str:
    """The fact id in a name: title_award/received_before → received_before."""
    return name.rpartition("/")[2]


class Applicants:
    """Reads applicants, and knows which programmes ask for what."""

    def __init__(self, rules: Rulebook) -> None:
        self.rules, self.knowledge = rules, rules.knowledge

    def read(self, facts: Any, declined: Iterable[str] = ()) -> Applicant:
        """Facts from JSON or YAML, with ``subject`` among them; null is left out (unknown).

        Raises:
            DecisionError: not a mapping; unknown fact, programme or subject, or a value that cannot be one (FactError).
        """
        if not isinstance(facts, Mapping):
            raise DecisionError("not_a_mapping", got=type(facts).__name__)
        given = {name: value for name, value in facts.items() if value is not None}
        subject = given.pop(SUBJECT, None)
        if subject is not None and subject not in SUBJECTS:
            raise FactError("wrong_subject", SUBJECT, value=str(subject)[:60], choices="、".join(SUBJECTS))
        read = {self.known(name): read_fact(self.knowledge.facts[fact_of(name)], v) for name, v in given.items()}
        return Applicant(read, frozenset(map(self._declinable, declined)), subject)

    def known(self, name: Any) -> str:
        """``name`` if it names a fact. Raises FactError or DecisionError."""
        programme = programme_of(name) if isinstance(name, str) else None
        if programme is None:
            return known_fact(self.knowledge, name).id
        self.rules.programme(programme)
        fact = known_fact(self.knowledge, fact_of(name))
        if fact.scope != "programme":
            raise FactError("not_of_one_programme", name[:60], label=fact.zh, value=fact.id)
        return f"{programme}/{fact.id}"

    def name(self, fact: str, programme: str) -> str:
        """How a fact that ``programme`` asks for is named."""
        return f"{programme}/{fact}" if self.knowledge.facts[fact].scope == "programme" else fact

    def together(self, facts: Iterable[str]) -> frozenset[str]:
        """``facts`` and their twins (残疾人 / 本人残疾): who cannot tell one cannot tell the other."""
        return frozenset(facts).union(*(self._twins.get(name, ()) for name in facts))

    def subject(self, applicant: Applicant) -> str | None:
        """Whom the facts are about: unit or person; None if they tell nothing or tell of both.

        A fact tells by who can apply for the programmes that read it: agreed_days, a person's, is asked of units
        only. One that programmes of both read (training_date) tells by its scope, and only if no other fact tells.
        """
        told = self._told(applicant)
        return applicant.subject or (told.pop() if len(told) == 1 else None)

    def tells_nothing(self, applicant: Applicant) -> bool:
        """Whether it is open for whom the question is: nothing said, nothing told of either, not yet asked."""
        return not (applicant.subject or SUBJECT in applicant.declined or self._told(applicant))

    def _told(self, applicant: Applicant) -> set[str]:
        """Unit, person or both: those of whom the facts tell something."""
        names = [name for name in (*applicant.facts, *applicant.declined) if name != SUBJECT]
        told: set[str] = set()
        for name in names:
            told |= self._readers(name) if len(self._readers(name)) == 1 else frozenset()
        return told or {self.knowledge.facts[fact_of(name)].scope for name in names} & {*SUBJECTS}

    # --- which programmes read what ------------------------------------------------------------------------------
    def _declinable(self, name: Any) -> str:
        return SUBJECT if name == SUBJECT else self.known(name)

    def _readers(self, name: str) -> frozenset[str]:
        """Who can apply for the programmes that read a fact."""
        owner = programme_of(name)
        if owner is not None:
            return frozenset({self.rules.programme(owner).subject})
        return self._subjects.get(name, frozenset())

    @cached_property
    def _subjects(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for programme in self.rules.benefits.values():
            for name in set(_read_by(programme)):
                found.setdefault(name, set()).add(programme.subject)
        return {name: frozenset(subjects) for name, subjects in found.items()}

    @cached_property
    def _twins(self) -> Mapping[str, frozenset[str]]:
        facts = self.knowledge.facts

        def settles(one: str, other: str) -> bool:
            states = (True, False) if facts[one].type == "bool" else tuple(facts[one].values)
            return bool(states) and all(other in facts[one].implies.get(state, ()) for state in states)

        return {
            name: frozenset(o for each in fact.implies.values() for o in each if settles(name, o) and settles(o, name))
            for name, fact in facts.items()
            if fact.implies
        }


def _read_by(programme: Programme) -> Iterator[str]:
    """Every fact a programme reads: in its rule, its amount and its results, also where a further notice speaks."""
    for one in (programme, *programme.localised.values()):
        for condition in one.conditions:
            yield from condition.reads
            yield from condition.facts
        for options in (*one.results.values(), one.windows):
            for option in options:
                yield from option.facts
        if one.amount is not None:
            yield from one.amount.base_facts
            for option in (*one.amount.rates, *one.amount.values, *one.amount.parts):
                yield from option.facts
