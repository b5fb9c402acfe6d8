"""/staff itself: the one screen for those who answer callers; an administrator begins with the accounts."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from bot.staff.access import HOME, Access, ApiRoute, page_route
from bot.staff.accounts import ADMIN, OPERATOR
from bot.staff.layout import Layout
from bot.staff.sign_in import Session


def home_routes(layout: Layout, access: Access) -> list[APIRouter]:
    """GET /staff, and GET /staff/api/session: whose session it is, for a page older than their signing in."""
    pages = APIRouter(include_in_schema=False, route_class=page_route(layout))
    api = APIRouter(prefix="/staff/api", include_in_schema=False, route_class=ApiRoute)

    @pages.get(HOME)
    def home(session: Session = access.need()) -> Any:
        if session.member.role == ADMIN:
            return RedirectResponse("/staff/accounts", 303)
        return HTMLResponse(layout.page("screen.html", session))

    @api.get("/session")
    def who(session: Session = access.need(OPERATOR)) -> JSONResponse:
        return JSONResponse({"name": session.member.name, "role": session.member.role, "csrf": session.csrf})

    return [pages, api]
