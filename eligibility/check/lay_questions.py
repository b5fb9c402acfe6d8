"""Every clause that people ask about has lay questions enough to be found by, and none stands twice in the packs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from eligibility.check.finding import Finding, Report, at
from eligibility.check.packs import Packs
from knowledge.text import normalise

LEAST = 12
_ASKED_ABOUT = ("benefit", "status", "duty", "delegated")  # duties nobody outside asks about stand in exemptions.yml
_MARKS = re.compile(r"\W")


def lay_questions(packs: Packs) -> Report:
    """Count the questions of every clause, and look for one that another clause has, marks and spaces aside."""
    clauses = packs.knowledge.clauses.values()
    asked_about = [clause for clause in clauses if clause.kind in _ASKED_ABOUT]
    figures = {
        "clauses": len(asked_about),
        "enough": sum(len(clause.questions) >= LEAST for clause in asked_about),
        "least": LEAST,
        "questions": sum(len(clause.questions) for clause in clauses),
    }
    return Report("lay_questions", (*_few(packs), *_repeated(packs)), figures)


def _few(packs: Packs) -> Iterator[Finding]:
    for source in packs.knowledge.files("*/clauses.yml"):
        for i, entry in enumerate(source.data):
            name, number = entry["id"], len(entry.get("questions") or ())
            if entry["kind"] in _ASKED_ABOUT and number < LEAST:
                yield at(source, (i,), "few_lay_questions", name, clause=name, number=number, least=LEAST)


def _repeated(packs: Packs) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for source in packs.knowledge.files("*/clauses.yml"):
        for i, entry in enumerate(source.data):
            for j, question in enumerate(entry.get("questions") or ()):
                words = _MARKS.sub("", normalise(question))
                if words in first:
                    place = (i, "questions", j)
                    yield at(source, place, "repeated_question", question, question=question, clause=first[words])
                first.setdefault(words, entry["id"])
