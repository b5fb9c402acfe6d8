"""Several workers: nothing lost, nothing doubled, one turn of a conversation at a time, whoever dies."""

import json
import os
import signal
import threading
import time
import uuid
from collections import Counter

import psutil
import pytest
import sqlalchemy as sa
from house import Client, Every, House, at_once, get
from loadtest import SCRIPT

from bot.store import InDatabase, open_engine
from bot.store.models import Conversation, Turn

TURNS = 2_000 if os.environ.get("WENGANG_VERIFY") else 160
CLIENTS = 8
KILL_PERIOD = 40  # turns
KILLS = TURNS // KILL_PERIOD
OWN = ("timestamp", "message_id")


def kept(house):
    """The rows of the log of turns, and the versions of the conversations."""
    engine = open_engine(house.database)
    with engine.connect() as connection:
        turns = connection.execute(sa.select(Turn.sender, Turn.client_message_id, Turn.replies)).all()
        versions = connection.execute(sa.select(Conversation.sender, Conversation.version)).all()
    engine.dispose()
    return turns, dict(versions)


def counted(answers):
    """Whether the answers of one conversation number its messages without gap or repetition, in some order."""
    return sorted(int(text) for texts in answers for text in texts) == list(range(1, len(answers) + 1))


def test_nothing_is_lost_or_doubled(database_url, tmp_path):
    """Fifty messages of one conversation at once; then workers are killed under eight clients."""
    with House(tmp_path, workers=2, database_url=database_url) as house:
        fifty = fifty_messages_at_once_end_in_one_order(house)
        workers_that_are_killed_lose_and_double_nothing(house, fifty)


def fifty_messages_at_once_end_in_one_order(house):
    first = Client(house)
    answers = [first.say("你好")]
    clients = [Client(house, first.sender) for _ in range(50)]
    answers += at_once([lambda c=c: c.say("一起说") for c in clients])
    assert counted(answers)
    assert not any(client.refusals for client in clients)
    return len(answers)


def workers_that_are_killed_lose_and_double_nothing(house, before):
    """Four conversations of one client each, and one that four clients hold together."""
    first = Client(house)
    shared = [*first.say("你好")]
    numbers = [[uuid.uuid4().hex for _ in range(TURNS // CLIENTS)] for _ in range(CLIENTS)]
    clients = [Client(house, first.sender if place % 2 else None) for place in range(CLIENTS)]

    killed = Every(KILL_PERIOD, house.kill_a_worker)

    def hold(client, own, then=killed):
        answers = []
        for place, number in enumerate(own):
            answers.append(client.say(f"第{place}句", number))
            then()
        return answers

    answers = at_once([lambda c=c, n=n: hold(c, n) for c, n in zip(clients, numbers, strict=True)])
    for own in answers[::2]:
        assert [int(text) for [text] in own] == list(range(1, len(own) + 1)), "out of order"
    assert counted([shared, *(one for own in answers[1::2] for one in own)])
    assert killed.done == KILLS and sum(client.broken for client in clients) > 0
    again = at_once([lambda c=c, n=n: hold(c, n, lambda: None) for c, n in zip(clients, numbers, strict=True)])
    assert again == answers, "a message that was answered before got another answer"
    turns, versions = kept(house)
    assert len(turns) == TURNS + 1 + before and max(Counter(turn.client_message_id for turn in turns).values()) == 1
    assert Counter(turn.sender for turn in turns) == versions, "a turn was kept without its conversation"


def test_the_parent_dies_and_a_new_house_goes_on(tmp_path):
    with House(tmp_path, workers=2) as house:
        client = Client(house)
        assert [client.say("一", "n-1"), client.say("二", "n-2")] == [["1"], ["2"]]
        workers = house.workers
        house.process.kill()
        house.process.wait()
        assert psutil.wait_procs(workers, 20)[1] == [], "workers outlived their parent"
        house.start()
        assert [client.say("二", "n-2"), client.say("三", "n-3"), client.say("一", "n-1")] == [["2"], ["3"], ["1"]]


def test_told_to_stop_it_finishes_its_turn_and_begins_no_other(tmp_path):
    with House(tmp_path) as house:
        client, other = Client(house), Client(house)
        client.say("你好")
        other.say("你好")
        slow = threading.Thread(target=lambda: slow_answer.append(client.say("慢")), daemon=True)
        slow_answer: list[list[str]] = []
        slow.start()
        while get(house, "/readyz")[1]["running"] == 0:  # the worker that has it
            time.sleep(0.005)
        house.process.send_signal(signal.SIGTERM)
        seen = []
        for _ in range(40):
            status, answer, headers = other.once({"text": "还在吗", "sender": other.sender})
            seen.append(status)
            if status == 503:
                assert headers["Retry-After"] == "5" and answer["error"]["message"].startswith("系统正在重启")
            time.sleep(0.01)
        slow.join(20)
        assert slow_answer == [["2"]] and not client.broken
        assert 503 in seen, seen
        house.process.wait(20)


def state(house, sender):
    """What is remembered of a conversation, without its times and numbers, which are its own."""

    def bare(one):
        if isinstance(one, dict):
            return {key: bare(value) for key, value in one.items() if key not in OWN}
        return [bare(part) for part in one] if isinstance(one, list) else one

    events, _ = InDatabase(open_engine(house.database)).recall(sender)
    return json.dumps(bare(events), ensure_ascii=False, sort_keys=True)


@pytest.mark.skipif(not os.environ.get("WENGANG_VERIFY"), reason="minutes: make verify ARGS=--faults")
def test_killed_workers_do_not_change_what_the_real_assistant_says(database_url, tmp_path):
    """Whole interviews while workers are killed: each reply is the one that an undisturbed interview gets.

    A conversation gets its number with its first answer. Whoever never got that begins anew, and leaves one behind of a
    single turn.
    """
    with House(tmp_path, workers=2, real=True, database_url=database_url) as house:
        undisturbed = [(quiet := Client(house)).say(text) for text in SCRIPT[:1]]
        undisturbed += [quiet.say(text) for text in SCRIPT[1:]]
        interviews = TURNS // len(SCRIPT) // CLIENTS
        killed = Every(KILL_PERIOD, house.kill_a_worker)

        def interview():
            client, answers = Client(house), []
            for text in SCRIPT:
                answers.append(client.say(text))
                killed()
            return answers, client.broken

        held = at_once([lambda: [interview() for _ in range(interviews)] for _ in range(CLIENTS)])
        assert all(answers == undisturbed for own in held for answers, _ in own)
        broken = sum(broken for own in held for _, broken in own)
        assert killed.done > 0 and broken > 0
    turns, versions = kept(house)
    assert Counter(turn.sender for turn in turns) == versions
    lengths = Counter(versions.values())
    assert lengths[len(SCRIPT)] == 1 + interviews * CLIENTS
    assert set(lengths) <= {1, len(SCRIPT)} and lengths[1] <= broken
    whole = [sender for sender, version in versions.items() if version == len(SCRIPT)]
    states = {state(house, sender) for sender in whole}
    assert len(states) == 1, "each conversation is kept as the undisturbed one is"
    assert '"slot"' in states.pop()
