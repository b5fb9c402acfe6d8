"""One's own conversation: shown again after a reload, erased with proof, and what one thinks of its answers."""

import asyncio
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from doors import CLAUSES, DECISION, FakeAssistant, settings
from prometheus_client import REGISTRY

from bot.server import create_app
from bot.store import open_engine
from bot.store.erasure import expire
from bot.store.models import Audit, Base, Feedback, Turn
from bot.store.outbox import Outbox

PLANTED = "73519042"  # a number that occurs nowhere else


@pytest.fixture
def client(tmp_path, url, rules, assistant):
    app = create_app(assistant, rules, None, settings(tmp_path, database_url=url, handoff_url="https://desk.example/"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


@pytest.fixture
def speaking(client):
    """Say something in one conversation; the client goes on with it."""

    async def say(*texts, **more):
        for text in texts:
            said = await client.post("/api/messages", json={"text": text, **more})
            client.headers["Authorization"] = f"Bearer {said.json()['sender']}"
        return int(said.headers["wengang-turn"])

    return say


def rows(engine, table):
    with engine.connect() as connection:
        return connection.execute(sa.select(table)).all()


class TestReload:
    async def test_a_reloaded_page_finds_everything(self, client, speaking):
        await speaking("你好")
        last = await speaking("结论", client_message_id="m-1")
        told = (await client.get("/api/conversation")).json()
        assert [turn["text"] for turn in told["turns"]] == ["你好", "结论"] and told["more"] is False
        assert told["turns"][1]["replies"] == [DECISION] and told["turns"][1]["client_message_id"] == "m-1"
        assert told["turns"][1]["id"] == told["last"] == last and told["pushed"] == []
        assert told["turns"][0]["created_at"].endswith("+00:00") and told["sender"]

    async def test_page_by_page_backwards(self, client, speaking, monkeypatch):
        monkeypatch.setattr("bot.api.transcript.PAGE", 3)
        await speaking(*"一二三四五六七")
        found, before = [], ""
        for more in (True, True, False):
            told = (await client.get(f"/api/conversation{before}")).json()
            assert told["more"] is more
            found = [turn["text"] for turn in told["turns"]] + found
            before = f"?before={told['turns'][0]['id']}"
        assert found == list("一二三四五六七")
        assert (await client.get(f"/api/conversation{before}")).json()["turns"] == []

    async def test_nobody_sees_what_others_said(self, client, speaking):
        await speaking("我的私事")
        client.headers.pop("Authorization")
        await speaking("别的事")
        assert "我的私事" not in (await client.get("/api/conversation")).text

    async def test_whoever_has_not_spoken_has_no_conversation(self, client):
        told = (await client.get("/api/conversation")).json()
        assert told == {"sender": None, "turns": [], "pushed": [], "last": 0, "more": False}

    @pytest.mark.parametrize("before", ["0", "-1", "x", str(2**31)])
    async def test_a_wrong_page_is_named(self, client, before):
        refused = await client.get(f"/api/conversation?before={before}")
        assert refused.status_code == 422 and refused.json()["error"]["field"] == "before"


class TestErasing:
    async def test_nothing_is_left_in_any_table_and_any_file(self, client, speaking, engine):
        turn = await speaking(f"交了{PLANTED}元", "转人工", "结论")
        await client.post("/api/feedback", json={"turn": turn, "useful": False, "words": f"不是{PLANTED}"})
        assert len(Outbox(engine).unsent()) == 1
        assert any(PLANTED in str(rows(engine, table)) for table in Base.metadata.tables.values())
        erased = await client.post("/api/conversation/erase")
        assert erased.json() == {"erased": 5, "left": 0}  # three turns, a push, an opinion
        for table in Base.metadata.tables.values():
            assert PLANTED not in str(rows(engine, table)), table.name
        assert [row.event for row in rows(engine, Audit)] == ["decided", "erased"]
        if engine.dialect.name == "sqlite":
            files = Path(engine.url.database).parent.iterdir()
            assert all(PLANTED.encode() not in file.read_bytes() for file in files)

    async def test_the_session_is_over(self, client, speaking, assistant):
        await speaking("你好")
        await client.post("/api/conversation/erase")
        assistant.calls.clear()
        for answer in (
            await client.get("/api/conversation"),
            await client.post("/api/messages", json={"text": "你好"}),
            await client.post("/api/feedback", json={"turn": 1, "useful": True}),
        ):
            assert answer.status_code == 401 and "已经删除" in answer.json()["error"]["message"]
        assert not assistant.calls
        again = await client.post("/api/conversation/erase")
        assert again.json() == {"erased": 0, "left": 0}, "an answer that was lost may be asked for again"

    async def test_the_cookie_goes_with_it(self, client):
        client.headers["Wengang-Session"] = "cookie"
        await client.post("/api/messages", json={"text": "你好"})
        assert (await client.post("/api/conversation/erase", json={})).json() == {"erased": 1, "left": 0}
        assert "wengang" not in client.cookies
        assert (await client.post("/api/messages", json={"text": "你好"})).status_code == 200

    async def test_others_are_left_alone(self, client, speaking, engine):
        await speaking("别的事")
        other = client.headers.pop("Authorization")
        await speaking("我的私事")
        await client.post("/api/conversation/erase")
        client.headers["Authorization"] = other
        assert [turn["text"] for turn in (await client.get("/api/conversation")).json()["turns"]] == ["别的事"]

    async def test_what_is_being_said_meanwhile_is_not_kept_afterwards(self, client, speaking, assistant, engine):
        """A turn that runs is finished and erased, too; one that waits is refused."""
        await speaking("你好")
        gate, reply = asyncio.Event(), assistant.reply

        async def slow(*args, **given):
            await gate.wait()
            return await reply(*args, **given)

        assistant.reply = slow
        running = asyncio.create_task(client.post("/api/messages", json={"text": "正在说"}))
        while not client._transport.app.state.turns.running:
            await asyncio.sleep(0.01)
        erasing = asyncio.create_task(client.post("/api/conversation/erase"))
        await asyncio.sleep(0.05)
        waiting = asyncio.create_task(client.post("/api/messages", json={"text": "随后说"}))
        await asyncio.sleep(0.05)
        gate.set()
        assert (await running).status_code == 200 and (await erasing).json() == {"erased": 2, "left": 0}
        assert (await waiting).status_code == 401 and rows(engine, Turn) == []

    async def test_whoever_has_no_conversation_has_nothing_to_erase(self, client):
        refused = await client.post("/api/conversation/erase")
        assert refused.status_code == 401 and refused.json()["error"]["message"].endswith("。")

    async def test_no_number_of_a_turn_is_given_twice(self, client, speaking):
        first = await speaking("你好")
        await client.post("/api/conversation/erase")
        client.headers.pop("Authorization")
        assert await speaking("你好") > first


def counted(**labels):
    return REGISTRY.get_sample_value("wengang_feedback_total", labels) or 0


class TestFeedback:
    async def test_useful_or_not_and_why_and_changed(self, client, speaking, engine):
        turn = await speaking("结论")
        yes, no = counted(useful="yes", reason="none"), counted(useful="no", reason="unclear")
        for _ in range(2):
            said = await client.post("/api/feedback", json={"turn": turn, "useful": True})
            assert said.json() == {"turn": turn, "useful": True}
        changed = {"turn": turn, "useful": False, "reason": "unclear", "words": "打13800138000问我\x00"}
        await client.post("/api/feedback", json=changed)
        (kept,) = rows(engine, Feedback)
        assert (kept.turn, kept.useful, kept.reason) == (turn, False, "unclear")
        assert kept.words == "打〔电话号码〕问我"
        assert counted(useful="yes", reason="none") == yes + 1 and counted(useful="no", reason="unclear") == no + 1

    @pytest.mark.parametrize(
        ("change", "status", "field"),
        [
            ({"turn": 0}, 422, "turn"),
            ({"turn": "1"}, 422, "turn"),
            ({"turn": 2**31}, 422, "turn"),
            ({"turn": 10**6}, 404, "turn"),
            ({"useful": 1}, 422, "useful"),
            ({"useful": "yes"}, 422, "useful"),
            ({"useful": None}, 422, "useful"),
            ({"reason": "boring"}, 422, "reason"),
            ({"words": "长" * 201}, 422, "words"),
            ({"extra": 1}, 422, "extra"),
        ],
    )
    async def test_what_is_wrong_is_named(self, client, speaking, change, status, field):
        turn = await speaking("你好")
        refused = await client.post("/api/feedback", json={"turn": turn, "useful": True, **change})
        problem = refused.json()["error"]
        assert refused.status_code == status and problem["field"] == field and problem["message"].endswith("。")

    async def test_of_others_nobody_may_say_anything(self, client, speaking, engine):
        turn = await speaking("结论")
        client.headers.pop("Authorization")
        await speaking("你好")
        assert (await client.post("/api/feedback", json={"turn": turn, "useful": True})).status_code == 404
        client.headers.pop("Authorization")
        assert (await client.post("/api/feedback", json={"turn": turn, "useful": True})).status_code == 401
        assert rows(engine, Feedback) == []

    async def test_it_runs_out_like_the_rest(self, client, speaking, engine):
        turn = await speaking("结论")
        await client.post("/api/feedback", json={"turn": turn, "useful": True})
        with engine.begin() as connection:
            old = sa.func.datetime("now", "-31 days") if engine.dialect.name == "sqlite" else sa.text(
                "now() - interval '31 days'"
            )  # fmt: skip
            connection.execute(sa.update(Feedback).values(created_at=old))
        assert expire(engine, 30, 365) == 1 and rows(engine, Feedback) == []


async def test_several_processes_see_one_conversation(tmp_path, url, rules):
    """Two applications over one database, as two workers are."""
    chosen = settings(tmp_path, database_url=url)
    engines = [open_engine(url) for _ in range(2)]
    apps = [create_app(FakeAssistant(), rules, None, chosen, engine=engine) for engine in engines]
    one, two = [httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") for app in apps]
    said = (await one.post("/api/messages", json={"text": "条文"})).json()
    headers = {"Authorization": f"Bearer {said['sender']}"}
    assert (await two.get("/api/conversation", headers=headers)).json()["turns"][0]["replies"] == [CLAUSES]
    assert (await two.post("/api/conversation/erase", headers=headers)).json()["left"] == 0
    assert (await one.get("/api/conversation", headers=headers)).status_code == 401
    for engine in engines:
        engine.dispose()
