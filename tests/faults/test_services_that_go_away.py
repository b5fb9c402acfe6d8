"""Database, locks, disk and clients fail while people talk: nobody's words are lost, doubled or mixed up."""

import socket
import threading

from house import PATIENCE, Client, House, at_once, get
from services import Postgres, Redis


def counted(answers):
    """Whether the answers of one conversation number its messages without gap or repetition, in some order."""
    return sorted(int(text) for texts in answers for text in texts) == list(range(1, len(answers) + 1))


def test_redis_and_postgresql_are_stopped_and_started_again(tmp_path):
    with (
        Postgres() as postgres,
        Redis() as redis,
        House(tmp_path, workers=2, database_url=postgres.url, redis_url=redis.url) as house,
    ):
        first = Client(house)
        answers = [first.say("你好")]
        together = [Client(house, first.sender) for _ in range(4)]

        def talk(times=5):
            """Four clients of one conversation at once."""
            jobs = [lambda c=c: [c.say("一句") for _ in range(times)] for c in together]
            answers.extend(answer for own in at_once(jobs) for answer in own)

        talk()
        redis.kill()
        talk()  # guarded by the version of the conversation alone
        redis.start()
        talk()
        assert counted(answers)

        postgres.stop()
        assert get(house, "/readyz")[0] == 503 and get(house, "/healthz")[0] == 200
        number = "while-the-database-is-away"
        status, told, headers = first.once({"text": "存不下", "sender": first.sender, "client_message_id": number})
        assert (status, headers["Retry-After"]) == (503, "5") and "没有算数" in told["error"]["message"]
        postgres.start()
        assert get(house, "/readyz")[0] == 200
        answers.append(first.say("存不下", number))
        assert counted(answers), "the message that was refused counted all the same"

        crash = threading.Timer(0.1, postgres.restart)
        crash.start()
        talk(40)
        crash.join()
        talk()
        assert counted(answers)
        assert any(client.refusals for client in together), "nobody noticed the crash"


def test_a_full_disk_refuses_and_goes_on_when_there_is_room_again(tmp_path):
    with House(tmp_path) as house:
        client = Client(house)
        assert client.say("一") == ["1"]
        house.allow(0.001)
        status, told, headers = client.once({"text": "二", "sender": client.sender, "client_message_id": "two"})
        assert (status, headers["Retry-After"]) == (503, "5") and "没有算数" in told["error"]["message"]
        assert get(house, "/healthz")[0] == 200
        house.allow(None)
        assert [client.say("二", "two"), client.say("三"), client.say("二", "two")] == [["2"], ["3"], ["2"]]

        slow = [socket.create_connection(("127.0.0.1", house.port), PATIENCE) for _ in range(50)]
        for number, one in enumerate(slow):  # half of them stop in the headers, half in the body
            one.sendall(b"POST /api/messages HTTP/1.1\r\nHost: x\r\n" + b"Content-Length: 20\r\n\r\n{" * (number % 2))
        assert client.say("四") == ["4"], "slow clients hold up the others"
        for one in slow:
            one.close()
        assert client.say("五") == ["5"] and get(house, "/readyz")[1]["running"] == 0
