"""Questions that no rule decides: what a clause obliges an authority to do, which document a short number means, and
what the notices merely say (programme files of kind duty, citation and informational)."""

from __future__ import annotations

import difflib
from dataclasses import replace
from datetime import date
from typing import Any

from eligibility.errors import DecisionError, message
from eligibility.expression import Env
from eligibility.facts import plain
from eligibility.model import (
    CITATION,
    DUTY,
    INFORMATIONAL,
    NEEDS_INFO,
    NOT_IN_NOTICE,
    Decision,
    Duty,
    NextQuestion,
    Programme,
    Reason,
)
from knowledge import Knowledge
from knowledge.documents import cited_documents, matching

_MENTION = "mention"


def state(blank: Decision, programme: Programme, knowledge: Knowledge, env: Env, about: str | None) -> Decision:
    """The decision of a programme that is no benefit.

    Args:
        about: for duties, the clause that is asked about.

    Raises:
        DecisionError: a duty without ``about``, or about a clause that does not exist.
    """
    if programme.kind == CITATION:
        return _citation(blank, knowledge, env.get(_MENTION))
    if programme.kind == DUTY:
        return _duty(blank, programme, knowledge, env, about)
    return replace(blank, verdict=INFORMATIONAL, results={"says": programme.says}, because=_decides(programme.cite))


def _duty(blank: Decision, programme: Programme, knowledge: Knowledge, env: Env, about: str | None) -> Decision:
    if about is None:
        raise DecisionError("about_needed", "about")
    if about not in knowledge.clauses:
        near = difflib.get_close_matches(about, list(knowledge.clauses), 1)
        suggestion = message("did_you_mean", value=near[0]) if near else ""
        raise DecisionError("unknown_about", "about", value=about[:60], suggestion=suggestion)
    duty = programme.duties.get(about)
    if duty is None:  # it grants or tells something, but obliges nobody
        return replace(blank, verdict=INFORMATIONAL, because=_decides((about,)))
    results = {name: plain(value) for name, value in duty.results.items()}
    bounded, issued = _due(duty, knowledge, env)
    reading = duty.assumption if bounded else None
    return replace(
        blank,
        verdict=duty.verdict,
        results=results | bounded,
        assumptions=(reading.id,) if reading and reading.matters({**env, "issued_on": issued}, None) else (),
        because=_decides(duty.cite),
    )


def _due(duty: Duty, knowledge: Knowledge, env: Env) -> tuple[dict[str, Any], date | None]:
    """``due``; or the latest it can be, where the notice prints no date and only a bound of it is known.

    With the day of issue it is reckoned from.
    """
    notice = knowledge.notices[duty.document]
    issued = env.get("issued_on") or notice.date
    start = issued or notice.date_not_after
    if duty.due is None or start is None:
        return {}, start
    return {"due" if issued else "due_at_latest": plain(duty.due.evaluate({**env, "issued_on": start}))}, start


def _citation(blank: Decision, knowledge: Knowledge, mention: str | None) -> Decision:
    if mention is None:
        asked = next((name for name, one in knowledge.questions.items() if _MENTION in one.facts), _MENTION)
        question = NextQuestion(asked, (_MENTION,), "verdict")
        later = replace(blank.later, next_question=lambda: question)
        return replace(blank, verdict=NEEDS_INFO, missing=(_MENTION,), later=later)
    documents = matching(cited_documents(knowledge), mention)
    if not documents:
        return replace(blank, verdict=NOT_IN_NOTICE, refer_to=(message("number_not_printed"),))
    clauses = dict.fromkeys(clause for where in documents.values() for clause in where)
    results = {"candidates": list(documents)}
    return replace(blank, verdict=INFORMATIONAL, results=results, because=_decides(tuple(clauses)))


def _decides(clauses: tuple[str, ...]) -> tuple[Reason, ...]:
    return tuple(Reason(clause, "decides") for clause in clauses)
