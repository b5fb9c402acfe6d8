"""The cases over HTTP: JSON for the screen under /staff/api, plain pages under /staff/cases, tables to download."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic import Field, StrictBool, StrictStr, validator
from sqlalchemy.engine import Engine

from actions.speak import stated
from bot.api.errors import ApiError
from bot.api.given import Given
from bot.api.identity import Identity, telephone
from bot.api.policy import mapping
from bot.inputs import InputError, read_date
from bot.settings import Settings
from bot.staff import export, text_modules
from bot.staff.access import Access, ApiRoute, body, page_route, posted
from bot.staff.access import number as as_number
from bot.staff.accounts import OFFICER, OPERATOR, Accounts
from bot.staff.case_states import ACTIONS, STATES, may
from bot.staff.cases import Cases, Matter, as_json, titles
from bot.staff.layout import Layout
from bot.staff.sign_in import Session
from bot.store.audit_chain import AuditChain
from bot.store.models import aware
from eligibility import Rulebook
from eligibility.errors import DecisionError

_MOST_EXPORTED = 10_000
_SHORTEST_PHONE = 5  # digits
_WRITTEN = ("text", "to", "follow_up")  # what somebody gives in a case's form
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class NewCase(Given):
    """A case as the screen gives it. `phone`: never kept, only a pseudonym of it."""

    subject: StrictStr = Field(max_length=1000)
    caller: StrictStr = Field("", max_length=200)
    phone: StrictStr = Field("", max_length=30)
    topic: StrictStr | None = Field(None, max_length=100)
    facts: dict[str, Any] = Field({})
    declined: list[StrictStr] = Field([], max_items=200)
    follow_up: date | None = None
    client_id: StrictStr = Field("", regex=r"^[A-Za-z0-9_-]{0,64}$", description="同一个编号再发一次，还是同一张工单")
    decision_id: StrictStr = Field("", max_length=64, description="念给来电人的结论；算出来的不是它，就不记")
    note: StrictStr = Field("", max_length=4000)
    answered: StrictBool = False

    _facts = validator("facts", pre=True, allow_reuse=True)(mapping)

    @validator("follow_up", pre=True)
    def _follow_up(cls, value: Any) -> date | None:
        return read_date(value, "follow_up") if value else None


class Step(Given):
    """Something done to a case that was seen in this version."""

    version: int
    text: StrictStr = Field("", max_length=4000)
    to: StrictStr = Field("", max_length=100)
    follow_up: date | None = None

    @validator("follow_up", pre=True)
    def _follow_up(cls, value: Any) -> date | None:
        return read_date(value, "follow_up") if value else None


class Note(Given):
    """Something written down."""

    text: StrictStr = Field(max_length=4000)


class _Shown:
    """What pages and JSON share: cases as they are shown."""

    def __init__(self, cases: Cases, accounts: Accounts, rules: Rulebook) -> None:
        self.cases, self.accounts, self.rules, self.titles = cases, accounts, rules, titles(rules)

    def listed(self, session: Session, request: Request, most: int = 200) -> list[Any]:
        """The cases that the address asks for, as far as this member may see them."""
        asked = request.query_params
        status, due = asked.get("status", ""), asked.get("due", "")
        if status and status not in STATES:
            raise InputError("staff.what", "status")
        return self.cases.found(
            session.member,
            asked.get("q", "")[:100],
            status,
            mine=asked.get("mine") == "1",
            due=read_date(due, "due") if due else None,
            sender=self._caller(session, asked.get("like", "")),
            most=most,
        )

    def detail(self, session: Session, number: int) -> dict[str, Any]:
        """One case with everything."""
        case, names = self.cases.one(session.member, number), self.accounts.names()
        notes = [
            {"author": names.get(note.author or ""), "event": note.event, "text": note.text,
             "at": aware(note.created_at).isoformat(timespec="seconds")}
            for note in self.cases.notes(session.member, number)
        ]  # fmt: skip
        return {
            **as_json(case, names, self.titles),
            "facts": case.facts,
            "declined": case.declined,
            "decision": json.loads(case.decision) if case.decision else None,
            "notes": notes,
            "may": [action for action in ACTIONS if may(session.member, action, case)],
        }

    def told(self, case: dict[str, Any]) -> list[str]:
        """The facts of a case in words; as they were given when today's packs do not know them."""
        try:
            known = self.rules.read(case["facts"])
            return [stated(self.rules.knowledge.facts[name], value) for name, value in known.items()]
        except (DecisionError, KeyError):
            return [f"{name} {value}" for name, value in case["facts"].items()]

    def colleagues(self, session: Session) -> list[str]:
        """Who else deals with cases."""
        known = [one for one in self.accounts.all() if one.role in (OPERATOR, OFFICER) and not one.disabled]
        return [one.name for one in known if one.id != session.member.id]

    def after(self, session: Session, number: int) -> dict[str, Any]:
        """One case with everything, or only its number when it is no longer this member's to see."""
        try:
            return self.detail(session, number)
        except ApiError:
            return {"id": number}

    def _caller(self, session: Session, like: str) -> str | None:
        """The caller of another case, whose earlier ones are wanted."""
        return self.cases.one(session.member, as_number(like) or 0).sender or "-" if like else None


def case_routes(
    layout: Layout, access: Access, cases: Cases, accounts: Accounts, rules: Rulebook, settings: Settings,
    engine: Engine, chain: AuditChain,
) -> list[APIRouter]:  # fmt: skip
    """The JSON, and the pages."""
    api = APIRouter(prefix="/staff/api", include_in_schema=False, route_class=ApiRoute)
    pages = APIRouter(prefix="/staff", include_in_schema=False, route_class=page_route(layout))
    shown, identity = _Shown(cases, accounts, rules), Identity(settings.key())
    known = shown.titles

    def matter(given: NewCase) -> Matter:
        sender = identity.sender("phone", given.phone) if len(telephone(given.phone)) >= _SHORTEST_PHONE else None
        return Matter(
            subject=given.subject, caller=given.caller or (sender or "").replace("phone:", "")[:6], sender=sender,
            topic=given.topic, facts=given.facts, declined=tuple(given.declined),
            as_of=given.as_of or settings.today(), place=given.place or settings.place, follow_up=given.follow_up,
            decision_id=given.decision_id,
        )  # fmt: skip

    @api.get("/cases")
    def listed(request: Request, session: Session = access.need(OPERATOR)) -> JSONResponse:
        names = accounts.names()
        return JSONResponse({"cases": [as_json(case, names, known) for case in shown.listed(session, request)]})

    @api.post("/cases")
    def make(session: Session = access.need(OPERATOR), given: NewCase = body(NewCase)) -> JSONResponse:
        number = cases.make(matter(given), session.member, given.client_id, given.note, given.answered)
        return JSONResponse(shown.detail(session, number), 201)

    @api.get("/cases/{number}")
    def one(number: int, session: Session = access.need(OPERATOR)) -> JSONResponse:
        return JSONResponse(shown.detail(session, number))

    @api.get("/cases/{number}/replay")
    def replay(number: int, session: Session = access.need(OPERATOR)) -> JSONResponse:
        return JSONResponse(cases.replay(session.member, number))

    @api.post("/cases/{number}/notes")
    def note(number: int, session: Session = access.need(OPERATOR), given: Note = body(Note)) -> JSONResponse:
        cases.note(session.member, number, given.text)
        return JSONResponse(shown.detail(session, number))

    @api.post("/cases/{number}/{action}")
    def act(number: int, action: str, session: Session = access.need(OPERATOR), given: Step = body(Step)) -> Any:
        cases.act(session.member, number, action, given.version, given.text, given.to, given.follow_up)
        return JSONResponse(shown.after(session, number))

    @api.get("/colleagues")
    def colleagues(session: Session = access.need(OPERATOR)) -> JSONResponse:
        return JSONResponse({"colleagues": shown.colleagues(session)})

    def table(request: Request, session: Session, kind: str) -> list[list[str]]:
        found = shown.listed(session, request, _MOST_EXPORTED)
        with engine.begin() as connection:
            chain.append(connection, session.member.id, "cases_exported", None, {"rows": len(found), "as": kind})
        return list(export.rows(found, accounts.names(), known))

    @pages.get("/cases.csv")
    def as_csv(request: Request, session: Session = access.need(OPERATOR)) -> Response:
        content = export.as_csv(table(request, session, "csv"))
        return Response(content, media_type="text/csv; charset=utf-8", headers=_attached("cases.csv"))

    @pages.get("/cases.xlsx")
    def as_xlsx(request: Request, session: Session = access.need(OPERATOR)) -> Response:
        content = export.as_xlsx(table(request, session, "xlsx"))
        return Response(content, media_type=_XLSX, headers=_attached("cases.xlsx"))

    @pages.get("/cases")
    def page(request: Request, session: Session = access.need(OPERATOR)) -> HTMLResponse:
        asked = {name: request.query_params.get(name, "") for name in ("q", "status", "mine", "due", "like")}
        values = {"cases": shown.listed(session, request), "names": accounts.names(), "titles": known}
        form = {"asked": asked, "query": request.url.query, "client_id": secrets.token_urlsafe(12)}
        return HTMLResponse(layout.page("cases.html", session, states=STATES, **form, **values))

    @pages.post("/cases")
    def make_here(session: Session = access.need(OPERATOR), given: dict[str, str] = Depends(posted)) -> Any:
        known = {name: given.get(name, "") for name in ("subject", "caller", "phone", "client_id")}
        more = {name: given.get(name) or None for name in ("topic", "follow_up")}
        new = NewCase.parse_obj({**known, **more})
        return RedirectResponse(f"/staff/cases/{cases.make(matter(new), session.member, _as_sent(new))}", 303)

    def case_page(
        session: Session, number: int, given: Mapping[str, str], trouble: str = "", status: int = 200
    ) -> HTMLResponse:
        """A case with its form; `given`: what stands in it already."""
        case = shown.detail(session, number)
        values = {"told": shown.told(case), "typed": {name: given.get(name, "") for name in _WRITTEN}}
        helps = {"colleagues": shown.colleagues(session), "texts": text_modules.texts(engine, session.member.id)}
        return HTMLResponse(layout.page("case.html", session, case=case, trouble=trouble, **values, **helps), status)

    @pages.get("/cases/{number}")
    def detail(number: int, session: Session = access.need(OPERATOR)) -> HTMLResponse:
        return case_page(session, number, {})

    @pages.get("/cases/{number}/replay")
    def replay_here(number: int, session: Session = access.need(OPERATOR)) -> HTMLResponse:
        case, again = shown.detail(session, number), cases.replay(session.member, number)
        return HTMLResponse(layout.page("replay.html", session, case=case, told=shown.told(case), again=again))

    def done(session: Session, number: int, given: Mapping[str, str]) -> None:
        do, follow_up = given.get("do", ""), given.get("follow_up") or None
        text = text_modules.expanded(engine, session.member.id, given.get("text", ""))
        day = read_date(follow_up, "follow_up") if follow_up else None
        if do == "note":
            cases.note(session.member, number, text, day)
        else:
            version = as_number(given.get("version", "")) or 0
            cases.act(session.member, number, do, version, text, given.get("to", ""), day)

    @pages.post("/cases/{number}")
    def act_here(number: int, session: Session = access.need(OPERATOR), given: dict[str, str] = Depends(posted)) -> Any:
        try:
            done(session, number, given)
        except InputError as error:
            return case_page(session, number, given, str(error), 422)
        except ApiError as error:
            if error.status != 409:
                raise
            return case_page(session, number, given, error.message, 409)
        still_theirs = len(shown.after(session, number)) > 1
        return RedirectResponse(f"/staff/cases/{number}" if still_theirs else "/staff/cases", 303)

    return [api, pages]


def _as_sent(new: NewCase) -> str:
    """What is the same when a form is sent twice, and another when it is sent anew with something else in it."""
    return hashlib.sha256(new.json().encode()).hexdigest() if new.client_id else ""


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
