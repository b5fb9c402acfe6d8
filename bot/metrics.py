"""What is counted and timed, for Prometheus. No label says who spoke or what was said.

With several workers each writes its figures to files that whichever worker is asked adds up
(``bot.workers.figures_folder``, to be called before this module is imported).
``deploy/grafana/`` draws them.
"""

import math
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from actions.reply import Reply
from bot.traces import span
from bot.workers import FIGURES

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

TURNS = Counter("wengang_turns", "Turns, by door and by outcome of the last reply.", ["door", "outcome"])
STAGES = Histogram(
    "wengang_stage_seconds",
    "A turn and its stages: wait (for the turn before), load, dialogue (nlu, actions), store; turn is the whole.",
    ["stage"],
    buckets=_SECONDS,
)
DECISIONS = Counter("wengang_decisions", "Decisions told, by programme and verdict.", ["programme", "verdict"])
REFUSED = Counter("wengang_refused", "Messages refused with 503, by reason.", ["reason"])
RUNNING = Gauge(
    "wengang_turns_running", "Turns begun and not ended, waiting ones included.", multiprocess_mode="livesum"
)
REQUESTS = Histogram("wengang_request_seconds", "HTTP requests.", ["method", "route", "status"], buckets=_SECONDS)
PUSHES = Counter(
    "wengang_pushes", "Attempts to push, by channel and outcome (sent, failed, held, parked).", ["channel", "outcome"]
)
OUTBOX = Gauge(
    "wengang_outbox", "Pushes that wait, are held or are parked.", ["channel", "state"], multiprocess_mode="mostrecent"
)
WECHAT_REFUSED = Counter(
    "wengang_wechat_refused", "Requests to /wechat that were not taken for messages, by reason.", ["reason"]
)
WECHAT_TRIES = Counter(
    "wengang_wechat_tries", "WeChat's tries, by number and end (answered, success, overtaken, gone).", ["number", "end"]
)
FEEDBACK = Counter("wengang_feedback", "What people thought of an answer, changes included.", ["useful", "reason"])
WATCHERS = Gauge("wengang_watchers", "Connections that wait for news of a conversation.", multiprocess_mode="livesum")
WORKERS_LOST = Counter("wengang_workers_lost", "Workers that died and were replaced.")
AUDIT_INTACT = Gauge(
    "wengang_audit_chain_intact",
    "Whether the audit's chain held when it was last verified (1, 0); NaN: not known yet.",
    multiprocess_mode="mostrecent",
)
AUDIT_INTACT.set(math.nan)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Time a stage of a turn."""
    begun = time.perf_counter()
    try:
        with span(name):
            yield
    finally:
        STAGES.labels(name).observe(time.perf_counter() - begun)


def timed(name: str, do: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same coroutine function, timed as a stage."""

    @wraps(do)
    async def doing(*arguments: Any, **named: Any) -> Any:
        with stage(name):
            return await do(*arguments, **named)

    return doing


def count_turn(sender: str, replies: Sequence[Reply]) -> str:
    """Count a turn that was held, with the decisions in it; return its outcome."""
    failed = any(reply.get("failed") for reply in replies)
    outcome = "failed" if failed else next((r["outcome"] for r in reversed(replies) if r.get("outcome")), "none")
    TURNS.labels(sender.partition(":")[0], outcome).inc()
    for reply in replies:
        if decision := reply.get("decision"):
            DECISIONS.labels(decision["programme"], decision["verdict"]).inc()
    return outcome


def worker_lost(pid: int) -> None:
    """Forget what only a living worker has (running turns)."""
    WORKERS_LOST.inc()
    mark_process_dead(pid)


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    if FIGURES not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)
