"""Rasa's events reach RabbitMQ, each once, when their turn has been kept and not before."""

import json
import os
import uuid

import aio_pika
import pytest

from bot.broker import BrokerError, close_broker, open_broker
from bot.store import Conflict, InMemory
from bot.store.turns import Turns

RABBIT = os.environ.get("WENGANG_TEST_RABBITMQ", "127.0.0.1:5672")


def endpoints(folder, queue, where=RABBIT, **more):
    """An endpoints.yml with a queue of this test's own."""
    host, _, port = where.partition(":")
    broker = {
        "type": "pika", "url": host, "port": int(port), "username": "guest", "password": "guest",
        "queues": [queue], "exchange_name": queue, "connection_attempts": 1, "retry_delay_in_seconds": 0, **more,
    }  # fmt: skip
    path = folder / "endpoints.yml"
    path.write_text(json.dumps({"action_endpoint": {"url": "http://localhost:5055/webhook"}, "event_broker": broker}))
    return path


@pytest.fixture
async def rabbit(tmp_path):
    """(an endpoints.yml, what is in its queue)."""
    queue = f"wengang-{uuid.uuid4().hex}"
    try:
        connection = await aio_pika.connect(f"amqp://{RABBIT}")
    except OSError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no RabbitMQ here: set WENGANG_TEST_RABBITMQ ({error})")
    channel = await connection.channel()

    async def received():
        declared = await channel.declare_queue(queue, durable=True)
        found = []
        while (message := await declared.get(fail=False)) is not None:
            await message.ack()
            found.append(json.loads(message.body))
        return found

    yield endpoints(tmp_path, queue), received
    await channel.queue_delete(queue)
    await channel.exchange_delete(queue)
    await connection.close()


class Reluctant(InMemory):
    """A store in which somebody else is quicker, so many times."""

    def __init__(self, times):
        super().__init__()
        self._times = times

    def keep(self, turn):
        if self._times:
            self._times -= 1
            raise Conflict(turn.sender)
        super().keep(turn)


async def heard(rabbit, assistant, kept, *said):
    """What arrives when these words are said, one after the other, in one conversation."""
    path, received = rabbit
    broker = await open_broker(path)
    assistant.keep_in(kept, broker)
    try:
        turns = Turns(kept)
        for number, text in enumerate(said):
            await turns.once("web:a", text, str(number), lambda text=text: assistant.reply("web:a", text))
    finally:
        assistant.keep_in(None)
        await close_broker(broker)
    return await received()


async def test_events_arrive_in_their_order_and_each_once(rabbit, stub_assistant):
    events = await heard(rabbit, stub_assistant, InMemory(), "你好", "谢谢", "你好")
    assert {event["sender_id"] for event in events} == {"web:a"}
    assert [event["text"] for event in events if event["event"] == "user"] == ["你好", "谢谢", "你好"]
    assert events[0]["name"] == "action_session_start"
    times = [event["timestamp"] for event in events]
    assert times == sorted(times) and len(set(times)) == len(times), "an event was told twice"


async def test_a_turn_that_was_held_twice_is_told_once(rabbit, stub_assistant):
    events = await heard(rabbit, stub_assistant, Reluctant(2), "你好")
    assert [event["text"] for event in events if event["event"] == "user"] == ["你好"]


async def test_a_turn_that_was_not_kept_is_not_told(rabbit, stub_assistant):
    path, received = rabbit
    with pytest.raises(Conflict):
        await heard(rabbit, stub_assistant, Reluctant(99), "你好")
    assert await received() == []


async def test_personal_numbers_do_not_reach_the_broker(rabbit, stub_assistant):
    events = await heard(rabbit, stub_assistant, InMemory(), "谢谢，13841400000")
    assert "13841400000" not in json.dumps(events) and "〔电话号码〕" in json.dumps(events, ensure_ascii=False)


# ── endpoints.yml ──


async def test_without_a_broker_there_is_none(tmp_path):
    path = tmp_path / "endpoints.yml"
    for text in ("", "action_endpoint:\n  url: http://localhost:5055/webhook\n"):
        path.write_text(text)
        assert await open_broker(path) is None
    await close_broker(None)


@pytest.mark.parametrize("text", [None, "{", "\x00"])
async def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path, text):
    path = tmp_path / "endpoints.yml"
    if text:
        path.write_text(text)
    with pytest.raises(BrokerError) as caught:
        await open_broker(path)
    assert str(caught.value).endswith("。") and "WENGANG_ENDPOINTS" in str(caught.value)


@pytest.mark.parametrize("more", [{"where": "127.0.0.1:1"}, {"port": "nonsense"}])
async def test_a_broker_that_cannot_be_had_is_one_sentence(tmp_path, more):
    with pytest.raises(BrokerError) as caught:
        await open_broker(endpoints(tmp_path, "wengang-none", **more))
    said = str(caught.value)
    assert said.endswith("。") and "event_broker" in said and "\n" not in said and "guest" not in said
