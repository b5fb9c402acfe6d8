"""Findings that a person has looked at and justified: ``packs/common/exemptions.yml``.

Each entry names the check, what the finding is about, and why it may stand. One that excuses nothing is a finding too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from eligibility.check.finding import Finding, Report, at, of_error, unique
from knowledge import Knowledge, PackError, SourceFile
from knowledge.fields import Fields, typed

_KEYS = ("check", "file", "about", "why")


@dataclass(frozen=True)
class Exemption:
    """One justified finding; ``file``: of that file only (inside the packs), else wherever it turns up."""

    source: SourceFile
    number: int
    check: str
    file: str
    about: str

    def excuses(self, check: str, finding: Finding) -> bool:
        """Whether this is the finding that it justifies."""
        same_file = not self.file or self.file == "/".join(finding.path.parts[-len(self.file.split("/")) :])
        return check == self.check and finding.about == self.about and same_file


def read_exemptions(knowledge: Knowledge, checks: Iterable[str]) -> tuple[list[Exemption], list[Finding]]:
    """The exemptions of the packs, and what is wrong with their file."""
    found: list[Exemption] = []
    try:
        for source in knowledge.files("common/exemptions.yml"):
            for i, entry in enumerate(typed(source, (), source.data, list)):
                fields = Fields(source, (i,), entry, _KEYS)
                fields.need("why")
                check, about = fields.one_of("check", tuple(checks)), fields.need("about")
                found.append(Exemption(source, i, check, fields.get("file", str, ""), about))
    except PackError as error:
        return found, [of_error(error)]
    return found, []


def excused(report: Report, exemptions: Iterable[Exemption]) -> tuple[Report, set[int]]:
    """The report without what is justified, and the numbers of the exemptions that were needed."""
    rest: list[Finding] = []
    needed: set[int] = set()
    for finding in report.findings:
        by = {one.number for one in exemptions if one.excuses(report.check, finding)}
        needed |= by
        if not by:
            rest.append(finding)
    return replace(report, findings=unique(rest), exempt=len(report.findings) - len(rest)), needed


def needless(exemptions: Iterable[Exemption], needed: set[int]) -> list[Finding]:
    """The exemptions that justify nothing (any more)."""
    return [
        at(one.source, (one.number,), "needless_exemption", one.about, what=one.about)
        for one in exemptions
        if one.number not in needed
    ]
