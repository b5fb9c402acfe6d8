"""The parent of several workers: what it does when one dies, when it is told to stop, and when it dies itself."""

import os
import select
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from bot.settings import ROOT

PATIENCE = 20  # seconds until a test gives up; nothing here takes one


class Family:
    """A parent with its workers; each says what it does on a line of its own."""

    def __init__(self, work, count=3, before="", patience=10):
        script = f"""
            import os, select, signal, sys, threading, time
            from bot.messages import say
            from bot.workers import WorkersFailed, run
            def tell(*words): os.write(1, (" ".join(map(str, words)) + "\\n").encode())
            def wait(seat): select.select([seat.orphaned], [], [])
            {before}
            def work(seat):
                tell("worker", seat.number, os.getpid())
                {work}
            try:
                run({count}, work, lambda: tell("ready"), lambda: tell("stopping"), patience={patience})
            except WorkersFailed as error:
                sys.exit(str(error))
            tell("end")
        """
        command = [sys.executable, "-c", textwrap.dedent(script)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        self.said = b""

    def line(self):
        """The next line; "" at the end, when the last process of the family is gone."""
        while b"\n" not in self.said:
            assert select.select([self.process.stdout], [], [], PATIENCE)[0], "nothing happens"
            more = os.read(self.process.stdout.fileno(), 4096)
            if not more:
                return ""
            self.said += more
        line, _, self.said = self.said.partition(b"\n")
        return line.decode()

    def workers(self, count):
        """Number → process of the next so many workers."""
        return {int(number): int(pid) for _, number, pid in (self.line().split() for _ in range(count))}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def test_all_are_ready_then_all_are_told_to_stop():
    with Family("seat.ready(); wait(seat)") as family:
        seen = [family.line().split()[0] for _ in range(4)]
        assert sorted(seen) == ["ready", "worker", "worker", "worker"] and seen[0] == "worker"
        family.process.send_signal(signal.SIGTERM)
        assert [family.line() for _ in range(3)] == ["stopping", "end", ""]
        assert family.process.wait(PATIENCE) == 0


def test_a_worker_that_dies_is_replaced_under_its_number():
    with Family("seat.number == 2 and time.sleep(.3); seat.ready(); wait(seat)") as family:
        first = family.workers(3)
        assert family.line() == "ready"
        os.kill(first[1], signal.SIGKILL)
        [(number, pid)] = family.workers(1).items()
        assert number == 1 and pid != first[1]
        os.kill(first[0], signal.SIGKILL)
        os.kill(pid, signal.SIGTERM)
        assert set(family.workers(2)) == {0, 1}
        family.process.send_signal(signal.SIGTERM)
        assert [family.line() for _ in range(3)] == ["stopping", "end", ""]
        assert b"worker 1" in family.process.stderr.read()


def test_one_that_dies_again_and_again_is_not_started_without_a_pause():
    with Family("seat.ready(); time.sleep(.05)", count=1) as family:
        starts = []
        while len(starts) < 5:
            if family.line().startswith("worker"):
                starts.append(time.monotonic())
        gaps = [later - earlier for earlier, later in zip(starts, starts[1:], strict=False)]
        assert gaps[-1] > 0.5


def test_one_that_cannot_start_ends_the_attempt():
    with Family("if seat.number == 1: raise KeyError('cause')\n                seat.ready(); wait(seat)") as family:
        lines = [line for line in iter(family.line, "") if not line.startswith("worker")]
        assert lines == ["stopping"] and family.process.wait(PATIENCE) == 1
        told = family.process.stderr.read().decode()
        assert "cause" in told and told.splitlines()[-1] == "工作进程没能启动，原因见上面的日志；请改好后再启动。"


def test_a_worker_that_does_not_stop_is_killed():
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); seat.ready(); time.sleep(60)"
    with Family(deaf, count=1, patience=0.2) as family:
        family.workers(1)
        assert family.line() == "ready"
        family.process.send_signal(signal.SIGTERM)
        assert [family.line() for _ in range(3)] == ["stopping", "end", ""]


def test_workers_end_with_their_parent():
    with Family("seat.ready(); wait(seat); tell('orphan')") as family:
        family.workers(3)
        assert family.line() == "ready"
        family.process.kill()
        assert [family.line() for _ in range(4)] == ["orphan"] * 3 + [""]


def test_interrupt_reaches_whoever_called():
    with Family("seat.ready(); wait(seat)") as family:
        while family.line() != "ready":
            pass
        family.process.send_signal(signal.SIGINT)
        assert family.line() == "stopping" and family.line() == ""
        assert b"KeyboardInterrupt" in family.process.stderr.read()


def test_threads_are_refused_because_they_would_be_gone():
    with Family("wait(seat)", before="threading.Thread(target=time.sleep, args=(1,), name='tick').start()") as family:
        assert family.line() == "" and b"tick" in family.process.stderr.read()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_before_anybody_is_ready(sign):
    with Family("wait(seat)") as family:
        family.workers(3)
        family.process.send_signal(sign)
        assert family.line() == "stopping"
        family.process.wait(PATIENCE)
