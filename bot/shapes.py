"""Answers in their public JSON shape (DESIGN, "Public interfaces"), the same at every door."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from eligibility import Rulebook
from eligibility.screen import Screener, screening_to_json
from knowledge import Clause, Knowledge
from knowledge.search import Hit


def decided(
    rules: Rulebook,
    programme: str,
    facts: Any,
    *,
    as_of: date,
    place: str,
    declined: Iterable[str] = (),
    question: str | None = None,
    about: str | None = None,
) -> dict[str, Any]:
    """Decide from facts as they came in. Raises DecisionError, also for a declined fact that nobody knows."""
    rules.programme(programme)
    declined = tuple(declined)
    rules.read(dict.fromkeys(declined))
    decision = rules.decide(
        programme, rules.read(facts), as_of=as_of, place=place, declined=declined, question=question, about=about
    )
    return rules.to_json(decision)


def screened(
    screener: Screener, facts: Any, *, as_of: date, place: str, declined: Iterable[str] = ()
) -> dict[str, Any]:
    """Screen from facts as they came in. Raises DecisionError."""
    screening = screener.screen(screener.read(facts, declined), as_of=as_of, place=place)
    return screening_to_json(screening, screener.knowledge)


def found(question: str, hits: Iterable[Hit]) -> dict[str, Any]:
    """The hits of one search."""
    return {
        "question": question,
        "hits": [
            {
                "clause": hit.clause.id,
                "document": hit.clause.document,
                "item": hit.clause.item,
                "sentence": hit.sentence,
                "score": round(hit.score, 4),
            }
            for hit in hits
        ],
    }


def clause_of(clause: Clause, knowledge: Knowledge) -> dict[str, Any]:
    """A clause with its notice."""
    notice = knowledge.notices[clause.document]
    return {
        "clause": clause.id,
        "document": clause.document,
        "number": notice.number,
        "notice": notice.title,
        "item": clause.item,
        "title": clause.title,
        "kind": clause.kind,
        "path": list(clause.path),
        "quote": clause.quote,
    }


def programmes(rules: Rulebook) -> list[dict[str, Any]]:
    """Every programme that can be decided."""
    return [
        {
            "id": programme.id,
            "title": programme.title,
            "summary": programme.summary,
            "document": programme.document,
            "number": rules.knowledge.notices[programme.document].number,
            "item": programme.item,
            "subject": programme.subject,
            "place": programme.place,
        }
        for programme in rules.programmes.values()
    ]


def answered(question: str, replies: list[dict[str, Any]]) -> dict[str, Any]:
    """One fresh turn: what the replies say of themselves, and their words together."""

    def first(key: str) -> Any:
        return next((reply[key] for reply in replies if reply.get(key)), None)

    cited = dict.fromkeys(clause for reply in replies for clause in reply.get("cited", ()))
    return {
        "question": question,
        "outcome": first("outcome"),
        "programme": first("programme"),
        "aspect": first("aspect"),
        "clauses": list(cited),
        "reply": plain("\n".join(reply["text"] for reply in replies)),
    }


def plain(text: str) -> str:
    """The words of a reply without the marks of emphasis, for doors that show plain text."""
    return text.replace("**", "")
