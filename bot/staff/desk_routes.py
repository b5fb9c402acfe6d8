"""Conversations that are handed to a human, over HTTP: /staff/api/queue and /staff/api/handoffs."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Extra, Field, StrictStr, validator

from actions.reply import Reply
from actions.room import Room
from bot.api.errors import ApiError
from bot.api.given import Given
from bot.api.policy import mapping
from bot.inputs import InputError, clean
from bot.privacy import mask
from bot.settings import Settings
from bot.staff.access import Access, ApiRoute, body, number
from bot.staff.accounts import OPERATOR
from bot.staff.answers import decided, quoted
from bot.staff.desk import Desk, Said
from bot.staff.sign_in import Session, SignIn
from bot.staff.streams import LONGEST, Event, stream

_ID = r"^[A-Za-z0-9_-]{1,64}$"
_NOTED = 10  # looks: how often it is kept that a page is still there
_NEVER = frozenset(("id_card", "bank_card"))  # a telephone number or address of an office may be told


class Saying(Given):
    """Words of the operator; `client_id`: the same again is the same message."""

    client_id: StrictStr = Field(regex=_ID)
    text: StrictStr = Field(max_length=2000)


class Inserting(Given):
    """A decision or a clause put before the citizen."""

    client_id: StrictStr = Field(regex=_ID)
    clause: StrictStr | None = Field(None, max_length=200)
    programme: StrictStr | None = Field(None, max_length=100)
    facts: dict[str, Any] = Field({})
    declined: list[StrictStr] = Field([], max_items=200)

    _facts = validator("facts", pre=True, allow_reuse=True)(mapping)


class Ending(Given):
    """How a conversation ends; `subject`: of the case that is made of it."""

    subject: StrictStr = Field("", max_length=1000)


class Nothing(Given):
    """Nothing but the request."""

    class Config:
        extra = Extra.ignore


def desk_routes(
    access: Access, desk: Desk, sign_in: SignIn, room: Room, settings: Settings, stopping: Callable[[], bool]
) -> APIRouter:
    """Queue and conversations. Whoever says so counts as being there, as long as their page watches the queue."""
    api = APIRouter(prefix="/staff/api", include_in_schema=False, route_class=ApiRoute)

    def waiting(session: Session) -> dict[str, Any]:
        return {
            "queue": desk.queue(),
            "taken": desk.taken(session.member),
            "here": sign_in.here(session),
        }

    @api.get("/queue")
    def queue(session: Session = access.need(OPERATOR)) -> JSONResponse:
        return JSONResponse(waiting(session))

    @api.post("/presence")
    def presence(
        session: Session = access.need(OPERATOR, by_itself=True), given: Nothing = body(Nothing)
    ) -> JSONResponse:
        sign_in.at_desk(session)
        return JSONResponse(waiting(session))

    @api.post("/absence")
    def absence(session: Session = access.need(OPERATOR), given: Nothing = body(Nothing)) -> JSONResponse:
        sign_in.at_desk(session, False)
        return JSONResponse(waiting(session))

    @api.get("/queue/events")
    def queue_events(session: Session = access.need(OPERATOR, by_itself=True), seconds: int = LONGEST) -> Response:
        last: list[Any] = [None, 0]

        def look() -> list[Event]:
            sign_in.check(session)
            if last[1] % _NOTED == 0:
                sign_in.still_at_desk(session)
            last[1] += 1
            found = waiting(session)
            known = found["here"], [{**one, "waiting": 0} for one in found["queue"] + found["taken"]]
            if known == last[0]:
                return []
            last[0] = known
            return [("queue", None, found)]

        return stream(look, stopping, seconds)

    @api.post("/handoffs/{id}/take")
    def take(id: int, session: Session = access.need(OPERATOR), given: Nothing = body(Nothing)) -> JSONResponse:
        return JSONResponse(desk.take(session.member, id))

    @api.get("/handoffs/{id}")
    def one(id: int, after: int = 0, session: Session = access.need(OPERATOR)) -> JSONResponse:
        said = [_shown(one) for one in desk.messages(session.member, id, after)]
        return JSONResponse({**desk.one(session.member, id), "messages": said})

    @api.get("/handoffs/{id}/events")
    def events(
        request: Request, id: int, after: int = 0, seconds: int = LONGEST,
        session: Session = access.need(OPERATOR, by_itself=True),
    ) -> Response:  # fmt: skip
        again = request.headers.get("last-event-id", "")
        last: list[Any] = [number(again) or after, None, 0]
        desk.messages(session.member, id, last[0])  # whose it is not hears so at once

        def look() -> list[Event]:
            sign_in.check(session)
            if last[2] % _NOTED == 0:
                desk.beat(session.member, id)
            last[2] += 1
            state = desk.one(session.member, id)
            stands, known = (state["state"], state["mine"], state["undelivered"]), last[1]
            try:
                found = desk.messages(session.member, id, last[0])
            except ApiError:
                if stands == known:
                    raise
                found = []  # it was taken from them: that is told before it ends
            last[0], last[1] = max([last[0], *(one.id for one in found)]), stands
            events: list[Event] = [("message", one.id or None, _shown(one)) for one in found]
            return events if stands == known else [*events, ("state", None, state)]

        return stream(look, stopping, seconds)

    @api.post("/handoffs/{id}/beat")
    def beat(
        id: int, session: Session = access.need(OPERATOR, by_itself=True), given: Nothing = body(Nothing)
    ) -> JSONResponse:
        return JSONResponse({"mine": desk.beat(session.member, id)})

    @api.post("/handoffs/{id}/say")
    def say(id: int, session: Session = access.need(OPERATOR), given: Saying = body(Saying)) -> JSONResponse:
        text = _kept(given.text)
        if not text:
            raise InputError("staff.empty", "text")
        return told(session, id, given.client_id, {"kind": "text", "text": text})

    @api.post("/handoffs/{id}/insert")
    def insert(id: int, session: Session = access.need(OPERATOR), given: Inserting = body(Inserting)) -> JSONResponse:
        if (given.clause is None) == (given.programme is None):
            raise InputError("staff.clause_or_programme", "clause")
        if given.clause is not None:
            reply = quoted(room, given.clause)
        else:
            day, place = given.as_of or settings.today(), given.place or settings.place
            _, reply = decided(room, given.programme or "", given.facts, day, place, given.declined)
        return told(session, id, given.client_id, reply)

    @api.post("/handoffs/{id}/return")
    def give_back(id: int, session: Session = access.need(OPERATOR), given: Nothing = body(Nothing)) -> JSONResponse:
        desk.give_back(session.member, id)
        return JSONResponse(waiting(session))

    @api.post("/handoffs/{id}/close")
    def close(id: int, session: Session = access.need(OPERATOR), given: Ending = body(Ending)) -> JSONResponse:
        if not given.subject.strip():
            raise InputError("staff.empty", "subject")
        return JSONResponse({"case": desk.give_back(session.member, id, given.subject), **waiting(session)})

    def told(session: Session, id: int, client_id: str, reply: Reply) -> JSONResponse:
        number = desk.say(session.member, id, client_id, [{**reply, "by": "staff"}])
        return JSONResponse({"id": number, "client_id": client_id})

    return api


def _shown(said: Said) -> dict[str, Any]:
    told = {"id": said.id, "author": said.author, "replies": said.replies, "at": said.at.isoformat(timespec="seconds")}
    return told | ({"client_id": said.client_id} if said.client_id else {})


def _kept(text: str) -> str:
    """What an operator says as it is; with an identity or bank card in it, masked."""
    text = clean(text).strip()
    masked, kinds = mask(text)
    return masked if kinds & _NEVER else text
