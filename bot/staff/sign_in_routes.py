"""/staff: signing in and out, one's own password, the accounts and the audit."""

import asyncio
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.engine import Engine
from starlette.concurrency import run_in_threadpool

from bot.api.errors import ApiError
from bot.api.throttle import address_of
from bot.inputs import InputError
from bot.messages import say
from bot.staff.access import COOKIE, HOME, SIGN_IN, Access, from_our_pages, page_route, posted
from bot.staff.accounts import ADMIN, ROLES, Accounts, tidy
from bot.staff.audit_checks import AuditChecks
from bot.staff.layout import Layout
from bot.staff.sign_in import LONGEST, Session, SignIn, Wrong, digest
from bot.store.models import Audit

_PER_PAGE = 100
_KNOWN = timedelta(days=180)  # since somebody last signed in there


def sign_in_routes(
    layout: Layout, access: Access, sign_in: SignIn, accounts: Accounts, elsewhere: str = ""
) -> APIRouter:
    """GET and POST /staff/sign-in, POST /staff/sign-out, GET and POST /staff/password.

    `elsewhere`: where one may sign in without a password of ours.
    """
    router = APIRouter(include_in_schema=False, route_class=page_route(layout))

    @router.get(SIGN_IN, dependencies=[Depends(access.exists)])
    def form() -> HTMLResponse:
        return HTMLResponse(layout.page("sign_in.html", name="", message="", elsewhere=elsewhere))

    @router.post(SIGN_IN, dependencies=[Depends(access.exists)])
    async def enter(request: Request, given: dict[str, str] = Depends(posted)) -> Any:
        from_our_pages(request)
        name, address = given.get("name", "")[:100], address_of(request) or "here"
        mark = request.cookies.get(sign_in.mark_cookie(name), "")
        await run_in_threadpool(sign_in.attempt, name, address, mark)
        try:
            member = await sign_in.verified(name, given.get("password", ""))
        except Wrong:
            await run_in_threadpool(sign_in.failed, name)
            page = layout.page("sign_in.html", name=name, message=say("staff.wrong"), elsewhere=elsewhere)
            return HTMLResponse(page, 401)
        before = [digest(request.cookies.get(COOKIE, ""))]
        token = await run_in_threadpool(sign_in.begin, member, address, before, mark=mark)
        return let_in(RedirectResponse(HOME, 303), request, token, sign_in.mark_cookie(name), sign_in.mark(name, mark))

    @router.post("/staff/sign-out")
    def leave(request: Request, session: Session = access.need(), given: dict[str, str] = Depends(posted)) -> Any:
        sign_in.end_everywhere(session) if given.get("everywhere") else sign_in.end(session)
        response = RedirectResponse(SIGN_IN, 303)
        response.delete_cookie(COOKIE, path="/staff")
        return response

    @router.get("/staff/password")
    def password(session: Session = access.need()) -> HTMLResponse:
        return HTMLResponse(layout.page("password.html", session))

    @router.post("/staff/password")
    async def change(
        request: Request, session: Session = access.need(), given: dict[str, str] = Depends(posted)
    ) -> Any:
        name, id, address = session.member.name, session.member.id, address_of(request) or "here"
        mark = request.cookies.get(sign_in.mark_cookie(name), "")
        await run_in_threadpool(sign_in.attempt, name, address, mark)
        try:
            await sign_in.verified(name, given.get("old", ""))
        except Wrong:
            await run_in_threadpool(sign_in.failed, name, id)
            raise InputError("staff.old_password", "old") from None
        await run_in_threadpool(sign_in.right, name, address, mark)
        await asyncio.to_thread(accounts.reset, name, given.get("new", ""), id)
        return RedirectResponse(SIGN_IN, 303)

    return router


def let_in(response: Response, request: Request, token: str, mark_cookie: str, mark: str) -> Response:
    """The same response, with the session's cookie, and the one by which the browser is known the next time."""
    for name, value, lasts in ((COOKIE, token, LONGEST), (mark_cookie, mark, _KNOWN)):
        response.set_cookie(
            name, value, max_age=int(lasts.total_seconds()), path="/staff", httponly=True, samesite="strict",
            secure=request.url.scheme == "https",
        )  # fmt: skip
    return response


def account_routes(layout: Layout, access: Access, accounts: Accounts) -> APIRouter:
    """GET and POST /staff/accounts."""
    router = APIRouter(include_in_schema=False, route_class=page_route(layout))

    @router.get("/staff/accounts")
    def listed(session: Session = access.need(ADMIN)) -> HTMLResponse:
        return HTMLResponse(layout.page("accounts.html", session, accounts=accounts.all(), roles=ROLES))

    # a plain function: in a thread, off the event loop, where the password is hashed
    @router.post("/staff/accounts")
    def change(session: Session = access.need(ADMIN), given: dict[str, str] = Depends(posted)) -> Any:
        name, by = tidy(given.get("name", "")), session.member.id
        if name == session.member.name and given.get("do") == "disable":
            raise InputError("staff.oneself")
        match given.get("do"):
            case "add":
                accounts.add(name, given.get("role", ""), given.get("password", ""), by)
            case "disable":
                accounts.disable(name, by)
            case "enable":
                accounts.enable(name, by)
            case "reset":
                accounts.reset(name, given.get("password", ""), by)
            case _:
                raise ApiError(422, "staff.what")
        return RedirectResponse("/staff/accounts", 303)

    return router


def audit_routes(layout: Layout, access: Access, accounts: Accounts, checks: AuditChecks, engine: Engine) -> APIRouter:
    """GET /staff/audit: what the staff did, the latest first. `verify`: and whether the chain holds now, all of it;
    only when somebody wants to know, for that reads every row. It is written down as what they did."""
    router = APIRouter(include_in_schema=False, route_class=page_route(layout))

    @router.get("/staff/audit")
    def audit(
        before: int = Query(2**31 - 1, ge=1, lt=2**31), verify: bool = False, session: Session = access.need(ADMIN)
    ) -> HTMLResponse:
        checked = checks.check(session.member.id) if verify else None
        columns = Audit.__table__.c
        wanted = sa.select(Audit.__table__).where(columns.number.is_not(None), columns.number < before)
        with engine.connect() as connection:
            rows = connection.execute(wanted.order_by(columns.number.desc()).limit(_PER_PAGE)).all()
        values = {"rows": rows, "names": accounts.names(), "more": rows[-1].number if len(rows) == _PER_PAGE else None}
        return HTMLResponse(layout.page("audit.html", session, checked=checked, last=checks.last(), **values))

    return router
