"""Whatever a programme may have to ask has a question, and every question is short enough to be read on a telephone."""

from __future__ import annotations

from collections.abc import Iterator

from eligibility.asked import may_be_asked
from eligibility.check.finding import Finding, Report, at
from eligibility.check.packs import Packs

LONGEST = 40


def questions(packs: Packs) -> Report:
    """Look up a question for every fact that may be asked, and measure every question."""
    asked = {fact for question in packs.knowledge.questions.values() for fact in question.facts}
    findings: list[Finding] = []
    askable: set[str] = set()
    for name, programme in packs.rules.programmes.items():
        wanted = {fact for one in packs.variants(programme) for fact in may_be_asked(one, packs.knowledge.facts)}
        askable |= wanted
        file = packs.programme_files[name][0]
        findings += [at(file, (), "no_question", f"{name} {fact}", fact=fact) for fact in sorted(wanted - asked)]
    findings += _too_long(packs)
    figures = {"questions": len(packs.knowledge.questions), "facts": len(askable), "longest": LONGEST}
    return Report("questions", tuple(findings), figures)


def _too_long(packs: Packs) -> Iterator[Finding]:
    for source in packs.knowledge.files("common/questions.yml"):
        for i, entry in enumerate(source.data):
            if len(entry["ask"]) > LONGEST:
                name, length = entry["id"], len(entry["ask"])
                yield at(source, (i, "ask"), "long_question", name, id=name, length=length, longest=LONGEST)
