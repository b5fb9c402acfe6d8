"""Ready-made texts over HTTP: /staff/api/texts for the screen, and a page to keep one's own."""

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from pydantic import Field, StrictStr
from sqlalchemy.engine import Engine

from bot.api.given import Given
from bot.inputs import InputError
from bot.staff import text_modules
from bot.staff.access import Access, ApiRoute, body, page_route, posted
from bot.staff.accounts import OPERATOR
from bot.staff.layout import Layout
from bot.staff.sign_in import Session


class Text(Given):
    """A ready-made text."""

    short: StrictStr = Field(max_length=40)
    text: StrictStr = Field("", max_length=2000)


def text_routes(layout: Layout, access: Access, engine: Engine) -> list[APIRouter]:
    """The JSON, and the page."""
    api = APIRouter(prefix="/staff/api", include_in_schema=False, route_class=ApiRoute)
    pages = APIRouter(prefix="/staff", include_in_schema=False, route_class=page_route(layout))

    def theirs(session: Session) -> list[dict[str, Any]]:
        return text_modules.texts(engine, session.member.id)

    @api.get("/texts")
    def texts(session: Session = access.need(OPERATOR)) -> JSONResponse:
        return JSONResponse({"texts": theirs(session)})

    @api.put("/texts")
    def keep(session: Session = access.need(OPERATOR), given: Text = body(Text)) -> JSONResponse:
        text_modules.keep(engine, session.member.id, given.short, given.text)
        return JSONResponse({"texts": theirs(session)})

    @api.delete("/texts")
    def drop(session: Session = access.need(OPERATOR), given: Text = body(Text)) -> JSONResponse:
        text_modules.drop(engine, session.member.id, given.short)
        return JSONResponse({"texts": theirs(session)})

    @pages.get("/texts")
    def page(session: Session = access.need(OPERATOR)) -> HTMLResponse:
        return HTMLResponse(layout.page("texts.html", session, texts=theirs(session)))

    @pages.post("/texts")
    def change(session: Session = access.need(OPERATOR), given: dict[str, str] = Depends(posted)) -> RedirectResponse:
        short = given.get("short", "")
        match given.get("do"):
            case "keep":
                text_modules.keep(engine, session.member.id, short, given.get("text", ""))
            case "drop":
                text_modules.drop(engine, session.member.id, short)
            case _:
                raise InputError("staff.what")
        return RedirectResponse("/staff/texts", 303)

    return [api, pages]
