"""A sheet as plain text, for the terminal and for comparing two versions line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eligibility.render.sheet import Line, Sheet
from eligibility.render.wording import listed, say
from knowledge import Knowledge
from knowledge.text import day, without_space

_STEP = "    "


def as_text(sheet: Sheet, knowledge: Knowledge) -> str:
    """The whole sheet, every clause with its document number, item and words."""
    return "\n".join(_lines(sheet, knowledge)) + "\n"


def _lines(sheet: Sheet, knowledge: Knowledge) -> Iterator[str]:
    yield sheet.title
    yield sheet.summary
    yield sheet.source
    yield say("head", "standing", day=day(sheet.as_of), place=sheet.place, words=sheet.standing.words)
    if sheet.standing.note:
        yield sheet.standing.note
    quoted: set[str] = set()
    for section in sheet.sections:
        yield ""
        yield f"【{section.head}】"
        if section.lead:
            yield section.lead
        for line in section.lines:
            yield from _line(line, "", knowledge, quoted)
    yield ""
    yield say("head", "files", files=listed(sheet.files))


def _line(line: Line, indent: str, knowledge: Knowledge, quoted: set[str]) -> Iterator[str]:
    words = say("value", "equals", a=line.label, b=line.words) if line.label else line.words
    yield f"{indent}{line.number if line.kind else '-'} {line.mark}{words}".rstrip()
    below = indent + _STEP
    yield from (below + note for note in (*line.notes, *_sources(line.cite, knowledge, quoted), *line.more))
    for child in line.children:
        yield from _line(child, below if line.number or not line.kind else indent, knowledge, quoted)


def _sources(clauses: Iterable[str], knowledge: Knowledge, quoted: set[str]) -> Iterator[str]:
    """The sources; of each clause the words once."""
    for name in clauses:
        clause = knowledge.clauses[name]
        number = knowledge.notices[clause.document].number
        if name in quoted:
            yield say("note", "cited", number=number, item=clause.item, title=clause.title)
        else:
            yield say("note", "cite", number=number, item=clause.item, quote=without_space(clause.quote))
        quoted.add(name)
