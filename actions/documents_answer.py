"""Questions about documents: which one a number means, and which one came later."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from actions.asked import Asked, beside, day_meant
from actions.aspects_answer import nearest
from actions.programmes import programme_name
from actions.quoting import quote_clauses, quote_hits
from actions.reply import Reply, text_reply
from actions.speak import say
from actions.state import State
from eligibility.model import INFORMATIONAL
from knowledge.text import normalise

_PROGRAMME = "citation"
_MORE = 6  # characters a question may have beside the number and the asking, and still only ask which document it is
_CLEARLY = 0.3  # coverage or weight (knowledge.search.Hit) of the words beside a number
_NUMBER = re.compile(r"(?<![\d月])\d{1,4}号")  # not the day of a month


def cited_document(state: State, asked: Asked) -> Reply | None:
    """“43号是哪份文件”: the one, the ones to choose from, or that it is none of ours."""
    mention = None if asked.programme or asked.silent else _mentioned(state)
    if mention is None:
        return None
    found = state.room.rules.decide(_PROGRAMME, {"mention": mention}, as_of=state.as_of, place=state.place)
    if found.verdict != INFORMATIONAL:
        return _not_ours(state, mention)
    asking = state.room.knowledge.lexicon["which_document"]
    own = [reason.clause for reason in found.because]
    more = beside(state.text, [mention, *asking])
    if len(more) > _MORE or (asked.is_told and asked.clause not in own):
        return None  # one of ours, and more is asked than which
    which = any(word in state.text for word in asking)
    if not which and (told := _told_of_itself(state, asked, own, more)) is not None:
        return told
    numbers = found.results["candidates"]
    several = len(numbers) > 1
    opening = say("document_which" if several else "document_is", documents=[_titled(state, one) for one in numbers])
    return {
        **quote_clauses(state, own, opening),
        "outcome": "clarify" if several else "answered",
        "suggestions": [say("document_ask", number=one) for one in numbers] if several else [],
        "programme": _PROGRAMME,
    }


def _told_of_itself(state: State, asked: Asked, own: list[str], more: str) -> Reply | None:
    """“43号的成文日期”: what the words beside the number are clearly about, in the document itself."""
    hits = asked.find(more)[:1] if more else ()
    documents = {state.room.knowledge.clauses[clause].document for clause in own}
    told = [hit for hit in hits if max(hit.coverage, hit.weight) >= _CLEARLY and hit.clause.document in documents]
    if not told or told[0].clause.id in own:
        return None
    reply = quote_hits(state, told, say("answer_found"))
    return {**reply, "outcome": "answered", "programme": _PROGRAMME, "cited": [hit.clause.id for hit in told]}


def later_document(state: State, asked: Asked) -> Reply | None:
    """“后来换成哪个文件了”: what is on file of a programme's later documents, as of the day that is meant."""
    words, text = state.room.knowledge.lexicon["later"], _beside_names(state)
    if asked.programme is None or not any(word in text for word in words):
        return None
    entries = state.room.knowledge.successors.get(asked.programme, ())
    known = [entry["says"] for entry in entries if entry["from"] <= day_meant(state, asked)]
    name = programme_name(state, asked.programme)
    text = say("later_document", name=name, says=known[-1] if known else "")
    near = nearest(state, replace(asked, aspects=()))
    reply = quote_clauses(state, near, f"{text}\n{say('answer_closest')}") if near else text_reply(text, "")
    return {**reply, "outcome": "not_stated", "aspect": "basis"}


def other_year(state: State, asked: Asked) -> Reply | None:
    """“2023年稳岗返还还有吗”: a year that the notices do not reach, with what is on file of the programme then."""
    if asked.programme is None or asked.year is None or not _of_that_year(state, asked.year):
        return None
    what = state.room.rules.aspect(asked.programme, asked.aspect or "what", asked.place, state.as_of)
    cited = list(what.cite) if what else []
    name = programme_name(state, asked.programme)
    entries = state.room.knowledge.successors.get(asked.programme, ())
    issued = max(notice.date_not_after for notice in state.room.knowledge.notices.values()).year
    known = [entry["says"] for entry in entries if entry["from"] <= day_meant(state, asked)]
    if asked.year == issued or (asked.year > issued and not known):
        return None
    text = say("other_year", year=asked.year, name=name, says=known[-1] if known else "", before=asked.year < issued)
    return {**quote_clauses(state, cited, f"{text}\n{say('answer_closest')}"), "outcome": "not_stated"}


def _of_that_year(state: State, year: int) -> bool:
    """Whether the year says which year's programme is meant, not when something happened: it stands before the name."""
    names = [one["start"] for one in state.entities if one.get("entity") == "programme"]
    return any(re.search(rf"{year}年?度?的?$", state.text[:start]) for start in names)


def _beside_names(state: State) -> str:
    """The message without the names of programmes: “见习停了” is one of them."""
    within = {i for one in state.entities if one["entity"] == "programme" for i in range(one["start"], one["end"])}
    return "".join(" " if i in within else c for i, c in enumerate(state.text))


def _mentioned(state: State) -> str | None:
    """The document number of the question; a bare “43号” only when a document is asked for."""
    named = state.named("document")
    if named:
        return named[0]
    asking = state.room.knowledge.lexicon["which_document"]
    found = _NUMBER.search(state.text)
    return found.group() if found and any(word in state.text for word in asking) else None


def _titled(state: State, number: str) -> str:
    """A document number, with its title where it is one of our notices."""
    notice = next((one for one in state.room.knowledge.notices.values() if one.number == number), None)
    return say("document_ours", number=number, title=notice.title) if notice else number


def _not_ours(state: State, mention: str) -> Reply:
    """Not printed in the notices; what is known of it as a document that came later."""
    number = normalise(mention).rstrip("文件")
    for name, entries in state.room.knowledge.successors.items():
        later = next((entry for entry in entries if number in _numbers(entry)), None)
        if later:
            text = say("document_later", mention=mention, name=programme_name(state, name), says=later["says"])
            return {**text_reply(text, "not_stated"), "programme": name}
    return text_reply(say("document_not_ours", mention=mention), "out_of_scope")


def _numbers(entry: Mapping[str, Any]) -> list[str]:
    return [normalise(number) for number in str(entry.get("number") or "").split("、")]
