"""Every programme for one person or unit: what fits, what may fit, what does not, and the one question to ask next.

Each row is the decision of ``Rulebook.decide`` for that programme. Rows are grouped by verdict and ordered by
likelihood and value; a programme that nobody can apply for on the day (closed, replaced, not yet) stands last in its
group, and no question is asked for it. Duties, citations and mere statements are left out: nobody is entitled to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from eligibility.applicant import SUBJECT, SUBJECTS, Applicant, Applicants
from eligibility.decide import Engine, with_implied
from eligibility.errors import message
from eligibility.likelihood import Likelihood
from eligibility.model import CONDITIONAL, ELIGIBLE, INELIGIBLE, NEEDS_INFO, NOT_IN_NOTICE, Decision, Money, Programme
from eligibility.present import decision_to_json
from eligibility.rulebook import Rulebook
from eligibility.shared_question import OpenProgramme, SharedQuestion, best_question
from knowledge import Knowledge, Question

FITS, ON_CONDITION, ON_FACTS, ELSEWHERE, NOT = "fits", "on_condition", "on_facts", "elsewhere", "not"
GROUPS = (FITS, ON_CONDITION, ON_FACTS, ELSEWHERE, NOT)  # in their order
_GROUP_OF = {
    ELIGIBLE: FITS,
    CONDITIONAL: ON_CONDITION,
    NEEDS_INFO: ON_FACTS,
    NOT_IN_NOTICE: ELSEWHERE,
    INELIGIBLE: NOT,
}
_TO_BE_HAD = ("open", "undated")  # windows of programmes that can be applied for


@dataclass(frozen=True)
class Row:
    """One programme, decided.

    Attributes:
        likelihood: share of the completions of the applicant's own open facts that end well (see ``likelihood``).
        in_time: whether it can be applied for on the day.
        met: clauses of conditions that are met by what the applicant told (and not by the calendar alone).
    """

    decision: Decision
    title: str
    subject: str
    group: str
    likelihood: Fraction
    in_time: bool
    met: tuple[str, ...]

    @property
    def programme(self) -> str:
        """The programme's id."""
        return self.decision.programme


@dataclass(frozen=True)
class Answer:
    """One quick answer: its label, and the facts it gives, by name."""

    label: str
    sets: Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """The question to ask next.

    Attributes:
        facts: names of the facts it asks for (see ``applicant``); of the first question of all, ``subject``.
        programme: the programme it is about, where it asks for facts of one application.
        serves: the programmes it helps to decide. unsure: whether "I do not know" is offered.
    """

    id: str
    facts: tuple[str, ...]
    ask: str
    kind: str
    answers: tuple[Answer, ...]
    unsure: bool
    serves: tuple[str, ...]
    programme: str | None = None


class Screening:
    """All rows, in their order. The next question is worked out when it is asked for.

    Attributes:
        subject: unit or person, when only their programmes are listed; None: those of both.
    """

    def __init__(
        self, as_of: date, place: str, subject: str | None, rows: tuple[Row, ...], ask: Callable[[], Ask | None]
    ) -> None:
        self.as_of, self.place, self.subject, self.rows, self._ask = as_of, place, subject, rows, ask

    @cached_property
    def next_question(self) -> Ask | None:
        """The question that is expected to save the most others; None when no verdict turns on an answer any more."""
        return self._ask()


class Screener:
    """Screens applicants. Remembers likelihoods; safe to share between threads.

    Args:
        rules: decides the rows.
    """

    def __init__(self, rules: Rulebook) -> None:
        self.rules, self.knowledge = rules, rules.knowledge
        self.applicants = Applicants(rules)
        self._likelihoods: dict[Engine, Likelihood] = {}
        self._place_in_text = {name: _first_clause(one, self.knowledge) for name, one in rules.benefits.items()}

    def read(self, facts: Any, declined: Iterable[str] = ()) -> Applicant:
        """An applicant from JSON or YAML. Raises DecisionError."""
        return self.applicants.read(facts, declined)

    def screen(self, applicant: Applicant, *, as_of: date, place: str) -> Screening:
        """Decide every programme of the applicant's kind.

        Raises:
            DecisionError: unknown place; a date nobody decides for.
        """
        subject = self.applicants.subject(applicant)
        found: list[tuple[Row, OpenProgramme]] = []
        for programme in self.rules.benefits.values():
            if subject in (None, programme.subject):
                found.append(self._row(programme, applicant, as_of, place))
        found.sort(key=lambda each: self._order(each[0]))
        asked = [one for row, one in found if row.in_time and row.group == ON_FACTS]

        def ask() -> Ask | None:
            if subject is None and self.applicants.tells_nothing(applicant):
                return self._ask_subject([row for row, _ in found])
            shared = best_question(asked, self.knowledge)
            return None if shared is None else self._ask(shared)

        place = found[0][0].decision.place if found else place
        return Screening(as_of, place, subject, tuple(row for row, _ in found), ask)

    # --- rows ----------------------------------------------------------------------------------------------------
    def _row(self, programme: Programme, applicant: Applicant, as_of: date, place: str) -> tuple[Row, OpenProgramme]:
        facts = applicant.facts_for(programme.id)
        declined = self.applicants.together(applicant.declined_for(programme.id))
        decision = self.rules.decide(programme.id, facts, as_of=as_of, place=place, declined=declined)
        engine = self.rules.engine(programme.id, as_of, place)
        rest = engine.relevance.rest(engine.environment(facts, as_of))
        group = _GROUP_OF[decision.verdict]
        row = Row(
            decision,
            programme.title,
            programme.subject,
            group,
            Fraction(0) if group in (ELSEWHERE, NOT) else self._likelihood(engine).of(rest),
            decision.window.state in _TO_BE_HAD,
            _met(engine, decision, facts),
        )
        return row, OpenProgramme(programme.id, engine, rest, engine.user_facts - declined, decision.missing)

    def _likelihood(self, engine: Engine) -> Likelihood:
        return self._likelihoods.setdefault(engine, Likelihood(engine))

    def _order(self, row: Row) -> tuple[Any, ...]:
        """Group, in time, likelihood; then, of a condition, whether anything told speaks for it; value; the text."""
        unheard = row.group == ON_CONDITION and not row.met
        changeable = bool(row.decision.would_change)
        text = self._place_in_text[row.programme]
        return (
            GROUPS.index(row.group),
            not row.in_time,
            unheard,
            -row.likelihood,
            not changeable,
            *_worth(row.decision.amount),
            text,
        )

    # --- questions -----------------------------------------------------------------------------------------------
    def _ask(self, shared: SharedQuestion) -> Ask:
        def name(fact: str) -> str:
            return self.applicants.name(fact, shared.programme) if shared.programme else fact

        question = self.knowledge.questions.get(shared.id)
        names = tuple(map(name, shared.facts))
        if question is None:  # a fact nobody has worded a question for
            return Ask(shared.id, names, self.knowledge.facts[shared.id].zh, "text", (), True, shared.serves)
        answers = tuple(_answers(question, shared.facts, name))
        return Ask(
            question.id, names, question.ask, question.kind, answers, question.unsure, shared.serves, shared.programme
        )

    def _ask_subject(self, rows: Iterable[Row]) -> Ask:
        answers = tuple(Answer(message(f"subject_{one}"), {SUBJECT: one}) for one in SUBJECTS)
        serves = tuple(row.programme for row in rows if row.in_time)
        return Ask(SUBJECT, (SUBJECT,), message("ask_subject"), "choice", answers, True, serves)


def screening_to_json(screening: Screening, knowledge: Knowledge) -> dict[str, Any]:
    """The screening as plain JSON values; each row is its decision's JSON, with what a screening adds."""
    asked = screening.next_question
    return {
        "as_of": screening.as_of.isoformat(),
        "place": screening.place,
        "subject": screening.subject,
        "rows": [_row_to_json(row, knowledge) for row in screening.rows],
        "next_question": None
        if asked is None
        else {
            "id": asked.id,
            "programme": asked.programme,
            "facts": list(asked.facts),
            "ask": asked.ask,
            "kind": asked.kind,
            "choices": [answer.label for answer in asked.answers],
            "answers": [{"label": answer.label, "sets": dict(answer.sets)} for answer in asked.answers],
            "unsure": asked.unsure,
            "serves": list(asked.serves),
        },
    }


def _row_to_json(row: Row, knowledge: Knowledge) -> dict[str, Any]:
    decided = decision_to_json(row.decision, knowledge)
    for key in ("as_of", "place", "next_question"):  # said once, for all of them
        del decided[key]
    return {
        "programme": decided.pop("programme"),
        "title": row.title,
        "subject": row.subject,
        "group": row.group,
        "verdict": decided.pop("verdict"),
        "likelihood": round(float(row.likelihood), 4),
        "in_time": row.in_time,
        **decided,
    }


def _answers(question: Question, facts: tuple[str, ...], name: Callable[[str], str]) -> Iterable[Answer]:
    for choice in question.choices:
        sets = {name(fact): value for fact, value in choice.sets.items() if fact in facts}
        if sets or not choice.sets:
            yield Answer(choice.label, sets)
    if question.none_of_these:
        yield Answer(question.none_of_these, dict.fromkeys(map(name, facts), False))


def _met(engine: Engine, decision: Decision, facts: Mapping[str, Any]) -> tuple[str, ...]:
    told = {*with_implied(facts, engine.knowledge)}
    leaves = [leaf for leaf in engine.programme.leaves if decision.leaves.get(leaf.id) and told & {*leaf.facts}]
    return tuple(dict.fromkeys(clause for leaf in leaves for clause in leaf.cite))


def _worth(money: Money | None) -> tuple[int, int | Fraction, bool]:
    """What it is worth, the most first: a sum in yuan by its high end (an exact one before a cap), a cap in months,
    a cap as a share, money whose figure is in another text, no money."""
    if money is None:
        return 4, 0, False
    high = money.fen if money.fen is not None else money.high_fen
    if high is not None:
        return 0, -high, money.kind != "exactly"
    if money.months is not None:
        return 1, -money.months, False
    if money.rates:
        return 2, -max(money.rates), False
    return 3, 0, False


def _first_clause(programme: Programme, knowledge: Knowledge) -> tuple[int, str]:
    starts = [knowledge.clauses[clause].start for leaf in programme.leaves for clause in leaf.cite]
    return min(starts, default=0), programme.id
