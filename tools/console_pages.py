"""The console's plain pages, and something to be seen on them: for their pictures and for the tests of their looks."""

from collections.abc import Iterator
from datetime import date, timedelta

import sqlalchemy as sa
from playwright.sync_api import Browser, Page
from sqlalchemy.engine import Engine

from bot.staff import text_modules
from bot.staff.accounts import Accounts, Member
from bot.staff.cases import Cases, Matter
from bot.staff.packs_kept import PacksKept
from bot.store import InDatabase
from bot.store.audit_chain import AuditChain
from bot.store.conversations import HeldTurn
from bot.store.handoff_tables import Handoff
from bot.store.models import now
from eligibility import Rulebook

PASSWORD = "correct horse 7"
MEMBERS = {"小王": "operator", "小李": "operator", "老周": "officer", "管理": "admin"}
PAGES = {  # name → (who looks at it, where it is)
    "sign-in": ("", "/staff/sign-in"),
    "problem": ("小王", "/staff/cases/999"),
    "cases": ("小王", "/staff/cases"),
    "case": ("小王", "/staff/cases/1"),
    "replay": ("小王", "/staff/cases/1/replay"),
    "texts": ("小王", "/staff/texts"),
    "password": ("小王", "/staff/password"),
    "numbers": ("老周", "/staff/numbers"),
    "unanswered": ("老周", "/staff/unanswered"),
    "accounts": ("管理", "/staff/accounts"),
    "audit": ("管理", "/staff/audit"),
}
_FACTS = {"unit_kind": "enterprise", "insured_count": 28, "layoff_count": 5}
_ASKED = {  # what → (programme, outcome, how often)
    "我们公司能领稳岗返还吗": ("stabilisation_refund", "interview", 9),
    "稳岗返还怎么申请": ("stabilisation_refund", "answered", 14),
    "补助金每月多少钱": ("unemployment_aid", "not_stated", 6),
    "补助金能领几个月": ("unemployment_aid", "answered", 5),
    "明天天气怎么样": (None, "out_of_scope", 3),
    "那个怎么弄来着": (None, "clarify", 2),
    "创业担保贷款的利率是多少，和去年比有没有变化": (None, "not_stated", 1),
}
_WAITED = ((25, "returned"), (40, "returned"), (95, "returned"), (200, "human"), (720, "returned"),
           (0, "queued"), (0, "missed"), (0, "left"))  # fmt: skip


def fill(engine: Engine, key: bytes, rules: Rulebook) -> None:
    """Put accounts, cases, a day's questions and conversations with humans into a migrated database."""
    chain = AuditChain(key)
    accounts = Accounts(engine, chain)
    members = {name: accounts.add(name, role, PASSWORD) for name, role in MEMBERS.items()}
    accounts.disable(accounts.add("老赵", "operator", PASSWORD).name)
    _cases(engine, Cases(engine, rules, PacksKept(engine, rules), chain, accounts), members["小王"], members["小李"])
    kept = InDatabase(engine)
    for n, (text, (programme, outcome, times)) in enumerate(_ASKED.items()):
        reply = {"kind": "text", "text": "好", "outcome": outcome, "programme": programme}
        verdict = ("conditional", "eligible", "ineligible")[n % 3]
        if outcome == "interview":
            reply["decision"] = {"programme": programme, "verdict": verdict, "as_of": "2021-09-01", "place": "本溪"}
        for one in range(times):
            kept.keep(HeldTurn(f"web:{n}-{one}", text, None, replies=[reply]))
    _humans(engine)


def _cases(engine: Engine, cases: Cases, wang: Member, li: Member) -> None:
    day, caller = date(2021, 9, 1), {"sender": "phone:1", "caller": "张女士"}
    about = {"topic": "stabilisation_refund", "facts": _FACTS, "as_of": day, "place": "本溪"}
    first = cases.make(Matter("公司去年裁了五个人，问能不能领稳岗返还", **caller, **about, follow_up=day), wang)
    cases.note(wang, first, "已经告诉她还差上年度缴费额，她去找会计要。")
    second = cases.make(Matter("失业补助金能不能领第二次", **caller), wang)
    cases.act(wang, second, "forward", 1, "这一条我拿不准，请看一下原文。", "小李")
    third = cases.make(Matter("灵活就业人员的社保补贴在哪里办，材料要带哪些，代办行不行"), wang)
    cases.act(wang, third, "answer", 1, "已告知办理地点和材料。")
    fourth = cases.make(Matter("问退休年龄"), li)
    cases.act(li, fourth, "forward", 1, "住在您那个片区。", "小王")
    text_modules.keep(engine, wang.id, "我的", "我是稳岗专席，工号零零一。")


def _humans(engine: Engine) -> None:
    """Conversations of today, with how long they waited and what became of them."""
    asked = now()
    with engine.begin() as connection:
        for n, (waited, state) in enumerate(_WAITED):
            taken = asked + timedelta(seconds=waited) if waited else None
            ended = taken + timedelta(seconds=180) if taken and state == "returned" else None
            row = {"sender": f"web:h{n}", "state": state, "question": "转人工", "summary": "", "asked_at": asked}
            connection.execute(sa.insert(Handoff).values(**row, taken_at=taken, ended_at=ended))


def looked_at(browser: Browser, address: str, sizes: dict[int, int], **more: object) -> Iterator[tuple[str, int, Page]]:
    """Open every page at every size (width → height), signed in as whoever looks at it."""
    for width, height in sizes.items():
        for who in dict.fromkeys(who for who, _ in PAGES.values()):
            context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", **more)
            page = context.new_page()
            if who:
                signed_in(page, address, who)
            for name, (looks, path) in PAGES.items():
                if looks == who:
                    page.goto(address + path)
                    yield name, width, page
            context.close()


def signed_in(page: Page, address: str, name: str) -> None:
    """Sign in with the form."""
    page.goto(f"{address}/staff/sign-in")
    page.get_by_label("账号").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("link", name=name, exact=True).wait_for()
