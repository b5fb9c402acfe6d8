"""Clients that hold the same conversation with a server, and what they measured. Loopback only."""

import http.client
import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

SCRIPT = (  # one interview with interruptions, a correction, an unknown, a change of topic
    "你好",
    "按2021年9月1日算",
    "我们公司能领稳岗返还吗",
    "小公司，28个人，去年裁了5个",
    "为什么问这个",
    "是在辽宁交的",
    "截止到什么时候",
    "去年一共交了12万失业保险",
    "不对，是35人",
    "不知道",
    "失业补助金每个月多少钱",
    "谢谢",
)
ROUND = (*SCRIPT, "重新开始")  # said again and again: whatever was learnt is put away before it begins anew
PATIENCE = 30.0  # seconds for one answer

Talk = Callable[[http.client.HTTPConnection, str, dict[str, str]], list[str]]
"""Sends one message; returns the texts of the replies. The dict is the memory of one conversation."""


@dataclass
class Measured:
    """What a run of clients saw."""

    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    silent: int = 0  # turns without a reply
    failed: list[str] = field(default_factory=list)  # turns that were refused or broke

    @property
    def turns(self) -> int:
        """Turns answered."""
        return len(self.milliseconds)

    @property
    def per_second(self) -> float:
        """Turns per second of all clients together."""
        return self.turns / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the turns was answered."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def faults(self) -> list[str]:
        """What went wrong, in words."""
        told = [f"{len(self.failed)} 轮出错，如 {self.failed[0]}"] if self.failed else []
        return told + ([f"{self.silent} 轮没有回复"] if self.silent else [])


def wengang_talk(with_message_id: bool) -> Talk:
    """POST /api/messages, as the chat page does it (it numbers its messages) or as the simplest client does."""

    def talk(connection: http.client.HTTPConnection, text: str, memory: dict[str, str]) -> list[str]:
        body = {"text": text, **memory}
        if with_message_id:
            body["client_message_id"] = uuid.uuid4().hex
        answer = post(connection, "/api/messages", body)
        memory["sender"] = answer["sender"]
        return [reply["text"] for reply in answer["replies"]]

    return talk


def rasa_talk(connection: http.client.HTTPConnection, text: str, memory: dict[str, str]) -> list[str]:
    """POST /webhooks/rest/webhook of a stock Rasa server."""
    sender = memory.setdefault("sender", uuid.uuid4().hex)
    answer = post(connection, "/webhooks/rest/webhook", {"sender": sender, "message": text})
    return [reply["text"] for reply in answer if reply.get("text")]


def post(connection: http.client.HTTPConnection, path: str, body: object) -> Any:
    """Return the JSON answer. Raises RuntimeError with the answer when it is not 200."""
    raw = json.dumps(body, ensure_ascii=False).encode()
    connection.request("POST", path, raw, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        raise RuntimeError(f"{response.status} {answer[:200].decode('utf-8', 'replace')}")
    return json.loads(answer)


def transcript(port: int, talk: Talk) -> list[list[str]]:
    """Hold one conversation and return what was said to each message."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    memory: dict[str, str] = {}
    try:
        return [talk(connection, text, memory) for text in SCRIPT]
    finally:
        connection.close()


def long_conversation(port: int, talk: Talk, turns: int) -> list[tuple[float, list[str]]]:
    """Hold one conversation of so many turns, ROUND over and over; return milliseconds and replies of each."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    memory: dict[str, str] = {}
    took = []
    try:
        for text in itertools.islice(itertools.cycle(ROUND), turns):
            start = time.perf_counter()
            replies = talk(connection, text, memory)
            took.append(((time.perf_counter() - start) * 1000, replies))
    finally:
        connection.close()
    return took


def load(port: int, talk: Talk, clients: int, conversations: int) -> Measured:
    """Let `clients` hold `conversations` each, one after another, all at the same time."""
    measured, lock = Measured(), threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.connect()
        for _ in range(conversations):
            memory: dict[str, str] = {}
            for text in SCRIPT:
                start = time.perf_counter()
                try:
                    replies = talk(connection, text, memory)
                except Exception as error:
                    with lock:
                        measured.failed.append(f"{text}: {error}")
                    connection.close()
                    continue
                took = (time.perf_counter() - start) * 1000
                with lock:
                    measured.milliseconds.append(took)
                    measured.silent += not replies
        connection.close()

    threads = [threading.Thread(target=client, daemon=True) for _ in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    measured.seconds = time.perf_counter() - start
    return measured


def timed(run: Callable[[], object], times: int) -> tuple[float, float]:
    """Return median and 95th percentile, in microseconds, of calling `run`."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        took.append((time.perf_counter() - start) * 1e6)
    took.sort()
    return median(took), took[min(len(took) - 1, int(0.95 * len(took)))]
