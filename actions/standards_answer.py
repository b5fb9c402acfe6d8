"""Local standards that the notices leave to others: told with their source, or as not verified — never estimated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from actions.asked import Asked, day_meant
from actions.hearsay import figures_put_forward
from actions.quoting import quote_clauses
from actions.reply import Reply, text_reply
from actions.speak import one_line, say
from actions.state import DEFAULT_PLACE, State
from knowledge.parameters import Parameter

_SUM = re.compile(r"\d\s*(?:万?元|%)")


def local_standard(state: State, asked: Asked) -> Reply | None:
    """“最低工资多少”, “低保标准”: a standard asked for by its own name, of no programme."""
    found = state.room.knowledge.parameters.mentioned(state.text)
    if not found or asked.programme or not _asks_a_figure(state, asked):
        return None
    if asked.place != DEFAULT_PLACE and any(one.level == "city" for one in found):
        return text_reply(say("standard_elsewhere", place=asked.place), "out_of_scope")
    lines = [say("standard_not_in_notice"), *_told(state, found, day_meant(state, asked)), say("standard_ask")]
    near = [clause for one in found for clause in one.near]
    reply = quote_clauses(state, near, "\n".join([*lines, *([say("answer_closest")] if near else [])]))
    return {**unconfirmed(state, reply), "outcome": "not_stated", "aspect": "amount"}


def standards_of(state: State, asked: Asked) -> list[str]:
    """What is known of the standards that a programme's amount is left to.

    One that is not verified is said to be so. A figure that somebody else has fixed is told to who asks for it by name:
    nobody is to take it for the notices' own.
    """
    known, then = state.room.knowledge.parameters, day_meant(state, asked)
    behind = known.of_programme(asked.programme or "")
    parts = {clause.rpartition("/")[0] for one in behind for clause in one.near}
    named = [
        one
        for one in known.mentioned(state.text)
        if one in behind or (not one.programme and parts & {clause.rpartition("/")[0] for clause in one.near})
    ]
    if asked.place != DEFAULT_PLACE:
        behind = tuple(one for one in behind if one.level != "city")
    told = _told(state, [*named, *(one for one in behind if one.value(then) is None and one not in named)], then)
    return told or ([say("standard_where")] if behind else [])


def offers(state: State, asked: Asked) -> list[str]:
    """Questions that lead to the verified figures behind a programme's amount."""
    behind = state.room.knowledge.parameters.of_programme(asked.programme or "")
    known = [one for one in behind if one.value(day_meant(state, asked)) is not None and one.aliases]
    return list(dict.fromkeys(say("standard_by_name", name=one.aliases[0]) for one in known))


def unconfirmed(state: State, reply: Reply) -> Reply:
    """The reply; if the question puts forward a figure that no quoted clause states, with a word on that in front."""
    said = figures_put_forward(state)
    if not said or any(value.text in _quoted(reply) for value in said):
        return reply
    return _opened(reply, say("figure_not_confirmed"))


def without_a_sum(asked: Asked, reply: Reply) -> Reply:
    """The reply; if how much is asked and no clause it quotes states a sum or a rate, that is said first."""
    if asked.aspect != "amount" or _SUM.search(_quoted(reply)):
        return reply
    return {**_opened(reply, say("sum_not_stated")), "outcome": "not_stated"}


def _opened(reply: Reply, sentence: str) -> Reply:
    """The reply with a sentence in front."""
    said: Reply = {key: f"{sentence}\n{reply[key]}" for key in ("text", "opening") if key in reply}
    return {**reply, **said}


def _quoted(reply: Reply) -> str:
    return "".join(one_line(clause["quote"]) for clause in reply.get("clauses", ()))


def _asks_a_figure(state: State, asked: Asked) -> bool:
    return asked.aspect == "amount" or any(word in state.text for word in state.room.knowledge.lexicon["figure"])


def _told(state: State, parameters: Iterable[Parameter], then: date) -> list[str]:
    return state.room.knowledge.parameters.speak_all(list(parameters), then)
