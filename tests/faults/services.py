"""A PostgreSQL and a Redis of the test's own, which it may stop: those of the machine belong to everybody."""

import contextlib
import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time

import pytest
from house import free_port


def program(name, *places):
    """The path of a program. Where there is none the test is skipped; in CI that is a failure."""
    found = shutil.which(name) or next(iter(sorted(sum(map(glob.glob, places), []), reverse=True)), None)
    if found is None:
        if os.environ.get("CI") == "true":
            raise FileNotFoundError(name)
        pytest.skip(f"no {name} here")
    return found


class Postgres:
    """A cluster in a folder of its own."""

    def __init__(self):
        self._initdb = program("initdb", "/usr/lib/postgresql/*/bin/initdb")
        self._pg_ctl = program("pg_ctl", "/usr/lib/postgresql/*/bin/pg_ctl")
        self._folder = tempfile.mkdtemp(prefix="wengang-pg-")
        self._data, self.port = f"{self._folder}/data", free_port()
        self._as = []
        if os.getuid() == 0:  # it refuses to run as root
            shutil.chown(self._folder, "postgres")
            self._as = ["runuser", "-u", "postgres", "--"]
        self._run(self._initdb, "-D", self._data, "-A", "trust", "-U", "postgres", "--no-sync")
        self.start()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self):
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run(self._pg_ctl, "-D", self._data, "-w", "-l", f"{self._folder}/log", "-o", options, "start")

    def stop(self, mode="fast"):
        """Stop it; `immediate`: as a crash does."""
        self._run(self._pg_ctl, "-D", self._data, "-w", "-m", mode, "stop")

    def restart(self):
        """A crash, and a start with recovery."""
        self.stop("immediate")
        self.start()

    def _run(self, *command):
        done = subprocess.run([*self._as, *command], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert done.returncode == 0, done.stderr.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(AssertionError):
            self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)


class Redis:
    """A server that keeps nothing."""

    def __init__(self):
        self._program, self.port = program("redis-server"), free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self):
        """Start it, and wait until it answers."""
        command = [self._program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError("no answer from Redis")

    def kill(self):
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


class ClockThatJumps:
    """The time of day of the processes that have its `environment`, by libfaketime; time itself goes on as it does."""

    def __init__(self, folder):
        self._told = folder / "clock"
        self.jump("+0")
        library = program("libfaketimeMT.so.1", "/usr/lib/*/faketime/libfaketimeMT.so.1")
        self.environment = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(self._told),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }

    def jump(self, away):
        """So far from the true time from now on: "-9d", "+90m"."""
        new = self._told.with_suffix(".new")
        new.write_text(f"{away}\n")
        new.replace(self._told)
