"""What an operator puts before a citizen with one key: a decision as its card, a clause as its quote."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from actions.decision_reply import decision_reply
from actions.profile import Profile
from actions.reply import Reply
from actions.room import Room
from actions.speak import one_line, source
from bot.api.errors import ApiError
from bot.inputs import brief
from bot.messages import say
from eligibility.model import DUTY, Decision


def decided(
    room: Room, programme: str, given: Any, as_of: date, place: str, declined: Sequence[str], about: str | None = None
) -> tuple[Decision, Reply]:
    """Decide, and put it into words as the dialogue does. `about`: a clause, of duties. Raises DecisionError."""
    rules = room.rules
    rules.programme(programme)
    rules.read(dict.fromkeys(declined))
    facts = rules.read(given)
    decision = rules.decide(programme, facts, as_of=as_of, place=place, declined=declined, about=about)
    if decision.verdict == DUTY:
        return decision, _duty(room, decision)
    return decision, decision_reply(room, decision, _profile(room, programme, facts, declined))


def quoted(room: Room, clause: str) -> Reply:
    """A clause, word for word. Raises ApiError 404."""
    known = room.knowledge.clauses.get(clause)
    if known is None:
        raise ApiError(404, "staff.unknown_clause", "clause", value=brief(clause))
    notice, said = room.knowledge.notices[known.document], source(room.knowledge, known)
    opening = say("handoff.quote", source=said)
    shown = {"clause": known.id, "document": known.document, "number": notice.number, "item": known.item,
             "quote": known.quote, "highlight": [0, len(known.quote)], "source": said}  # fmt: skip
    text = f"{opening}\n“{one_line(known.quote)}” ——{said}"
    return {"kind": "clauses", "text": text, "opening": opening, "clauses": [shown], "cited": [known.id]}


def _duty(room: Room, decision: Decision) -> Reply:
    """What an authority has to do, in the shape of a decision: nothing of it is the applicant's to meet."""
    reply = quoted(room, decision.because[0].clause)
    quotes = [{**one, "role": "decides"} for one in reply["clauses"]]
    card = {"headline": reply["opening"], "lines": [], "quotes": quotes, "next_step": ""}
    return {"kind": "decision", "text": reply["text"], "decision": room.rules.to_json(decision), "card": card,
            "programme": decision.programme, "cited": reply["cited"], "as_of": decision.as_of.isoformat()}  # fmt: skip


def _profile(room: Room, programme: str, facts: Mapping[str, Any], declined: Sequence[str]) -> Profile:
    profile = Profile(room.knowledge, None)
    for fact, value in facts.items():
        profile = profile.given(fact, programme, value, "")
    for fact in declined:
        profile = profile.declined(fact, programme)
    return profile
