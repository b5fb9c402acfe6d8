"""The rules and the notices to be read: /rules, /rules/{programme}, /clauses/{document}; no scripts, no forms.

/clauses/{clause id} leads to the clause in its notice, marked; ``?highlight=start-end`` marks these characters of it.
"""

import re
from collections.abc import Callable, Container
from datetime import date
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot.api.errors import ApiError
from bot.inputs import InputError, brief, read_date
from bot.messages import say
from bot.rule_pages import Pages, anchor
from bot.settings import Settings
from eligibility import Rulebook
from eligibility.errors import DecisionError

_PART = re.compile(r"(\d{1,5})-(\d{1,5})")


def page_routes(rules: Rulebook, settings: Settings) -> APIRouter:
    """The pages; whatever is wrong with an address is a page with one sentence."""
    router, pages = APIRouter(include_in_schema=False), Pages(rules, settings.today, settings.place)

    def answer(make: Callable[[], str]) -> HTMLResponse:
        try:
            return HTMLResponse(make())
        except ApiError as error:
            return HTMLResponse(pages.problem(error.message), error.status)
        except (DecisionError, InputError) as error:
            return HTMLResponse(pages.problem(str(error)), 422)

    def known(name: str, names: Container[str], key: str) -> str:
        if name not in names:
            raise ApiError(404, key, value=brief(name))
        return name

    def asked(request: Request) -> tuple[date, str]:
        """The day and the place that the address asks for."""
        day, place = (request.query_params.get(name) for name in ("as_of", "place"))
        return read_date(day, say("what.as_of")) if day else settings.today(), place or settings.place

    # plain functions: a page takes some milliseconds, and must not hold up the conversations
    @router.get("/rules")
    def every(request: Request) -> HTMLResponse:
        return answer(lambda: pages.rules(*asked(request)))

    @router.get("/rules/{programme}")
    def one(request: Request, programme: str) -> HTMLResponse:
        return answer(lambda: pages.rule(known(programme, rules.programmes, "page.no_programme"), *asked(request)))

    @router.get("/clauses/{document}")
    def notice(request: Request, document: str) -> HTMLResponse:
        cited, marked = (request.query_params.get(name, "") for name in ("clause", "highlight"))
        part = _PART.fullmatch(marked)
        highlight = (int(part[1]), int(part[2])) if part else None
        return answer(
            lambda: pages.notice(known(document, rules.knowledge.notices, "page.no_notice"), cited, highlight)
        )

    @router.get("/clauses/{clause:path}", response_class=HTMLResponse)
    def clause(request: Request, clause: str) -> Response:
        found = rules.knowledge.clauses.get(clause)
        if found is None:
            return answer(lambda: known(clause, (), "page.no_clause"))
        query = {"clause": clause, **request.query_params}
        address = f"/clauses/{quote(found.document)}?{urlencode(query)}#{quote(anchor(clause))}"
        return RedirectResponse(address, 302)

    return router
