"""Replies that quote clauses: an opening sentence, then each quote with its source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from actions.reply import Reply
from actions.speak import one_line, say, source
from actions.state import State
from knowledge import Clause
from knowledge.search import Hit


def quote_hits(state: State, hits: Iterable[Hit], opening: str) -> Reply:
    """A ``clauses`` reply of what a search found, its sentences highlighted."""
    return _reply(opening, [_shown(state, hit.clause, (hit.start, hit.end)) for hit in hits])


def quote_clauses(state: State, names: Iterable[str], opening: str) -> Reply:
    """A ``clauses`` reply of whole clauses by id, which it cites; without any, plain text."""
    clauses = [state.room.knowledge.clauses[name] for name in dict.fromkeys(names)]
    if not clauses:
        return {"kind": "text", "text": opening, "cited": []}
    reply = _reply(opening, [_shown(state, clause, (0, len(clause.quote))) for clause in clauses])
    return {**reply, "cited": [clause.id for clause in clauses]}


def _reply(opening: str, shown: list[dict[str, Any]]) -> Reply:
    lines = [say("quote_line", quote=one_line(q["quote"]), source=f"{q['number']} {q['item']}") for q in shown]
    return {"kind": "clauses", "text": "\n".join([opening, *lines]), "opening": opening, "clauses": shown}


def _shown(state: State, clause: Clause, highlight: tuple[int, int]) -> dict[str, Any]:
    return {
        "clause": clause.id,
        "document": clause.document,
        "number": state.room.knowledge.notices[clause.document].number,
        "item": clause.item,
        "quote": clause.quote,
        "highlight": list(highlight),
        "source": source(state.room.knowledge, clause),
    }
