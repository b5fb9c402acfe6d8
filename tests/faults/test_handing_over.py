"""A house is killed while people ask for a human and the desk is away: each of them is handed over, each once."""

import signal
import time
import uuid

from house import PATIENCE, Client, House, at_once
from receiver import receiver


def test_whoever_asked_for_a_human_is_handed_over_whatever_dies(tmp_path):
    with receiver(*[503] * 100_000) as desk, House(tmp_path, workers=2, handoff_url=desk.url) as house:
        people = [Client(house) for _ in range(12)]
        at_once([lambda person=person: person.say("你好") for person in people])

        def ask(person):
            return lambda: person.say("转人工", uuid.uuid4().hex)

        answers = at_once([*map(ask, people), lambda: house.kill_a_worker()])[:-1]
        assert all("转给工作人员" in answer for (answer,) in answers)
        house.stop(signal.SIGKILL)
        refused = set(desk.ids)
        desk.statuses.clear()
        desk.got.clear()
        house.start()
        until = time.monotonic() + 2 * PATIENCE  # one that was being sent at the kill waits for the end of its lease
        while len(set(desk.ids)) < len(people) and time.monotonic() < until:
            time.sleep(0.1)
        assert len({body["conversation"] for body in desk.got}) == len(set(desk.ids)) == len(people)
        assert refused <= set(desk.ids), "the id of a push is the same at each attempt"
