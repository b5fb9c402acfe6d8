"""The fact sheet: every question that still matters for a programme, at once; fewer with each fact."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from eligibility import Rulebook
from eligibility.model import Decision
from knowledge import Fact

_PURPOSES = ("verdict", "amount", "result")


def sheet(
    rules: Rulebook,
    programme: str,
    given: Any,
    as_of: date,
    place: str,
    declined: Sequence[str] = (),
    about: str | None = None,
) -> dict[str, Any]:
    """Return {open: [question], answered: [fact id], verdict}. Raises DecisionError.

    A question: {id, ask, why, kind, purpose (verdict | amount | result), unsure, facts: [fact],
    choices: [{label, sets}], none_of_these}; a fact: {id, label, type, scope, unit, values, says}.
    What the verdict turns on comes first.
    """
    rules.programme(programme)
    rules.read(dict.fromkeys(declined))
    facts = rules.read(given)
    decision = rules.decide(programme, facts, as_of=as_of, place=place, declined=declined, about=about)
    questions = [_question(rules, asked, group, purpose) for purpose, asked, group in _asked(rules, decision)]
    return {"open": questions, "answered": list(facts), "declined": list(declined), "verdict": decision.verdict}


def counts(rules: Rulebook, decision: Decision) -> dict[str, int]:
    """How many questions are still to be asked, by what they are asked for: verdict, amount, result."""
    found = Counter(purpose for purpose, _, _ in _asked(rules, decision))
    return {purpose: found[purpose] for purpose in _PURPOSES}


def _asked(rules: Rulebook, decision: Decision) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each question once: what it is asked for, its id, and the facts it asks for."""
    wanted = (decision.missing, decision.missing_for_amount, decision.missing_for_results)
    order = rules.engine(decision.programme, decision.as_of, decision.place).order
    for purpose, names in zip(_PURPOSES, wanted, strict=True):
        yield from ((purpose, asked, group) for asked, group in order.groups(names).items())


def _question(rules: Rulebook, asked: str, names: tuple[str, ...], purpose: str) -> dict[str, Any]:
    """The question that asks for these facts together; choices that set none of them are left out."""
    known = rules.knowledge
    question = known.questions.get(asked)
    facts = [_fact(known.facts[name]) for name in names]
    if question is None:
        label = known.facts[names[0]].zh
        return {"id": asked, "ask": label, "why": "", "kind": "text", "purpose": purpose, "unsure": True,
                "facts": facts, "choices": [], "none_of_these": ""}  # fmt: skip
    choices = [
        {"label": choice.label, "sets": dict(choice.sets)}
        for choice in question.choices
        if not choice.sets or set(choice.sets) & set(names)
    ]
    return {"id": question.id, "ask": question.ask, "why": question.why, "kind": question.kind, "purpose": purpose,
            "unsure": question.unsure, "facts": facts, "choices": choices,
            "none_of_these": question.none_of_these}  # fmt: skip


def _fact(fact: Fact) -> dict[str, Any]:
    says = {str(value).lower(): words for value, words in fact.says.items()}
    return {"id": fact.id, "label": fact.zh, "type": fact.type, "scope": fact.scope, "unit": fact.unit,
            "values": dict(fact.values), "says": says}  # fmt: skip
