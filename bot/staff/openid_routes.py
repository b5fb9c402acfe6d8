"""/staff/oidc: to the identity provider of the office and back."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from bot.api.throttle import address_of
from bot.messages import say
from bot.staff.access import COOKIE, Access, page_route
from bot.staff.accounts import Accounts
from bot.staff.layout import Layout
from bot.staff.openid import LASTS, NotSignedIn, OpenId
from bot.staff.sign_in import SignIn, Wrong, digest
from bot.staff.sign_in_routes import let_in

OIDC, BACK = "/staff/oidc", "/staff/oidc/back"
_TICKET = "wengang_staff_oidc"


def openid_routes(layout: Layout, access: Access, sign_in: SignIn, accounts: Accounts, provider: OpenId) -> APIRouter:
    """GET /staff/oidc, GET /staff/oidc/back. Only who has an account here is let in, with the role it has here."""
    router = APIRouter(include_in_schema=False, route_class=page_route(layout), dependencies=[Depends(access.exists)])

    @router.get(OIDC)
    async def leave(request: Request) -> Response:
        if request.headers.get("sec-fetch-site") == "cross-site":  # the console's cookie stayed at home; ours brings it
            return HTMLResponse(layout.page("onwards.html", to=OIDC))
        try:
            ticket, address = await provider.begin(_back(request), _shown(request))
        except NotSignedIn as error:
            return refused(error)
        response = RedirectResponse(address, 303)
        secure = request.url.scheme == "https"  # lax: it is to come along when the provider sends the browser back
        response.set_cookie(_TICKET, ticket, LASTS, path=OIDC, httponly=True, samesite="lax", secure=secure)
        return response

    @router.get(BACK)
    async def back(request: Request) -> Response:
        try:
            response = await entered(request, request.cookies.get(_TICKET, ""))
        except NotSignedIn as error:
            response = refused(error)
        response.delete_cookie(_TICKET, path=OIDC)
        return response

    async def entered(request: Request, ticket: str) -> Response:
        known = await provider.finish(ticket, request.query_params, _back(request))
        found = await run_in_threadpool(accounts.named, known.name)
        member = found[0] if found and found[0].name == known.name else None  # not one that only looks the same
        if member is None or member.disabled or known.roles is not None and member.role not in known.roles:
            await run_in_threadpool(sign_in.failed, known.name)
            raise NotSignedIn("staff.oidc_nobody", 403)
        token, before = provider.session_of(ticket), (provider.session_before(ticket), _shown(request))
        try:
            await run_in_threadpool(sign_in.begin, member, address_of(request) or "here", before, token)
        except Wrong:
            raise NotSignedIn("staff.oidc_again", 400) from None
        # A redirection would still count as the other site's, and the cookie of the console would stay at home.
        page, name = HTMLResponse(layout.page("signed_in.html")), member.name
        return let_in(page, request, token, sign_in.mark_cookie(name), sign_in.mark(name))

    def refused(error: NotSignedIn) -> Response:
        page = layout.page("sign_in.html", name="", message=say(error.key), elsewhere=OIDC)
        return HTMLResponse(page, error.status)

    return router


def _shown(request: Request) -> str:
    """The digest of the session whose cookie the browser shows, if it does."""
    return digest(request.cookies.get(COOKIE, ""))


def _back(request: Request) -> str:
    return str(request.url.replace(path=BACK, query="", fragment=""))
