"""Random situations of every programme: a day, a place, the whole truth about somebody, and the known part of it.

The values a fact can take are read off the constants of the rules: each of them, and what lies next to it on both
sides. Outcomes of complete facts come from the plain reading in ``by_hand`` where there is one, else from the engine,
which then has nothing open to reason about.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Any

import by_hand
from hypothesis import strategies as st

from eligibility import Decision, Rulebook
from eligibility.decide import with_implied
from eligibility.expression import Span, add_span
from eligibility.model import Programme
from eligibility.syntax import Constant, Junction, Membership, Name, Negation, Operation, Relation, Tree
from knowledge import load

RULES = Rulebook(load())
DAYS = [date(2021, 7, 19), date(2021, 7, 20), date(2021, 7, 31), date(2021, 8, 1), date(2021, 12, 31), date(2022, 1, 1)]
DAYS += [date(2026, 3, 1)]
PLACES = ["本溪", "桓仁", "沈阳", "辽宁"]
BENEFITS = sorted(RULES.benefits)
STATEMENTS = sorted(set(RULES.programmes) - set(BENEFITS))

# As the contract has it (tests/contract/cases_public.yml): facts that count only when volunteered, because they replace
# another one or wake a clause that is silent without them; and what need not be asked once they are known.
VOLUNTEERED = {
    "stabilisation_refund": {"layoff_rate_pct", "application_date"},
    "unemployment_aid": {"accepted_in_2020", "accepted_year", "application_date"},
    "skill_upgrade_subsidy": {"application_date"},
    "transition": {"accepted_year"},
}
REPLACES = {"layoff_rate_pct": "layoff_count", "accepted_year": "accepted_in_2020"}
WOKEN = {"unemployment_aid": ({"accepted_in_2020", "accepted_year"}, {"benefit_period_end"})}

Values = Mapping[str, list[Any]]
Facts = Mapping[str, Any]


class Situation:
    """A day, a place, and what is known; the rest of ``truth`` is not."""

    def __init__(self, programme: str, as_of: date, place: str, truth: dict[str, Any], known: dict[str, Any]) -> None:
        self.programme, self.as_of, self.place, self.truth, self.known = programme, as_of, place, truth, known
        self.rule = RULES.programme_at(programme, as_of, place)
        self.agency = frozenset(
            n for n in reads(self.rule) if RULES.knowledge.facts[n].agency or n in self.rule.held_by
        )
        self.volunteered = frozenset(VOLUNTEERED.get(programme, ()))

    def __repr__(self) -> str:
        return f"{self.programme} {self.as_of} {self.place} {self.known}"

    def decide(self, rules: Rulebook, facts: Mapping[str, Any], declined: frozenset[str] = frozenset()) -> Decision:
        return rules.decide(self.programme, facts, as_of=self.as_of, place=self.place, declined=declined)

    def verdict(self, facts: Mapping[str, Any]) -> str:
        """The verdict over complete facts."""
        rule = by_hand.RULES.get(self.programme)
        return rule(facts, self.as_of, self.place) if rule else self.decide(RULES, facts).verdict

    def open(self) -> list[str]:
        """The facts that a completion may still choose: not known, and counting without being volunteered."""
        known = with_implied(self.known, RULES.knowledge)
        silent = {*self.volunteered, *(other for name, other in REPLACES.items() if name in known)}
        waking, woken = WOKEN.get(self.programme, (set(), set()))
        if not waking & set(known):
            silent |= woken
        return [name for name in grid(self.rule, self.as_of) if name not in known and name not in silent]

    def completions(self) -> dict[tuple[Any, ...], str]:
        """The verdict for every way to fill in what is open."""
        names, values = self.open(), grid(self.rule, self.as_of, completing=True)
        known = with_implied(self.known, RULES.knowledge)
        return {
            chosen: self.verdict({**known, **dict(zip(names, chosen, strict=True))})
            for chosen in itertools.product(*(values[name] for name in names))
        }


SHUNNED = [None, "eligible", "ineligible"]
"""A verdict to keep away from while facts are drawn: without one, most lists are fulfilled and most rules fail."""


def whole_truth(
    rule: Programme,
    as_of: date,
    place: str,
    values: Values,
    choose: Callable[[list[Any]], Any],
    shunned: str | None,
    plausible: Callable[[Facts], bool] = lambda truth: True,
) -> dict[str, Any]:
    """Facts that agree with each other, drawn in the order of ``values``; ``choose`` draws one out of a list."""
    truth: dict[str, Any] = {}
    for name in values:
        agreeing = [value for value in values[name] if agrees(truth, name, value)]
        trials = [with_implied({**truth, name: value}, RULES.knowledge) for value in agreeing]
        trials = [trial for trial in trials if plausible(trial)]
        if name not in truth and trials:
            trials.insert(0, choose(trials))
            verdicts = (RULES.decide(rule.id, trial, as_of=as_of, place=place).verdict for trial in trials)
            truth = next((t for t, v in zip(trials, verdicts, strict=True) if shunned and v != shunned), trials[0])
    return {name: value for name, value in truth.items() if name in values}


def _sampled(draw: st.DrawFn) -> Callable[[list[Any]], Any]:
    return lambda choices: draw(st.sampled_from(choices))


@st.composite
def situations(draw: st.DrawFn, programme: str, most_open: int | None = None) -> Situation:
    """Random facts that agree with each other, of which some are known.

    Args:
        most_open: the number of completions that may be left to try.
    """
    as_of, place = draw(st.sampled_from(DAYS)), draw(st.sampled_from(PLACES))
    rule = RULES.programme_at(programme, as_of, place)
    values = {**grid(rule, as_of), **_implying(rule)}
    shunned = draw(st.sampled_from(SHUNNED))
    names = draw(st.permutations(sorted(values)))
    truth = whole_truth(rule, as_of, place, {name: values[name] for name in names}, _sampled(draw), shunned)
    unknown = set(draw(st.lists(st.sampled_from(sorted(truth)), unique=True)))
    if programme in VOLUNTEERED:
        unknown |= draw(st.sets(st.sampled_from(sorted(VOLUNTEERED[programme]))))
    known = {name: value for name, value in truth.items() if name not in unknown}
    if draw(st.booleans()):  # leave unsaid what follows from something said
        for name in sorted(known):
            others = {other: value for other, value in known.items() if other != name}
            known = others if name in with_implied(others, RULES.knowledge) else known
    situation = Situation(programme, as_of, place, truth, known)
    if most_open is not None:
        size = 1
        wide = grid(rule, as_of, completing=True)
        for name in situation.open():
            size *= len(wide[name])
            if size > most_open:
                known[name] = truth[name]
                size //= len(wide[name])
    return situation


def reads(rule: Programme) -> list[str]:
    """The facts that the verdict of a programme may depend on, in the order of the text."""
    every = (name for condition in rule.conditions for name in (*condition.facts, *sorted(condition.reads)))
    return [name for name in dict.fromkeys(every) if name in RULES.knowledge.facts]


@cache
def grid(rule: Programme, as_of: date, completing: bool = False) -> Values:
    """For every fact of a programme the values on both sides of each border of its rule.

    With ``completing`` wider than any value that may be known: to each known half of a ratio both outcomes exist.
    """
    if rule.id in by_hand.RULES:
        return by_hand.grid(rule.id, as_of, completing)
    constants = [one.value for one in _constants(rule)]
    return {name: _values(name, constants, as_of, completing) for name in reads(rule)}


def _values(name: str, constants: list[Any], as_of: date, completing: bool) -> list[Any]:
    fact = RULES.knowledge.facts[name]
    if fact.type == "bool":
        return [True, False]
    if fact.type == "choice":
        return list(fact.values)
    if fact.type == "date":
        spans = [one for one in constants if isinstance(one, Span)]
        days = [as_of, *(one for one in constants if isinstance(one, date))]
        days += [add_span(as_of, span, sign) for span in spans for sign in (1, -1)]
        return sorted({day + timedelta(step) for day in days for step in (-1, 0, 1)})
    if fact.type == "year":
        return [2019, 2020, 2021, as_of.year + 1]
    numbers = [int(one) for one in constants if isinstance(one, (int, Fraction)) and not isinstance(one, bool)]
    near = {number + step for number in numbers for step in (-1, 0, 1)}
    return sorted({0, 1000, *(n for n in near if n >= 0), *([10**5] if completing else [])})


def _constants(rule: Programme) -> Iterator[Constant]:
    trees = [condition.expression.tree for condition in rule.conditions]
    for ways in rule.derived.values():
        trees += [part.tree for way in ways for part in (way.expression, way.condition) if part]
    for tree in trees:
        if tree is not None:
            yield from _within(tree)


def _within(tree: Tree) -> Iterator[Constant]:
    if isinstance(tree, Constant):
        yield tree
    elif isinstance(tree, (Operation, Relation)):
        yield from _within(tree.left)
        yield from _within(tree.right)
    elif isinstance(tree, (Negation, Membership)):
        yield from _within(tree.inner if isinstance(tree, Negation) else tree.left)
    elif isinstance(tree, Junction):
        for part in tree.parts:
            yield from _within(part)
    else:
        assert isinstance(tree, Name)


def _implying(rule: Programme) -> Values:
    """Facts that the programme does not read, but which imply some that it reads."""
    own, catalogue = set(reads(rule)), RULES.knowledge.facts
    found: dict[str, list[Any]] = {}
    for name, fact in catalogue.items():
        if name not in own and own & {other for implied in fact.implies.values() for other in implied}:
            found[name] = [True, False] if fact.type == "bool" else list(fact.values)
    return found


def agrees(truth: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether nobody's words contradict each other: what follows from the value, and the twins that are no synonyms."""
    more = {**truth, **with_implied({name: value}, RULES.knowledge)}
    if any(truth.get(other, told) != told for other, told in more.items()):
        return False
    if {"accepted_in_2020", "accepted_year"} <= set(more):
        return bool(more["accepted_in_2020"] == (more["accepted_year"] == 2020))
    return True
