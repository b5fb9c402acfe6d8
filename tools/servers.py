"""Servers under measurement: ours, and a stock Rasa with its action server. Each stops when its `with` block ends."""

import contextlib
import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
POSTGRES = os.environ.get("WENGANG_TEST_POSTGRES", "postgresql://postgres@127.0.0.1/test")
START_LIMIT = 180.0  # seconds
_MEGABYTE = 1024 * 1024


@dataclass
class Server:
    """A server that answers."""

    port: int
    cold_start: float  # seconds from starting the process to the first 200
    processes: list[psutil.Process]

    def count(self) -> int:
        """How many processes it has."""
        return len(self._all())

    def megabytes(self) -> float:
        """Resident memory of all its processes."""
        return sum(process.memory_info().rss for process in self._all()) / _MEGABYTE

    def shared_megabytes(self) -> float:
        """Memory of all its processes, what they share counted once (PSS)."""
        return sum(process.memory_full_info().pss for process in self._all()) / _MEGABYTE

    def cpu_seconds(self) -> float:
        """Processor time used so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self._all())

    def _all(self) -> list[psutil.Process]:
        return [*self.processes, *(child for process in self.processes for child in process.children(recursive=True))]


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def wengang(folder: Path, store: str, database: str = "", workers: int = 1) -> Iterator[Server]:
    """`wengang serve` with conversations in memory (`memory`) or in its database (`sql`).

    `database`: its address; without one it is SQLite in `folder`.
    """
    port = free_port()
    environment = {
        "WENGANG_HOST": "127.0.0.1",
        "WENGANG_PORT": str(port),
        "WENGANG_DATABASE_URL": database or f"sqlite:///{folder}/bench.db",
        "WENGANG_TRACKER_STORE": store,
        "WENGANG_WORKERS": str(workers),
    }
    with _started([PROGRAMS / "wengang", "serve"], environment, folder / "wengang.log") as (process, began):
        took = _first_answer(process, port, "/healthz", began, folder / "wengang.log")
        yield Server(port, took, [psutil.Process(process.pid)])


@contextlib.contextmanager
def schema_of_its_own() -> Iterator[str]:
    """The address of an empty schema of the PostgreSQL at WENGANG_TEST_POSTGRES, dropped afterwards.

    Raises sqlalchemy.exc.OperationalError when there is none.
    """
    schema = f"wengang_bench_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(POSTGRES, future=True, connect_args={"connect_timeout": 5})
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    try:
        yield (
            sa.engine.make_url(POSTGRES)
            .update_query_dict({"options": f"-csearch_path={schema}"})
            .render_as_string(False)
        )
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
        engine.dispose()


def stored_conversations(folder: Path) -> int:
    """Return how many conversations `wengang serve` has kept in its database."""
    with contextlib.closing(sqlite3.connect(folder / "bench.db")) as database:
        return int(database.execute("select count(*) from conversations").fetchone()[0])


@contextlib.contextmanager
def stock_rasa(folder: Path, model: Path, store: str) -> Iterator[Server]:
    """`rasa run` beside `rasa run actions`, the standard way, with the given model."""
    port, action_port = free_port(), free_port()
    endpoints, credentials = folder / "endpoints.yml", folder / "credentials.yml"
    actions_at = f"action_endpoint:\n  url: http://127.0.0.1:{action_port}/webhook\n"
    in_sqlite = f"tracker_store:\n  type: SQL\n  dialect: sqlite\n  db: {folder}/rasa.db\n"
    endpoints.write_text(actions_at + (in_sqlite if store == "sql" else ""))
    credentials.write_text("rest:\n")
    run = [PROGRAMS / "rasa", "run", "--model", model, "--endpoints", endpoints, "--credentials", credentials]
    run += ["--interface", "127.0.0.1", "--port", str(port)]
    run_actions = [PROGRAMS / "rasa", "run", "actions", "--actions", "actions", "--port", str(action_port)]
    with (
        _started(run_actions, {}, folder / "actions.log") as (actions, began),
        _started(run, {}, folder / "rasa.log") as (rasa, _),
    ):
        _first_answer(actions, action_port, "/health", began, folder / "actions.log")
        took = _first_answer(rasa, port, "/webhooks/rest/", began, folder / "rasa.log")
        yield Server(port, took, [psutil.Process(rasa.pid), psutil.Process(actions.pid)])


@contextlib.contextmanager
def _started(command: list[object], environment: dict[str, str], log: Path) -> Iterator[tuple[subprocess.Popen, float]]:
    """A process in a group of its own, which is ended afterwards."""
    given = {**os.environ, **environment, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
    began = time.perf_counter()
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process, began
    finally:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
                break


def _first_answer(process: subprocess.Popen, port: int, path: str, began: float, log: Path) -> float:
    """Return the seconds until `path` gave 200. Raises RuntimeError with the end of the log."""
    while time.perf_counter() - began < START_LIMIT:
        if process.poll() is not None:
            break
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return time.perf_counter() - began
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    said = lines[-1] if lines else ""
    ended = f"ended with code {process.returncode}" if process.poll() is not None else "gave no answer in time"
    raise RuntimeError(f"{Path(str(process.args[0])).name} {process.args[1]} {ended}: {said[:200]}")
