"""A house under attack: `wengang serve` as a process of its own, and clients that do not give up."""

import contextlib
import http.client
import itertools
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import psutil

from bot.settings import ROOT

PATIENCE = 60.0  # seconds until something that must happen is given up


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class House:
    """A running server. `real`: with the trained model; otherwise with the assistant that counts.

    `environment`: what is not set by a name that begins with WENGANG_.
    """

    def __init__(self, folder, workers=1, real=False, environment=None, **settings):
        self.port, self.log = free_port(), Path(folder) / f"{uuid.uuid4().hex}.log"
        self.database = settings.pop("database_url", f"sqlite:///{folder}/house.db")
        own = {f"WENGANG_{name.upper()}": str(value) for name, value in settings.items()}
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WENGANG_")},
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(folder),  # what a killed house leaves behind
            "WENGANG_SECRET": "s" * 32,
            "WENGANG_DATABASE_URL": self.database,
            "WENGANG_PORT": str(self.port),
            "WENGANG_WORKERS": str(workers),
            "WENGANG_AS_OF": "2021-09-01",
            **own,
            **(environment or {}),
        }
        counting = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("counting_house.py"))]
        self._program = [str(Path(sys.executable).parent / "wengang")] if real else counting
        self.start()

    def start(self):
        """Start it (again), and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._program, "serve"], cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=log
            )
        line = self.process.stdout.readline().decode()
        assert line == f"稳岗已就绪：http://127.0.0.1:{self.port}\n", self.log.read_text()

    @property
    def workers(self):
        """The worker processes."""
        return psutil.Process(self.process.pid).children()

    def kill_a_worker(self):
        """kill -9 of one of them."""
        with contextlib.suppress(IndexError, psutil.NoSuchProcess):
            random.choice(self.workers).kill()

    def allow(self, megabytes):
        """How large a file each process may make from now on; None: any size."""
        size = resource.RLIM_INFINITY if megabytes is None else int(megabytes * 2**20)
        for process in [psutil.Process(self.process.pid), *self.workers]:
            process.rlimit(psutil.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def stop(self, sign=signal.SIGTERM):
        """Tell it to stop, and wait for the end of all its processes."""
        family = [psutil.Process(self.process.pid), *self.workers] if self.process.poll() is None else []
        self.process.send_signal(sign)
        self.process.wait(PATIENCE)
        psutil.wait_procs(family, PATIENCE)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


class Client:
    """Somebody with one conversation, as the widget is: whatever breaks, the same message is sent again with the same
    number, and the first one with the number that it begins the conversation with."""

    def __init__(self, house, sender=None):
        self._house, self.sender = house, sender
        self.refusals: list[tuple[int, str | None]] = []  # status and Retry-After
        self.broken = 0  # connections that ended without an answer

    def say(self, text, number=None):
        """Return the texts of the replies. Raises AssertionError when there is none in time."""
        body = {"text": text, "client_message_id": number or uuid.uuid4().hex, "begin": uuid.uuid4().hex}
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            status, answer, headers = self.once({**body, **({"sender": self.sender} if self.sender else {})})
            if status == 200:
                self.sender = answer["sender"]
                if not any(reply.get("failed") for reply in answer["replies"]):
                    return [reply["text"] for reply in answer["replies"]]
            elif status:
                self.refusals.append((status, headers.get("Retry-After")))
                assert status == 503, answer
            else:
                self.broken += 1
            time.sleep(0.05)
        raise AssertionError(f"no answer: {self.refusals[-3:]}\n{self._house.log.read_text()[-2000:]}")

    def once(self, body):
        """Send one request: (status, answer, headers), or (0, None, {}) when the connection broke."""
        connection = http.client.HTTPConnection("127.0.0.1", self._house.port, timeout=PATIENCE)
        try:
            connection.request("POST", "/api/messages", json.dumps(body).encode())
            response = connection.getresponse()
            return response.status, json.loads(response.read()), response.headers
        except (OSError, http.client.HTTPException):
            return 0, None, {}
        finally:
            connection.close()


def get(house, path):
    """(status, JSON) of a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def at_once(jobs):
    """Run these at the same time; return what they return, in their order. Raises the first that was raised."""
    results, errors = [None] * len(jobs), []

    def run(place, job):
        try:
            results[place] = job()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=one, daemon=True) for one in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


class Every:
    """Does something at every so-manieth call, whichever thread calls."""

    def __init__(self, period, action):
        self._calls, self._period, self._action = itertools.count(1), period, action
        self.done = 0

    def __call__(self):
        if next(self._calls) % self._period == 0:
            self._action()
            self.done += 1
