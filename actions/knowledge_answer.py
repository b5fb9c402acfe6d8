"""A question about the notices, answered with the clause — or honestly not.

What a question asks is *programme × aspect*. The packs say of each pair whether the notices state it, delegate it or
are silent; only where no pair is recognised does the search decide. The steps stand in ``STEPS``; the first that
answers wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from actions.asked import Asked, asked_in, only_an_aspect
from actions.definitions_answer import definition
from actions.documents_answer import cited_document, later_document
from actions.duties_answer import duty, spoken_duty
from actions.hearsay import figures_put_forward
from actions.programmes import can_get, offered, programme_name
from actions.quoting import quote_clauses, quote_hits
from actions.reply import Reply, text_reply
from actions.speak import day, say, wording
from actions.standards_answer import local_standard, offers, standards_of, unconfirmed, without_a_sum
from actions.state import State
from eligibility.model import ASPECTS, Aspect

ON_SUBJECT = {"ask": 0.25, "check": 0.25, "nlu_fallback": 0.35, "why": 0.6, "what_else": 0.6, "out_of_scope": 0.6}
"""By intent, the coverage (knowledge.search.Hit) from which a clause may be presented; a named programme counts as
asking. Measured on lay questions left out one by one and on the out-of-scope training sentences, had they been taken
for questions: 0.25 keeps 91 % of the questions and turns away 38 % of the others, 0.35 keeps 75 % and turns away 72 %;
of the others with 8 or more characters none reaches 0.6, and 28 % of the questions do.
Other intents are never answered with a clause."""
_LONG = 8  # characters; the few of a shorter sentence are easily all in some clause


def answer(state: State) -> Reply:
    """Answer the latest message as a question about the notices."""
    asked = asked_in(state)
    for step in STEPS:
        reply = step(state, asked)
        if reply is not None:
            reply.setdefault("programme", asked.programme)
            reply.setdefault("aspect", asked.aspect)
            reply.setdefault("cited", [])
            reply["as_of"] = state.as_of.isoformat()
            return reply
    raise AssertionError("the last step always answers")


def open_figure(state: State) -> Reply | None:
    """Before a verdict or the next question: the answer to “how much” where it is left open, and to hearsay."""
    if state.intent == "ask":
        return None
    asked = asked_in(state)
    if asked.aspect != "amount":
        return None
    reply = local_standard(state, asked) or stated_aspect(state, asked)
    if reply is None and asked.programme is None and figures_put_forward(state):
        reply = found_clause(state, asked) or beyond_us(state, asked)
    if reply is None or (reply["outcome"] != "not_stated" and not figures_put_forward(state)):
        return None
    return {**reply, "aspect": asked.aspect, "as_of": state.as_of.isoformat()}


# --- the steps ---------------------------------------------------------------------------------------------------
def other_place(state: State, asked: Asked) -> Reply | None:
    """Another province's city: never a clause of ours."""
    if asked.elsewhere is None:
        return None
    return {"kind": "text", "text": say("other_place", place=asked.elsewhere), "outcome": "out_of_scope"}


def stated_aspect(state: State, asked: Asked) -> Reply | None:
    """Programme and aspect are recognised: the packs know what the notices say of it."""
    if asked.programme is None or asked.aspect is None:
        return None
    names = [name for name in ASPECTS if name in state.named("aspect")] or [asked.aspect]
    found = [state.room.rules.aspect(asked.programme, name, asked.place, state.as_of) for name in names]
    aspects = [aspect for aspect in found if aspect is not None]
    if not aspects:
        return None
    if "amount" not in names:
        return _aspects_reply(state, asked, aspects)
    reply = _aspects_reply(state, asked, aspects, standards_of(state, asked))
    return {**unconfirmed(state, reply), "suggestions": reply["suggestions"] or offers(state, asked)}


def programme_in_general(state: State, asked: Asked) -> Reply | None:
    """Only the programme is named: the clause of it that fits the words best, else what it is."""
    if asked.programme is None or not state.named("programme"):
        return None
    aspect = state.room.rules.aspect(asked.programme, "what", asked.place, state.as_of)
    who = state.room.rules.aspect(asked.programme, "who", asked.place, state.as_of)
    own = {clause for one in (aspect, who) if one for clause in one.cite}
    if aspect is None:
        return None
    reply = _aspects_reply(state, asked, [aspect])
    offered_then = reply["suggestions"] or list(wording("messages")["follow_ups"])
    near = [hit.clause.id for hit in asked.hits if hit.clause.id in own]
    cited = dict.fromkeys([*_nearest(state, asked), *near, *reply["cited"]])
    return {**without_a_sum(asked, reply), "suggestions": offered_then, "cited": list(cited)}


def found_clause(state: State, asked: Asked) -> Reply | None:
    """Search: the best clause, quoted with its sentence, when it is clearly about the question."""
    on_subject = ON_SUBJECT["ask"] if asked.programme else ON_SUBJECT.get(state.intent, 1.1)
    if not asked.hits or asked.hits[0].coverage < on_subject:
        return None
    if on_subject > ON_SUBJECT["nlu_fallback"] and len(state.text) < _LONG:
        return None
    best = asked.hits[0].clause.id
    if asked.aspect == "amount" and (whose := _whose_amount(state, asked, best)):
        return stated_aspect(state, replace(asked, programme=whose))
    about = [name for name in state.room.rules.benefits if best in _clauses_of(state, name)]
    reply = {
        **quote_hits(state, asked.hits[:1], spoken_duty(state, best) or say("answer_found")),
        "suggestions": [can_get(state, programme_name(state, name)) for name in about],
        "outcome": "answered",
        "cited": [hit.clause.id for hit in asked.hits],
    }
    return without_a_sum(asked, unconfirmed(state, reply))


def _whose_amount(state: State, asked: Asked, clause: str) -> str | None:
    """The programme whose amount a clause tells of; none when a programme is named and said not to be it."""
    amounts = {
        name: state.room.rules.aspect(name, "amount", asked.place, state.as_of) for name in state.room.rules.benefits
    }
    return next((name for name, one in amounts.items() if one and clause in one.cite), None)


def too_short(state: State, asked: Asked) -> Reply | None:
    """“补贴”, “怎么申请”, “截止到什么时候”: of which programme? A short choice."""
    if state.intent in ("chitchat", "abuse"):
        return None
    if len(state.text.strip()) > 6 and (asked.programme or not only_an_aspect(state)):
        return None
    return text_reply(say("clarify"), "clarify", [programme_name(state, name) for name in offered(state)])


def beyond_us(state: State, asked: Asked) -> Reply:
    """Nothing fits: said plainly."""
    reply = text_reply(say("out_of_scope"), "out_of_scope")
    if figures_put_forward(state):  # hearsay is not left standing, whatever it is about
        return unconfirmed(state, reply)
    return {**reply, "nothing_found": True}


STEPS = (
    other_place,
    definition,
    cited_document,
    later_document,
    local_standard,
    duty,
    stated_aspect,
    programme_in_general,
    too_short,
    found_clause,
    beyond_us,
)


# --- replies -----------------------------------------------------------------------------------------------------
def _aspects_reply(state: State, asked: Asked, aspects: list[Aspect], more: Iterable[str] = ()) -> Reply:
    """What the packs say of each aspect asked for, as of the day, with the clauses; ``more``: sentences in between.

    Of a closed programme it says so first, and offers to go on with the day when it was open.
    """
    assert asked.programme is not None
    says = [say(f"answer_{one.state}", says=one.says, refer_to="、".join(one.refer_to)) for one in aspects]
    stated = all(aspect.state == "stated" for aspect in aspects)
    facts = state.profile.facts(asked.programme)
    window = state.room.rules.decide(asked.programme, facts, as_of=state.as_of, place=state.place).window
    then: list[str] = []
    if window.state == "replaced":
        says[0] = say("answer_replaced", note=window.note) + says[0]
    elif window.state == "closed" and window.until:
        says[0] = say("answer_closed", until=day(window.until)) + says[0]
        then = [say("by_then", year=window.until.year), say("rules_then")]
    lines = [*says, *more, *([] if stated else [say("answer_closest")])]
    cited, nearest = [name for aspect in aspects for name in aspect.cite], _nearest(state, asked)
    return {
        **quote_clauses(state, [*cited, *nearest] if asked.aspect else [*nearest, *cited], "\n".join(lines)),
        "suggestions": then,
        "outcome": "answered" if stated else "not_stated",
        "programme": asked.programme,
    }


def _nearest(state: State, asked: Asked) -> list[str]:
    """The clause that the question comes closest to, if it stands in a part of the notice that the programme is in.

    Where an aspect is named the packs say which clauses answer; another must clearly be meant as well.
    """
    if asked.programme is None or asked.clause is None or not (asked.is_clear if asked.aspect else asked.is_near):
        return []
    programme = state.room.rules.programme_at(asked.programme, state.as_of, asked.place)
    cites = [*(aspect.cite for aspect in programme.aspects.values()), *(leaf.cite for leaf in programme.leaves)]
    own = {_part(clause) for cite in cites for clause in cite}
    return [asked.clause] if _part(asked.clause) in own else []


def _part(clause: str) -> str:
    return clause.rpartition("/")[0]


def _clauses_of(state: State, programme: str) -> set[str]:
    return {clause for leaf in state.room.rules.benefits[programme].leaves for clause in leaf.cite}
