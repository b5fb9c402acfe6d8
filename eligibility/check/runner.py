"""``wengang check``: every check of the packs, read from top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eligibility.check.cases import cases
from eligibility.check.citations import citations
from eligibility.check.clause_use import clause_use
from eligibility.check.dates import dates
from eligibility.check.exemptions import excused, needless, read_exemptions
from eligibility.check.finding import Finding, Report, unique
from eligibility.check.lay_questions import lay_questions
from eligibility.check.leaves import leaves
from eligibility.check.numbers import numbers
from eligibility.check.options import options
from eligibility.check.packs import Packs, open_packs
from eligibility.check.parameters import parameters
from eligibility.check.programmes import programmes
from eligibility.check.questions import questions
from eligibility.check.quotes import quotes
from eligibility.check.references import references
from eligibility.check.sentences import sentences

Check = Callable[[Packs], Report]

SCHEMA = "schema"  # done by opening the packs
OF_THE_FILES: dict[str, Check] = {  # these need no programme to compile
    "citations": citations,
    "quotes": quotes,
    "sentences": sentences,
    "numbers": numbers,
    "lay_questions": lay_questions,
}
OF_THE_RULES: dict[str, Check] = {
    "parameters": parameters,
    "leaves": leaves,
    "options": options,
    "dates": dates,
    "cases": cases,
    "clause_use": clause_use,
    "programmes": programmes,
    "questions": questions,
    "references": references,
}
CHECKS = (SCHEMA, *OF_THE_FILES, *OF_THE_RULES)


@dataclass(frozen=True)
class Result:
    """What all checks say. ``left_out``: checks that wait until the files load; ``packs``: what was checked."""

    reports: tuple[Report, ...]
    left_out: tuple[str, ...]
    packs: Packs | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything found, check by check."""
        return tuple(finding for report in self.reports for finding in report.findings)


def check(root: Path | None = None) -> Result:
    """Run every check over the packs below ``root`` (default: those of the house)."""
    packs, faults = open_packs(root)
    if packs is None:
        return Result((Report(SCHEMA, unique(faults), {"files": 0}),), CHECKS[1:], None)
    chosen = {**OF_THE_FILES, **(OF_THE_RULES if packs.whole else {})}
    reports = [one(packs) for one in chosen.values()]
    exemptions, wrong = read_exemptions(packs.knowledge, CHECKS)
    needed: set[int] = set()
    for i, report in enumerate(reports):
        reports[i], used = excused(report, exemptions)
        needed |= used
    if packs.whole:
        wrong += needless(exemptions, needed)
    return Result((_schema(packs, [*faults, *wrong], reports), *reports), tuple({*CHECKS[1:]} - {*chosen}), packs)


def _schema(packs: Packs, faults: Sequence[Finding], others: Sequence[Report]) -> Report:
    """What did not load, without what another check tells better at the same line."""
    told = {(finding.path, finding.line) for report in others for finding in report.findings}
    faults = [fault for fault in faults if (fault.path, fault.line) not in told]
    files = sum(1 for path in packs.knowledge.root.rglob("*.yml") if not path.name.startswith("."))
    return Report(SCHEMA, unique(faults), {"files": files})
