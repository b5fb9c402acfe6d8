"""From which other sites browsers may speak to us, and which may show our page in a frame (WENGANG_ORIGINS)."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from bot.api.errors import problem
from bot.messages import say

_READING = ("GET", "HEAD", "OPTIONS")
_FIRST = "/api/widget"  # what an embedded page asks first: here it hears that it may not
_FILES = ("/widget.js", "/web/widget/")  # for everybody: an embedding page that is refused must be able to say so
_PORTS = {"http": 80, "https": 443}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID, Wengang-Session",
    "Access-Control-Max-Age": "600",
}
_EXPOSED = "Retry-After, Wengang-Turn, X-Request-Id"


class Origins:
    """The sites of the settings: exact origins, with scheme. No cookie ever goes along with what they ask."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._allowed = frozenset(allowed)
        self.ancestors = " ".join(["'self'", *allowed])

    def answer(self, scope: Scope) -> Response | None:
        """Return the answer to a request that need not go further: a preflight, or one from a site that may not."""
        headers = Headers(scope=scope)
        origin, path = headers.get("origin"), scope["path"]
        if origin is None or path.startswith(_FILES):
            return None
        welcome = self._welcome(origin, headers)
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            return Response(status_code=204, headers=_PREFLIGHT) if welcome else _refusal(origin)
        if welcome or (scope["method"] in _READING and path != _FIRST):
            return None
        return _refusal(origin)

    def headers(self, scope: Scope) -> dict[str, str]:
        """The headers by which a browser lets the page of another site read our answer."""
        if scope["path"].startswith(_FILES):
            return {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
        if not scope["path"].startswith("/api/"):
            return {}
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        granted = {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _EXPOSED}
        return {"Vary": "Origin", **(granted if origin in self._allowed else {})}  # type: ignore[dict-item]

    def _welcome(self, origin: str, headers: Headers) -> bool:
        return origin in self._allowed or headers.get("sec-fetch-site") == "same-origin" or _own(origin, headers)


def _own(origin: str, headers: Headers) -> bool:
    """A page of ours. The scheme is left out: a proxy may not have told us that the browser speaks https."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return False
    host = headers.get("host", "").lower()
    return bool(parts.hostname) and host in (parts.netloc, f"{parts.hostname}:{port}", *_bare(parts.hostname, port))


def _bare(host: str | None, port: int | None) -> tuple[str, ...]:
    return (f"{host}",) if port in _PORTS.values() else ()


def _refusal(origin: str) -> Response:
    """Only this sentence may be read there."""
    told = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    return problem(403, say("api.foreign"), headers=told if _printable(origin) else {})


def _printable(origin: str) -> bool:
    return origin.isascii() and origin.isprintable()
