"""How many questions a screening takes, beside programme after programme: `python tools/screening_questions.py`.

Random applicants, always the same ones; `--applicants N` takes more or fewer, `--as-of DATE` another day.
"""

import argparse
import time
from collections.abc import Iterator
from datetime import date

from eligibility import Rulebook
from eligibility.screen import Screener
from eligibility.screening_effort import Effort, effort
from knowledge import load

PLACE, SEED = "本溪", 20210901


def measured(applicants: int, as_of: date) -> Iterator[tuple[Effort, float]]:
    """Persons, then units: the questions they are asked on average, and the seconds that took."""
    screener = Screener(Rulebook(load()))
    for subject in ("person", "unit"):
        began = time.perf_counter()
        found = effort(screener, subject=subject, applicants=applicants, as_of=as_of, place=PLACE, seed=SEED)
        yield found, time.perf_counter() - began


def main() -> None:
    """Print one row per kind of applicant."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--applicants", type=int, default=500)
    options.add_argument("--as-of", type=date.fromisoformat, default=date(2021, 9, 1))
    given = options.parse_args()
    print("| 申请者 | 人数 | 一起问 | 逐项问，说过的带过去 | 逐项问，各问各的 | 秒 |")
    print("|---|---:|---:|---:|---:|---:|")
    for found, seconds in measured(given.applicants, given.as_of):
        figures = f"{found.together:.2f} | {found.in_turn:.2f} | {found.one_by_one:.2f}"
        print(f"| {found.subject} | {found.applicants} | {figures} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
