"""What the screen asks for with each key: /staff/api/search, programmes, sheet, decide; all with a day and a place."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field, StrictStr, validator
from starlette.background import BackgroundTask

from actions.decision_reply import applies, changes
from actions.room import Room
from actions.speak import source
from bot import shapes
from bot.api.given import Given
from bot.api.policy import mapping
from bot.inputs import read_date
from bot.rule_pages import citing
from bot.settings import Settings
from bot.staff.access import Access, ApiRoute, body
from bot.staff.accounts import OPERATOR
from bot.staff.answers import decided
from bot.staff.quick_search import Found, QuickSearch
from bot.staff.script import left, pieces
from bot.staff.sheet import sheet
from bot.staff.sign_in import Session
from eligibility.model import DUTY
from eligibility.place import places_containing
from knowledge import Knowledge

_WARM_UP = "shiyebuzhujin"  # all three ways of searching


class Facts(Given):
    """A programme and what is known so far."""

    programme: StrictStr = Field(max_length=100)
    facts: dict[str, Any] = Field({})
    declined: list[StrictStr] = Field([], max_items=200)
    about: StrictStr | None = Field(None, max_length=200, description="条文编号，用于职责类事项")

    _facts = validator("facts", pre=True, allow_reuse=True)(mapping)


def answer_routes(access: Access, room: Room, quick: Callable[[], QuickSearch], settings: Settings) -> APIRouter:
    """The routes; plain functions, in a thread: none of them holds up a conversation."""
    api = APIRouter(prefix="/staff/api", include_in_schema=False, route_class=ApiRoute)
    known = room.knowledge
    asked_for = [one.id for one in room.rules.programmes.values() if one.kind != DUTY]  # a duty: with its clause only
    cited_by = lru_cache(maxsize=1)(lambda: citing(room.rules))

    items = [(clause.document, clause.item) for clause in known.clauses.values()]

    def in_order(programme: Mapping[str, Any]) -> tuple[bool, int]:
        """As the notices have them, what nobody can apply for last."""
        where = (programme["document"], programme["item"])
        at = items.index(where) if where in items else len(items)
        return not room.rules.programmes[programme["id"]].leaves, at

    def circumstances(as_of: date | None, place: str | None) -> tuple[date, str]:
        if place:
            places_containing(known, place)
        return as_of or settings.today(), place or settings.place

    @api.get("/search")
    def search(
        q: str = Query(max_length=1000), as_of: str | None = None, place: str | None = None, limit: int = 8,
        session: Session = access.need(OPERATOR),
    ) -> JSONResponse:  # fmt: skip
        day, here = circumstances(read_date(as_of, "as_of") if as_of else None, place)
        found = quick().clauses(q, max(1, min(limit, 20)) + 5)
        places = places_containing(known, here)
        shown = [_shown(one, known, places, cited_by()) for one in found
                 if known.notices[one.clause.document].issued_by(day) is not False]  # fmt: skip
        titles = {name: room.rules.programmes[name].title for name in quick().programmes(q) if name in asked_for}
        return JSONResponse({
            "as_of": day.isoformat(), "place": here, "clauses": shown[: max(1, min(limit, 20))],
            "programmes": [{"id": name, "title": title} for name, title in titles.items()],
            "documents": [{"id": name, "number": known.notices[name].number, "title": known.notices[name].title}
                          for name in quick().documents(q)],
        })  # fmt: skip

    @api.get("/programmes")
    def programmes(session: Session = access.need(OPERATOR)) -> JSONResponse:
        listed = sorted((one for one in shapes.programmes(room.rules) if one["id"] in asked_for), key=in_order)
        answer = {"as_of": settings.today().isoformat(), "place": settings.place, "programmes": listed}
        return JSONResponse(
            answer, background=BackgroundTask(lambda: quick().clauses(_WARM_UP))
        )  # the first letter typed does not wait for it

    @api.post("/sheet")
    def ask(session: Session = access.need(OPERATOR), given: Facts = body(Facts)) -> JSONResponse:
        day, place = circumstances(given.as_of, given.place)
        found = sheet(room.rules, given.programme, given.facts, day, place, given.declined, given.about)
        return JSONResponse({"programme": given.programme, "as_of": day.isoformat(), "place": place, **found})

    @api.post("/decide")
    def decide(session: Session = access.need(OPERATOR), given: Facts = body(Facts)) -> JSONResponse:
        day, place = circumstances(given.as_of, given.place)
        decision, reply = decided(room, given.programme, given.facts, day, place, given.declined, given.about)
        script = pieces(room, decision, reply, settings.today())
        return JSONResponse({"decision": reply["decision"], "card": reply["card"], "script": script,
                             "changes": changes(room, decision), "left": left(room.rules, decision),
                             "applies": applies(room, decision), "text": shapes.plain(reply["text"])})  # fmt: skip

    return api


def _shown(
    found: Found, known: Knowledge, places: tuple[str, ...], cited_by: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """A hit; `applies`: whether its notice speaks for the place; `programmes`: those that cite it."""
    clause, notice = found.clause, known.notices[found.clause.document]
    return {
        "clause": clause.id, "title": clause.title, "document": clause.document, "number": notice.number,
        "item": clause.item, "source": source(known, clause), "quote": clause.quote,
        "sentence": clause.quote[found.start : found.end], "start": found.start, "end": found.end, "mark": found.mark,
        "applies": notice.place in places,
        "programmes": list(dict.fromkeys(cited_by.get(clause.id, ()))),
    }  # fmt: skip
