"""What must be pushed arrives at least once, each with its id; what cannot is parked and shown."""

import asyncio
import subprocess
import sys
import textwrap
from datetime import datetime, timedelta, timezone

import httpx
import pytest
import sqlalchemy as sa
from databases import migrated
from doors import FakeAssistant, settings
from receiver import receiver

from bot import metrics
from bot.channels import channels
from bot.cli import run as wengang
from bot.handoff import Desk
from bot.outbox_sender import NotSent, Refused, sending
from bot.server import create_app
from bot.settings import ROOT
from bot.store import Conflict, InDatabase, migrate, open_engine
from bot.store.conversations import HeldTurn, turn_being_held
from bot.store.models import OutboxEntry
from bot.store.outbox import LEASE, MOST_ATTEMPTS, Outbox, Push, heard
from bot.store.turns import Turns


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("bot.outbox_sender._EVERY", 0.01)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.time = datetime.now(timezone.utc) + timedelta(seconds=1)

    def __call__(self):
        return self.time

    def pass_by(self, seconds):
        self.time += timedelta(seconds=seconds)


def put(engine, *keys, sender=None, channel="handoff"):
    """One push each, of conversations of their own unless one is given."""
    for key in keys:
        push = Push(channel, sender or f"web:{key}", {"message": "转人工", "summary": ""}, key)
        InDatabase(engine).keep(HeldTurn(push.recipient, "转人工", None, replies=[], pushes=[push]))


def states(engine):
    with engine.connect() as connection:
        found = connection.execute(sa.select(OutboxEntry.key, OutboxEntry.state, OutboxEntry.attempts)).all()
    return {row.key: (row.state, row.attempts) for row in found}


async def until(condition):
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


# ── sent ──


async def test_a_receiver_that_fails_first_gets_it_again_with_the_same_id(engine):
    clock = Clock()
    put(engine, "k")
    with receiver(500) as desk:
        async with sending(Outbox(engine, clock), {"handoff": Desk(desk.url, "desk-token")}):
            await until(lambda: [row["error"] for row in Outbox(engine).unsent()] == ["HTTP 500"])
            await asyncio.sleep(0.1)
            assert len(desk.got) == 1, "it was not patient"
            clock.pass_by(2)
            await until(lambda: states(engine) == {"k": ("sent", 2)})
        assert desk.ids == ["k", "k"] and [h["Idempotency-Key"] for h in desk.headers] == ["k", "k"]
        assert desk.headers[0]["Authorization"] == "Bearer desk-token"


async def test_several_senders_send_each_once(url, engine):
    """Four, as of four hosts, over pushes that take a while: none is anybody else's within its lease."""
    keys, sent = [f"k{n}" for n in range(40)], []
    put(engine, *keys)

    async def send(id, recipient, payload):
        sent.append(id)
        await asyncio.sleep(0.02)

    engines = [open_engine(url) for _ in range(4)]
    senders = [sending(Outbox(one), {"handoff": send}) for one in engines]
    await asyncio.gather(*(sender.__aenter__() for sender in senders))
    await until(lambda: len(sent) >= len(keys))
    await asyncio.gather(*(sender.__aexit__(None, None, None) for sender in senders))
    assert sorted(sent) == sorted(keys) and set(states(engine).values()) == {("sent", 1)}
    for one in engines:
        one.dispose()


async def test_two_claim_at_the_same_moment_and_one_gets_it(url, engine):
    engines = [open_engine(url) for _ in range(6)]
    for round in range(5):
        put(engine, f"k{round}")
        claims = await asyncio.gather(*(asyncio.to_thread(Outbox(one).claim, "handoff", 5) for one in engines))
        assert [claim.push.key for claimed in claims for claim in claimed] == [f"k{round}"]
    for one in engines:
        one.dispose()


async def test_what_a_killed_sender_was_at_is_sent_by_another_once_its_lease_is_over(url, engine):
    put(engine, "k")
    with receiver(None) as desk:
        script = """
            import asyncio, sys
            from bot.handoff import Desk
            from bot.outbox_sender import sending
            from bot.store import open_engine
            from bot.store.outbox import Outbox
            async def main():
                async with sending(Outbox(open_engine(sys.argv[1])), {"handoff": Desk(sys.argv[2])}):
                    await asyncio.sleep(60)
            asyncio.run(main())
        """
        doomed = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script), url, desk.url], cwd=ROOT)
        await until(lambda: desk.got)
        doomed.kill()
        doomed.wait()
        clock = Clock()
        async with sending(Outbox(engine, clock), {"handoff": Desk(desk.url)}):
            await asyncio.sleep(0.1)
            assert len(desk.got) == 1, "it was taken within its lease"
            clock.pass_by(LEASE.total_seconds())
            await until(lambda: states(engine) == {"k": ("sent", 2)})
        assert desk.ids == ["k", "k"]


async def test_pushes_of_a_conversation_keep_their_order_and_others_do_not_wait(engine):
    clock, sent = Clock(), []
    put(engine, "a1", "a2", sender="web:a")
    put(engine, "b1")

    async def send(id, recipient, payload):
        sent.append(id)
        if sent == ["a1"] or id == "a1" and sent.count("a1") == 1:
            raise NotSent("not now")

    async with sending(Outbox(engine, clock), {"handoff": send}):
        await until(lambda: {"a1", "b1"} == set(sent) and states(engine)["b1"][0] == "sent")
        await asyncio.sleep(0.05)
        assert "a2" not in sent
        clock.pass_by(2)
        await until(lambda: states(engine)["a2"][0] == "sent")
    assert [id for id in sent if id != "b1"] == ["a1", "a1", "a2"]


async def test_at_the_end_what_is_on_its_way_arrives_and_nothing_else_begins(engine):
    put(engine, *(f"k{n}" for n in range(20)))
    begun = []

    async def send(id, recipient, payload):
        begun.append(id)
        await asyncio.sleep(0.1)

    async with sending(Outbox(engine), {"handoff": send}):
        await until(lambda: begun)
    found = states(engine)
    assert {key for key, (state, _) in found.items() if state == "sent"} == set(begun) and len(begun) < 20
    assert all(found[key] == ("waiting", 0) for key in found if key not in begun)


async def test_a_channel_that_hangs_does_not_hold_up_another(engine):
    put(engine, "slow", channel="slow")
    put(engine, "quick", channel="quick")

    async def hang(id, recipient, payload):
        await asyncio.sleep(60)

    async def send(id, recipient, payload):
        pass

    async def both():
        async with sending(Outbox(engine), {"slow": hang, "quick": send}):
            await until(lambda: states(engine)["quick"] == ("sent", 1))
            raise KeyError

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyError):
        patch.setattr("bot.outbox_sender._PATIENCE", 0.05)
        await both()
    assert states(engine)["slow"] == ("waiting", 1), "its lease runs out"


# ── put ──


async def test_only_a_turn_that_is_kept_pushes(engine):
    kept = InDatabase(engine)

    def saying(key, failed=False, behind=False):
        async def run():
            turn = turn_being_held()
            _, turn.version = kept.recall("web:a")
            turn.version -= behind
            turn.events = []
            turn.pushes.append(Push("handoff", "web:a", {}, key))
            return [{"text": "好", "failed": failed}]

        return run

    turns = Turns(kept)
    await turns.once("web:a", "", "1", saying("kept"))
    await turns.once("web:a", "", "1", saying("repeated"))
    await turns.once("web:a", "", "2", saying("failed", failed=True))
    with pytest.raises(Conflict):
        await turns.once("web:a", "", "3", saying("conflict", behind=True))
    await turns.once("web:a", "", "4", saying("kept"))  # a key that the channel has had
    assert list(states(engine)) == ["kept"]


# ── not sent ──


def test_pauses_double_up_to_a_quarter_of_an_hour_and_end_with_parking(engine):
    clock, pauses = Clock(), []
    outbox = Outbox(engine, clock)
    put(engine, "k")
    for attempt in range(1, MOST_ATTEMPTS + 1):
        (claim,) = outbox.claim("handoff", 5)
        assert claim.attempt == attempt and outbox.claim("handoff", 5) == []
        parked = outbox.failed(claim, "HTTP 500")
        assert parked == (attempt == MOST_ATTEMPTS)
        (row,) = outbox.unsent()
        pauses.append((row["due_at"] - clock.time).total_seconds())
        clock.time = max(clock.time, row["due_at"])
    longest = [min(900, 2 * 2**n) for n in range(MOST_ATTEMPTS - 1)]
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses, longest, strict=False))
    assert len(set(pauses[-8:-1])) > 1, "all would come back at once"
    assert states(engine) == {"k": ("parked", MOST_ATTEMPTS)} and outbox.claim("handoff", 5) == []


def test_one_that_kills_each_of_its_senders_is_parked(engine):
    clock = Clock()
    put(engine, "k")
    for _ in range(MOST_ATTEMPTS):
        assert Outbox(engine, clock).claim("handoff", 5)
        clock.pass_by(LEASE.total_seconds())
    assert Outbox(engine, clock).claim("handoff", 5) == []
    assert [(row["state"], row["error"]) for row in Outbox(engine).unsent()] == [("parked", "interrupted")]


def test_who_comes_too_late_changes_nothing(engine):
    """Its lease ran out and somebody else has it: a failure is theirs to tell. That it arrived is true all the same."""
    clock = Clock()
    outbox = Outbox(engine, clock)
    put(engine, "k")
    (late,) = outbox.claim("handoff", 5)
    clock.pass_by(LEASE.total_seconds())
    outbox.claim("handoff", 5)
    outbox.failed(late, "late", final=True)
    assert states(engine) == {"k": ("waiting", 2)}
    outbox.sent(late)
    assert states(engine) == {"k": ("sent", 2)}


def write(engine, sender):
    with engine.begin() as connection:
        heard(connection, "handoff", sender)


def test_what_is_held_until_its_recipient_writes_lets_nothing_overtake(engine):
    clock = Clock()
    outbox = Outbox(engine, clock)
    put(engine, "a", "b", sender="web:x")
    put(engine, "c")
    first, other = outbox.claim("handoff", 5)
    outbox.failed(first, "45047", held=True)
    outbox.sent(other)
    clock.pass_by(86400)
    assert outbox.claim("handoff", 5) == [] and outbox.counts("handoff") == {"waiting": 1, "held": 1, "parked": 0}
    write(engine, "web:y")
    assert outbox.claim("handoff", 5) == [], "somebody else wrote"
    write(engine, "web:x")
    for key in ("a", "b"):
        (claim,) = outbox.claim("handoff", 5)
        assert (claim.push.key, claim.attempt) == (key, 1)
        outbox.sent(claim)


def test_a_refusal_of_before_they_wrote_holds_nothing(engine):
    """They write while the attempt is under way: nobody may wait for another message of theirs."""
    clock = Clock()
    outbox = Outbox(engine, clock)
    put(engine, "a")
    (claim,) = outbox.claim("handoff", 5)
    write(engine, "web:a")
    outbox.failed(claim, "45047", held=True)
    assert [row["state"] for row in outbox.unsent()] == ["waiting"] and outbox.claim("handoff", 5) == []
    clock.pass_by(LEASE.total_seconds() + 1)
    (claim,) = outbox.claim("handoff", 5)
    outbox.sent(claim)
    assert outbox.unsent() == []


@pytest.mark.parametrize(("status", "state"), [(400, "parked"), (404, "parked"), (301, "parked"), (429, "waiting")])
async def test_a_refusal_parks_at_once_unless_it_will_pass(tmp_path, status, state):
    url = f"sqlite:///{tmp_path}/x.db"
    migrate(url)
    engine = open_engine(url)
    put(engine, "k")
    with receiver(status) as desk:
        async with sending(Outbox(engine), {"handoff": Desk(desk.url)}):
            await until(lambda: [row["error"] for row in Outbox(engine).unsent()] == [f"HTTP {status}"])
    assert states(engine) == {"k": (state, 1)}
    engine.dispose()


async def test_neither_row_nor_log_repeats_what_an_error_says(tmp_path, caplog):
    url = f"sqlite:///{tmp_path}/x.db"
    migrate(url)
    engine = open_engine(url)
    put(engine, "k")

    async def send(id, recipient, payload):
        raise ValueError("他说了私事")

    async with sending(Outbox(engine), {"handoff": send}):
        await until(lambda: [row["error"] for row in Outbox(engine).unsent()] == ["ValueError"])
    assert "私事" not in caplog.text and any(record.message == "push failed" for record in caplog.records)
    engine.dispose()


async def test_nobody_there_is_no_refusal():
    with pytest.raises(NotSent) as caught:
        await Desk("http://127.0.0.1:1/push")("k", "web:a", {})
    assert not isinstance(caught.value, Refused) and str(caught.value) == "ConnectError"


async def test_attempts_and_what_is_left_can_be_watched(engine):
    def figures():
        told = metrics.exposition().decode().splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in told if line[:1] != "#"}

    channel = f"watched by {engine.dialect.name}"
    put(engine, "a", "b", channel=channel)

    async def send(id, recipient, payload):
        if id == "b":
            raise Refused("no")

    async with sending(Outbox(engine), {channel: send}):
        await until(lambda: figures().get(f'wengang_outbox{{channel="{channel}",state="parked"}}') == 1)
    found = figures()
    for outcome in ("sent", "parked"):
        assert found[f'wengang_pushes_total{{channel="{channel}",outcome="{outcome}"}}'] == 1
    assert found[f'wengang_outbox{{channel="{channel}",state="waiting"}}'] == 0


# ── the command ──


@pytest.fixture
def command(engine, url, monkeypatch, capsys):
    monkeypatch.setenv("WENGANG_DATABASE_URL", url)

    def outbox(*arguments):
        code = wengang(["outbox", *arguments])
        out, err = capsys.readouterr()
        return code, out or err

    return outbox


def test_parked_ones_are_shown_tried_again_or_dropped(engine, command):
    outbox = Outbox(engine)
    put(engine, "a", "b", "c")
    numbers = {row["key"]: str(row["id"]) for row in outbox.unsent()}
    for claim in outbox.claim("handoff", 2):
        outbox.failed(claim, "HTTP 404", final=True)
    code, said = command()
    assert code == 0 and said.count("\n") == 4 and said.endswith("等着发的 1 条，等对方来话的 0 条，停下的 2 条。\n")
    assert "停下了" in said and "HTTP 404" in said and "web:a" in said and "转人工" not in said
    assert command("--retry", numbers["a"])[0] == 0 and states(engine)["a"] == ("waiting", 0)
    assert command("--drop", numbers["b"])[0] == 0 and "b" not in states(engine)
    assert command()[1].endswith("等着发的 2 条，等对方来话的 0 条，停下的 0 条。\n")


def test_all_that_are_parked_are_tried_again(engine, command):
    put(engine, "a", "b")
    for claim in Outbox(engine).claim("handoff", 2):
        Outbox(engine).failed(claim, "HTTP 401", final=True)
    assert command("--retry", "all") == (0, "2 条重新排上了，服务运行时马上再发。\n")
    assert command("--retry", "all")[0] == 0 and set(states(engine).values()) == {("waiting", 0)}


@pytest.mark.parametrize(
    "given",
    [["--retry", "x"], ["--drop", "999"], ["--retry", "999"], ["--drop", "-1"], ["--retry", "1", "--drop", "1"]],
)
def test_wrong_command(command, given):
    code, said = command(*given)
    assert code == 2 and said.endswith("。\n") and said.count("\n") == 1


# ── 转人工 ──


async def test_a_human_that_is_asked_for_hears_of_it_once(tmp_path, rules):
    with receiver() as desk:
        chosen = settings(tmp_path, handoff_url=desk.url)
        migrated(chosen.database_url)
        engine = open_engine(chosen.database_url)
        client = talk(FakeAssistant(), rules, chosen)
        first = await client.post("/api/messages", json={"text": "你好"})
        body = {"text": "转人工", "sender": first.json()["sender"], "client_message_id": "m"}
        answers = [(await client.post("/api/messages", json=body)).json() for _ in range(2)]
        async with sending(Outbox(engine), channels(chosen)):
            await until(lambda: [state for state, _ in states(engine).values()] == ["sent"])
        (push,) = desk.got
        assert set(push) == {"id", "conversation", "asked_at", "message", "summary"} and push["message"] == "转人工"
        assert push["conversation"].startswith("web:") and body["sender"] not in str(push)
        assert answers[0] == answers[1] and "12333" in answers[0]["replies"][0]["text"]
        assert "转给工作人员" in answers[0]["replies"][0]["text"]
        engine.dispose()


async def test_without_a_desk_nothing_changes(tmp_path, rules):
    chosen = settings(tmp_path)
    migrated(chosen.database_url)
    said = (await talk(FakeAssistant(), rules, chosen).post("/api/messages", json={"text": "转人工"})).json()
    assert "转给工作人员" not in said["replies"][0]["text"]
    assert channels(chosen) == {} and states(open_engine(chosen.database_url)) == {}


async def test_a_desk_is_told_what_is_believed_and_no_number(tmp_path, rules):
    class Believing(FakeAssistant):
        async def reply(self, sender, text, **more):
            return [{"kind": "handoff", "text": "请打 12333。", "summary": "参保职工 28 人"}]

    chosen = settings(tmp_path, handoff_url="http://127.0.0.1:1/push")
    migrated(chosen.database_url)
    text = "转人工，我电话13841400000"
    await talk(Believing(), rules, chosen).post("/api/messages", json={"text": text})
    (row,) = Outbox(open_engine(chosen.database_url)).unsent()
    assert row["payload"]["summary"] == "参保职工 28 人"
    assert row["payload"]["message"] == "转人工，我电话〔电话号码〕"


def talk(assistant, rules, chosen):
    app = create_app(assistant, rules, None, chosen)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")
