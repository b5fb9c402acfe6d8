"""A turn told as it is made, and a conversation watched from several places: over a socket, on both databases."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
import sqlalchemy as sa
from doors import DECISION, FakeAssistant, settings
from sqlalchemy.exc import OperationalError
from streams import events, served, told

from bot import hearing
from bot.store.models import Audit, Turn, audited
from bot.store.pushed import put
from bot.store.transcript import ERASED, Transcript


@pytest.fixture
def serve(tmp_path, url, rules, assistant):
    """The application over either database."""

    def make(who=assistant, **more):
        return served(who, rules, None, settings(tmp_path, **{"database_url": url, **more}))

    return make


def bearer(number):
    return {"Authorization": f"Bearer {number}"}


def kept(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(Turn.sender)).all()


class Slow(FakeAssistant):
    """Tells one reply, and the next when it may; the first `conflicts` turns lose against somebody else."""

    def __init__(self):
        super().__init__()
        self.may, self.replies = asyncio.Event(), [{"kind": "text", "text": "一"}, {"kind": "text", "text": "二"}]

    async def reply(self, sender, text, **given):
        self.calls.append({"sender": sender, "text": text})
        hearing.tell(self.replies[0])
        await self.may.wait()
        if self.fail:
            raise self.fail
        return self.replies


class TestTurn:
    async def test_what_json_says_the_stream_says(self, serve):
        async with serve() as client:
            first, response = await told(client, "结论")
            assert response.headers["content-type"].startswith("text/event-stream")
            assert response.headers["cache-control"] == "no-store" and response.headers["x-accel-buffering"] == "no"
            assert [name for name, _ in first] == ["accepted", "reply", "done"]
            assert first[1][1] == DECISION and first[2][1]["turn"] > 0
            said = await client.post("/api/messages", json={"text": "结论"}, headers=bearer(first[2][1]["sender"]))
            assert said.json()["replies"] == [DECISION]
            assert int(said.headers["wengang-turn"]) == first[2][1]["turn"] + 1

    async def test_a_reply_is_told_before_the_next_is_made(self, serve):
        slow = Slow()
        async with serve(slow) as client:
            stream = client.stream("POST", "/api/messages", json={"text": "x"}, headers={"Accept": "text/event-stream"})
            async with stream as response:
                heard = events(response)
                assert (await anext(heard))[0] == "accepted"
                assert (await anext(heard))[:2] == ("reply", slow.replies[0])
                slow.may.set()
                rest = [(name, data) async for name, data, _ in heard]
        assert [name for name, _ in rest] == ["reply", "done"] and rest[0][1] == slow.replies[1]

    async def test_a_repeated_message_gets_the_kept_replies_and_the_same_turn(self, serve, assistant):
        async with serve() as client:
            first, _ = await told(client, "你好")
            sender = first[-1][1]["sender"]
            assistant.calls.clear()
            both = [await told(client, "结论", bearer(sender), client_message_id="m-1") for _ in range(2)]
            assert both[0][0] == both[1][0] and len(assistant.calls) == 1
            plain = await client.post(
                "/api/messages", json={"text": "结论", "client_message_id": "m-1"}, headers=bearer(sender)
            )
            assert int(plain.headers["wengang-turn"]) == both[0][0][-1][1]["turn"]

    async def test_two_streams_of_one_message_are_one_turn(self, serve):
        slow = Slow()
        async with serve(slow) as client:
            slow.may.set()
            first, _ = await told(client, "你好")
            slow.may.clear()
            sender = first[-1][1]["sender"]
            both = [asyncio.create_task(told(client, "x", bearer(sender), client_message_id="m-2")) for _ in range(2)]
            while len(slow.calls) < 2:
                await asyncio.sleep(0.01)
            slow.may.set()
            answers = [(await one)[0] for one in both]
        replies = [[data for name, data in answer if name == "reply"] for answer in answers]
        assert replies == [slow.replies] * 2 and answers[0][-1] == answers[1][-1] and len(slow.calls) == 2

    async def test_whoever_hangs_up_finds_the_answer_later(self, serve):
        slow = Slow()
        async with serve(slow) as client:
            slow.may.set()
            sender = (await told(client, "你好"))[0][-1][1]["sender"]
            slow.may.clear()
            headers = {"Accept": "text/event-stream", **bearer(sender)}
            body = {"text": "x", "client_message_id": "m-3"}
            async with client.stream("POST", "/api/messages", json=body, headers=headers) as response:
                await anext(events(response))
            slow.may.set()
            again = (await client.post("/api/messages", json=body, headers=bearer(sender))).json()
            assert again["replies"] == slow.replies and len(slow.calls) == 2

    async def test_whoever_hangs_up_before_the_first_answer_is_known_again(self, serve, engine):
        """The turn goes on and is kept; nobody has been told the number of the conversation."""
        slow = Slow()
        body = {"text": "x", "client_message_id": "m-4", "begin": "b" * 32}
        async with serve(slow) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post("/api/messages", json=body, timeout=0.5)
            slow.may.set()
            while not kept(engine):
                await asyncio.sleep(0.01)
            again = (await client.post("/api/messages", json=body)).json()
            told = (await client.get("/api/conversation", headers=bearer(again["sender"]))).json()
        assert again["replies"] == slow.replies and len(slow.calls) == len(kept(engine)) == 1
        assert [turn["text"] for turn in told["turns"]] == ["x"]

    async def test_what_was_told_is_void_when_the_turn_is_held_again(self, serve):
        """Somebody else kept a turn meanwhile: the reader hears everything anew."""
        from bot.store import Conflict
        from bot.store.conversations import InDatabase

        slow, keep, refused = Slow(), InDatabase.keep, []
        slow.may.set()

        def keep_at_second_try(self, turn):
            if not refused:
                refused.append(turn)
                raise Conflict(turn.sender)
            keep(self, turn)

        async with serve(slow) as client:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(InDatabase, "keep", keep_at_second_try)
                heard, _ = await told(client, "x")
        assert [name for name, _ in heard] == ["accepted", "reply", "accepted", "reply", "reply", "done"]
        assert [data for name, data in heard[3:5]] == slow.replies

    async def test_an_error_is_one_sentence_and_voids_what_was_told(self, serve):
        slow = Slow()
        slow.fail = OperationalError("SELECT 'secret'", {}, Exception())
        slow.may.set()
        async with serve(slow) as client:
            heard, _ = await told(client, "x")
            assert [name for name, _ in heard] == ["accepted", "reply", "error"]
            problem = heard[-1][1]
            assert problem["message"].endswith("。") and problem["status"] == 503 and problem["retry_after"] == 5
            slow.fail = RuntimeError("secret")
            problem = (await told(client, "x"))[0][-1][1]
            assert problem["status"] == 500 and "编号" in problem["message"] and "secret" not in str(problem)

    async def test_what_is_refused_before_is_refused_as_ever(self, serve):
        async with serve() as client:
            for body, status in (({"text": 5}, 422), ({"text": "x", "sender": "forged"}, 400)):
                refused = await client.post("/api/messages", json=body, headers={"Accept": "text/event-stream"})
                assert refused.status_code == status and refused.json()["error"]["message"].endswith("。")
            heard, _ = await told(client, "x", place="火星")
            assert heard[-1][0] == "error" and heard[-1][1]["field"] == "place" and heard[-1][1]["status"] == 422

    async def test_the_real_assistant_tells_each_reply_when_it_is_made(self, serve, stub_assistant):
        async with serve(stub_assistant) as client:
            heard, _ = await told(client, "你好")
            assert [name for name, _ in heard][0] == "accepted" and heard[-1][0] == "done"
            assert len([name for name, _ in heard if name == "accepted"]) == 1, "nothing had to be told twice"

    async def test_masked_numbers_are_told_first_in_one_sentence(self, serve, stub_assistant):
        async with serve(stub_assistant) as client:
            heard, _ = await told(client, "身份证210502199003077417，邮箱a@b.cn，稳岗返还怎么申请")
            notice = heard[1][1]
            assert notice["masked"] == ["email", "id_card"] and notice["text"].count("。") == 1
            assert "邮箱地址" in notice["text"] and "身份证号" in notice["text"]
            sender = heard[-1][1]["sender"]
            kept = (await client.get("/api/conversation", headers=bearer(sender))).json()["turns"][0]
            assert "21050219" not in str(kept) and kept["replies"][0] == notice


@asynccontextmanager
async def watching(client, number, after=0, last=None):
    headers = bearer(number) | ({"Last-Event-ID": str(last)} if last is not None else {})
    async with client.stream("GET", f"/api/conversation/events?after={after}", headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        yield events(response)


async def turns(heard, count):
    """The next turns that are heard: (text, id)."""
    found = []
    while len(found) < count:
        name, data, number = await asyncio.wait_for(anext(heard), 10)
        if name == "turn":
            assert data["id"] == number
            found.append((data["text"] if not data["pushed"] else data["replies"][0]["text"], number))
    return found


class TestWatching:
    async def test_two_tabs_hear_of_each_other(self, serve):
        async with serve() as client:
            number = (await client.post("/api/messages", json={"text": "一"})).json()["sender"]
            async with watching(client, number) as one, watching(client, number) as two:
                assert [text for text, _ in await turns(one, 1)] == [text for text, _ in await turns(two, 1)] == ["一"]
                await client.post("/api/messages", json={"text": "二"}, headers=bearer(number))
                assert (await turns(one, 1))[0][0] == (await turns(two, 1))[0][0] == "二"

    async def test_coming_back_loses_and_doubles_nothing(self, serve):
        async with serve() as client:
            number = (await client.post("/api/messages", json={"text": "0"})).json()["sender"]
            heard, last, said = [], 0, 1
            for place in range(4):
                await client.post("/api/messages", json={"text": f"{place} 不在"}, headers=bearer(number))
                async with watching(client, number, last=last) as stream:
                    await client.post("/api/messages", json={"text": f"{place} 在"}, headers=bearer(number))
                    said += 2
                    heard += await turns(stream, said - len(heard))
                last = heard[-1][1]
            kept = (await client.get("/api/conversation", headers=bearer(number))).json()["turns"]
        assert [one for _, one in heard] == [turn["id"] for turn in kept]

    async def test_nobody_hears_of_others(self, serve):
        async with serve() as client:
            mine, theirs = [
                (await client.post("/api/messages", json={"text": "你好"})).json()["sender"] for _ in range(2)
            ]
            async with watching(client, mine) as heard:
                await turns(heard, 1)
                await client.post("/api/messages", json={"text": "秘密"}, headers=bearer(theirs))
                await client.post("/api/messages", json={"text": "自己"}, headers=bearer(mine))
                assert [text for text, _ in await turns(heard, 1)] == ["自己"]

    async def test_what_another_process_keeps_is_heard_and_what_is_pushed(self, serve, engine):
        """As from another worker, or from a person at a desk: only the database knows of it."""
        async with serve() as client:
            said = await client.post("/api/messages", json={"text": "一"}, headers={"Wengang-Session": "cookie"})
            sender = said.json()["sender"]
            client.headers["Wengang-Session"] = "cookie"
            async with client.stream("GET", "/api/conversation/events") as response:
                heard = events(response)
                await turns(heard, 1)
                with engine.begin() as connection:
                    pushed = put(connection, sender, [{"kind": "text", "text": "我是工作人员"}])
                assert await turns(heard, 1) == [("我是工作人员", pushed)]
            told = (await client.get("/api/conversation")).json()
            assert [one["id"] for one in told["pushed"]] == [pushed] == [told["last"]]
            assert [turn["text"] for turn in told["turns"]] == ["一"]

    async def test_a_late_comer_misses_nothing_while_others_watch(self, serve):
        async with serve() as client:
            number = (await client.post("/api/messages", json={"text": "一"})).json()["sender"]
            async with watching(client, number) as early:
                first = await turns(early, 1)
                await client.post("/api/messages", json={"text": "二"}, headers=bearer(number))
                second = await turns(early, 1)
                async with watching(client, number, after=first[0][1]) as late:
                    assert await turns(late, 1) == second

    async def test_whoever_lags_far_behind_hears_everything(self, serve, monkeypatch):
        """More than is kept for one watcher at a time; meanwhile it goes on."""
        monkeypatch.setattr("bot.live._WAITING", 4)
        monkeypatch.setattr("bot.live._EVERY", 0.02)
        async with serve() as client:
            number = (await client.post("/api/messages", json={"text": "0"})).json()["sender"]
            for place in range(1, 12):
                await client.post("/api/messages", json={"text": str(place)}, headers=bearer(number))
            async with watching(client, number) as heard:
                early = await turns(heard, 2)
                await client.post("/api/messages", json={"text": "12"}, headers=bearer(number))
                said = early + await turns(heard, 11)
                assert [text for text, _ in said] == [str(place) for place in range(13)]

    async def test_what_was_read_is_not_read_again(self, serve, monkeypatch):
        since, read = Transcript.since, []

        def noting(self, *given, **more):
            found = since(self, *given, **more)
            read.extend(said["text"] for said in found)
            return found

        monkeypatch.setattr(Transcript, "since", noting)
        async with serve() as client:
            number = (await client.post("/api/messages", json={"text": "0"})).json()["sender"]
            async with watching(client, number) as heard:
                await turns(heard, 1)
                read.clear()
                for place in range(1, 6):
                    await client.post("/api/messages", json={"text": str(place)}, headers=bearer(number))
                    await turns(heard, 1)
        assert read == ["1", "2", "3", "4", "5"]

    async def test_it_ends_when_the_conversation_is_erased(self, serve):
        async with serve() as client:
            number = (await client.post("/api/messages", json={"text": "一"})).json()["sender"]
            async with watching(client, number) as heard:
                await turns(heard, 1)
                await client.post("/api/conversation/erase", headers=bearer(number))
                names = [name async for name, _, _ in heard]
            assert names[-1] == "ended"

    async def test_it_ends_though_what_was_noted_after_it_was_kept_before_it(self, serve, engine, monkeypatch):
        """Of two transactions that note something in the audit the one with the higher number may be kept first."""
        monkeypatch.setattr("bot.live._EVERY", 0.02)
        async with serve() as client:
            answered = (await client.post("/api/messages", json={"text": "一"})).json()
            with engine.connect() as connection:
                sender = connection.execute(sa.select(Turn.sender)).scalar_one()
                number = connection.execute(sa.select(sa.func.max(Audit.id))).scalar_one() or 0
            async with watching(client, answered["sender"]) as heard:
                await turns(heard, 1)
                for later, event, whose in ((2, "expired", "web:another"), (1, ERASED, sender)):
                    with engine.begin() as connection:
                        row = {"id": number + later, **audited(event, whose, {})}
                        connection.execute(sa.insert(Audit), row)
                    await asyncio.sleep(0.2)
                assert (await asyncio.wait_for(anext(heard), 10))[0] == "ended"

    async def test_it_ends_when_the_process_is_to_stop(self, serve):
        async with serve() as client:
            number = (await client.post("/api/messages", json={"text": "一"})).json()["sender"]
            async with watching(client, number) as heard:
                await turns(heard, 1)
                client.app.state.turns.stopping = client.server.should_exit = True
                assert [name async for name, _, _ in heard] == []
            await asyncio.wait_for(client.serving, 10)

    async def test_it_shows_that_it_lives(self, serve, monkeypatch):
        monkeypatch.setattr("bot.live._HEARTBEAT", 0.05)
        async with serve() as client:
            number = (await client.post("/api/messages", json={"text": "一"})).json()["sender"]
            async with watching(client, number, after=10**8) as heard:
                assert (await asyncio.wait_for(anext(heard), 10))[0] == ""

    async def test_no_more_than_may(self, serve):
        async with serve(watchers=1) as client:
            number = (await client.post("/api/messages", json={"text": "一"})).json()["sender"]
            async with watching(client, number) as heard:
                await turns(heard, 1)
                refused = await client.get("/api/conversation/events", headers=bearer(number))
                assert refused.status_code == 503 and refused.headers["retry-after"] == "30"
            while client.app.state.live.count:
                await asyncio.sleep(0.01)
            async with watching(client, number) as heard:
                await turns(heard, 1)

    async def test_the_database_goes_away_and_comes_back(self, serve, monkeypatch):
        since, down = Transcript.since, []

        def failing(self, *given, **more):
            if down:
                raise OperationalError("", {}, Exception())
            return since(self, *given, **more)

        monkeypatch.setattr("bot.live._AFTER_FAILURE", 0.01)
        monkeypatch.setattr(Transcript, "since", failing)
        async with serve() as client:
            number = (await client.post("/api/messages", json={"text": "一"})).json()["sender"]
            async with watching(client, number) as heard:
                await turns(heard, 1)
                down.append(True)
                await client.post("/api/messages", json={"text": "二"}, headers=bearer(number))
                async with watching(client, number) as late:
                    await asyncio.sleep(0.1)
                    down.clear()
                    assert [text for text, _ in await turns(heard, 1)] == ["二"]
                    assert [text for text, _ in await turns(late, 2)] == ["一", "二"]

    @pytest.mark.parametrize("after", ["-1", "x", "1e9", "9" * 30])
    async def test_a_wrong_number_is_named(self, serve, after):
        async with serve() as client:
            number = (await client.post("/api/messages", json={"text": "一"})).json()["sender"]
            refused = await client.get(f"/api/conversation/events?after={after}", headers=bearer(number))
            assert refused.status_code == 422 and refused.json()["error"]["field"] == "after"
            assert (await client.get("/api/conversation/events")).status_code == 401
