"""What the tests of the doors share: an assistant that says what it is told to, and settings of their own."""

import asyncio
import threading
from datetime import date
from typing import Any

from bot import hearing
from bot.settings import Settings

DECISION = {
    "kind": "decision",
    "text": "**您能回答的条件都符合，最高可返还 72,000 元。** 还差一项不用您答。\n截止：2021年12月31日 前申请。",
    "decision": {
        "programme": "stabilisation_refund",
        "verdict": "conditional",
        "as_of": "2021-09-01",
        "window": {"state": "open", "until": "2021-12-31", "note": None},
        "amount": {"kind": "at_most", "yuan": 72000.0},
        "depends_on": ["本地失业保险基金备付期限在 1 年以上（由经办机构核定）"],
        "because": [{"clause": "LN/一/小单位", "role": "decides"}, {"clause": "LN/一/其他60", "role": "amount"}],
    },
    "card": {
        "headline": "**您能回答的条件都符合，最高可返还 72,000 元。** "
        "还差一项不用您答：本地失业保险基金的备付期限是否在 1 年以上，"
        "由经办机构核定。",
        "lines": [
            "为什么符合：参保 28 人，不超过 30 人；裁员率 5÷28≈17.9%，不超过 20%。",
            "怎么算的：120,000 × 60% = 72,000 元，这是上限，不是保证数。",
            "截止：2021年12月31日 前申请。",
            "说明：通知没有写裁员率怎么算，这里按 裁员人数÷参保人数；以经办机构口径为准。",
        ],
        "quotes": [
            {
                "quote": "30人(含)以下的参保单位裁员率不高于参保职工总数20%的",
                "source": "辽人社发〔2021〕7号 一（一）",
                "clause": "LN/一/小单位",
                "role": "decides",
            },
            {
                "quote": "中小微企业及其他可申请失业保险稳岗返还的参"
                "保单位按不超过单位及其职工上年度实际缴纳失业保险费的60%返还",
                "source": "辽人社发〔2021〕7号 一（一）",
                "clause": "LN/一/其他60",
                "role": "amount",
            },
        ],
        "next_step": "下一步：请准备好上年度的缴费记录，向参保地失业保险经办机构申请。",
    },
    "programme": "stabilisation_refund",
    "outcome": "interview",
    "cited": ["LN/一/小单位", "LN/一/其他60"],
    "as_of": "2021-09-01",
}

CLAUSES = {
    "kind": "clauses",
    "text": "**这两份通知没有写金额。** 最接近的条文：\n“失业补助金只能申领享受一次” ——辽人社发〔2021〕7号 一（六）",
    "opening": "**这两份通知没有写金额。** 最接近的条文：",
    "outcome": "not_stated",
    "programme": "unemployment_aid",
    "cited": ["LN/六/一次", "LN/六/对象"],
    "aspect": "amount",
    "clauses": [
        {
            "clause": "LN/六/一次",
            "document": "LN",
            "number": "辽人社发〔2021〕7号",
            "item": "一（六）",
            "quote": "失业补助金只能\n申领享受一次",
            "highlight": [0, 7],
            "source": "辽人社发〔2021〕7号 一（六）",
            "standing": "已于 2021年12月31日 截止",
        },
        {
            "clause": "LN/六/对象",
            "document": "LN",
            "number": "辽人社发〔2021〕7号",
            "item": "一（六）",
            "quote": "对领取失业保险金期满仍未就业、不符合领取失业保险金条件的参保失业人员，发放失业补助金",
            "highlight": [0, 0],
            "source": "辽人社发〔2021〕7号 一（六）",
        },
    ],
    "suggestions": ["什么人能领", "到什么时候"],
}


def question(kind: str, text: str, choices: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """A question reply."""
    asked = {"id": "q", "facts": ["f"], "input": kind, "choices": list(choices), "unsure": True, **more}
    return {"kind": "question", "text": text, "question": asked}


PROFILE = {
    "kind": "profile",
    "text": "我记下的情况：参保职工 28 人；不是残疾人。",
    "profile": [
        {"fact": "insured_count", "label": "参保职工人数", "value": "参保职工 28 人", "said": "28个人"},
        {"fact": "disabled", "label": "残疾人", "value": "不是残疾人", "said": "不是"},
    ],
}

SCRIPT: dict[str, list[dict[str, Any]]] = {
    "结论": [DECISION],
    "条文": [CLAUSES],
    "单位": [question("choice", "贵单位是哪一类？", ("企业", "社会团体/基金会", "以单位参保的个体户", "其他"))],
    "多选": [
        question(
            "multi",
            "您属于下面哪几类？可以选几项。",
            ("残疾人", "享受最低生活保障", "登记失业满一年", "以上都不是"),
        )
    ],
    "人数": [question("number", "参保职工一共多少人？", unit="人")],
    "多少钱": [question("money", "去年单位和职工一共交了多少失业保险费？")],
    "日期": [question("date", "您是哪一天失业的？")],
    "是不是": [question("yes_no", "失业保险是在辽宁交的吗？", ("是", "不是"))],
    "过期": [
        {
            **DECISION,
            "decision": {
                **DECISION["decision"],  # type: ignore[dict-item]
                "verdict": "eligible",
                "depends_on": [],
                "window": {"state": "closed", "until": "2021-12-31", "note": None},
            },
            "as_of": "2026-11-28",
        }
    ],
    "外地": [
        {
            **DECISION,
            "decision": {
                **DECISION["decision"],  # type: ignore[dict-item]
                "verdict": "not_in_notice",
                "place": "深圳",
                "amount": None,
                "window": {"state": "closed", "until": "2021-12-31", "note": None},
            },
        }
    ],
    "两条": [{"kind": "text", "text": "第一条"}, {"kind": "text", "text": "第二条", "outcome": "answered"}],
    "情况": [PROFILE],
    "我记下的情况": [PROFILE],
    "转人工": [{"kind": "handoff", "text": "需要人工的话，请打 12333（全国人社咨询热线）。"}],
    "攻击": [
        {
            "kind": "clauses",
            "text": "<img src=x onerror=\"document.title='xss'\">",
            "clauses": [
                {
                    "clause": "x",
                    "document": "<b>x</b>",
                    "item": "<script>document.title='xss'</script>",
                    "quote": "<svg onload=\"document.title='xss'\">",
                    "highlight": [0, 5],
                }
            ],
            "suggestions": ["<i>点我</i>"],
        },
        {
            "kind": "profile",
            "text": "x",
            "profile": [{"fact": "x", "label": "<b>名</b>", "value": '"><img src=x onerror=alert(1)>', "said": "x"}],
        },
        {
            "kind": "decision",
            "text": "x",
            "decision": {
                "programme": "x",
                "verdict": "constructor",
                "window": {"state": "__proto__", "until": "<b>-1-1"},
            },
            "card": {
                "headline": "**<svg onload=\"document.title='xss'\">**",
                "lines": ["<script>document.title='xss'</script>"],
                "quotes": [
                    {"quote": "<i>x</i>", "source": "<b>x</b>", "clause": "javascript:alert(1)//../..", "role": "x"}
                ],
                "next_step": "<a href=javascript:alert(1)>点我</a>",
            },
        },
        {"kind": "constructor", "text": "</p><script>document.title='xss'</script>"},
    ],
    "按2021年算": [{**DECISION, "as_of": "2021-12-31"}],
}


class FakeAssistant:
    """Answers from SCRIPT, else repeats the words; remembers every call. Between two replies it can be held up."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.fail: Exception | None = None
        self._going = threading.Event()
        self._going.set()

    def hold(self) -> None:
        """Wait behind the first reply of a turn until `let_go`."""
        self._going.clear()

    def let_go(self) -> None:
        """Go on."""
        self._going.set()

    def keep_in(self, conversations: Any, event_broker: Any = None) -> None:
        """It remembers nothing."""

    async def reply(
        self,
        sender: str,
        text: str,
        as_of: date | None = None,
        place: str | None = None,
        client_message_id: str | None = None,
    ) -> list[dict[str, Any]]:
        self.calls.append(
            {"sender": sender, "text": text, "as_of": as_of, "place": place, "client_message_id": client_message_id}
        )
        if self.fail:
            raise self.fail
        replies = SCRIPT.get(text, [{"kind": "text", "text": f"您说的是：{text}", "outcome": "smalltalk"}])
        for reply in replies:
            hearing.tell(reply)
            if not self._going.is_set():
                await asyncio.to_thread(self._going.wait, 10)
        return replies


def settings(folder: Any, **more: Any) -> Settings:
    """Settings that read nothing from outside and keep everything in `folder`."""
    given = {"database_url": f"sqlite:///{folder}/test.db", "secret": "s" * 32, "as_of": "2021-09-01", **more}
    return Settings(**given)
