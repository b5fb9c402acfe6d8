"""kill -9 of a whole house between two tries of WeChat: the follower is answered once."""

import http.client
import signal
import socket
import threading
import time
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from house import PATIENCE, House
from wechat_letters import ACCOUNT, letter, text

from bot.store import open_engine
from bot.store.models import OutboxEntry, Turn, WechatMessage


@pytest.fixture
def house(tmp_path, monkeypatch):
    """With the assistant that counts: “慢” takes half a second."""
    for name, value in {**ACCOUNT, "wechat_api_base": "http://127.0.0.1:9"}.items():
        monkeypatch.setenv(name.upper(), value)
    with House(tmp_path) as house:  # one process: nobody who was spared finishes the turn
        yield house


@pytest.fixture
def engine(house):
    engine = open_engine(house.database)
    yield engine
    engine.dispose()


class Try(threading.Thread):
    """One try; `told`: the status and the body, None when the connection broke or nobody was there."""

    def __init__(self, house, fields):
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=PATIENCE)
        self._letter, self.told = letter(fields), None
        self.start()

    def run(self):
        query, body = self._letter
        try:
            self._connection.request("POST", f"/wechat?{urlencode(query)}", body)
            response = self._connection.getresponse()
            self.told = (response.status, response.read())
        except (OSError, http.client.HTTPException):
            pass
        finally:
            self._connection.close()

    def end(self):
        """What was told, in the end."""
        self.join(PATIENCE)
        return self.told

    def hang_up(self):
        """WeChat waits no longer."""
        self._connection.sock.shutdown(socket.SHUT_RDWR)
        return self.end()


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def count(engine, table):
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def answers(engine):
    with engine.connect() as connection:
        return [replies[0]["text"] for replies in connection.execute(sa.select(Turn.replies)).scalars()]


def test_killed_during_the_turn_the_next_try_is_answered(house, engine):
    fields = text("慢")
    first = Try(house, fields)
    until(lambda: count(engine, WechatMessage) == 1)
    house.stop(signal.SIGKILL)
    assert first.end() is None and answers(engine) == []
    house.start()
    status, body = Try(house, fields).end()
    assert status == 200 and b"Encrypt" in body
    until(lambda: count(engine, OutboxEntry) == 0)
    assert answers(engine) == ["1"]


def test_killed_with_the_answer_kept_but_not_given_the_next_try_gets_it(house, engine):
    fields = text("慢")
    first = Try(house, fields)
    until(lambda: count(engine, WechatMessage) == 1)
    assert first.hang_up() is None
    until(lambda: count(engine, Turn) == 1)
    house.stop(signal.SIGKILL)
    assert count(engine, OutboxEntry) == 1
    house.start()
    status, body = Try(house, fields).end()
    assert status == 200 and b"Encrypt" in body
    until(lambda: count(engine, OutboxEntry) == 0)
    assert answers(engine) == ["1"]


def test_killed_and_back_only_after_the_last_try_it_is_answered_by_customer_service(house, engine):
    first = Try(house, text("慢"))
    until(lambda: count(engine, WechatMessage) == 1)
    house.stop(signal.SIGKILL)
    first.end()
    with engine.begin() as connection:  # a while ago
        (row,) = connection.execute(sa.select(WechatMessage.__table__)).all()
        before = {"received_at": row.received_at - timedelta(minutes=1), "due_at": row.due_at - timedelta(minutes=1)}
        connection.execute(sa.update(WechatMessage).values(**before))
    house.start()
    until(lambda: count(engine, OutboxEntry) == 1)
    until(lambda: due(engine) is None)
    assert answers(engine) == ["1"] and count(engine, WechatMessage) == 1


def due(engine):
    """When the message is taken up (again)."""
    with engine.connect() as connection:
        return connection.execute(sa.select(WechatMessage.due_at)).scalar_one()
