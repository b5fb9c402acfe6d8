"""The store on the two databases it is meant for: SQLite and PostgreSQL, both real."""

import bot.rasa_patches  # isort: skip  # noqa: F401 - first: it decides how Rasa is imported

import asyncio
import json
import os
import signal
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from databases import empty_database
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bot.store import Conflict, InDatabase, InMemory, StoreError, migrate, open_engine
from bot.store.conversations import HeldTurn
from bot.store.locks import HostLocks, LocalLocks, RedisLocks
from bot.store.models import Audit, Base, Conversation, Turn, aware, now, pseudonym
from bot.store.trackers import RememberingTrackerStore
from bot.store.turns import Turns

REDIS = os.environ.get("WENGANG_TEST_REDIS", "redis://127.0.0.1:6379/15")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of an empty database."""
    with empty_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def engine(url):
    migrate(url)
    engine = open_engine(url)
    yield engine
    engine.dispose()


def columns(engine, table):
    inspector = sa.inspect(engine)
    return (
        [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)],
        [(i["column_names"], i["unique"]) for i in inspector.get_indexes(table)],
        inspector.get_pk_constraint(table)["constrained_columns"],
    )


def test_migrations_make_exactly_the_models(engine):
    with engine.connect() as connection:
        ours = {"include_name": lambda name, kind, _: name != "sqlite_sequence"}  # SQLite's own
        differences = compare_metadata(MigrationContext.configure(connection, opts=ours), Base.metadata)
    assert differences == []


def test_migrating_again_changes_nothing(url, engine):
    InDatabase(engine).keep(turn("1"))
    migrate(url)
    assert InDatabase(engine).answer_to("s", "1") == [{"text": "好"}]


def test_several_processes_may_migrate_at_once(url):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: migrate(url), range(8)))
    engine = open_engine(url)
    assert {"conversations", "turns", "alembic_version"} <= set(sa.inspect(engine).get_table_names())
    engine.dispose()


def test_conversations_of_the_old_table_go_on(url):
    """Rasa's table of events, as 0001 left it, becomes what is remembered; answered turns stay."""
    migrate(url, "0001")
    engine = open_engine(url)
    events = [
        {"event": "action", "name": "action_session_start"},
        {"event": "session_started"},
        {"event": "action", "name": "action_listen"},
        {"event": "user", "text": "你好"},
        {"event": "slot", "name": "programme", "value": "stabilisation_refund"},
        {"event": "action", "name": "interview_form"},
        {"event": "active_loop", "name": "interview_form"},
        {"event": "action", "name": "action_listen"},
        {"event": "user", "text": "企业"},
    ]
    with engine.begin() as connection:
        for event in events:
            row = {"sender": "old", "type": event["event"], "data": json.dumps(event)}
            connection.execute(
                sa.text("INSERT INTO events (sender_id, type_name, data) VALUES (:sender, :type, :data)"), row
            )
        made = "INSERT INTO turns (sender, client_message_id, replies, created_at) VALUES ('old', 'm', :r, :at)"
        connection.execute(sa.text(made), {"r": '[{"text": "好"}]', "at": now()})
    engine.dispose()
    migrate(url)
    kept = InDatabase(open_engine(url))
    remembered, version = kept.recall("old")
    assert version == 1 and remembered[0]["name"] == "programme" and remembered[-1]["text"] == "企业"
    assert kept.answer_to("old", "m") == [{"text": "好"}]


def test_sqlite_lets_readers_read_while_it_writes(tmp_path):
    url = f"sqlite:///{tmp_path}/x.db"
    migrate(url)
    engine = open_engine(url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar_one() == "wal"
    engine.dispose()


# ── turns ──


EVENTS = [{"event": "slot", "name": "place", "value": "本溪〔〕“”\u2028"}]


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def kept(request, tmp_path):
    """Each place in which conversations are kept."""
    if request.param == "memory":
        yield InMemory()
        return
    with empty_database(request.param, tmp_path) as url:
        migrate(url)
        engine = open_engine(url)
        yield InDatabase(engine)
        engine.dispose()


def turn(message=None, version=0, events=EVENTS, replies=({"text": "好"},), sender="s"):
    return HeldTurn(sender, "你好", message, version, events, list(replies))


def test_what_is_kept_is_recalled(kept):
    assert kept.recall("s") == ([], 0) and kept.answer_to("s", "m") is None
    kept.keep(turn("m"))
    assert kept.recall("s") == (EVENTS, 1) and kept.answer_to("s", "m") == [{"text": "好"}]
    assert kept.recall("t") == ([], 0) and kept.answer_to("t", "m") is None
    kept.keep(turn("n", 1, []))
    assert kept.recall("s") == ([], 2)
    kept.keep(turn("o", 0, None))  # a turn in which the dialogue took no part
    assert kept.recall("s") == ([], 2) and kept.answer_to("s", "o") == [{"text": "好"}]


def test_a_turn_begun_before_another_ended_is_not_kept(kept):
    kept.keep(turn("1"))
    for late in (turn("2", 0), turn("2", 2), turn("2", 7)):
        with pytest.raises(Conflict):
            kept.keep(late)
    assert kept.recall("s")[1] == 1 and kept.answer_to("s", "2") is None, "half of a turn was kept"


def test_a_second_answer_to_a_message_is_not_kept(engine):
    kept = InDatabase(engine)
    kept.keep(turn("1"))
    with pytest.raises(Conflict):
        kept.keep(turn("1", 1, []))
    assert kept.recall("s") == (EVENTS, 1), "half of a turn was kept"


def test_messages_without_a_number_are_logged_each(engine):
    kept = InDatabase(engine)
    kept.keep(turn())
    kept.keep(turn(version=1))
    with engine.connect() as connection:
        rows = connection.execute(sa.select(Turn.text, Turn.client_message_id, Turn.created_at)).all()
    assert [row[:2] for row in rows] == [("你好", None)] * 2 and all(row.created_at for row in rows)


def test_a_turn_writes_its_rows_and_a_conflict_none(engine):
    """Whether the models write them (SQLite) or one statement does (PostgreSQL)."""
    kept, begun = InDatabase(engine), now()
    decision = {"programme": "refund", "verdict": "eligible", "as_of": "2021-09-01", "place": "本溪", "amount": 1}
    told = [{"text": "它说“好”：100% \\ 'a'"}, {"text": "符合", "decision": decision}, {"decision": decision}]
    numbers = []
    for version in (0, 1):
        one = HeldTurn("s", ":at 你好", f"m{version}", version=version, events=EVENTS, replies=told)
        kept.keep(one)
        numbers.append(one.id)
        with pytest.raises(Conflict):
            kept.keep(HeldTurn("s", "迟了", "late", version=version, events=EVENTS, replies=told))
    with engine.connect() as connection:
        conversations = connection.execute(sa.select(Conversation.__table__)).all()
        turns = connection.execute(sa.select(Turn.__table__).order_by(Turn.id)).all()
        audit = connection.execute(sa.select(Audit.__table__)).all()
    assert [(row.sender, row.version, json.loads(row.events)) for row in conversations] == [("s", 2, EVENTS)]
    assert [(row.id, row.sender, row.client_message_id, row.text, row.replies, row.pushed) for row in turns] == [
        (numbers[0], "s", "m0", ":at 你好", told, False), (numbers[1], "s", "m1", ":at 你好", told, False),
    ]  # fmt: skip
    detail = {key: decision[key] for key in ("programme", "verdict", "as_of", "place")}
    assert [row[2:] for row in audit] == [("decided", pseudonym("s"), detail, None, None, None)] * 4
    moments = [row.created_at for row in (*turns, *audit)] + [row.updated_at for row in conversations]
    assert all(begun <= aware(moment) <= now() for moment in moments)


async def answer(words):
    return [{"text": words}]


async def test_a_turn_runs_once(kept):
    runs = []

    async def run():
        runs.append(1)
        await asyncio.sleep(0.02)
        return [{"text": "〔“引文”〕", "n": [1, None, True]}]

    turns = Turns(kept)
    answers = await asyncio.gather(*(turns.once("s", "你好", "m", run) for _ in range(5)))
    answers += [await turns.once("s", "你好", "m", run), await Turns(kept).once("s", "你好", "m", run)]
    assert len(runs) == 1 and answers == [[{"text": "〔“引文”〕", "n": [1, None, True]}]] * 7


async def test_turns_of_others_are_others(kept):
    turns = Turns(kept)
    assert await turns.once("a", "", "m", lambda: answer("甲")) == [{"text": "甲"}]
    assert await turns.once("b", "", "m", lambda: answer("乙")) == [{"text": "乙"}]
    assert await turns.once("a", "", "n", lambda: answer("丙")) == [{"text": "丙"}]
    assert await turns.once("a", "", None, lambda: answer("丁")) == [{"text": "丁"}]


async def test_a_failed_turn_leaves_nothing_behind(kept):
    async def fail():
        raise RuntimeError("no")

    turns = Turns(kept)
    with pytest.raises(RuntimeError):
        await turns.once("s", "", "m", fail)
    assert kept.answer_to("s", "m") is None
    assert await turns.once("s", "", "m", lambda: answer("好")) == [{"text": "好"}]


async def test_an_apology_is_not_kept_and_a_repeat_runs_the_turn_again(kept):
    sorry, fine = [{"text": "一半"}, {"text": "没有办成", "failed": True}], [{"text": "好"}]
    outcomes = [sorry, sorry, fine, fine]
    turns = Turns(kept)

    async def run():
        return outcomes.pop(0)

    assert [await turns.once("s", "", "m", run) for _ in range(4)] == [sorry, sorry, fine, fine]
    assert len(outcomes) == 1, "the successful turn was run a second time"


async def test_a_client_that_hangs_up_finds_its_answer_later(kept):
    turns, gate = Turns(kept), asyncio.Event()

    async def slow():
        await gate.wait()
        return [{"text": "好"}]

    caller = asyncio.create_task(turns.once("s", "", "m", slow))
    await asyncio.sleep(0.01)
    caller.cancel()
    gate.set()
    assert await turns.once("s", "", "m", lambda: answer("第二次")) == [{"text": "好"}]


async def test_of_two_processes_the_first_answer_stays(kept):
    one, two = Turns(kept), Turns(kept)

    async def late():
        if kept.answer_to("s", "m") is None:
            await one.once("s", "", "m", lambda: answer("先"))
        return [{"text": "后"}]

    if isinstance(kept, InDatabase):
        assert await two.once("s", "", "m", late) == [{"text": "先"}]


async def count(kept, name):
    """A turn that reads, waits and writes, as Rasa does."""
    store = RememberingTrackerStore(Domain.empty(), kept)
    tracker = await store.get_or_create_tracker(name)
    await asyncio.sleep(0.001)
    tracker.update(ActionExecuted("a"))
    tracker.update(UserUttered(str(len([e for e in tracker.events if isinstance(e, ActionExecuted)]))))
    await store.save(tracker)
    return [{"text": "好"}]


@pytest.mark.parametrize("locked", [True, False])
async def test_no_update_is_lost_between_processes(kept, locked):
    """Two processes, in one case without a common lock: the version decides, and the loser holds its turn again."""
    shared = LocalLocks()
    processes = [Turns(kept, shared if locked else LocalLocks()) for _ in range(2)]
    answers = await asyncio.gather(
        *(
            turns.once("s", "", f"{n}-{m}", lambda: count(kept, "s"))
            for n, turns in enumerate(processes)
            for m in range(4)
        ),
        return_exceptions=True,
    )
    fine = [one for one in answers if not isinstance(one, BaseException)]
    assert kept.recall("s")[1] == len(fine) and (len(fine) == 8 or not locked)
    assert all(isinstance(one, Conflict) for one in answers if isinstance(one, BaseException))


# ── locks ──


@pytest.fixture(params=["local", "host", "redis"])
async def locks(request):
    """Each kind of lock, where it can be those of two processes (for the others: tests/faults)."""
    if request.param != "redis":
        one = LocalLocks() if request.param == "local" else HostLocks()
        return one, one
    try:
        await Redis.from_url(REDIS).ping()
    except RedisError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Redis here: set WENGANG_TEST_REDIS ({error})")
    return RedisLocks(REDIS), RedisLocks(REDIS)


async def test_one_turn_of_a_conversation_at_a_time(locks):
    inside, most, sender = 0, 0, uuid.uuid4().hex

    async def hold(lock):
        nonlocal inside, most
        async with lock.hold(sender):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.002)
            inside -= 1

    await asyncio.gather(*(hold(lock) for _ in range(25) for lock in locks))
    assert most == 1


async def test_conversations_do_not_wait_for_each_other(locks):
    async with locks[0].hold(uuid.uuid4().hex), locks[1].hold(uuid.uuid4().hex):
        pass


async def test_a_lock_is_free_again_after_an_error(locks):
    sender = uuid.uuid4().hex
    for lock in locks:
        with pytest.raises(KeyError):
            async with lock.hold(sender):
                raise KeyError


def test_a_process_that_dies_frees_what_it_held():
    """Two processes forked from one, as workers are; the first is killed while it holds the conversation."""
    locks, (holds, tell) = HostLocks(), os.pipe()
    pid = os.fork()
    if pid == 0:

        async def hold():
            async with locks.hold("s"):
                os.write(tell, b"x")
                time.sleep(60)

        asyncio.run(hold())
    os.read(holds, 1)

    async def wait():
        async with locks.hold("other"):
            pass
        waiting = asyncio.create_task(locks.hold("s").__aenter__())
        await asyncio.sleep(0.05)
        assert not waiting.done(), "two processes hold one conversation"
        os.kill(pid, signal.SIGKILL)
        await asyncio.wait_for(waiting, 10)

    asyncio.run(wait())
    os.waitpid(pid, 0)


async def test_without_redis_turns_go_on(caplog):
    async with RedisLocks("redis://127.0.0.1:1/0").hold("s"):
        pass
    assert "relying on versions" in caplog.text


# ── what goes wrong ──


@pytest.mark.parametrize(
    "url",
    ["postgresql://nobody:" + "hunter2" + "@127.0.0.1:1/none", "sqlite:////proc/none/x.db", "sqlite:////dev/null/x.db"],
)
def test_database_that_cannot_be_used_is_one_sentence(url):
    with pytest.raises(StoreError) as caught:
        migrate(url)
    said = str(caught.value)
    assert said.endswith("。") and "\n" not in said and "hunter2" not in said and "WENGANG_DATABASE_URL" in said


def test_file_that_is_no_database_is_one_sentence(tmp_path):
    (tmp_path / "x.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError):
        migrate(f"sqlite:///{tmp_path}/x.db")


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_connections_that_were_cut_while_they_lay_idle_are_not_used_again(engine):
    conversations = InDatabase(engine)
    with engine.connect() as one, engine.connect() as other:  # both go back to the pool
        ours = [connection.execute(sa.text("SELECT pg_backend_pid()")).scalar() for connection in (one, other)]
    outside = sa.create_engine(engine.url, future=True)
    with outside.connect() as connection:
        for process in ours:
            assert connection.execute(sa.text("SELECT pg_terminate_backend(:p)"), {"p": process}).scalar()
    outside.dispose()
    time.sleep(0.1)
    conversations.keep(HeldTurn("a", "你好", "1", replies=[{"text": "您好"}], events=[]))
    assert conversations.answer_to("a", "1") == [{"text": "您好"}]
