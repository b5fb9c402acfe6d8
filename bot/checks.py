"""``wengang check``: what the checks of the packs found, said in the terminal; and generated files that are stale."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TextIO

from bot.messages import say
from bot.settings import DOCUMENT, ROOT, table
from eligibility.check import Mutation, Result, Score, check, mutate
from eligibility.check.mutation import ENOUGH, KILLED, SURVIVED
from knowledge.errors import shown

CONTRACT = ROOT / "tests" / "contract" / "cases_public.yml"
_FOUND, _UNUSABLE = 1, 2  # exit codes


def run_checks(with_mutants: bool = False, programme: str | None = None) -> int:
    """Run every check, say what it found, and return the exit code.

    Args:
        with_mutants: also try every small slip of the rules against the cases; ``programme``: of this one only.

    Raises:
        DecisionError: no such programme.
    """
    result = check()
    if result.packs is None or not result.packs.whole:
        _print(map(str, result.findings), sys.stderr)
        return _UNUSABLE
    if programme is not None:
        result.packs.rules.programme(programme)
    stale = stale_files()
    known, sound = result.packs.knowledge, not result.findings and not stale
    print(
        say(
            "check.sound" if sound else "check.faults",
            count=len(result.findings) + len(stale),
            notices=len(known.notices),
            clauses=len(known.clauses),
            facts=len(known.facts),
            programmes=len(result.packs.rules.programmes),
        )
    )
    _print(_report(result, stale))
    if not with_mutants:
        return 0 if sound else _FOUND
    further = [CONTRACT] if CONTRACT.exists() else []
    mutation = mutate(result.packs, further, programme)
    _print(_mutation(mutation))
    return 0 if sound and mutation.score >= ENOUGH and not mutation.findings else _FOUND


def stale_files() -> list[str]:
    """A sentence for each generated file that is not as it would be generated now."""
    current = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    return [] if current == table() else [say("check.stale", path=shown(DOCUMENT), command="python -m bot.settings")]


def _report(result: Result, stale: list[str]) -> Iterator[str]:
    for report in result.reports:
        yield say(_mark(not report.findings), title=report.title, figures=report.summary)
        yield from (f"  {finding}" for finding in report.findings)
    yield say(_mark(not stale), title=say("check.generated"), figures=say("check.generated_figures"))
    yield from (f"  {sentence}" for sentence in stale)


def _mark(sound: bool) -> str:
    return "check.passed" if sound else "check.failed"


def _mutation(mutation: Mutation) -> Iterator[str]:
    yield ""
    yield say("check.mutation")
    yield from (_row(score) for score in mutation.scores)
    counted, killed = (sum(one) for one in zip(*((s.counted, s.count(KILLED)) for s in mutation.scores), strict=True))
    yield say("check.score", score=mutation.score, enough=ENOUGH, counted=counted, killed=killed)
    for score in mutation.scores:
        for fate in score.survivors:
            one = fate.mutant
            place = f"knowledge/packs/{one.file}"
            yield say("check.survivor", path=place, line=one.line, where=one.where, was=one.was, now=one.now)
            if fate.apart:
                yield say("check.apart", apart=fate.apart)
    yield from map(str, mutation.findings)


def _row(score: Score) -> str:
    return say(
        "check.row",
        programme=score.programme,
        tried=len(score.fates),
        killed=score.count(KILLED),
        survived=score.count(SURVIVED) - score.justified,
        justified=score.justified,
        stillborn=len(score.fates) - score.count(KILLED) - score.count(SURVIVED),
        score=score.score,
    )


def _print(lines: Iterable[str], stream: TextIO | None = None) -> None:
    for line in lines:
        print(line, file=stream)
