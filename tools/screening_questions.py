"""How many questions a screening takes, beside programme after programme: `python tools/screening_questions.py`.

Random applicants, always the same ones; `--applicants N` takes more or fewer, `--as-of DATE` another day.
"""

import argparse
import time
from datetime import date

from eligibility import Rulebook
from eligibility.screen import Screener
from eligibility.screening_effort import effort
from knowledge import load

PLACE, SEED = "本溪", 20210901


def main() -> None:
    """Print one row per kind of applicant."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--applicants", type=int, default=500)
    options.add_argument("--as-of", type=date.fromisoformat, default=date(2021, 9, 1))
    given = options.parse_args()
    screener = Screener(Rulebook(load()))
    print("| 申请者 | 人数 | 一起问 | 逐项问，说过的带过去 | 逐项问，各问各的 | 秒 |")
    print("|---|---:|---:|---:|---:|---:|")
    for subject in ("person", "unit"):
        began = time.perf_counter()
        measured = effort(
            screener, subject=subject, applicants=given.applicants, as_of=given.as_of, place=PLACE, seed=SEED
        )
        figures = f"{measured.together:.2f} | {measured.in_turn:.2f} | {measured.one_by_one:.2f}"
        print(f"| {subject} | {measured.applicants} | {figures} | {time.perf_counter() - began:.1f} |")


if __name__ == "__main__":
    main()
