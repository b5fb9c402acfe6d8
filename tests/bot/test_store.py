"""The store on the two databases it is meant for: SQLite and PostgreSQL, both real."""

import asyncio
import os
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import make_url

from bot.store import StoreError, Turns, migrate, open_engine
from bot.store.models import Base, Event, Turn

POSTGRES = os.environ.get("WENGANG_TEST_POSTGRES", "postgresql://postgres@127.0.0.1/test")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The address of an empty database; on PostgreSQL a schema of this test's own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/a folder/test.db"
        return
    schema = f"wengang_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(POSTGRES, future=True, connect_args={"connect_timeout": 5})
    try:
        with engine.begin() as connection:
            connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    except sa.exc.OperationalError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL here: set WENGANG_TEST_POSTGRES ({error.orig})")
    yield make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(False)
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


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
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert differences == []


def test_migrating_again_changes_nothing(url, engine):
    turns = Turns(engine)
    asyncio.run(turns.once("a", "1", lambda: answer("一")))
    migrate(url)
    assert turns.find("a", "1") == [{"text": "一"}]


def test_several_processes_may_migrate_at_once(url):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: migrate(url), range(8)))
    engine = open_engine(url)
    assert {"events", "turns", "alembic_version"} <= set(sa.inspect(engine).get_table_names())
    engine.dispose()


def test_events_are_the_table_rasa_would_make(url, engine, tmp_path):
    from rasa.core.tracker_store import SQLTrackerStore

    theirs = sa.create_engine(f"sqlite:///{tmp_path}/rasa.db", future=True)
    SQLTrackerStore.Base.metadata.create_all(theirs)
    if engine.dialect.name == "sqlite":
        assert columns(engine, "events") == columns(theirs, "events")
    ours = {c.name: (str(c.type), c.nullable, bool(c.index)) for c in Event.__table__.columns}
    assert ours == {
        c.name: (str(c.type), c.nullable, bool(c.index)) for c in SQLTrackerStore.SQLEvent.__table__.columns
    }


async def test_rasa_keeps_its_conversations_in_it(url, engine):
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.events import BotUttered, UserUttered
    from rasa.shared.core.trackers import DialogueStateTracker

    from bot.store.trackers import tracker_store

    store = tracker_store(url)
    store.domain = Domain.empty()
    await store.save(DialogueStateTracker.from_events("web:1", [UserUttered("你好"), BotUttered("您好")]))
    again = await store.retrieve("web:1")
    assert [event.text for event in again.events if isinstance(event, (UserUttered, BotUttered))] == ["你好", "您好"]
    with engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Event)).scalar_one() == len(again.events)
    store.engine.dispose()


def test_a_database_rasa_made_first_is_taken_over(url):
    from rasa.core.tracker_store import SQLTrackerStore

    engine = open_engine(url)
    SQLTrackerStore.Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(Event), {"sender_id": "old", "type_name": "user", "data": "{}"})
    migrate(url)
    with engine.connect() as connection:
        assert connection.execute(sa.select(Event.sender_id)).scalars().all() == ["old"]
    engine.dispose()


def test_sqlite_lets_readers_read_while_it_writes(tmp_path):
    url = f"sqlite:///{tmp_path}/x.db"
    migrate(url)
    engine = open_engine(url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("PRAGMA journal_mode")).scalar_one() == "wal"
    engine.dispose()


# ── answered turns ──


async def answer(words):
    return [{"text": words}]


async def test_a_turn_runs_once(engine):
    runs = []

    async def run():
        runs.append(1)
        await asyncio.sleep(0.02)
        return [{"text": "〔“引文”〕", "n": [1, None, True]}]

    turns = Turns(engine)
    answers = await asyncio.gather(*(turns.once("s", "m", run) for _ in range(5)))
    answers += [await turns.once("s", "m", run), await Turns(engine).once("s", "m", run)]
    assert len(runs) == 1 and answers == [[{"text": "〔“引文”〕", "n": [1, None, True]}]] * 7


async def test_turns_of_others_are_others(engine):
    turns = Turns(engine)
    assert await turns.once("a", "m", lambda: answer("甲")) == [{"text": "甲"}]
    assert await turns.once("b", "m", lambda: answer("乙")) == [{"text": "乙"}]
    assert await turns.once("a", "n", lambda: answer("丙")) == [{"text": "丙"}]


async def test_a_failed_turn_leaves_nothing_behind(engine):
    async def fail():
        raise RuntimeError("no")

    turns = Turns(engine)
    with pytest.raises(RuntimeError):
        await turns.once("s", "m", fail)
    assert turns.find("s", "m") is None
    assert await turns.once("s", "m", lambda: answer("好")) == [{"text": "好"}]


async def test_an_apology_is_not_kept_and_a_repeat_runs_the_turn_again(engine):
    sorry, fine = [{"text": "一半"}, {"text": "没有办成", "failed": True}], [{"text": "好"}]
    outcomes = [sorry, sorry, fine, fine]
    turns = Turns(engine)

    async def run():
        return outcomes.pop(0)

    assert [await turns.once("s", "m", run) for _ in range(4)] == [sorry, sorry, fine, fine]
    assert len(outcomes) == 1, "the successful turn was run a second time"


async def test_who_repeats_while_a_turn_fails_gets_the_same_apology(engine):
    runs = []

    async def run():
        runs.append(1)
        await asyncio.sleep(0.02)
        return [{"text": "没有办成", "failed": True}]

    turns = Turns(engine)
    answers = await asyncio.gather(*(turns.once("s", "m", run) for _ in range(3)))
    assert len(runs) == 1 and answers == [[{"text": "没有办成", "failed": True}]] * 3


async def test_a_client_that_hangs_up_finds_its_answer_later(engine):
    turns, gate = Turns(engine), asyncio.Event()

    async def slow():
        await gate.wait()
        return [{"text": "好"}]

    caller = asyncio.create_task(turns.once("s", "m", slow))
    await asyncio.sleep(0.01)
    caller.cancel()
    gate.set()
    assert await turns.once("s", "m", lambda: answer("第二次")) == [{"text": "好"}]


async def test_of_two_processes_the_first_answer_stays(engine):
    one, two = Turns(engine), Turns(engine)

    async def late():
        await one.once("s", "m", lambda: answer("先"))
        return [{"text": "后"}]

    assert await two.once("s", "m", late) == [{"text": "先"}]


def test_turns_are_dated(engine):
    asyncio.run(Turns(engine).once("s", "m", lambda: answer("好")))
    with engine.connect() as connection:
        assert connection.execute(sa.select(Turn.created_at)).scalar_one() is not None


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
