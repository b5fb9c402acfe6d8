"""A broken chain is noticed without anybody asking: in the log, among the figures, on the administrators' pages."""

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa
from conftest import KEY
from meddling import meddle

from bot import metrics
from bot.logs import Json
from bot.staff import audit_checks
from bot.staff.audit_checks import AuditChecks, check_again_and_again
from bot.store import open_engine
from bot.store.audit_chain import AuditChain
from bot.store.erasure import expire
from bot.store.models import Audit, now
from bot.store.staff_tables import AuditHead

TOKEN = "metrics-token-0123456789"
TAMPERED = "UPDATE audit SET actor = 'a2' WHERE number = 2"
NOTICE = "审计链断了"


@pytest.fixture
def made(monkeypatch):
    """How often the chain was read."""
    calls, verify = [], AuditChain.verify
    monkeypatch.setattr(AuditChain, "verify", lambda *given: calls.append(1) or verify(*given))
    return calls


@pytest.fixture
def later(monkeypatch):
    """The rounds of the chore: `later.days` is how far the clock is ahead."""

    class Clock:
        days = 0

        def __call__(self):
            return now() + timedelta(days=self.days)

        def checks(self, engine):
            return AuditChecks(engine, AuditChain(KEY, self), self)

    return Clock()


async def one_round(monkeypatch, checks):
    """What the chore does between two sleeps."""

    async def over(_):
        raise asyncio.CancelledError

    monkeypatch.setattr(audit_checks, "_sleep", over)
    with suppress(asyncio.CancelledError):
        await check_again_and_again(checks)


def write(engine, count=5):
    for n in range(count):
        with engine.begin() as connection:
            AuditChain(KEY).append(connection, "a1", "case_made", f"case {n}")


def noted(engine):
    """(event, detail) of the verifications in the chain."""
    columns = Audit.__table__.c
    wanted = sa.select(columns.event, columns.detail).where(columns.event.like("chain_%")).order_by(columns.number)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(wanted)]


async def intact(house):
    """The gauge, as Prometheus gets it."""
    told = await house.browser().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    return next(line.split()[1] for line in told.text.splitlines() if line.startswith("wengang_audit_chain_intact "))


@pytest.mark.parametrize("house", [{"metrics_token": TOKEN}], indirect=True)
async def test_a_chain_that_holds_is_said_to(house, monkeypatch, caplog):
    admin, checks = await house.signed_in("管理", "admin"), house.app.state.console.checks
    metrics.AUDIT_INTACT.set(float("nan"))
    assert await intact(house) == "NaN" and "还没有核对过" in (await admin.get("/staff/audit")).text
    await one_round(monkeypatch, checks)
    page = (await admin.get("/staff/audit")).text
    assert await intact(house) == "1.0" and "，完好。" in page and "上次核对：" in page and "核对审计链，完好" in page
    assert NOTICE not in page and NOTICE not in (await admin.get("/staff/accounts")).text
    assert noted(house.engine) == [("chain_intact", {"rows": 2})] and not caplog.records
    assert house.chain.verify(house.engine).broken is None


@pytest.mark.parametrize("house", [{"metrics_token": TOKEN}], indirect=True)
async def test_a_broken_chain_is_noticed_by_itself(house, monkeypatch, caplog):
    admin, operator = await house.signed_in("管理", "admin"), await house.signed_in("小王", "operator")
    meddle(house.engine, TAMPERED)
    with caplog.at_level(logging.INFO, "bot"):
        await one_round(monkeypatch, house.app.state.console.checks)
    assert await intact(house) == "0.0"
    (record,) = caplog.records
    line = json.loads(Json().format(record))
    assert {key: value for key, value in line.items() if key not in ("time", "request")} == {
        "level": "error", "logger": "bot.staff.audit_checks", "event": "audit chain broken",
        "number": 2, "why": "changed", "rows": 2,
    }  # fmt: skip
    for path in ("/staff/accounts", "/staff/audit", "/staff/password"):
        page = (await admin.get(path)).text
        assert NOTICE in page and "从第 2 条起" in page, path
    for path in ("/staff", "/staff/cases", "/staff/password"):
        assert NOTICE not in (await operator.get(path)).text, path
    assert NOTICE not in (await house.browser().get("/staff/sign-in")).text
    assert "完好" not in (await admin.get("/staff/audit")).text


async def test_it_is_read_once_a_day(engine, later, made):
    write(engine)
    checks = later.checks(engine)
    assert [checks.when_due() for _ in range(3)] == [True] * 3 and made == [1]
    later.days = 0.99
    assert later.checks(engine).when_due() and made == [1], "after a new start, too"
    later.days = 1
    assert checks.when_due() and made == [1, 1]
    later.days = -30
    assert checks.when_due() and made == [1, 1, 1], "the clock was ahead"


async def test_it_tells_since_when_and_that_it_is_over(engine, later, caplog):
    write(engine)
    checks = later.checks(engine)
    meddle(engine, TAMPERED)
    assert not checks.when_due()
    first = checks.broken()
    later.days = 2
    assert not checks.when_due()
    assert checks.broken().since == first.since and checks.broken().at > first.at + timedelta(days=1)
    assert len([one for one in caplog.records if one.levelno == logging.ERROR]) == 2, "once a day"
    with engine.begin() as connection:  # as it was
        connection.execute(sa.text("UPDATE audit SET actor = 'a1' WHERE number = 2"))
    assert not checks.when_due(), "nobody has looked"
    assert checks.check("a1").broken is None and checks.broken() is None and checks.when_due()
    assert [event for event, _ in noted(engine)] == ["chain_broken", "chain_broken", "chain_intact"]


async def test_what_an_administrator_finds_everybody_of_them_is_told(house, monkeypatch):
    admin, other = await house.signed_in("管理", "admin"), await house.signed_in("副手", "admin")
    await one_round(monkeypatch, house.app.state.console.checks)
    meddle(house.engine, TAMPERED)
    assert NOTICE not in (await other.get("/staff/accounts")).text
    assert "审计链在第 2 条断开" in (await admin.get("/staff/audit?verify=true")).text
    assert NOTICE in (await other.get("/staff/accounts")).text
    assert not house.app.state.console.checks.when_due()


def test_of_two_at_once_one_writes_it_down(url, engine, later, monkeypatch, caplog):
    """Workers of two hosts that were started at the same moment."""
    write(engine)
    meddle(engine, TAMPERED)
    both, verify, other = Barrier(2, timeout=20), AuditChain.verify, open_engine(url)

    def together(*given):
        both.wait()
        return verify(*given)

    monkeypatch.setattr(AuditChain, "verify", together)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda one: later.checks(one).when_due(), (engine, other)))
    other.dispose()
    assert found == [False, False] and len(noted(engine)) == 1 and len(caplog.records) == 1


def test_one_after_the_other_only_the_first_reads(url, engine, later, made):
    write(engine)
    other = open_engine(url)
    assert later.checks(engine).when_due() and later.checks(other).when_due() and made == [1]
    assert len(noted(engine)) == 1
    other.dispose()


@pytest.mark.parametrize(
    "forged",
    [
        "UPDATE audit SET created_at = '{soon}' WHERE event = 'chain_intact'",
        "UPDATE audit SET event = 'chain_intact', detail = '{{}}' WHERE number = 3",
        "UPDATE audit SET event = 'chain_intact', detail = '{{}}', created_at = '{soon}' WHERE number = 7",
    ],
)
def test_nobody_can_write_that_all_is_well(engine, later, forged):
    write(engine)
    checks = later.checks(engine)
    assert checks.when_due()
    write(engine, 1)
    later.days = 1.5
    soon = later().isoformat(sep=" ")
    meddle(engine, TAMPERED, forged.format(soon=soon if engine.dialect.name != "sqlite" else soon[:26]))
    assert not checks.when_due() and checks.broken() is not None


def test_without_a_head_nothing_can_be_written_and_it_is_told_all_the_same(engine, later, caplog):
    write(engine)
    checks = later.checks(engine)
    assert checks.when_due()
    later.days = 1
    meddle(engine, "DELETE FROM audit_head")
    assert not checks.when_due() and "audit chain broken" in caplog.text
    with engine.begin() as connection:
        connection.execute(sa.insert(AuditHead).values(id=1, number=6, hash="0" * 64))
    assert not checks.when_due() and checks.broken().broken == 7


def test_a_process_with_another_secret_tells_it_and_breaks_nothing(engine, later, caplog):
    write(engine)
    assert later.checks(engine).when_due()
    stranger = AuditChecks(engine, AuditChain(b"x" * 32))
    assert not stranger.when_due() and "audit chain broken" in caplog.text
    assert later.checks(engine).check().broken is None
    with engine.begin() as connection:  # the secret was changed, and the staff goes on
        AuditChain(b"x" * 32).append(connection, "a1", "signed_in")
    assert not stranger.when_due() and stranger.broken().broken == 1


def test_where_the_head_was_set_back_nothing_can_be_written_either(engine, later, caplog):
    write(engine)
    meddle(engine, "UPDATE audit_head SET number = 3, hash = (SELECT hash FROM audit WHERE number = 3)")
    assert not later.checks(engine).when_due() and "audit chain broken" in caplog.text


def test_a_verification_behind_a_cut_counts(engine, later, made):
    write(engine, 3)
    later.days = -400
    old = AuditChain(KEY, later)
    meddle(engine, "DELETE FROM audit", "UPDATE audit_head SET number = 0, hash = '" + "0" * 64 + "'")
    with engine.begin() as connection:
        old.append(connection, "a1", "case_made")
    later.days = 0
    checks = later.checks(engine)
    assert checks.when_due() and made == [1]
    assert expire(engine, 90, 365, 365, KEY) == 1
    assert checks.last() is not None and checks.when_due() and made == [1]


async def test_while_the_database_is_away_the_chore_goes_on(engine, later, monkeypatch, caplog):
    write(engine)
    checks = later.checks(engine)
    await one_round(monkeypatch, checks)

    def away():
        raise sa.exc.OperationalError("SELECT", {}, Exception("gone"))

    with monkeypatch.context() as patched:
        patched.setattr(checks, "last", away)
        await one_round(patched, checks)
    assert [one.getMessage() for one in caplog.records] == ["audit not verified: OperationalError"]
    assert metrics.AUDIT_INTACT._value.get() == 1, "what was known remains so"
