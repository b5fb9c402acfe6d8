"""The conversation without JavaScript: /plain, forms and redirections, the same assistant.

The conversation is that of the cookie. A form holds a signature of it (nobody else's page can send one) and a number
made for this page: what is sent twice is one turn. After each turn the browser is led to a page that may be reloaded.
"""

import asyncio
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import FormData

from bot.api.conversation import Door
from bot.api.errors import ApiError, told
from bot.api.guard import policy
from bot.api.session import Caller, keep_cookie
from bot.api.transcript import PAGE, Eraser
from bot.api.widget import HandsOver, notice
from bot.inputs import InputError, read_date
from bot.messages import listed, say
from bot.plain_page import PlainPage, told_day
from bot.settings import Settings
from bot.store.turns import Answered
from eligibility import Rulebook
from knowledge.text import day

_ELDER = "wengang_elder"
_YEAR = 365 * 86400  # seconds
_HEADERS = {"Content-Security-Policy": policy(form_action="'self'"), "Cache-Control": "no-store"}
_FIELDS = 60  # of a form; the longest list of choices has fewer


@dataclass
class _Said:
    """What a form was sent with: the words, what was picked, and why they cannot be taken, if so."""

    text: str = ""
    picked: tuple[str, ...] = ()
    problem: str | None = None


class _Plain:
    def __init__(self, door: Door, eraser: Eraser, rules: Rulebook, settings: Settings, hands_over: HandsOver) -> None:
        self._door, self._eraser, self._settings = door, eraser, settings
        self._page, self._hands_over = PlainPage(rules), hands_over

    # ── pages ──

    async def look(self, request: Request) -> Response:
        """The conversation as it is kept."""
        elder = request.query_params.get("elder")
        if elder is not None:
            response = RedirectResponse("/plain", 303)
            kept = {"path": "/plain", "httponly": True, "samesite": "lax", "secure": request.url.scheme == "https"}
            response.set_cookie(_ELDER, "1", _YEAR if elder == "1" else 0, **kept)  # type: ignore[arg-type]
            return response
        caller, problem = await self._caller(request)
        return await self._show(request, caller, problem)

    async def speak(self, request: Request) -> Response:
        """One message; then to the page with its answer."""
        form = await request.form(max_fields=_FIELDS, max_files=0)
        caller, problem = await self._caller(request)
        said = _spoken(form)
        problem = problem or self._forged(caller, form) or said.problem
        if problem:
            return await self._show(request, caller, problem, 422, said=said)
        number = hashlib.sha256(f"{form.get('message')}\0{said.text}".encode()).hexdigest()[:32]
        try:
            as_of = read_date(form["as_of"], say("what.as_of")) if form.get("as_of") else None
            self._door.throttle.admit(request, caller.sender)
            answered = await self._door.answer(caller, said.text, as_of, None, number)
        except Exception as error:
            refused = told(request, error)
            if refused is None:
                raise
            return await self._refuse(request, caller, refused, said)
        if answered.turn is None:  # it failed, and is not kept: there is no page to lead to
            return await self._show(request, caller, said=said, unkept=answered)
        held = told_day(answered.replies) or as_of
        query = urlencode({"as_of": held.isoformat()}) if held and held != self._settings.today() else ""
        return self._lead(request, caller, f"/plain{'?' if query else ''}{query}#t{answered.turn}")

    async def restart(self, request: Request) -> Response:
        """Another conversation; this one is kept as long as any."""
        caller, problem = await self._caller(request)
        if problem := problem or self._forged(caller, await request.form(max_fields=_FIELDS, max_files=0)):
            return await self._show(request, caller, problem, 422)
        return self._lead(request, *self._afresh("restarted"))

    async def erase(self, request: Request) -> Response:
        """Erase this conversation, tell what is left of it, and begin another."""
        caller, problem = await self._caller(request)
        if problem := problem or self._forged(caller, await request.form(max_fields=_FIELDS, max_files=0)):
            return await self._show(request, caller, problem, 422)
        try:
            self._door.throttle.admit(request, caller.sender)
            found, left, wiping = await self._eraser.erase(caller.sender)
        except Exception as error:
            refused = told(request, error)
            if refused is None:
                raise
            return await self._refuse(request, caller, refused)
        response = self._lead(request, *self._afresh(f"erased.{found}.{left}"))
        response.background = wiping
        return response

    # ── who, and whether it is they ──

    async def _caller(self, request: Request) -> tuple[Caller, str | None]:
        """Whose cookie it is; somebody new, and why, when it cannot be gone on with."""
        try:
            known = self._door.sessions.by_cookie(request)
            if known:
                await asyncio.to_thread(self._door.check, known)
        except ApiError as error:
            return self._door.sessions.new(by_cookie=True), error.message
        except SQLAlchemyError:
            pass  # what comes next fails, too, and says so
        return known or self._door.sessions.new(by_cookie=True), None

    def _seal(self, caller: Caller, purpose: str) -> str:
        return self._door.sessions.identity.seal(f"plain {purpose}", caller.sender)

    def _forged(self, caller: Caller, form: FormData) -> str | None:
        """The sentence about a form that is not of this conversation's page."""
        shown = str(form.get("csrf") or "")
        fits = hmac.compare_digest(shown.encode(), self._seal(caller, "form").encode())
        return None if fits and not caller.begun else say("plain.stale")

    # ── answers ──

    def _afresh(self, words: str) -> tuple[Caller, str]:
        """Somebody new, and the address where they are told that they are."""
        caller = self._door.sessions.new(by_cookie=True)
        return caller, f"/plain?{urlencode({'told': f'{words}.{self._seal(caller, words)}'})}"

    def _lead(self, request: Request, caller: Caller, address: str) -> RedirectResponse:
        response = RedirectResponse(address, 303, {"Cache-Control": "no-store"})
        keep_cookie(request, response, caller)
        return response

    async def _refuse(
        self, request: Request, caller: Caller, refused: dict[str, Any], said: _Said | None = None
    ) -> HTMLResponse:
        return await self._show(request, caller, refused["message"], refused["status"], refused["retry_after"], said)

    async def _show(
        self,
        request: Request,
        caller: Caller,
        problem: str | None = None,
        status: int = 200,
        after: int | None = None,
        said: _Said | None = None,
        unkept: Answered | None = None,
    ) -> HTMLResponse:
        said = said or _Said()
        before = request.query_params.get("before", "")
        earlier = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
        turns: list[dict[str, Any]] = []
        more = False
        try:
            if not caller.begun:
                turns, more = await asyncio.to_thread(self._door.transcript.page, caller.sender, earlier, PAGE)
        except SQLAlchemyError as error:
            refused = told(request, error) or {}
            problem, status, after = refused["message"], refused["status"], refused["retry_after"]
        if unkept:
            turns.append({"id": 0, "text": said.text, "replies": unkept.replies, "pushed": False})
        try:
            given = request.query_params.get("as_of")
            chosen = read_date(given, say("what.as_of")) if given else _held(turns)
        except InputError as error:
            chosen, problem, status = None, str(error), 422
        today = self._settings.today()
        html = self._page.filled(
            turns,
            problem=problem,
            told=self._told(request, caller),
            notice=notice(self._settings, await self._hands_over()),
            examples=listed("widget.examples"),
            elder=request.cookies.get(_ELDER) == "1",
            earlier=turns[0]["id"] if more else None,
            before=earlier,
            csrf=self._seal(caller, "form"),
            message=secrets.token_hex(16),
            chosen=chosen if chosen != today else None,
            as_of=chosen or today,
            text=said.text if problem or unkept else "",
            picked=said.picked,
        )
        headers = _HEADERS | ({} if after is None else {"Retry-After": str(after)})
        response = HTMLResponse(html, status, headers)
        keep_cookie(request, response, caller)
        return response

    def _told(self, request: Request, caller: Caller) -> str | None:
        """What was done just before, if it was we who led here."""
        words, _, seal = request.query_params.get("told", "").rpartition(".")
        if not words or not hmac.compare_digest(seal.encode(), self._seal(caller, words).encode()):
            return None
        kind, *counts = words.split(".")
        return say("widget.erased", erased=counts[0], left=counts[1]) if kind == "erased" else say("plain.restarted")


def plain_routes(door: Door, eraser: Eraser, rules: Rulebook, settings: Settings, hands_over: HandsOver) -> APIRouter:
    """GET and POST /plain, POST /plain/restart and /plain/erase."""
    router, plain = APIRouter(include_in_schema=False), _Plain(door, eraser, rules, settings, hands_over)
    router.add_api_route("/plain", plain.look, methods=["GET"])
    router.add_api_route("/plain", plain.speak, methods=["POST"])
    router.add_api_route("/plain/restart", plain.restart, methods=["POST"])
    router.add_api_route("/plain/erase", plain.erase, methods=["POST"])
    return router


def _held(turns: list[dict[str, Any]]) -> date | None:
    """The day that the bot answers for, by its last turn that tells one; a person at a desk may tell of another day."""
    asked = (turn for turn in reversed(turns) if not turn["pushed"])
    return next((found for turn in asked if (found := told_day(turn["replies"]))), None)


def _spoken(form: FormData) -> _Said:
    """What a form says, in words, as if they had been written."""
    written = {name: value for name, value in form.items() if isinstance(value, str)}
    if "say" in written:
        return _Said(written["say"])
    if "none" in written:
        picked = tuple(value for value in form.getlist("pick") if isinstance(value, str))
        if written["none"] in picked and len(picked) > 1:
            return _Said(picked=picked, problem=say("plain.none_alone", none=written["none"]))
        return _Said("、".join(picked), picked, None if picked else say("plain.pick"))
    if "number" in written:
        number = written["number"].strip()
        unit = written.get("unit", "") if number[-1:].isdigit() else ""
        return _Said(number + unit, problem=None if number else say("plain.number"))
    if "day" in written:
        try:  # any year will do: a birthday may be asked for
            return _Said(day(date.fromisoformat(written["day"].strip())))
        except ValueError:
            return _Said(problem=say("plain.day"))
    text = written.get("text", "").strip()
    return _Said(text, problem=None if text else say("plain.empty"))
