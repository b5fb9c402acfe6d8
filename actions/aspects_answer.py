"""What the packs say of a programme's aspects: stated, left to another document, or not written at all."""

from __future__ import annotations

from collections.abc import Iterable

from actions.asked import Asked, part
from actions.quoting import quote_clauses
from actions.reply import Reply
from actions.speak import day, say
from actions.standards_answer import offers, standards_of, unconfirmed
from actions.state import State
from eligibility.model import Aspect
from knowledge.matters import Matter

STATED, NOT_STATED = "stated", "not_stated"


def stated_aspect(state: State, asked: Asked) -> Reply | None:
    """Programme and aspect, or a matter that the notices never speak of, are recognised: the packs know the answer."""
    if asked.programme is None or not (asked.aspects or asked.silent):
        return None
    found = [state.room.rules.aspect(asked.programme, name, asked.place, state.as_of) for name in asked.aspects]
    aspects = [aspect for aspect in found if aspect is not None]
    aspects += [Aspect(NOT_STATED, (), (), say("matter_not_stated", matter=one.name)) for one in unspoken(asked)]
    if not aspects:
        return None
    if "amount" not in asked.aspects:
        return aspects_reply(state, asked, aspects)
    reply = aspects_reply(state, asked, aspects, standards_of(state, asked))
    return {**unconfirmed(state, reply), "suggestions": reply["suggestions"] or offers(state, asked)}


def unspoken(asked: Asked) -> list[Matter]:
    """The silent matters asked about, but for those that the nearest clause does speak of."""
    return [one for one in asked.silent if not (asked.is_near and asked.clause in one.stated)]


def aspects_reply(state: State, asked: Asked, aspects: list[Aspect], more: Iterable[str] = ()) -> Reply:
    """What the packs say of each aspect asked for, as of the day, with the clauses; ``more``: sentences in between.

    Of a closed programme it says so first, and offers to go on with the day when it was open.
    """
    assert asked.programme is not None
    says = [say(f"answer_{one.state}", says=one.says, refer_to="、".join(one.refer_to)) for one in aspects]
    stated = all(aspect.state == STATED for aspect in aspects)
    facts = state.profile.facts(asked.programme)
    window = state.room.rules.decide(asked.programme, facts, as_of=state.as_of, place=state.place).window
    then: list[str] = []
    if window.state == "replaced":
        says[0] = say("answer_replaced", note=window.note) + says[0]
    elif window.state == "closed" and window.until:
        says[0] = say("answer_closed", until=day(window.until)) + says[0]
        then = [say("by_then", year=window.until.year), say("rules_then")]
    lines = [*says, *more, *([] if stated else [say("answer_closest")])]
    cited, near = [name for aspect in aspects for name in aspect.cite], nearest(state, asked)
    if not cited and not near:
        cited = clauses_of(state, asked)[:1]
    return {
        **quote_clauses(state, [*near, *cited], "\n".join(lines)),
        "suggestions": then,
        "outcome": "answered" if stated else "not_stated",
        "programme": asked.programme,
    }


def nearest(state: State, asked: Asked) -> list[str]:
    """The clause that the question comes closest to, if it stands in a part of the notice that the programme is in.

    Where an aspect is named the packs say which clauses answer; another must clearly be meant as well.
    """
    if asked.programme is None or asked.clause is None or not (asked.is_clear if asked.aspect else asked.is_near):
        return []
    own = {part(clause) for clause in clauses_of(state, asked)}
    return [asked.clause] if part(asked.clause) in own else []


def clauses_of(state: State, asked: Asked) -> list[str]:
    """The clauses that a programme's aspects and conditions rest on, those of what it is first."""
    programme = state.room.rules.programme_at(asked.programme or "", state.as_of, asked.place)
    cites = [*(aspect.cite for aspect in programme.aspects.values()), *(leaf.cite for leaf in programme.leaves)]
    return list(dict.fromkeys(clause for cite in cites for clause in cite))
