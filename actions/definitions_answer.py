"""What a word of the notices means: the glossary, spoken with its clause or its source."""

from __future__ import annotations

from actions.asked import Asked, beside
from actions.quoting import quote_clauses
from actions.reply import Reply
from actions.speak import say
from actions.state import State
from knowledge.definitions import Term

_MORE = 4
"""Characters that a question about a word may have beside the word and the asking. More, and it asks something else of
which the word is only a part (“零就业家庭有一个人上班了怎么办”)."""


_ASPECTS = (None, "what", "who", "amount")  # 裁员率怎么算 is read as “who”, 怎么计算 as “amount”


def definition(state: State, asked: Asked) -> Reply | None:
    """“备付期是啥”, “失业金和失业补助金有啥区别”: each word that is asked for, with the clauses that use it."""
    terms = _meaning_asked(state, asked)
    if not terms:
        return None
    told = [state.room.knowledge.glossary.speak(term.id, state.as_of) for term in terms]
    cite, near = ([clause for one in told for clause in getattr(one, name)] for name in ("cite", "near"))
    lines = [one.text for one in told] + ([say("term_near")] if near and not cite else [])
    return {
        **quote_clauses(state, [*cite, *near], "\n".join(lines)),
        "outcome": "answered" if all(one.cite for one in told) else "not_stated",
        "aspect": "what",
    }


def _meaning_asked(state: State, asked: Asked) -> tuple[Term, ...]:
    """The words of the glossary in a question that asks what they mean, and nothing else."""
    glossary, lexicon = state.room.knowledge.glossary, state.room.knowledge.lexicon
    terms, asking = glossary.mentioned(state.text), [*lexicon["aspects"]["what"], *lexicon["meaning"]]
    names = [name for term in terms for name in (term.term, *term.aliases)]
    if not terms or asked.aspect not in _ASPECTS or not any(word in state.text for word in asking):
        return ()
    if len(beside(state.text, [*names, *asking])) > _MORE:
        return ()
    if asked.programme and not any(glossary.speak(term.id, state.as_of).cite for term in terms):
        own = lexicon["programmes"][asked.programme]
        if set(names) & {own["name"], *own["aliases"]}:
            return ()  # the programme itself is asked for, and the notices do say what it is
    return terms
