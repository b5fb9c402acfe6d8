"""Which conversation a request belongs to: by the number it shows, or by the cookie of our own pages.

Embedded pages show the number (``Authorization: Bearer``), partners write it into the body (``sender``). Cookies are
not sent from other people's pages, and count at /api only beside the header ``Wengang-Session``, which no other page
can set without our leave: nobody else's page can speak in a visitor's name.

Whoever begins gets their number with the first answer. Should that be lost, the same message comes again, and a random
number that the client made for it (``begin`` in the body) leads to the conversation that it began, and to no other use:
as long as the number that was lost would have been good for, and no longer.
"""

import time
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response

from bot.api.identity import Identity, Session, bearer, looks_like_number

HEADER = "Wengang-Session"  # "cookie": go on with the conversation of the cookie; "new": begin another
_COOKIE, _SECURE_COOKIE = "wengang", "__Host-wengang"


@dataclass(frozen=True)
class Caller:
    """Who speaks in one request.

    `by_cookie`: the number is in a cookie, and no script may read it; `begun`: the conversation begins here; `refusal`:
    the status with which a number shown like this is refused.
    """

    session: Session
    by_cookie: bool = False
    begun: bool = False
    refusal: int = 401

    @property
    def sender(self) -> str:
        """What the conversation is kept under."""
        return self.session.sender

    @property
    def name(self) -> str:
        """What the client is told: the number to be shown next time, or of a cookie's conversation its public name."""
        return self.session.sender if self.by_cookie else self.session.number


class Sessions:
    """Tells callers by what they show."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    def known(self, request: HTTPConnection, number: str | None = None) -> Caller | None:
        """Return who speaks, None: somebody new. `number`: of the body. Raises ApiError, 401 or (of a body) 400."""
        shown = bearer(request.headers.get("authorization", ""))
        if looks_like_number(shown):
            return Caller(self.identity.resume(shown, 401))
        if number is not None:
            return Caller(self.identity.resume(number, 400), refusal=400)
        return self.by_cookie(request) if request.headers.get(HEADER, "").lower() == "cookie" else None

    def by_cookie(self, request: HTTPConnection) -> Caller | None:
        """Return whose cookie the browser sent, None: it sent none. Raises ApiError (401)."""
        cookie = request.cookies.get(_name(request))
        return Caller(self.identity.resume(cookie, 401), by_cookie=True) if cookie else None

    def known_or_new(self, request: HTTPConnection, number: str | None = None, begin: str | None = None) -> Caller:
        """Return who speaks; somebody new begins a conversation, as `new` does. Raises ApiError."""
        cookie = request.headers.get(HEADER, "").lower() in ("cookie", "new")
        return self.known(request, number) or self.new(cookie, begin)

    def new(self, by_cookie: bool, begin: str | None = None) -> Caller:
        """Begin a conversation; with a number of the client's it is the one that this number has begun before."""
        return Caller(self.identity.begin(begin), by_cookie=by_cookie, begun=True)

    def message(self, begin: str, text: str) -> str:
        """Return what a first message without a number of its own is known again by."""
        return self.identity.seal("first message", f"{begin}\0{text}")


def keep_cookie(request: HTTPConnection, response: Response, caller: Caller) -> None:
    """Let the browser keep the number, if it came or is to go by cookie."""
    if caller.by_cookie:
        left = max(1, int(caller.session.until - time.time()))
        _set(request, response, caller.session.number, left)


def drop_cookie(request: HTTPConnection, response: Response) -> None:
    """Let the browser forget the number."""
    _set(request, response, "", 0)


def _set(request: HTTPConnection, response: Response, value: str, seconds: int) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(_name(request), value, seconds, path="/", secure=secure, httponly=True, samesite="lax")


def _name(request: HTTPConnection) -> str:
    """Behind https the browser itself sees to it that no other host of the domain sets the cookie."""
    return _SECURE_COOKIE if request.url.scheme == "https" else _COOKIE
