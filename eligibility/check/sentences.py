"""Every sentence of the notices is claimed by clauses that a programme cites, that bind somebody or only inform."""

from __future__ import annotations

from collections.abc import Iterator

from eligibility.check.finding import Finding, Report, in_file
from eligibility.check.packs import Packs
from eligibility.check.written import citations
from knowledge import Clause, Notice
from knowledge.coverage import sentences as sentences_of

_NEED_NO_RULE = ("informational", "status", "delegated", "heading")


def sentences(packs: Packs) -> Report:
    """Measure, sentence by sentence, how much of each notice the packs claim and answer."""
    answered = answered_clauses(packs)
    findings: list[Finding] = []
    total = claimed = 0
    for notice in packs.knowledge.notices.values():
        idle = {clause.id for clause in notice.clauses if not _has_a_place(clause, answered)}
        findings += [_idle(packs, notice, clause) for clause in notice.clauses if clause.id in idle]
        for one in sentences_of(notice):
            total += 1
            if one.unclaimed:
                path = packs.knowledge.root / notice.folder / "source.txt"
                findings.append(in_file(path, one.line, "unclaimed", one.text[:40], text=one.unclaimed[:24]))
            elif idle.isdisjoint(clause.id for clause in one.clauses):
                claimed += 1
    share = 100 * claimed / total if total else 100
    figures = {"claimed": claimed, "total": total, "share": f"{share:.0f}"}
    return Report("sentences", tuple(findings), figures)


def answered_clauses(packs: Packs) -> frozenset[str]:
    """The clauses that some programme cites, or about which duties.yml says who must do what."""
    files = [file for files in packs.programme_files.values() for file in files]
    return frozenset(clause for source in (*files, *packs.duty_files) for _, clause in citations(source))


def _has_a_place(clause: Clause, answered: frozenset[str]) -> bool:
    return clause.kind in _NEED_NO_RULE or clause.id in answered


def _idle(packs: Packs, notice: Notice, clause: Clause) -> Finding:
    source = next(_clause_lines(packs, notice, clause))
    code = "idle_duty" if clause.kind == "duty" else "idle_clause"
    return in_file(packs.knowledge.root / notice.folder / "clauses.yml", source, code, clause.id, clause=clause.id)


def _clause_lines(packs: Packs, notice: Notice, clause: Clause) -> Iterator[int | None]:
    for file in packs.knowledge.files(f"{notice.folder}/clauses.yml"):
        yield from (file.line_of((i,)) for i, entry in enumerate(file.data) if entry["id"] == clause.id)
    yield None
