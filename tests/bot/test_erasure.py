"""Whoever is erased is gone: from the tables and, byte by byte, from the files."""

import asyncio
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.api.identity import Identity
from bot.cli import run
from bot.settings import Settings
from bot.store import InDatabase, migrate, open_engine, pushed
from bot.store.conversations import Conflict, HeldTurn
from bot.store.database import in_order
from bot.store.erasure import erase, expire, expire_again_and_again, remaining, scrub
from bot.store.models import Audit, Base, Conversation, OutboxEntry, Turn, audited, now
from bot.store.outbox import Outbox, Push
from bot.store.turns import Turns

PLANTED, OTHERS = "73519042", "40417777"  # numbers that occur nowhere else


def say(engine, sender, number, times=3):
    """Some turns in which this number is said, remembered, answered and pushed; long enough to spread over pages."""
    kept, padding = InDatabase(engine), "话" * 3000
    for version in range(times):
        events = [{"event": "slot", "name": "profile", "value": {"n": number, "padding": padding, "turn": version}}]
        replies = [{"text": f"{number} 元，{padding}", "decision": {"programme": "p", "verdict": "eligible"}}]
        pushes = [Push("handoff", sender, {"summary": f"{number}，{padding}"}, f"{sender} {version}")]
        kept.keep(HeldTurn(sender, f"交了{number}", str(version), version, events, replies, pushes))


def places_with(number, engine, url):
    """Where on disk this number stands: the database's files, and a dump."""
    return [place for place, content in copies(engine, url).items() if number.encode() in content]


def copies(engine, url):
    """Everything the database has of its tables on disk."""
    if engine.dialect.name == "sqlite":
        folder = Path(engine.url.database).parent
        return {"files": b"".join(path.read_bytes() for path in sorted(folder.iterdir()))}
    dump = subprocess.run(
        [
            "pg_dump",
            "--dbname",
            sa.engine.make_url(url).set(query={}).render_as_string(False),
            "--schema",
            schema_of(engine),
        ],
        capture_output=True,
        check=True,
    ).stdout
    files = sa.text(
        "SELECT pg_read_binary_file(pg_relation_filepath(c.oid)) FROM pg_class c LEFT JOIN pg_class t "
        "ON t.reltoastrelid = c.oid WHERE coalesce(t.relnamespace, c.relnamespace)::regnamespace::text = :schema "
        "AND c.relkind IN ('r', 't', 'i') AND pg_relation_filepath(c.oid) IS NOT NULL"
    )
    with engine.connect() as connection:
        connection.execute(sa.text("CHECKPOINT"))
        read = b"".join(bytes(row[0]) for row in connection.execute(files, {"schema": schema_of(engine)}))
    return {"files": read, "dump": dump}


def schema_of(engine):
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT current_schema()")).scalar_one()


def in_every_table(engine, sender, first, at=None):
    """A row in each table that tells whose it is, or hangs on one that does; a number of its own in all of its words.

    Returns the numbers by table; `first` is the first of them. `at`: when all of it happened.
    """
    numbers, keys = {}, {}
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            parents = [key.column.table.name for key in table.foreign_keys if key.column.table.name in keys]
            if not parents and not {"sender", "recipient"} & {*table.columns.keys()}:
                continue
            number = numbers[table.name] = str(first + len(numbers))
            row = {column.name: some(column, number, sender, at or now(), keys) for column in table.columns}
            row = {name: value for name, value in row.items() if value is not None}
            keys[table.name] = connection.execute(sa.insert(table).values(**row)).inserted_primary_key[0]
    return numbers


def some(column, number, sender, at, keys):
    """What stands in a column of such a row; None: what the database puts there."""
    if column.name in ("sender", "recipient"):
        return sender
    if column.foreign_keys:
        return keys[next(iter(column.foreign_keys)).column.table.name]
    if isinstance(column.type, sa.Integer) and column.primary_key and column.autoincrement:
        return None
    made = {sa.JSON: {"said": [number]}, sa.String: number, sa.DateTime: at, sa.Boolean: False, sa.Integer: int(number)}
    return next(value for kind, value in made.items() if isinstance(column.type, kind))


def rows(engine, table):
    with engine.connect() as connection:
        return connection.execute(sa.select(table)).all()


def test_a_number_that_was_said_is_in_no_file_after_its_speaker_is_erased(engine, url):
    say(engine, "web:a", PLANTED)
    say(engine, "web:b", OTHERS)
    everywhere = list(copies(engine, url))
    assert places_with(PLANTED, engine, url) == everywhere, "this test would not notice"
    assert erase(engine, ["web:a"]) == 7
    assert places_with(PLANTED, engine, url) == ["files"], "scrubbing would not be needed"
    scrub(engine)
    assert places_with(PLANTED, engine, url) == [] and places_with(OTHERS, engine, url) == everywhere
    assert InDatabase(engine).recall("web:a") == ([], 0) and InDatabase(engine).recall("web:b")[1] == 3


@pytest.mark.parametrize("how", ["erased", "expired"])
def test_whatever_table_has_it_it_is_in_no_file_afterwards(engine, url, how):
    """Official account, cases, conversations with a human: no table that tells whose it is may be forgotten."""
    numbers = in_every_table(engine, "web:a", 73519000, now() - timedelta(days=400))
    others = in_every_table(engine, "web:b", 40417000)
    assert numbers.keys() >= {
        "conversations", "turns", "feedback", "outbox", "wechat_people", "wechat_messages", "cases", "case_notes",
        "handoffs", "handoff_messages",
    }  # fmt: skip
    everywhere = {table: [*copies(engine, url)] for table in numbers}
    assert found(numbers, engine, url) == everywhere, "this test would not notice"
    if how == "erased":
        erase(engine, ["web:a"])
    else:
        expire(engine, 90, 365, 365)
    assert remaining(engine, ["web:a"]) == 0
    scrub(engine)
    assert found(numbers, engine, url) == {table: [] for table in numbers}
    assert found(others, engine, url) == everywhere


def found(numbers, engine, url):
    """Of each table the places on disk where its number stands."""
    places = copies(engine, url).items()
    return {
        table: [place for place, content in places if number.encode() in content] for table, number in numbers.items()
    }


def test_what_was_said_is_overwritten_in_the_file_when_it_is_replaced(tmp_path):
    """A correction, or a push that is sent: on SQLite the words do not linger in the free space of a page."""
    url = f"sqlite:///{tmp_path}/x.db"
    migrate(url)
    engine = open_engine(url)
    say(engine, "web:a", PLANTED, 1)
    with engine.begin() as connection:
        connection.execute(sa.delete(Turn))
    Outbox(engine).sent(Outbox(engine).claim("handoff", 1)[0])
    InDatabase(engine).keep(HeldTurn("web:a", "", None, 1, [{"event": "slot", "name": "profile", "value": None}]))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert places_with(PLANTED, engine, url) == []
    engine.dispose()


def test_the_audit_keeps_what_was_done_and_not_for_whom(engine):
    say(engine, "web:a", PLANTED, 1)
    erase(engine, ["web:a"])
    decided, erased = rows(engine, Audit)
    assert decided.event == "decided" and decided.detail["programme"] == "p" and decided.detail["verdict"] == "eligible"
    assert erased.event == "erased" and erased.detail == {"conversations": 1, "turns": 1, "outbox": 1}
    assert decided.pseudonym == erased.pseudonym == audited("", "web:a", {})["pseudonym"]
    assert "web:a" not in str(decided) + str(erased) and PLANTED not in str(decided) + str(erased)


def test_erasing_nobody_leaves_no_trace(engine):
    assert erase(engine, ["web:nobody"]) == 0 and rows(engine, Audit) == []


async def test_a_turn_that_is_held_meanwhile_begins_a_new_conversation(engine):
    say(engine, "web:a", PLANTED, 1)
    kept = InDatabase(engine)

    async def run():
        from bot.store.conversations import turn_being_held

        turn = turn_being_held()
        events, turn.version = kept.recall("web:a")
        turn.events = [*events, {"event": "more"}]
        if events:
            erase(engine, ["web:a"])
        return [{"text": "好"}]

    await Turns(kept).once("web:a", "", "m", run)
    assert kept.recall("web:a") == ([{"event": "more"}], 1)


async def blocked(engine, connection, count, *tasks):
    """Wait until so many wait for what this connection holds, or one of the tasks waits for nothing."""
    waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE :pid = ANY(pg_blocking_pids(pid))")
    pid = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
    while not any(task.done() for task in tasks):
        with engine.connect() as looking:
            if looking.execute(waiting, {"pid": pid}).scalar_one() == count:
                return
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_what_is_just_being_said_to_somebody_is_erased_with_them(engine):
    """An operator's words, not yet committed, that the erasure cannot see."""
    say(engine, "web:a", PLANTED, 1)
    with engine.begin() as saying:
        pushed.put(saying, "web:a", [{"text": PLANTED}])
        erasing = asyncio.create_task(asyncio.to_thread(erase, engine, ["web:a"]))
        await blocked(engine, saying, 1, erasing)
    await erasing
    assert remaining(engine, ["web:a"]) == 0


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_a_turn_and_an_erasure_do_not_wait_for_each_other(engine):
    say(engine, "web:a", PLANTED, 1)
    turn = HeldTurn("web:a", "又来了", "9", 1, [{"event": "more"}], [{"text": "好"}])
    with engine.begin() as first:
        in_order(first, "web:a")
        erasing = asyncio.create_task(asyncio.to_thread(erase, engine, ["web:a"]))
        await blocked(engine, first, 1, erasing)
        keeping = asyncio.create_task(asyncio.to_thread(InDatabase(engine).keep, turn))
        await blocked(engine, first, 2, erasing, keeping)
    assert await erasing == 3
    with pytest.raises(Conflict):
        await keeping
    assert remaining(engine, ["web:a"]) == 0


AGES = ((Turn, "created_at"), (Conversation, "updated_at"), (OutboxEntry, "created_at"))


def age(engine, table, column, sender, days):
    with engine.begin() as connection:
        old = sa.update(table).values(**{column: now() - timedelta(days=days)})
        whose = getattr(table, "recipient", None) or getattr(table, "sender", None)
        connection.execute(old.where(whose == sender) if sender else old)


def test_what_is_too_old_goes_and_what_is_not_stays(engine, url):
    say(engine, "web:old", PLANTED)
    say(engine, "web:new", OTHERS)
    for table, column in AGES:
        age(engine, table, column, "web:old", 31)
        age(engine, table, column, "web:new", 29)
    assert expire(engine, 30, 365) == 7
    assert {row.recipient for row in rows(engine, OutboxEntry)} == {"web:new"}
    assert {row.sender for row in rows(engine, Turn)} == {"web:new"} and len(rows(engine, Conversation)) == 1
    assert [row.event for row in rows(engine, Audit)] == ["decided"] * 6 + ["expired"]
    if engine.dialect.name == "sqlite":
        assert places_with(PLANTED, engine, url) == []
    assert expire(engine, 30, 365) == 0
    age(engine, Audit, "created_at", None, 366)
    assert expire(engine, 30, 365) == 7 and [row.event for row in rows(engine, Audit)] == ["expired"]


def test_more_than_fits_one_transaction_goes_all_the_same(engine, monkeypatch):
    monkeypatch.setattr("bot.store.erasure._AT_A_TIME", 2)
    say(engine, "web:a", PLANTED, 5)
    age(engine, Turn, "created_at", "web:a", 31)
    assert expire(engine, 30, 365) == 5


@pytest.mark.parametrize("error", [sa.exc.OperationalError("", {}, Exception()), ValueError("x"), OSError(28, "full")])
async def test_expiry_goes_on_after_a_failure(engine, monkeypatch, error):
    calls = []

    def failing(*given):
        calls.append(given)
        if len(calls) == 1:
            raise error
        return 0

    monkeypatch.setattr("bot.store.erasure.expire", failing)
    monkeypatch.setattr("bot.store.erasure._EVERY", 0.01)
    task = asyncio.create_task(expire_again_and_again(engine, 30, 365))
    while len(calls) < 3 and not task.done():
        await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()
    assert calls[0][:3] == (engine, 30, 365)


# ── the command ──


@pytest.fixture
def command(engine, url, monkeypatch, capsys):
    monkeypatch.setenv("WENGANG_DATABASE_URL", url)
    monkeypatch.setenv("WENGANG_SECRET", "s" * 32)

    def erase(*arguments):
        code = run(["erase", *arguments])
        out, err = capsys.readouterr()
        return code, out or err

    return erase


def test_a_user_is_named_by_what_the_door_calls_them(engine, command):
    identity = Identity(Settings(secret="s" * 32).key())
    number = identity.issue()
    senders = [
        identity.sender("web", number),
        identity.sender("rest", "crm-7"),
        "web:" + "0" * 32,
        identity.sender("web", "x"),
    ]
    for sender in senders:
        say(engine, sender, PLANTED, 1)
    for left, given in enumerate(
        (["--user", number], ["--user", "crm-7", "--door", "rest"], ["--user", senders[2]]), 1
    ):
        code, said = command(*given)
        assert code == 0 and " 3 条" in said
        assert {row.sender for row in rows(engine, Conversation)} == set(senders[left:])
    assert command("--user", number)[0] == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [([], "--user"), (["--user", "x", "--expired"], "--expired"), (["--user", "crm-7"], "--door")],
)
def test_wrong_command(command, given, said):
    code, told = command(*given)
    assert code == 2 and said in told and told.count("\n") == 1


def test_expired_by_hand(engine, command):
    say(engine, "web:old", PLANTED, 1)
    for table, column in AGES:
        age(engine, table, column, "web:old", 91)
    assert command("--expired") == (0, "已删除过期的 3 条记录。\n")
