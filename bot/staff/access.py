"""Who may do what: asked in one place, by each route, with the least role it needs.

An operator's matters are open to operators and officers, an officer's to officers; accounts and audit are an
administrator's, who sees no citizen's matter. A change also needs the page's token, and must come from our own pages.
"""

import hmac
import time
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from bot.api.errors import ApiError
from bot.api.guard import policy
from bot.inputs import InputError, clean, read_json
from bot.messages import say
from bot.staff.accounts import ADMIN, OFFICER, OPERATOR, Accounts
from bot.staff.layout import Layout
from bot.staff.sign_in import Session, SignIn, TooOften
from eligibility.errors import DecisionError

COOKIE = "wengang_staff"
HOME, SIGN_IN = "/staff", "/staff/sign-in"
_MAY = {OPERATOR: (OPERATOR, OFFICER), OFFICER: (OFFICER,), ADMIN: (ADMIN,), "": (OPERATOR, OFFICER, ADMIN)}
_SAFE = ("GET", "HEAD", "OPTIONS")
_LOOK_AGAIN = 5.0  # seconds, while nobody has an account
HEADERS = {"Content-Security-Policy": policy(form_action="'self'"), "Cache-Control": "no-store"}
Shape = TypeVar("Shape", bound=BaseModel)


class SignInFirst(Exception):
    """Nobody is signed in."""


class Access:
    """Makes the dependencies of the routes."""

    def __init__(self, accounts: Accounts, sign_in: SignIn) -> None:
        self._accounts, self._sign_in = accounts, sign_in
        self._offered, self._looked = False, 0.0

    def offered(self) -> bool:
        """Whether there is a console: from the first account on. Until then the database is asked now and then."""
        if not self._offered and time.monotonic() - self._looked > _LOOK_AGAIN:
            self._looked = time.monotonic()
            self._offered = self._accounts.any()
        return self._offered

    async def offering(self) -> bool:
        """The same, for the event loop. While the database is away there is none."""
        try:
            return self._offered or await run_in_threadpool(self.offered)
        except SQLAlchemyError:
            return False

    async def exists(self) -> None:
        """Dependency: no console, no address."""
        if not self._offered and not await run_in_threadpool(self._accounts.any):
            raise ApiError(404, "api.not_found")
        self._offered = True

    def need(self, role: str = "", by_itself: bool = False) -> Any:
        """Dependency: the session of somebody with at least this role (none: anybody who is signed in).

        `by_itself`: the page asks it without anybody doing anything, so that it keeps no session alive.
        """
        return Depends(self._needing(role, by_itself))

    def _needing(self, role: str, by_itself: bool) -> Callable[..., Any]:
        may = _MAY[role]

        async def session(request: Request) -> Session:
            await self.exists()
            found = await run_in_threadpool(self._sign_in.session, request.cookies.get(COOKIE), not by_itself)
            if found is None:
                raise SignInFirst
            if request.method not in _SAFE:
                from_our_pages(request)
                if not await _shows(request, found.csrf):
                    raise ApiError(403, "staff.csrf")
            if found.member.role not in may:
                raise ApiError(403, "staff.not_yours")
            return found

        return session


def from_our_pages(request: Request) -> None:
    """Raises ApiError when a browser says that another site's page sent this."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or site not in ("same-origin", "none"):
        raise ApiError(403, "staff.foreign")


async def _shows(request: Request, csrf: str) -> bool:
    """Whether the page's token came along: in the header X-CSRF-Token, or with the form."""
    shown = request.headers.get("x-csrf-token")
    if shown is None and "form" in request.headers.get("content-type", ""):
        shown = (await posted(request)).get("csrf")
    return hmac.compare_digest((shown or "").encode(), csrf.encode())


async def posted(request: Request) -> dict[str, str]:
    """Dependency: the fields of a form, each once, without what cannot be stored."""
    return {name: clean(value) for name, value in (await request.form()).items() if isinstance(value, str)}


def number(text: str) -> int | None:
    """A number as it stands in an address or a form; None: it is none that anything here has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def body(shape: type[Shape]) -> Any:
    """Dependency: the JSON of a request, in this shape."""

    async def read(request: Request) -> Shape:
        value = read_json(await request.body())
        if not isinstance(value, dict):
            raise InputError("input.not_object")
        try:
            return shape.parse_obj(value)
        except ValidationError as error:
            raise RequestValidationError(error.errors()) from None

    return Depends(read)


class ApiRoute(APIRoute):
    """JSON for the screen: who is not signed in is told so."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """See APIRoute."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                response = await handle(request)
            except SignInFirst:
                raise ApiError(401, "staff.sign_in_first") from None
            response.headers.update(HEADERS)
            return response

        return handled


def page_route(layout: Layout) -> type[APIRoute]:
    """A page: who is not signed in is sent to the sign-in, and whatever is wrong is a page with one sentence."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Any]:
            handle = super().get_route_handler()

            async def handled(request: Request) -> Response:
                try:
                    response = await handle(request)
                except SignInFirst:
                    response = RedirectResponse(SIGN_IN, 303)
                except TooOften as error:
                    response = _problem(say("staff.too_often", seconds=error.seconds), 429)
                    response.headers["Retry-After"] = str(error.seconds)
                except ApiError as error:
                    response = _problem(error.message, error.status)
                except (InputError, DecisionError) as error:
                    response = _problem(str(error), 422)
                except (ValidationError, RequestValidationError):
                    response = _problem(say("staff.form"), 422)
                response.headers.update(HEADERS)
                return response

            return handled

    def _problem(message: str, status: int) -> HTMLResponse:
        return HTMLResponse(layout.page("problem.html", message=message), status)

    return PageRoute
