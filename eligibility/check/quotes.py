"""Every quote is a verbatim stretch of the printed text, white space aside: of clauses, cases, duties and documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eligibility.check.finding import Finding, Report, at, in_file
from eligibility.check.packs import Packs
from eligibility.check.written import listed, sentences
from knowledge import Knowledge, SourceFile
from knowledge.documents import cited_documents
from knowledge.figures import document_numbers
from knowledge.text import without_space

_VERBATIM = ("who", "to", "fund", "when", "every")


def quotes(packs: Packs) -> Report:
    """Compare every quote with source.txt, and every document that is named with those that the notices print."""
    clauses = packs.knowledge.clauses.values()
    findings = [*_clauses(packs.knowledge), *_cases(packs), *_duties(packs), *_documents(packs)]
    wrong = len({finding.about for finding in findings if finding.about in packs.knowledge.clauses})
    share = 100 * (len(clauses) - wrong) // len(clauses) if clauses else 100
    quoted = sum("quote" in case.data for case in packs.cases)
    return Report("quotes", tuple(findings), {"share": share, "clauses": len(clauses), "cases": quoted})


def _clauses(knowledge: Knowledge) -> Iterator[Finding]:
    for notice in knowledge.notices.values():
        folder = knowledge.root / notice.folder
        printed = without_space(notice.source)
        for clause in notice.clauses:
            if clause.quote != notice.source[clause.start : clause.end] or without_space(clause.quote) not in printed:
                yield in_file(folder / "clauses.yml", None, "not_verbatim", clause.id, text=_brief(clause.quote))


def _cases(packs: Packs) -> Iterator[Finding]:
    for case in packs.cases:
        quote, cited = case.data.get("quote"), listed(case.data.get("decided_by"))
        if quote is None:
            continue
        clause = packs.knowledge.clauses.get(cited[0]) if cited else None
        if clause is None or without_space(str(quote)) not in without_space(clause.quote):
            yield case.found("case_quote", "quote", text=_brief(str(quote)), clause=cited[0] if cited else "decided_by")


def _duties(packs: Packs) -> Iterator[Finding]:
    """Who, to whom, from which fund, when: words of the clause or of one that is cited beside it."""
    clauses = packs.knowledge.clauses
    for source in packs.duty_files:
        for i, duty in enumerate(source.data):
            named = [duty.get("clause"), *listed(duty.get("cite"))]
            printed = "".join(without_space(clauses[clause].quote) for clause in named if clause in clauses)
            for key in _VERBATIM:
                for words in listed(duty.get(key)):
                    if without_space(str(words)) not in printed:
                        about = f"{named[0]} {key} {words}"
                        clause = ", ".join(map(str, named))
                        yield at(source, (i, key), "not_in_clause", about, text=words, clause=clause)


def _documents(packs: Packs) -> Iterator[Finding]:
    """Document numbers that a rule or an answer names are printed in the notices."""
    printed = {*cited_documents(packs.knowledge), *(notice.number for notice in packs.knowledge.notices.values())}
    for source in [file for files in packs.programme_files.values() for file in files] + list(packs.duty_files):
        for place, words in _texts(source):
            for number in document_numbers(words):
                if not any(number.endswith(known) for known in printed):
                    yield at(source, place, "unprinted_document", number, text=number)


def _texts(source: SourceFile) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield from ((one.place, one.value) for one in sentences(source))
    yield from _referred(source.data, ())


def _referred(data: Any, place: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "refer_to":
                yield from (((*place, key), words) for words in listed(value) if isinstance(words, str))
            yield from _referred(value, (*place, key))
    elif isinstance(data, list):
        for i, one in enumerate(data):
            yield from _referred(one, (*place, i))


def _brief(text: str) -> str:
    plain = without_space(text)
    return plain if len(plain) <= 24 else plain[:24] + "…"
