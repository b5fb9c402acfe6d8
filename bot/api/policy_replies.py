"""What the policy routes answer, for their documentation; ``bot/shapes.py`` and ``eligibility`` make it.

The words and the shapes are of DESIGN, "Public interfaces"; tests/bot/test_openapi.py holds every answer to them.
"""

from datetime import date
from typing import Any

from pydantic import Extra, Field

from bot.api.given import Documented


class Window(Documented):
    """When one may apply."""

    state: str = Field(description="open | closed | not_yet | …")
    until: date | None = Field(description="最后一天")
    note: str | None = Field(description="期限的说明")
    source: str | None = Field(description="期限出自哪一条条文")


class Reason(Documented):
    """A clause a decision rests on."""

    clause: str = Field(description="条文编号")
    quote: str = Field(description="原文，逐字")
    document: str = Field(description="文号")
    item: str = Field(description="第几条")
    role: str = Field(description="decides 起决定作用 | amount 金额 | …")


class DecisionReply(Documented):
    """One programme decided."""

    programme: str = Field(description="事项编号")
    verdict: str = Field(description="结论")
    as_of: date = Field(description="办理日期")
    place: str = Field(description="地点")
    window: Window = Field(description="申请期限")
    amount: dict[str, Any] | None = Field(description="金额；不符合或没有写时为空")
    route: Any = Field(description="走哪一条途径")
    missing: list[str] = Field(description="结论还取决于哪些事实")
    missing_for_amount: list[str] = Field(description="金额还取决于哪些事实")
    missing_for_results: list[str] = Field(description="其他结果还取决于哪些事实")
    depends_on: list[str] = Field(description="还要看别处怎么定的事")
    assumptions: list[str] = Field(description="按什么口径算的")
    would_change: dict[str, Any] = Field(description="不符合时，改到哪里就符合")
    refer_to: list[str] = Field(description="另外可看哪些事项")
    results: dict[str, Any] = Field(description="其他结果")
    next_question: dict[str, Any] | None = Field(description="接着该问什么；空：不用再问")
    because: list[Reason] = Field(description="依据的条文，起决定作用的在前")
    decision_id: str = Field(description="这个结论的编号")


class Found(Documented):
    """One clause that was found."""

    clause: str = Field(description="条文编号")
    document: str = Field(description="通知编号")
    item: str = Field(description="第几条")
    sentence: str = Field(description="最贴近的一句原文")
    score: float = Field(description="相近程度，只在这一次查找里比较")


class SearchReply(Documented):
    """The clauses nearest to a question."""

    question: str = Field(description="要找的")
    hits: list[Found] = Field(description="从近到远")


class ClauseReply(Documented):
    """A clause and where it stands."""

    clause: str = Field(description="条文编号")
    document: str = Field(description="通知编号")
    number: str = Field(description="文号")
    notice: str = Field(description="通知标题")
    item: str = Field(description="第几条")
    title: str = Field(description="小标题")
    kind: str = Field(description="这一条说的是什么")
    path: list[str] = Field(description="上级标题")
    quote: str = Field(description="原文，逐字")


class ProgrammeReply(Documented):
    """A programme that can be decided."""

    id: str = Field(description="事项编号")
    title: str = Field(description="事项名称")
    summary: str = Field(description="一句话说明")
    document: str = Field(description="通知编号")
    number: str = Field(description="文号")
    item: str = Field(description="第几条")
    subject: str = Field(description="unit 单位 | person 个人 | …")
    place: str = Field(description="在哪里适用")


class ProgrammesReply(Documented):
    """Everything that can be decided."""

    as_of: date = Field(description="默认的办理日期")
    place: str = Field(description="默认的地点")
    programmes: list[ProgrammeReply] = Field(description="全部事项")


class ScreenedRow(Documented):
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


class ScreeningQuestion(Documented):
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


class ScreeningReply(Documented):
    """Every programme for one person or unit, in order."""

    as_of: date = Field(description="办理日期")
    place: str = Field(description="地点")
    subject: str | None = Field(description="unit 单位 | person 个人 | 空：两种都列")
    rows: list[ScreenedRow] = Field(description="按组排列；组内按可能性、再按金额")
    next_question: ScreeningQuestion | None = Field(description="接着问哪一句最省；空：不用再问")
