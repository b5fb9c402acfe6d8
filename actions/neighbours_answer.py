"""Matters beside the notices: what they are silent on, and what other texts govern. Never a clause as if it
answered."""

from __future__ import annotations

from actions.asked import Asked
from actions.aspects_answer import unspoken
from actions.quoting import quote_clauses
from actions.reply import Reply, text_reply
from actions.speak import say
from actions.standards_answer import unconfirmed
from actions.state import State
from knowledge.matters import Matter

NEAR = 0.3  # from how much of a question in the nearest clause (Asked.grip) it is next to what is asked
_WORD_FOR_WORD = 0.85  # coverage (knowledge.search.Hit) at which a clause answers, whatever else the words may mean


def neighbour(state: State, asked: Asked) -> Reply | None:
    """“失业金怎么领”, “公积金怎么提取”: a matter of its own. A programme named beside it is asked about first."""
    if asked.hits and asked.hits[0].coverage >= _WORD_FOR_WORD:
        return None
    found = next((one for one in state.room.knowledge.matters.neighbours if _meant(state, asked, one)), None)
    if found is None:
        return None
    if found.term is not None:
        told = state.room.knowledge.glossary.speak(found.term, state.as_of)
        lines = [say("neighbour", matter=found.name), told.text, say("term_near")]
        return unconfirmed(state, {**quote_clauses(state, found.near, "\n".join(lines)), "outcome": "not_stated"})
    if not found.near:
        return text_reply(say("neighbour_out_of_scope", matter=found.name), "out_of_scope")
    lines = [say("neighbour", matter=found.name), say("answer_closest")]
    return {**quote_clauses(state, found.near, "\n".join(lines)), "outcome": "not_stated"}


def _meant(state: State, asked: Asked, matter: Matter) -> bool:
    if not matter.words(state.text) or matter.unless(state.text):
        return False
    if matter.aspects:  # of a programme by the same name, what the notices do not govern
        return any(aspect in matter.aspects for aspect in asked.aspects)
    return not asked.named


def silent_matter(state: State, asked: Asked) -> Reply | None:
    """“见习期间要不要签劳动合同”: no programme is named; the nearest clause, and that it does not say."""
    matters = unspoken(asked)
    if not matters or asked.programme or asked.grip < NEAR:
        return None
    lines = [say("answer_not_stated", says=say("matter_not_stated", matter=one.name), refer_to="") for one in matters]
    return {
        **quote_clauses(state, [hit.clause.id for hit in asked.hits[:1]], "\n".join([*lines, say("answer_closest")])),
        "outcome": "not_stated",
    }
