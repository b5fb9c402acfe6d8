"""Decisions, search and the clauses themselves over HTTP: no conversation, no state."""

from typing import Any

from fastapi import APIRouter, Query
from pydantic import Field, StrictStr, validator

from bot import shapes
from bot.api.errors import ApiError
from bot.api.given import Given
from bot.inputs import InputError, brief, read_date
from bot.settings import Settings
from eligibility import Rulebook
from knowledge.search import Searcher


class DecisionRequest(Given):
    """What a decision is asked about."""

    programme: StrictStr = Field(max_length=100, description="事项编号，见 GET /api/programmes")
    facts: dict[str, Any] = Field(description='事实编号 → 值，如 {"insured_count": 28}；没有或 null 就是不知道')
    declined: list[StrictStr] = Field([], max_items=100, description="问过而答不上来的事实编号")
    question: StrictStr | None = Field(None, max_length=100, description="结论之外另问的内容，如 amount")
    about: StrictStr | None = Field(None, max_length=100, description="条文编号，用于职责类事项")

    @validator("facts", pre=True)
    def _mapping(cls, value: Any) -> Any:
        if not isinstance(value, dict):  # a list of pairs would pass for one
            raise InputError("api.wrong_object", "facts")
        return value


def policy_routes(rules: Rulebook, searcher: Searcher, settings: Settings) -> APIRouter:
    """POST /api/decisions; GET /api/search, /api/clauses/{id}, /api/programmes."""
    router = APIRouter(tags=["政策"])

    @router.post("/api/decisions", summary="按规则判断一个事项")
    async def decisions(request: DecisionRequest) -> dict[str, Any]:
        return shapes.decided(
            rules,
            request.programme,
            request.facts,
            as_of=request.as_of or settings.today(),
            place=request.place or settings.place,
            declined=request.declined,
            question=request.question,
            about=request.about,
        )

    @router.get("/api/search", summary="查找条文")
    async def search(
        q: str = Query(max_length=1000, description="要找什么，用平常的话"),
        as_of: str | None = Query(None, description="办理日期；不设就查全部通知"),
        limit: int = Query(5, ge=1, le=20, description="最多几条"),
    ) -> dict[str, Any]:
        if not q.strip():
            raise InputError("api.too_short", "q")
        day = None if as_of is None else read_date(as_of, "as_of")
        return shapes.found(q, searcher.search(q, as_of=day, limit=limit))

    @router.get("/api/clauses/{clause:path}", summary="一条条文的原文和出处")
    async def clauses(clause: str) -> dict[str, Any]:
        known = rules.knowledge.clauses.get(clause)
        if known is None:
            raise ApiError(404, "api.unknown_clause", "id", value=brief(clause))
        return shapes.clause_of(known, rules.knowledge)

    @router.get("/api/programmes", summary="能判断的事项，以及默认的办理日期和地点")
    async def programmes() -> dict[str, Any]:
        return {
            "as_of": settings.today().isoformat(),
            "place": settings.place,
            "programmes": shapes.programmes(rules),
        }

    return router
