"""The clock of the machine jumps: conversations do not depend on it, and nothing is taken for old that is not."""

import asyncio
import contextlib
from datetime import timedelta

from databases import empty_database

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
