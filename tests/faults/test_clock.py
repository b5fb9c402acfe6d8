"""The clock of the machine jumps: conversations do not depend on it, and nothing is taken for old that is not."""

import asyncio
import contextlib
import time
import uuid
from datetime import timedelta

import pytest
from databases import empty_database
from house import PATIENCE, Client, House
from receiver import receiver
from services import ClockThatJumps

from bot.store import InDatabase, migrate, models, open_engine
from bot.store.conversations import turn_being_held
from bot.store.erasure import expire_again_and_again
from bot.store.turns import Turns


async def test_turns_go_on_in_their_order_whatever_the_clock_says(tmp_path, monkeypatch):
    with empty_database("sqlite", tmp_path) as url:
        migrate(url)
        kept = InDatabase(open_engine(url))
        turns, actual = Turns(kept), models.now

        async def run():
            turn = turn_being_held()
            events, turn.version = kept.recall("web:a")
            turn.events = [*events, {"event": "said"}]
            return [{"text": str(len(turn.events))}]

        for place, days in enumerate((0, -4000, 4000, -1, 0), 1):
            monkeypatch.setattr("bot.store.conversations.now", lambda days=days: actual() + timedelta(days=days))
            assert await turns.once("web:a", "", str(place), run) == [{"text": str(place)}]
        assert [await turns.once("web:a", "", str(place), run) for place in (1, 5)] == [
            [{"text": "1"}],
            [{"text": "5"}],
        ]


async def test_nothing_runs_out_in_the_hour_in_which_the_clock_jumped(monkeypatch):
    """Set a year ahead by mistake, the clock would make everything old; by the next round it has been put right."""
    expired, rounds, actual = [], 0, models.now

    async def sleep(_seconds):
        nonlocal rounds
        rounds += 1
        ahead = timedelta(days=400 if rounds == 2 else 0)
        monkeypatch.setattr("bot.store.erasure.now", lambda: actual() + ahead)
        if rounds == 5:
            raise asyncio.CancelledError

    monkeypatch.setattr("bot.store.erasure.expire", lambda *_: expired.append(rounds) or 0)
    monkeypatch.setattr("bot.store.erasure._sleep", sleep)
    with contextlib.suppress(asyncio.CancelledError):
        await expire_again_and_again(None, 30, 365)
    assert expired == [0, 1, 4], "rounds 2 (the jump ahead) and 3 (the jump back) delete nothing"


@pytest.fixture
def clock(tmp_path):
    """The clock of every process that has its environment: `clock.jump("+1d")`."""
    return ClockThatJumps(tmp_path)


def test_a_served_conversation_goes_on_whatever_the_machines_clock_says(database_url, tmp_path, clock):
    """Real workers, told another time of day by libfaketime while they serve; time itself goes on as it does."""
    numbers = [uuid.uuid4().hex for _ in range(6)]
    with House(tmp_path, workers=2, database_url=database_url, environment=clock.environment) as house:
        person = Client(house)
        for place, (number, jump) in enumerate(
            zip(numbers, ("+0", "-9d", "+90m", "-1h", "+0", "-400d"), strict=True), 1
        ):
            clock.jump(jump)
            assert person.say("说", number) == [str(place)]
        clock.jump("+400d")
        status, told, _ = person.once({"text": "说", "sender": person.sender, "client_message_id": uuid.uuid4().hex})
        assert status == 400 and "请从头再问一次" in told["error"]["message"], "a number runs out by the clock"
        clock.jump("+0")
        assert [person.say("说", number) for number in numbers] == [[str(place)] for place in range(1, 7)]
        assert person.say("说") == ["7"], "what was said while the clock was wrong is where it was"


def test_a_push_that_failed_while_the_clock_was_ahead_does_not_wait_for_that_day(tmp_path, clock):
    with (
        receiver(503) as desk,
        House(tmp_path, handoff_url=desk.url, environment=clock.environment) as house,
    ):
        clock.jump("+2d")
        Client(house).say("转人工")
        until = time.monotonic() + PATIENCE
        while "push failed" not in house.log.read_text() and time.monotonic() < until:
            time.sleep(0.01)
        clock.jump("+0")
        while len(desk.got) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(desk.got) == 2 and len(set(desk.ids)) == 1
