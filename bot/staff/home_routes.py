"""/staff itself: where somebody who has signed in begins."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse

from bot.staff.access import HOME, Access, page_route
from bot.staff.accounts import ADMIN
from bot.staff.layout import Layout
from bot.staff.sign_in import Session


def home_routes(layout: Layout, access: Access) -> APIRouter:
    """GET /staff: an administrator's accounts, everybody else's cases."""
    router = APIRouter(include_in_schema=False, route_class=page_route(layout))

    @router.get(HOME)
    def home(session: Session = access.need()) -> RedirectResponse:
        return RedirectResponse("/staff/accounts" if session.member.role == ADMIN else "/staff/cases", 303)

    return router
