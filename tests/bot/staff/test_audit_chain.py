"""The chain tells the first row that is not as it was written."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from meddling import meddle

from bot.cli import run
from bot.store.audit_chain import AuditChain
from bot.store.conversations import HeldTurn, InDatabase
from bot.store.erasure import expire
from bot.store.models import Audit, now
from bot.store.staff_tables import AuditHead

KEY = b"k" * 32
COLUMNS = Audit.__table__.c


@pytest.fixture
def chain():
    return AuditChain(KEY)


def write(engine, chain, count=5):
    for n in range(count):
        with engine.begin() as connection:
            chain.append(connection, "a1", "case_made", f"case {n}", {"n": n})


def test_an_untouched_chain_holds_also_between_citizens_rows(engine, chain):
    decision = {"programme": "p", "verdict": "eligible", "as_of": "2021-09-01", "place": "本溪"}
    for n in range(3):
        write(engine, chain, 1)
        reply = {"text": "好", "decision": decision}
        InDatabase(engine).keep(HeldTurn("web:a", "", None, n, [{"event": "x"}], [reply]))
    checked = chain.verify(engine)
    assert (checked.rows, checked.broken, checked.head[0]) == (3, None, 3)
    assert AuditChain(KEY).verify(engine) == checked
    assert AuditChain(b"x" * 32).verify(engine).broken == 1


@pytest.mark.parametrize(
    ("statement", "broken", "why"),
    [
        ("UPDATE audit SET detail = '{\"n\": 9}' WHERE number = 3", 3, "changed"),
        ("UPDATE audit SET actor = 'a2' WHERE number = 3", 3, "changed"),
        ("UPDATE audit SET event = 'signed_in' WHERE number = 1", 1, "changed"),
        ("UPDATE audit SET hash = NULL WHERE number = 2", 2, "changed"),
        ("DELETE FROM audit WHERE number = 3", 3, "missing"),
        ("DELETE FROM audit WHERE number = 1", 1, "missing"),
        ("DELETE FROM audit WHERE number >= 4", 4, "missing"),
        ("DELETE FROM audit", 1, "missing"),
        ("UPDATE audit_head SET hash = '0'", 6, "head"),
        ("DELETE FROM audit_head", 1, "head"),
        ("UPDATE audit_head SET number = 3, hash = (SELECT hash FROM audit WHERE number = 3)", 4, "head"),
        ("UPDATE audit SET hash = '中' WHERE number = 2", 2, "changed"),
        ("UPDATE audit SET detail = '\"\\ud800\"' WHERE number = 2", 2, "changed"),
        ("UPDATE audit SET detail = '{}', event = 'expired', actor = 'house' WHERE number = 4", 4, "changed"),
    ],
)
def test_what_was_edited_or_deleted_is_named(engine, chain, statement, broken, why):
    write(engine, chain)
    meddle(engine, statement)
    checked = chain.verify(engine)
    assert (checked.broken, checked.why) == (broken, why)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # PostgreSQL takes only what fits
@pytest.mark.parametrize("made", ["detail = 'no JSON'", "created_at = 'no date'", "number = 'three'", "hash = x'ff'"])
def test_what_cannot_even_be_read_is_named(engine, chain, made):
    write(engine, chain)
    meddle(engine, f"UPDATE audit SET {made} WHERE number = 3")
    assert chain.verify(engine).broken == 3


def test_it_is_read_some_rows_at_a_time(engine, chain, monkeypatch):
    monkeypatch.setattr("bot.store.audit_chain._AT_A_TIME", 2)
    for count, broken in ((1, None), (1, None), (3, None)):
        write(engine, chain, count)
        assert chain.verify(engine).broken == broken
    meddle(engine, "UPDATE audit SET actor = 'a2' WHERE number = 4")
    assert chain.verify(engine).broken == 4


def test_what_is_cut_off_while_it_is_read_is_not_missed(engine, chain, monkeypatch):
    """The two chores begin at the same time."""
    monkeypatch.setattr("bot.store.audit_chain._AT_A_TIME", 2)
    write(engine, AuditChain(KEY, lambda: now() - timedelta(days=400)), 3)
    write(engine, chain, 2)
    read, fits = [], AuditChain._fits

    def cutting(*given):
        read.append(1)
        if len(read) == 2:
            assert expire(engine, 90, 365, 365, KEY) == 3
        return fits(*given)

    monkeypatch.setattr(AuditChain, "_fits", cutting)
    checked = chain.verify(engine)
    assert (checked.rows, checked.broken) == (3, None) and len(read) == 5


def test_rows_in_another_order_are_named(engine, chain):
    write(engine, chain)
    meddle(
        engine,
        "UPDATE audit SET number = 99 WHERE number = 2",
        "UPDATE audit SET number = 2 WHERE number = 4",
        "UPDATE audit SET number = 4 WHERE number = 99",
    )
    assert chain.verify(engine).broken == 2


def test_a_chain_written_anew_without_the_secret_is_found_out(engine, chain):
    write(engine, chain)
    meddle(engine, "DELETE FROM audit", "UPDATE audit_head SET number = 0, hash = '" + "0" * 64 + "'")
    write(engine, AuditChain(b"guessed" * 5))
    assert chain.verify(engine).broken == 1


def test_an_end_taken_away_with_the_head_is_told_only_by_a_head_noted_elsewhere(engine, chain):
    write(engine, chain)
    noted = chain.verify(engine).head
    meddle(
        engine,
        "UPDATE audit_head SET number = 3, hash = (SELECT hash FROM audit WHERE number = 3)",
        "DELETE FROM audit WHERE number > 3",
    )
    checked = chain.verify(engine)
    assert (checked.rows, checked.broken) == (3, None) and checked.head < noted


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'a2' WHERE number = 2", "DELETE FROM audit"])
def test_the_database_itself_refuses_a_slip_of_ours(engine, chain, statement):
    write(engine, chain)
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
        connection.execute(sa.text(statement))
    assert chain.verify(engine).broken is None


def test_many_write_at_once_and_none_is_lost(engine, chain):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: write(engine, chain, 5), range(4)))
    checked = chain.verify(engine)
    assert (checked.rows, checked.broken) == (20, None)


def test_what_was_not_kept_is_not_in_the_chain(engine, chain):
    write(engine, chain, 2)
    with pytest.raises(RuntimeError), engine.begin() as connection:
        chain.append(connection, "a1", "case_made")
        raise RuntimeError
    write(engine, chain, 1)
    assert chain.verify(engine).rows == 3 and chain.verify(engine).broken is None


def test_what_is_old_is_cut_off_and_the_rest_holds(engine, chain):
    write(engine, AuditChain(KEY, lambda: now() - timedelta(days=400)), 3)
    write(engine, chain, 2)
    assert expire(engine, 90, 365) == 0, "without the secret the chain is left alone"
    assert expire(engine, 90, 365, 365, KEY) == 3
    checked = chain.verify(engine)
    assert (checked.rows, checked.broken) == (3, None)  # two and the note of the cut
    assert expire(engine, 90, 365, 365, KEY) == 0
    meddle(engine, "DELETE FROM audit WHERE number = 4")
    assert chain.verify(engine).broken == 4, "a cut that nobody wrote down"


def test_all_of_it_may_be_old(engine, chain):
    write(engine, AuditChain(KEY, lambda: now() - timedelta(days=400)), 3)
    assert expire(engine, 90, 365, 365, KEY) == 3
    assert (chain.verify(engine).rows, chain.verify(engine).broken) == (1, None)
    write(engine, chain, 1)
    assert chain.verify(engine).broken is None


def test_at_the_terminal(url, engine, chain, monkeypatch, capsys):
    monkeypatch.setenv("WENGANG_DATABASE_URL", url)
    monkeypatch.setenv("WENGANG_SECRET", "s" * 32)
    monkeypatch.setenv("WENGANG_STAFF_PASSWORD", "correct horse 7")
    assert run(["staff", "add", "小王", "--role", "officer"]) == 0
    assert run(["staff", "add", "小王", "--role", "officer"]) == 2
    assert run(["staff", "add", "小李", "--role", "king"]) == 2
    assert run(["staff", "disable", "小王"]) == 0 and run(["staff", "list"]) == 0
    assert "小王　officer　已停用" in capsys.readouterr().out
    assert run(["staff", "reset", "小王"]) == 0 and run(["staff", "enable", "小王"]) == 0
    assert run(["staff", "audit"]) == 0 and "password_reset" in capsys.readouterr().out
    assert run(["staff", "audit", "--verify"]) == 0 and "核对了 4 条" in capsys.readouterr().out
    meddle(engine, "UPDATE audit SET event = 'x' WHERE number = 2")
    assert run(["staff", "audit", "--verify"]) == 1 and "编号 2" in capsys.readouterr().out
    with engine.connect() as connection:
        assert connection.execute(sa.select(AuditHead.number)).scalar() == 4
