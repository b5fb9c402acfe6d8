"""A question about the notices, answered with the clause — or honestly not.

What a question asks is *programme × aspect*. The packs say of each pair whether the notices state it, delegate it or
are silent; only where no pair is recognised does the search decide. The steps stand in ``STEPS``; the first that
answers wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from actions.programmes import offered, programme_name
from actions.reply import Reply
from actions.speak import day, one_line, say, source, wording
from actions.state import State
from eligibility.model import Aspect
from knowledge import Clause
from knowledge.search import Hit

ON_SUBJECT = {"ask": 0.2, "check": 0.2, "nlu_fallback": 0.3}
"""By intent, the coverage (knowledge.search.Hit) from which a clause may be presented; a named programme counts as
asking. Measured: 0.2 keeps 85 % of held-out lay questions and turns away 57 % of the off-topic training sentences,
had they been taken for questions. Other intents are never answered with a clause."""


@dataclass(frozen=True)
class Asked:
    """What is asked: ``programme`` and ``aspect`` as far as they are recognised, and where."""

    programme: str | None
    aspect: str | None
    elsewhere: str | None
    place: str


def answer(state: State) -> Reply:
    """Answer the latest message as a question about the notices."""
    asked = _asked(state)
    for step in STEPS:
        reply = step(state, asked)
        if reply is not None:
            reply.setdefault("programme", asked.programme)
            reply.setdefault("aspect", asked.aspect)
            reply.setdefault("cited", [])
            reply["as_of"] = state.as_of.isoformat()
            return reply
    raise AssertionError("the last step always answers")


def _asked(state: State) -> Asked:
    knowledge = state.room.knowledge
    places = state.named("place")
    liaoning = knowledge.gazetteer.get("liaoning", {})
    elsewhere = next((name for name in places if name in knowledge.gazetteer.get("elsewhere", ())), None)
    city = next((name for name in places if name in liaoning), state.place)
    named = state.named("programme")
    programme = named[0] if named else state.programme if is_elliptical(state) else None
    aspects = state.named("aspect")
    return Asked(programme, aspects[0] if aspects else None, elsewhere, city)


_PARTICLES = re.compile(r"[那呢吗啊吧的了么呀哈嘛请问这个它一下想知道我能要能得]|[^\w]")


def is_elliptical(state: State) -> bool:
    """“多少钱”, “到什么时候呢”: nothing but an aspect, so it is about the programme under discussion."""
    if state.programme is None or not state.named("aspect"):
        return False
    covered: set[int] = set()
    for entity in state.entities:
        if entity.get("entity") in ("aspect", "programme", "place", "quantity"):
            covered.update(range(entity["start"], entity["end"]))
    rest = "".join(c for i, c in enumerate(state.text) if i not in covered)
    return len(_PARTICLES.sub("", rest)) <= 2


# --- the steps ---------------------------------------------------------------------------------------------------
def other_place(state: State, asked: Asked) -> Reply | None:
    """Another province's city: never a clause of ours."""
    if asked.elsewhere is None:
        return None
    return {"kind": "text", "text": say("other_place", place=asked.elsewhere), "outcome": "out_of_scope"}


def stated_aspect(state: State, asked: Asked) -> Reply | None:
    """Programme and aspect are recognised: the packs know what the notices say of it."""
    if asked.programme is None or asked.aspect is None or asked.programme not in state.room.rules.benefits:
        return None
    aspect = state.room.rules.aspect(asked.programme, asked.aspect, asked.place, state.as_of)
    return None if aspect is None else _aspect_reply(state, asked.programme, aspect)


def programme_in_general(state: State, asked: Asked) -> Reply | None:
    """Only the programme is named: the clause of it that fits the words best, else what it is."""
    named = state.named("programme")
    if asked.programme is None or asked.programme not in state.room.rules.benefits or not named:
        return None
    aspect = state.room.rules.aspect(asked.programme, "what", asked.place, state.as_of)
    who = state.room.rules.aspect(asked.programme, "who", asked.place, state.as_of)
    own = {clause for one in (aspect, who) if one for clause in one.cite}
    hits = [hit for hit in _search(state, state.text) if hit.clause.id in own]
    reply = _aspect_reply(state, asked.programme, aspect) if aspect else None
    if reply is not None:
        reply["suggestions"] = list(wording("messages")["follow_ups"])
        reply["cited"] = list(dict.fromkeys([*(hit.clause.id for hit in hits), *reply["cited"]]))
    return reply


def found_clause(state: State, asked: Asked) -> Reply | None:
    """Search: the best clause, quoted with its sentence, when it is clearly about the question."""
    hits = _search(state, state.text)
    on_subject = ON_SUBJECT["ask"] if asked.programme else ON_SUBJECT.get(state.intent, 1.1)
    if not hits or hits[0].coverage < on_subject:
        return None
    about = [name for name in state.room.rules.benefits if hits[0].clause.id in _clauses_of(state, name)]
    return {
        **_quotes(state, hits[:1], say("answer_found")),
        "suggestions": [say("can_i_get", name=programme_name(state, name)) for name in about],
        "outcome": "answered",
        "cited": [hit.clause.id for hit in hits],
    }


def too_short(state: State, asked: Asked) -> Reply | None:
    """“补贴”, “怎么申请”: a short choice."""
    if len(state.text.strip()) > 6 or state.intent in ("chitchat", "abuse"):
        return None
    names = [programme_name(state, name) for name in offered(state)]
    return {"kind": "text", "text": say("clarify"), "suggestions": names, "outcome": "clarify"}


def beyond_us(state: State, asked: Asked) -> Reply:
    """Nothing fits: said plainly."""
    return {"kind": "text", "text": say("out_of_scope"), "outcome": "out_of_scope", "nothing_found": True}


STEPS = (other_place, stated_aspect, programme_in_general, too_short, found_clause, beyond_us)


# --- replies -----------------------------------------------------------------------------------------------------
def _aspect_reply(state: State, programme: str, aspect: Aspect) -> Reply:
    clauses = [state.room.knowledge.clauses[name] for name in aspect.cite]
    text = say(f"answer_{aspect.state}", says=aspect.says, refer_to="、".join(aspect.refer_to))
    window = state.room.rules.decide(
        programme, state.profile.facts(programme), as_of=state.as_of, place=state.place
    ).window
    if window.state == "replaced":
        text = say("answer_replaced", note=window.note) + text
    elif window.state == "closed" and window.until:
        text = say("answer_closed", until=day(window.until)) + text
    reply = _clause_reply(state, clauses, text if aspect.state == "stated" else f"{text}\n{say('answer_closest')}")
    return {
        **reply,
        "outcome": "answered" if aspect.state == "stated" else "not_stated",
        "programme": programme,
        "cited": [clause.id for clause in clauses],
    }


def _clauses_of(state: State, programme: str) -> set[str]:
    return {clause for leaf in state.room.rules.benefits[programme].leaves for clause in leaf.cite}


def _quotes(state: State, hits: Iterable[Hit], opening: str) -> Reply:
    shown = [_shown(state, hit.clause, (hit.start, hit.end)) for hit in hits]
    return _with_quotes(opening, shown)


def _clause_reply(state: State, clauses: Iterable[Clause], opening: str) -> Reply:
    return _with_quotes(opening, [_shown(state, clause, (0, len(clause.quote))) for clause in clauses])


def _with_quotes(opening: str, shown: list[dict[str, Any]]) -> Reply:
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


def _search(state: State, text: str) -> list[Hit]:
    return list(state.room.searcher.search(text, as_of=state.as_of, limit=5))
