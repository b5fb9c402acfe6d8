"""What the log looks like, and what it does not hold."""

import asyncio
import json
import logging
import sys

import httpx
import pytest
from databases import migrated
from doors import FakeAssistant, settings

from bot import logs
from bot.server import create_app
from eligibility import Rulebook
from knowledge import load


@pytest.fixture(params=["json", "text"])
def formatter(request):
    return {"json": logs.Json, "text": logs.Text}[request.param]()


def record(message="turn", fields=None, error=None):
    made = logging.LogRecord("bot.x", logging.INFO, "x.py", 1, message, (), error)
    if fields:
        made.fields = fields
    return made


def test_an_entry_has_time_level_event_and_its_fields():
    line = logs.Json().format(record(fields={"outcome": "answered"}))
    entry = json.loads(line)
    assert "\n" not in line and entry["time"].endswith("+00:00")
    assert (entry["level"], entry["logger"], entry["event"]) == ("info", "bot.x", "turn")
    assert entry["outcome"] == "answered" and "request" not in entry


def test_personal_numbers_are_masked_in_messages_and_tracebacks(formatter):
    try:
        raise ValueError("拨打 13841400000 的人")
    except ValueError:
        line = formatter.format(record("身份证 210502198001011234", error=sys.exc_info()))
    assert "13841400000" not in line and "210502198001011234" not in line
    assert "〔电话号码〕" in line and "〔身份证号〕" in line and "ValueError" in line


async def test_the_number_of_the_request_is_known_wherever_it_is_worked_on(formatter):
    logs.request_number.set("ab12")
    assert "ab12" in formatter.format(record())
    assert "ab12" in await asyncio.to_thread(formatter.format, record())
    assert "ab12" in await asyncio.create_task(asyncio.to_thread(formatter.format, record()))


async def test_a_turn_is_one_entry_with_the_number_that_the_client_got_and_without_its_words(tmp_path, caplog):
    chosen = settings(tmp_path)
    migrated(chosen.database_url)
    app = create_app(FakeAssistant(), Rulebook(load()), None, chosen)
    caplog.set_level(logging.INFO, "bot")
    caplog.handler.setFormatter(logs.Json())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        answer = await client.post("/api/messages", json={"text": "条文"})
    [turn] = [json.loads(line) for line in caplog.text.splitlines() if '"turn"' in line]
    assert turn["request"] == answer.headers["X-Request-Id"] and turn["outcome"] == "not_stated"
    assert turn["conversation"].startswith("web:") and answer.json()["sender"] not in caplog.text
    assert "条文" not in caplog.text and "申领" not in caplog.text
