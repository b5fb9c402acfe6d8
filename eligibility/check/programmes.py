"""Every programme has cases of its own, and says for every aspect what the notices state, leave to others or omit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from eligibility.check.finding import Finding, Report, at
from eligibility.check.packs import Packs
from eligibility.check.written import pack_file
from eligibility.model import ASPECTS, BENEFIT, INFORMATIONAL
from knowledge import SourceFile

_LEAST_CASES = 2
_ASPECTS = {BENEFIT: ASPECTS, INFORMATIONAL: ("what", "basis")}


def programmes(packs: Packs) -> Report:
    """Count cases and aspects of every programme file."""
    counts = Counter((pack_file(case.source).partition("/")[0], case.programme) for case in packs.cases)
    findings: list[Finding] = []
    aspects = 0
    for programme, files in packs.programme_files.items():
        aspects += len({name for file in files for name in file.data.get("aspects") or {}})
        findings += _without_aspects(packs, programme, files[0])
        for file in files:
            number = counts[pack_file(file).partition("/")[0], programme]
            if number < _LEAST_CASES:
                findings.append(
                    at(file, (), "few_cases", programme, programme=programme, number=number, least=_LEAST_CASES)
                )
    figures = {"programmes": len(packs.programme_files), "aspects": aspects, "cases": len(packs.cases)}
    return Report("programmes", tuple(findings), figures)


def _without_aspects(packs: Packs, programme: str, file: SourceFile) -> Iterator[Finding]:
    compiled = packs.rules.programmes.get(programme)
    for aspect in _ASPECTS.get(compiled.kind, ()) if compiled else ():
        if aspect not in compiled.aspects:  # type: ignore[union-attr]  # no aspects are asked of none
            yield at(file, ("aspects",), "no_aspect", f"{programme} {aspect}", aspect=aspect)
