"""The officer's numbers and to-do: /staff/api/numbers, /staff/api/unanswered, and plain pages of both.

The page of numbers asks for its figures again while somebody looks at it (``web/figures.js``).
"""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import Field, StrictStr
from sqlalchemy.engine import Engine

from bot.api.given import Given
from bot.inputs import InputError, read_date
from bot.settings import Settings
from bot.staff import numbers
from bot.staff.access import Access, ApiRoute, body, page_route, posted
from bot.staff.accounts import OFFICER
from bot.staff.cases import titles
from bot.staff.layout import Layout
from bot.staff.review import Review
from bot.staff.sign_in import Session
from bot.store.models import now
from eligibility import Rulebook

_DAYS = 7


class Giving(Given):
    """A question given to a clause; `wording`: as it is to stand there, else as it was asked."""

    question: StrictStr = Field(max_length=300)
    clause: StrictStr = Field(max_length=200)
    wording: StrictStr = Field("", max_length=200)


class Dropping(Given):
    """A question that is none for the packs."""

    question: StrictStr = Field(max_length=300)


def number_routes(
    layout: Layout, access: Access, engine: Engine, review: Review, rules: Rulebook, settings: Settings
) -> list[APIRouter]:
    """The JSON, and the pages."""
    api = APIRouter(prefix="/staff/api", include_in_schema=False, route_class=ApiRoute)
    pages = APIRouter(prefix="/staff", include_in_schema=False, route_class=page_route(layout))
    known = titles(rules)
    clauses = [one for one in rules.knowledge.clauses.values() if one.kind != "heading"]

    def figures() -> dict[str, Any]:
        moment = now()
        return {"numbers": numbers.today(engine, numbers.here(moment), known), "moment": moment}

    def waiting() -> list[dict[str, Any]]:
        return numbers.unanswered(engine, now() - timedelta(days=min(_DAYS, settings.retention_days)))

    @api.get("/numbers")
    def of_a_day(day: str | None = None, session: Session = access.need(OFFICER)) -> JSONResponse:
        which = read_date(day, "day") if day else numbers.here(now())
        return JSONResponse(numbers.today(engine, which, known))

    @api.get("/unanswered")
    def unanswered(session: Session = access.need(OFFICER)) -> JSONResponse:
        return JSONResponse({"days": _DAYS, "questions": waiting()})

    @api.post("/unanswered/give")
    def give(session: Session = access.need(OFFICER), given: Giving = body(Giving)) -> JSONResponse:
        review.give(session.member, given.question, given.clause, given.wording, numbers.here(now()))
        return JSONResponse({"questions": waiting()})

    @api.post("/unanswered/drop")
    def drop(session: Session = access.need(OFFICER), given: Dropping = body(Dropping)) -> JSONResponse:
        review.drop(session.member, given.question)
        return JSONResponse({"questions": waiting()})

    @pages.get("/numbers")
    def page(session: Session = access.need(OFFICER)) -> HTMLResponse:
        return HTMLResponse(layout.page("numbers.html", session, **figures()))

    @pages.get("/numbers/figures")
    def again(session: Session = access.need(OFFICER, by_itself=True)) -> HTMLResponse:
        return HTMLResponse(layout.page("figures.html", **figures()))

    @pages.get("/unanswered")
    def to_do(session: Session = access.need(OFFICER)) -> HTMLResponse:
        return HTMLResponse(layout.page("unanswered.html", session, questions=waiting(), clauses=clauses, days=_DAYS))

    @pages.post("/unanswered")
    def deal(session: Session = access.need(OFFICER), given: dict[str, str] = Depends(posted)) -> RedirectResponse:
        question, clause = given.get("question", "")[:300], given.get("clause", "")[:200].strip()
        if given.get("do") == "give":
            review.give(session.member, question, clause, given.get("wording", "")[:200], numbers.here(now()))
        elif given.get("do") == "drop":
            review.drop(session.member, question)
        else:
            raise InputError("staff.what")
        return RedirectResponse("/staff/unanswered", 303)

    return [api, pages]
