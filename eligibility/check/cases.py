"""Every case of the packs holds: expected verdict, amount, dates, missing facts, clauses and quote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from eligibility.check.finding import Finding, Report
from eligibility.check.packs import Packs, read_cases


def cases(packs: Packs) -> Report:
    """Run every case."""
    findings = [one for one in read_cases(packs.case_files) if isinstance(one, Finding)]
    findings += _failed(packs)
    findings += _repeated(packs)
    passed = sum(result.passed for _, result in packs.results)
    return Report("cases", tuple(findings), {"passed": passed, "total": len(packs.cases)})


def _failed(packs: Packs) -> Iterator[Finding]:
    for case, result in packs.results:
        if not result.passed:
            yield case.found("case_fails", differences="; ".join(result.messages))
        if case.programme != case.source.path.stem:
            yield case.found("case_misplaced", "programme", programme=case.programme)


def _repeated(packs: Packs) -> Iterator[Finding]:
    counts = Counter((case.programme, case.name) for case in packs.cases)
    for case in packs.cases:
        if counts[case.programme, case.name] > 1:
            yield case.found("case_repeated", "id")
