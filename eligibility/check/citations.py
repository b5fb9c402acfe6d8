"""Every clause that is named anywhere exists: in rules, aspects, duties and cases."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from eligibility.check.finding import Finding, Report, at, said
from eligibility.check.packs import Packs
from eligibility.check.written import citations as cited_in
from knowledge import SourceFile
from knowledge.yaml_source import Place


def citations(packs: Packs) -> Report:
    """Look up every clause that is cited."""
    named = [*_named(packs)]
    clauses = packs.knowledge.clauses
    unknown = [_unknown(source, place, clause, clauses) for source, place, clause in named if clause not in clauses]
    return Report("citations", tuple(unknown), {"cited": len(named), "clauses": len({clause for *_, clause in named})})


def _named(packs: Packs) -> Iterator[tuple[SourceFile, Place, str]]:
    files = (file for files in packs.programme_files.values() for file in files)
    for source in (*files, *packs.duty_files):
        for place, clause in cited_in(source):
            yield source, place, clause
    for case in packs.cases:
        here: Place = ("cases", case.number)
        for i, clause in enumerate(case.data.get("decided_by") or ()):
            yield case.source, (*here, "decided_by", i), clause
        if case.data.get("about") is not None:
            yield case.source, (*here, "about"), case.data["about"]


def _unknown(source: SourceFile, place: Place, clause: str, clauses: Collection[str]) -> Finding:
    near = difflib.get_close_matches(str(clause), list(clauses), 1)
    suggestion = said("did_you_mean", value=near[0]) if near else ""
    return at(source, place, "unknown_clause", str(clause), clause=clause, suggestion=suggestion)
