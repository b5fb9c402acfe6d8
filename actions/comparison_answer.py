"""Two things put side by side: “…和…有什么区别”, “能一起领吗”, “小公司和大公司返的一样吗”."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from actions.asked import Asked
from actions.aspects_answer import stated_aspect
from actions.programmes import programme_name
from actions.quoting import quote_clauses
from actions.reply import Reply
from actions.speak import say
from actions.state import State
from knowledge.matters import Matter

_EACH = 2  # clauses quoted of each side


def comparison(state: State, asked: Asked) -> Reply | None:
    """Both sides in turn, each with its clauses."""
    manners = state.room.knowledge.matters.manners
    together = manners["together"](state.text)
    if not together and not manners["compare"](state.text):
        return None
    if len(asked.named) < 2 and not together:
        return _two_cases(state, asked)
    beside = _neighbour(state) if len(asked.named) == 1 else None
    if len(asked.named) < 2 and beside is None:
        return None
    aspect = asked.aspect if asked.aspect and not together else "what"
    lines: list[str] = []
    cited: list[str] = []
    stated = not together
    for name in asked.named:
        found = state.room.rules.aspect(name, aspect, asked.place, state.as_of)
        if found is not None:
            lines.append(say("compared", name=programme_name(state, name), says=found.says))
            cited += found.cite[:_EACH]
            stated = stated and found.state == "stated"
    if beside is not None and beside.term:
        lines.append(state.room.knowledge.glossary.speak(beside.term, state.as_of).text)
    opening = [say("together_not_stated")] if together else []
    return {
        **quote_clauses(state, cited, "\n".join([*opening, *lines])),
        "outcome": "answered" if stated else "not_stated",
        "programme": asked.named[0],
        "aspect": aspect,
    }


def _neighbour(state: State) -> Matter | None:
    """The matter of another text that stands on the other side: 失业保险金."""
    found = (one for one in state.room.knowledge.matters.neighbours if one.term and one.words(state.text))
    return next(found, None)


def _two_cases(state: State, asked: Asked) -> Reply | None:
    """“小公司和大公司返的一样吗”: two values of one fact that a programme's amount turns on."""
    values: dict[str, set[str]] = defaultdict(set)
    for said in state.named("fact"):
        name, _, value = said.partition("=")
        values[name].add(value)
    both = {name for name, found in values.items() if len(found) > 1}
    turning = [
        name
        for name, programme in state.room.rules.benefits.items()
        if programme.amount and any(both & set(rate.facts) for rate in programme.amount.rates)
    ]
    programme = asked.programme if asked.programme in turning else turning[0] if len(turning) == 1 else None
    return stated_aspect(state, replace(asked, programme=programme, aspects=("amount",))) if programme else None
