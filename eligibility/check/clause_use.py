"""Every clause that grants something, says who counts as what or binds an authority is at work in some case."""

from __future__ import annotations

from eligibility.check.finding import Report, at
from eligibility.check.packs import Packs
from eligibility.check.written import listed

_AT_WORK = ("benefit", "status", "duty")


def clause_use(packs: Packs) -> Report:
    """Collect the clauses that cases name or that their decisions stand on."""
    used = {clause for case in packs.cases for clause in listed(case.data.get("decided_by"))}
    used |= {case.data["about"] for case in packs.cases if case.data.get("about")}
    used |= {reason.clause for _, decision in packs.decisions for reason in decision.because}
    wanted = [clause for clause in packs.knowledge.clauses.values() if clause.kind in _AT_WORK]
    unused = {clause.id for clause in wanted} - used
    findings = [
        at(source, (i,), "unused_clause", entry["id"], clause=entry["id"])
        for source in packs.knowledge.files("*/clauses.yml")
        for i, entry in enumerate(source.data)
        if entry["id"] in unused
    ]
    return Report("clause_use", tuple(findings), {"used": len(wanted) - len(unused), "total": len(wanted)})
