"""Decisions, search and the clauses themselves over HTTP: no conversation, no state."""

from typing import Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field, StrictStr, validator

from bot import shapes
from bot.api.errors import ApiError, documented
from bot.api.given import Given
from bot.api.policy_replies import ClauseReply, DecisionReply, ProgrammesReply, ScreeningReply, SearchReply
from bot.inputs import InputError, brief, read_date
from bot.metrics import DECISIONS
from bot.settings import Settings
from eligibility import Rulebook
from eligibility.screen import Screener
from knowledge.search import Searcher


def mapping(value: Any) -> Any:
    """Refuse facts that are no mapping: a list of pairs would pass for one."""
    if not isinstance(value, dict):
        raise InputError("api.wrong_object", "facts")
    return value


class DecisionRequest(Given):
    """What a decision is asked about."""

    programme: StrictStr = Field(max_length=100, description="事项编号，见 GET /api/programmes")
    facts: dict[str, Any] = Field(description='事实编号 → 值，如 {"insured_count": 28}；没有或 null 就是不知道')
    declined: list[StrictStr] = Field([], max_items=100, description="问过而答不上来的事实编号")
    question: StrictStr | None = Field(None, max_length=100, description="结论之外另问的内容，如 amount")
    about: StrictStr | None = Field(None, max_length=100, description="条文编号，用于职责类事项")

    _facts = validator("facts", pre=True, allow_reuse=True)(mapping)


class ScreeningRequest(Given):
    """Who is screened."""

    facts: dict[str, Any] = Field(
        description='事实编号 → 值；某一个事项自己的事实写成“事项/事实”，如 {"title_award/received_before": false}；'
        '替谁问写 {"subject": "unit"} 或 {"subject": "person"}，不写就看事实说的是单位还是个人'
    )
    declined: list[StrictStr] = Field([], max_items=200, description="问过而答不上来的事实")

    _facts = validator("facts", pre=True, allow_reuse=True)(mapping)


def policy_routes(rules: Rulebook, searcher: Searcher, settings: Settings) -> APIRouter:
    """POST /api/decisions, /api/screenings; GET /api/search, /api/clauses/{id}, /api/programmes."""
    router, screener = APIRouter(tags=["政策"]), Screener(rules)

    @router.post(
        "/api/decisions",
        response_model=DecisionReply,
        responses=documented(400, 403, 408, 413),
        summary="按规则判断一个事项",
    )
    async def decisions(request: DecisionRequest) -> JSONResponse:
        decision = shapes.decided(
            rules,
            request.programme,
            request.facts,
            as_of=request.as_of or settings.today(),
            place=request.place or settings.place,
            declined=request.declined,
            question=request.question,
            about=request.about,
        )
        DECISIONS.labels(decision["programme"], decision["verdict"]).inc()
        return JSONResponse(decision)

    # a plain function: the first question of a screening takes most of a second, and must not hold up the others
    @router.post(
        "/api/screenings",
        response_model=ScreeningReply,
        responses=documented(400, 403, 408, 413),
        summary="一个人或一个单位符合哪些事项，接着该问什么",
    )
    def screenings(request: ScreeningRequest) -> JSONResponse:
        found = shapes.screened(
            screener,
            request.facts,
            as_of=request.as_of or settings.today(),
            place=request.place or settings.place,
            declined=request.declined,
        )
        return JSONResponse(found)

    @router.get("/api/search", response_model=SearchReply, summary="查找条文")
    async def search(
        q: str = Query(max_length=1000, description="要找什么，用平常的话"),
        as_of: str | None = Query(None, description="办理日期；不设就查全部通知"),
        limit: int = Query(5, ge=1, le=20, description="最多几条"),
    ) -> JSONResponse:
        if not q.strip():
            raise InputError("api.too_short", "q")
        day = None if as_of is None else read_date(as_of, "as_of")
        return JSONResponse(shapes.found(q, searcher.search(q, as_of=day, limit=limit)))

    @router.get(
        "/api/clauses/{clause:path}",
        response_model=ClauseReply,
        responses=documented(404),
        summary="一条条文的原文和出处",
    )
    async def clauses(clause: str) -> JSONResponse:
        known = rules.knowledge.clauses.get(clause)
        if known is None:
            raise ApiError(404, "api.unknown_clause", "id", value=brief(clause))
        return JSONResponse(shapes.clause_of(known, rules.knowledge))

    @router.get("/api/programmes", response_model=ProgrammesReply, summary="能判断的事项，以及默认的办理日期和地点")
    async def programmes() -> JSONResponse:
        known = shapes.programmes(rules)
        return JSONResponse({"as_of": settings.today().isoformat(), "place": settings.place, "programmes": known})

    return router
