"""A question about the notices, answered with the clause — or honestly not.

What a question asks is *programme × aspect*. The packs say of each pair whether the notices state it, delegate it or
are silent; only where no pair is recognised does the search decide. The steps stand in ``STEPS``; the first that
answers wins.
"""

from __future__ import annotations

from collections.abc import Iterable

from actions.asked import Asked, asked_in, figures_put_forward, only_an_aspect
from actions.definitions_answer import definition
from actions.documents_answer import cited_document, later_document
from actions.duties_answer import duty, spoken_duty
from actions.programmes import offered, programme_name
from actions.quoting import quote_clauses, quote_hits
from actions.reply import Reply, text_reply
from actions.speak import day, say, wording
from actions.standards_answer import local_standard, offers, standards_of, unconfirmed
from actions.state import State
from eligibility.model import Aspect

ON_SUBJECT = {"ask": 0.2, "check": 0.2, "nlu_fallback": 0.3}
"""By intent, the coverage (knowledge.search.Hit) from which a clause may be presented; a named programme counts as
asking. Measured: 0.2 keeps 85 % of held-out lay questions and turns away 57 % of the off-topic training sentences,
had they been taken for questions. Other intents are never answered with a clause."""


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
    asked = asked_in(state)
    if state.intent == "ask" or asked.aspect != "amount":
        return None
    reply = local_standard(state, asked) or stated_aspect(state, asked)
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
    aspect = state.room.rules.aspect(asked.programme, asked.aspect, asked.place, state.as_of)
    if aspect is None:
        return None
    if asked.aspect != "amount":
        return _aspect_reply(state, asked.programme, aspect)
    reply = _aspect_reply(state, asked.programme, aspect, standards_of(state, asked))
    return {**unconfirmed(state, reply), "suggestions": offers(state, asked)}


def programme_in_general(state: State, asked: Asked) -> Reply | None:
    """Only the programme is named: the clause of it that fits the words best, else what it is."""
    if asked.programme is None or not state.named("programme"):
        return None
    aspect = state.room.rules.aspect(asked.programme, "what", asked.place, state.as_of)
    who = state.room.rules.aspect(asked.programme, "who", asked.place, state.as_of)
    own = {clause for one in (aspect, who) if one for clause in one.cite}
    if aspect is None:
        return None
    reply = _aspect_reply(state, asked.programme, aspect)
    reply["suggestions"] = list(wording("messages")["follow_ups"])
    near = [hit.clause.id for hit in asked.hits if hit.clause.id in own]
    reply["cited"] = list(dict.fromkeys([*near, *reply["cited"]]))
    return reply


def found_clause(state: State, asked: Asked) -> Reply | None:
    """Search: the best clause, quoted with its sentence, when it is clearly about the question."""
    on_subject = ON_SUBJECT["ask"] if asked.programme else ON_SUBJECT.get(state.intent, 1.1)
    if not asked.hits or asked.hits[0].coverage < on_subject:
        return None
    best = asked.hits[0].clause.id
    about = [name for name in state.room.rules.benefits if best in _clauses_of(state, name)]
    return {
        **quote_hits(state, asked.hits[:1], spoken_duty(state, best) or say("answer_found")),
        "suggestions": [say("can_i_get", name=programme_name(state, name)) for name in about],
        "outcome": "answered",
        "cited": [hit.clause.id for hit in asked.hits],
    }


def too_short(state: State, asked: Asked) -> Reply | None:
    """“补贴”, “怎么申请”, “截止到什么时候”: of which programme? A short choice."""
    if state.intent in ("chitchat", "abuse"):
        return None
    if len(state.text.strip()) > 6 and (asked.programme or not only_an_aspect(state)):
        return None
    return text_reply(say("clarify"), "clarify", [programme_name(state, name) for name in offered(state)])


def beyond_us(state: State, asked: Asked) -> Reply:
    """Nothing fits: said plainly."""
    return {**text_reply(say("out_of_scope"), "out_of_scope"), "nothing_found": True}


STEPS = (
    other_place,
    definition,
    cited_document,
    later_document,
    duty,
    local_standard,
    stated_aspect,
    programme_in_general,
    too_short,
    found_clause,
    beyond_us,
)


# --- replies -----------------------------------------------------------------------------------------------------
def _aspect_reply(state: State, programme: str, aspect: Aspect, more: Iterable[str] = ()) -> Reply:
    """What the packs say of an aspect, as of the day, with its clauses; ``more``: further sentences in between."""
    text = say(f"answer_{aspect.state}", says=aspect.says, refer_to="、".join(aspect.refer_to))
    window = state.room.rules.decide(
        programme, state.profile.facts(programme), as_of=state.as_of, place=state.place
    ).window
    if window.state == "replaced":
        text = say("answer_replaced", note=window.note) + text
    elif window.state == "closed" and window.until:
        text = say("answer_closed", until=day(window.until)) + text
    lines = [text, *more, *([] if aspect.state == "stated" else [say("answer_closest")])]
    return {
        **quote_clauses(state, aspect.cite, "\n".join(lines)),
        "outcome": "answered" if aspect.state == "stated" else "not_stated",
        "programme": programme,
    }


def _clauses_of(state: State, programme: str) -> set[str]:
    return {clause for leaf in state.room.rules.benefits[programme].leaves for clause in leaf.cite}
