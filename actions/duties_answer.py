"""What the notices oblige an authority to do: who, what, to whom, by when — with the clause."""

from __future__ import annotations

from datetime import date

from actions.asked import Asked, beside, only_an_aspect
from actions.holds import certainty
from actions.quoting import quote_clauses
from actions.reply import Reply
from actions.speak import day, say
from actions.standards_answer import unconfirmed, without_a_sum
from actions.state import State

_PROGRAMME = "duty"
_SAYS_MORE = 4  # characters beside the programme's name; with fewer, the programme itself is asked for
_LEVEL = 0.9  # of the best score: the province's duty and the city's on the same subject are told together


def duty(state: State, asked: Asked) -> Reply | None:
    """“谁来审定X证书名单”, “二次安置方案报给谁”: the duty whose clause the question clearly comes closest to."""
    duties = state.room.rules.programmes[_PROGRAMME].duties
    if (
        asked.silent
        or asked.clause not in duties
        or not asked.is_clear
        or only_an_aspect(state, 0)
        or _stated(state, asked)
    ):
        return None
    level = [hit.clause.id for hit in asked.hits if hit.score >= _LEVEL * asked.hits[0].score]
    told = {name: spoken_duty(state, name) for name in level}
    opening, outcome = certainty(asked) or ("\n".join(filter(None, told.values())), "answered")
    reply = quote_clauses(state, [name for name in level if told[name]], opening)
    cited = dict.fromkeys([*reply["cited"], *(hit.clause.id for hit in asked.hits)])
    return without_a_sum(asked, unconfirmed(state, {**reply, "outcome": outcome, "cited": list(cited)}))


def _stated(state: State, asked: Asked) -> bool:
    """Whether the notices answer what is asked of a named programme: a benefit, then, and no duty."""
    if not asked.programme:
        return False
    if asked.programme not in state.room.rules.benefits:
        return True
    if asked.aspect is None:
        return len(beside(state.text, _names(state))) < _SAYS_MORE
    aspect = state.room.rules.aspect(asked.programme, asked.aspect, asked.place, state.as_of)
    return aspect is not None and (aspect.state == "stated" or asked.aspect == "amount")


def _names(state: State) -> list[str]:
    """The programmes as the message names them."""
    return [state.text[one["start"] : one["end"]] for one in state.entities if one.get("entity") == "programme"]


def spoken_duty(state: State, clause: str) -> str | None:
    """Who does what, to whom and by when according to a clause; None when it obliges nobody to anything."""
    rules = state.room.rules
    if clause not in rules.programmes[_PROGRAMME].duties:
        return None
    found = rules.decide(_PROGRAMME, {}, as_of=state.as_of, place=state.place, about=clause).results
    lists = {name: "、".join(found.get(name, ())) for name in ("who", "to", "fund")}
    dates = {name: day(date.fromisoformat(found[name])) for name in ("due", "due_at_latest") if name in found}
    rest = {name: found.get(name) for name in ("what", "when", "every", "copies")}
    return say("duty", **rest, **lists, **{"due": "", "due_at_latest": "", **dates})
