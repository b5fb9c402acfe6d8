"""A decision in the public JSON shape (DESIGN, "Public interfaces")."""

from __future__ import annotations

from typing import Any

from eligibility.facts import plain
from eligibility.model import Decision, Money, NextQuestion
from knowledge import Knowledge


def decision_to_json(decision: Decision, knowledge: Knowledge) -> dict[str, Any]:
    """Every field of the decision as plain JSON values; quotes verbatim, money in yuan, dates ISO."""
    return {
        "programme": decision.programme,
        "verdict": decision.verdict,
        "as_of": decision.as_of.isoformat(),
        "place": decision.place,
        "window": {
            "state": decision.window.state,
            "until": plain(decision.window.until),
            "note": decision.window.note,
            "source": decision.window.source,
        },
        "amount": _amount(decision.amount),
        "route": decision.results.get("route"),
        "missing": list(decision.missing),
        "missing_for_amount": list(decision.missing_for_amount),
        "missing_for_results": list(decision.missing_for_results),
        "depends_on": list(decision.depends_on),
        "assumptions": list(decision.assumptions),
        "would_change": dict(decision.would_change),
        "refer_to": list(decision.refer_to),
        "results": {name: _plain(value) for name, value in decision.results.items()},
        "next_question": _question(decision.next_question, knowledge),
        "because": [
            {
                "clause": reason.clause,
                "quote": knowledge.clauses[reason.clause].quote,
                "document": knowledge.notices[knowledge.clauses[reason.clause].document].number,
                "item": knowledge.clauses[reason.clause].item,
                "role": reason.role,
            }
            for reason in decision.because
        ],
        "decision_id": decision.decision_id,
    }


def _plain(value: Any) -> Any:
    """A result as JSON, also one that the text leaves open between several values."""
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else plain(value)


def _amount(money: Money | None) -> dict[str, Any] | None:
    if money is None:
        return None
    shape: dict[str, Any] = {"kind": money.kind}
    if money.fen is not None:
        shape["yuan"] = money.fen / 100
    if money.low_fen is not None and money.high_fen is not None:
        shape |= {"low_yuan": money.low_fen / 100, "high_yuan": money.high_fen / 100}
    if money.base_fen is not None:
        shape["base_yuan"] = money.base_fen / 100
    if money.months is not None:
        shape["months"] = money.months
    if money.rates:
        shape["rates_pct"] = [plain(rate * 100) for rate in money.rates]
    if money.says:
        shape["says"] = money.says
    if money.refer_to:
        shape["refer_to"] = list(money.refer_to)
    return shape


def _question(asked: NextQuestion | None, knowledge: Knowledge) -> dict[str, Any] | None:
    if asked is None:
        return None
    question = knowledge.questions.get(asked.id)
    if question is None:
        return {"id": asked.id, "facts": list(asked.facts), "ask": asked.id, "kind": "text", "choices": []}
    choices = [c.label for c in question.choices if not c.sets or set(c.sets) & set(asked.facts)]
    if question.none_of_these:
        choices.append(question.none_of_these)
    return {
        "id": question.id,
        "facts": list(asked.facts),
        "ask": question.ask,
        "kind": question.kind,
        "choices": choices,
        "purpose": asked.purpose,
    }
