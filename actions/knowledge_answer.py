"""A question about the notices, answered with the clause — or honestly not.

What a question asks is *programme × aspect*. The packs say of each pair whether the notices state it, delegate it or
are silent; only where no pair is recognised does the search decide. The steps stand in ``STEPS``; the first that
answers wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from actions.asked import Asked, asked_in, beside, nothing_but, only_an_aspect, part
from actions.aspects_answer import STATED, aspects_reply, clauses_of, nearest, stated_aspect, unspoken
from actions.comparison_answer import comparison
from actions.definitions_answer import definition
from actions.documents_answer import cited_document, later_document, other_year
from actions.duties_answer import duty, spoken_duty
from actions.hearsay import figures_put_forward
from actions.holds import certainty
from actions.manners import grievance, insult, of_the_last_answer, orders, today
from actions.neighbours_answer import neighbour, silent_matter
from actions.programmes import can_get, offered, programme_name
from actions.quoting import quote_hits
from actions.reply import Reply, text_reply
from actions.several_questions import parts, together
from actions.speak import say, wording
from actions.standards_answer import local_standard, unconfirmed, without_a_sum
from actions.state import State

ON_SUBJECT, ON_SUBJECT_AFTER_ALL = 0.3, 0.45
"""From how much of a question in the clause (``Asked.grip``) it is about the notices; the second where it was taken for
something that is none of their business. Neighbouring matters have been told apart before."""


def answer(state: State) -> Reply:
    """Answer the latest message as a question about the notices, or as several."""
    several = parts(state)
    return _answer(state) if len(several) == 1 else {**together(map(_answer, several)), "as_of": _day(state)}


def _answer(state: State) -> Reply:
    asked = asked_in(state)
    for step in STEPS:
        reply = step(state, asked)
        if reply is not None:
            return _finished(state, asked, reply)
    raise AssertionError("the last step always answers")


def instead(state: State) -> Reply | None:
    """The answer that a message needs where it was taken for a wish to be interviewed; None where it was right."""
    if state.intent not in ("check", "what_else") and (state.pending or state.intent != "inform"):
        return None
    asked = asked_in(state)
    for step in INSTEAD:
        reply = step(state, asked)
        if reply is not None:
            return _finished(state, asked, reply)
    return None


def open_figure(state: State) -> Reply | None:
    """Before a verdict or the next question: the answer to “how much” where it is left open, and to hearsay."""
    if state.intent == "ask" or (state.intent == "correct" and not figures_put_forward(state)):
        return None
    asked = asked_in(state)
    if asked.aspect != "amount":
        return None
    reply = local_standard(state, asked) or stated_aspect(state, asked)
    if reply is None and asked.programme is None and figures_put_forward(state):
        reply = found_clause(state, asked) or beyond_us(state, asked)
    if reply is None or (reply["outcome"] != "not_stated" and not figures_put_forward(state)):
        return None
    return _finished(state, asked, reply)


def remembered(state: State, reply: Reply) -> dict[str, object]:
    """What the next message may refer to: what this answer was about (slot ``asked``)."""
    offers = offered(state) if reply["outcome"] == "clarify" else []
    return {
        "programme": reply.get("programme"),
        "aspects": list(asked_in(state).aspects),
        "cited": list(reply.get("cited", ()))[:_REMEMBERED],
        "offered": offers,
    }


_REMEMBERED = 3
_A_WORD, _A_SUBJECT, _A_SENTENCE = 2, 6, 16  # characters
_LEADING = 2  # clauses
_ELSE = ("out_of_scope", "why", "what_else", "human", "chitchat", "bot_challenge", "abuse")  # no question of ours


def _finished(state: State, asked: Asked, reply: Reply) -> Reply:
    about: Reply = {"programme": asked.programme, "aspect": asked.aspect}
    return {**about, **reply, "cited": with_closest(asked, reply.get("cited", ())), "as_of": _day(state)}


def with_closest(asked: Asked, cited: Sequence[str]) -> list[str]:
    """The clauses of an answer; behind the leading ones, the clause that the question's words come closest to."""
    hits = asked.hits[:1] if cited else ()
    near = [hit.clause.id for hit in hits if max(hit.coverage, hit.weight) >= ON_SUBJECT]
    return list(dict.fromkeys([*cited[:_LEADING], *near, *cited[_LEADING:]]))


def _day(state: State) -> str:
    return state.as_of.isoformat()


# --- the steps ---------------------------------------------------------------------------------------------------
def other_place(state: State, asked: Asked) -> Reply | None:
    """Another province's city: never a clause of ours."""
    if asked.elsewhere is None:
        return None
    return {"kind": "text", "text": say("other_place", place=asked.elsewhere), "outcome": "out_of_scope"}


def programme_in_general(state: State, asked: Asked) -> Reply | None:
    """Only the programme is named: the clause of it that fits the words best, else what it is."""
    if asked.programme is None or not asked.named:
        return None
    aspect = state.room.rules.aspect(asked.programme, "what", asked.place, state.as_of)
    who = state.room.rules.aspect(asked.programme, "who", asked.place, state.as_of)
    own = {clause for one in (aspect, who) if one for clause in one.cite}
    if aspect is None:
        return None
    reply = aspects_reply(state, asked, [aspect])
    offered_then = reply["suggestions"] or list(wording("messages")["follow_ups"])
    near = [hit.clause.id for hit in asked.hits if hit.clause.id in own]
    cited = dict.fromkeys([*nearest(state, asked), *near, *reply["cited"]])
    return {**without_a_sum(asked, reply), "suggestions": offered_then, "cited": list(cited)}


def told_by_a_clause(state: State, asked: Asked) -> Reply | None:
    """“区里让我们宣传…，除了电视还得弄啥”: heard as “what else can I get”, but nothing is told of an applicant."""
    of_an_applicant = state.intent != "what_else" or state.heard.get("recorded") or asked.named
    if of_an_applicant or not _says_of_what(state):
        return None
    clear = asked.is_told or (asked.stands_out and len(state.text) >= _A_SENTENCE)
    return found_clause(state, asked) if clear else None


def _says_of_what(state: State) -> bool:
    """“还有别的补贴吗” has hardly a word of its own: whatever clause it comes closest to, it is not meant."""
    return len(beside(state.text, state.room.knowledge.matters.vague)) >= _A_SUBJECT


def clause_of_another_part(state: State, asked: Asked) -> Reply | None:
    """“听说有人拿假名单套培训补贴，咋处理”: a programme is named, but what is asked of it stands in another part."""
    programme = asked.programme or state.programme
    tells = state.intent == "inform" and not state.in_question_words
    if programme not in state.room.rules.benefits or tells or not (_says_of_what(state) and asked.stands_out):
        return None
    own = {part(clause) for clause in clauses_of(state, replace(asked, programme=programme))}
    return None if part(asked.hits[0].clause.id) in own else found_clause(state, asked)


def found_clause(state: State, asked: Asked) -> Reply | None:
    """Search: the best clause, quoted with its sentence, when it is clearly about the question."""
    if not on_subject(state, asked) or unspoken(asked):
        return None
    best = asked.hits[0].clause.id
    if whose := _whose(state, asked, best):
        return stated_aspect(state, replace(asked, programme=whose))
    about = [name for name in state.room.rules.benefits if best in _clauses_of(state, name)]
    opening, outcome = certainty(asked) or (spoken_duty(state, best) or say("answer_found"), "answered")
    reply = {
        **quote_hits(state, asked.hits[:1], opening),
        "suggestions": [can_get(state, programme_name(state, name)) for name in about],
        "outcome": outcome,
        "programme": about[0] if len(about) == 1 else asked.programme,
        "cited": [hit.clause.id for hit in asked.hits],
    }
    return without_a_sum(asked, unconfirmed(state, reply))


def on_subject(state: State, asked: Asked) -> bool:
    """Whether the question is about the notices at all."""
    doubted = state.intent in _ELSE and not asked.programme
    return asked.grip >= (ON_SUBJECT_AFTER_ALL if doubted else ON_SUBJECT) or asked.is_told


def _whose(state: State, asked: Asked, clause: str) -> str | None:
    """The programme whose aspect is asked for: the clause tells of its amount, or, where none is named, of it alone."""
    if asked.aspect is None:
        return None
    rules = state.room.rules
    aspects = {name: rules.aspect(name, asked.aspect, asked.place, state.as_of) for name in rules.benefits}
    if asked.aspect == "amount":
        return next((name for name, one in aspects.items() if one and clause in one.cite), None)
    if asked.programme:
        return None
    owners = [name for name in aspects if clause in clauses_of(state, replace(asked, programme=name))]
    one = aspects[owners[0]] if len(owners) == 1 else None
    return owners[0] if one is not None and one.state != STATED else None


def too_vague(state: State, asked: Asked) -> Reply | None:
    """“补贴”, “我这种情况能领不”: of which programme? A short choice."""
    return which_programme(state) if not asked.words and _says_nothing(state, asked) else None


def aspect_of_nothing(state: State, asked: Asked) -> Reply | None:
    """“怎么申请”: what?"""
    alone = _may_be_vague(state, asked) and only_an_aspect(state)
    return which_programme(state) if alone or _says_nothing(state, asked) else None


def _may_be_vague(state: State, asked: Asked) -> bool:
    return not asked.programme and state.intent not in ("chitchat", "abuse")


def _says_nothing(state: State, asked: Asked) -> bool:
    """Whether no programme is meant, and beside vague words and those of an aspect there is nothing."""
    rest = beside(state.text, [*state.room.knowledge.matters.vague, *asked.words])
    return _may_be_vague(state, asked) and len(rest) < _A_WORD


def which_programme(state: State) -> Reply:
    """The programmes asked for most, to choose from by name or number."""
    names = [programme_name(state, name) for name in offered(state)]
    return text_reply(say("clarify", names=names), "clarify", names)


def beyond_us(state: State, asked: Asked) -> Reply:
    """Nothing fits: said plainly."""
    reply = text_reply(say("out_of_scope"), "out_of_scope")
    if figures_put_forward(state):  # hearsay is not left standing, whatever it is about
        return unconfirmed(state, reply)
    return {**reply, "nothing_found": True}


def asked_of_another(state: State, asked: Asked) -> Reply | None:
    """“那失业补助金呢” after “稳岗返还多少钱”: the same question of another programme or place."""
    if not asked.aspects or not nothing_but(state, "programme", "place", more=0):
        return None
    return stated_aspect(state, asked)


STEPS = (
    orders,
    other_place,
    insult,
    today,
    of_the_last_answer,
    comparison,
    definition,
    cited_document,
    clause_of_another_part,
    later_document,
    other_year,
    local_standard,
    neighbour,
    too_vague,
    duty,
    stated_aspect,
    silent_matter,
    programme_in_general,
    aspect_of_nothing,
    grievance,
    found_clause,
    beyond_us,
)

INSTEAD = (orders, other_place, comparison, neighbour, asked_of_another, told_by_a_clause, clause_of_another_part)


def _clauses_of(state: State, programme: str) -> set[str]:
    return {clause for leaf in state.room.rules.benefits[programme].leaves for clause in leaf.cite}
