"""Decisions, search and the clauses themselves over HTTP: no conversation, no state."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Extra, Field, StrictStr, validator

from bot import shapes
from bot.api.errors import ApiError, documented
from bot.api.given import Given
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


class ScreenedRow(BaseModel):
    """One programme: its decision, as POST /api/decisions gives it, and where it stands among the others."""

    programme: str = Field(description="事项编号")
    title: str = Field(description="事项名称")
    subject: str = Field(description="unit 单位 | person 个人")
    group: str = Field(
        description="fits 符合 | on_condition 有条件 | on_facts 还要知道几件事 | elsewhere 不在通知里 | not 不符合"
    )
    verdict: str = Field(description="结论")
    likelihood: float = Field(
        description="没说的事各种情况算一样多时，最后能符合的份额，0 到 1；只差经办机构认定的也算"
    )
    in_time: bool = Field(description="这一天还能不能申请；不能的排在本组最后，也不再为它提问")
    window: dict[str, Any] = Field(description="申请期限：state、until、note、source")
    amount: dict[str, Any] | None = Field(description="金额；不符合时为空")
    missing: list[str] = Field(description="结论还取决于哪些事实")
    depends_on: list[str] = Field(description="还要看别处怎么定的事")
    would_change: dict[str, Any] = Field(description="不符合时，改到哪里就符合")
    because: list[dict[str, Any]] = Field(description="依据的条文，起决定作用的在前")

    class Config:
        extra = Extra.allow


class ScreeningQuestion(BaseModel):
    """The question that is expected to save the most others."""

    id: str = Field(description="问题编号")
    programme: str | None = Field(description="只关系到一个事项时，是哪个事项")
    facts: list[str] = Field(description="答案写进 facts 的哪些事实；答不上来就写进 declined")
    ask: str = Field(description="问话")
    kind: str = Field(description="choice | multi | yes_no | number | percent | money | date | text")
    choices: list[str] = Field(description="快捷选项")
    answers: list[dict[str, Any]] = Field(
        description="每个选项写进 facts 的值：label、sets；多选题（multi）没选的写 false"
    )
    unsure: bool = Field(description="可不可以答不知道")
    serves: list[str] = Field(description="这个问题对哪些事项有用")


class ScreeningReply(BaseModel):
    """Every programme for one person or unit, in order."""

    as_of: date = Field(description="办理日期")
    place: str = Field(description="地点")
    subject: str | None = Field(description="unit 单位 | person 个人 | 空：两种都列")
    rows: list[ScreenedRow] = Field(description="按组排列；组内按可能性、再按金额")
    next_question: ScreeningQuestion | None = Field(description="接着问哪一句最省；空：不用再问")


def policy_routes(rules: Rulebook, searcher: Searcher, settings: Settings) -> APIRouter:
    """POST /api/decisions, /api/screenings; GET /api/search, /api/clauses/{id}, /api/programmes."""
    router, screener = APIRouter(tags=["政策"]), Screener(rules)

    @router.post("/api/decisions", responses=documented(400, 408, 413), summary="按规则判断一个事项")
    async def decisions(request: DecisionRequest) -> dict[str, Any]:
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
        return decision

    # a plain function: the first question of a screening takes most of a second, and must not hold up the others
    @router.post(
        "/api/screenings",
        response_model=ScreeningReply,
        responses=documented(400, 408, 413),
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

    @router.get("/api/clauses/{clause:path}", responses=documented(404), summary="一条条文的原文和出处")
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
