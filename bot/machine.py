"""Where and from what something was measured: for generated reports, in facts without words."""

import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_REPORTS = ("benchmarks.md", "properties.md", "faults.md", "soak.md", "evaluation.md", "evaluation")


def commit() -> tuple[str, bool]:
    """Return the commit id ("" outside git), and whether files differ from it, apart from generated reports."""
    reports = (f":!docs/{name}" for name in _REPORTS)
    return _git("rev-parse", "--short=12", "HEAD"), bool(_git("status", "--porcelain", "--", ".", *reports))


def processor() -> str:
    """The name of the processor."""
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.processor()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def memory() -> float:
    """The machine's memory in GB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def system() -> str:
    """The operating system's name and version."""
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    return release.get("PRETTY_NAME", platform.system())


def load() -> float:
    """How many processes wanted a core in the last minute, on average."""
    return os.getloadavg()[0]


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout.strip()
