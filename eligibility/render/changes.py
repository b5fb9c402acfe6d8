"""What a further notice changes on a programme: its sections with that notice beside those without it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eligibility.expression import parse
from eligibility.facts import plain
from eligibility.model import Overlay
from eligibility.names import Names
from eligibility.render.names import fact_names
from eligibility.render.sheet import Line, Section
from eligibility.render.wording import say
from eligibility.render.words import Writer
from knowledge import Knowledge

_COMPARED = ("exceptions", "conditions", "amount", "windows", "results", "held", "delegated", "aspects", "next_step")


Sections = Sequence[Section]


def changes(knowledge: Knowledge, before: Sections, after: Sections, notice: Overlay) -> Iterator[tuple[str, Line]]:
    """Everything that is otherwise where the further notice speaks: (settles | adds | replaces | drops, what).

    The key of a line is the fact that is settled, or the key of what is changed.
    """
    writer, vocabulary = Writer(fact_names(knowledge)), Names(knowledge.facts).vocabulary
    for fact, value in notice.facts.items():
        settled = parse(f"{fact} == {str(plain(value)).lower()}", vocabulary)
        words, cite = writer.condition(settled), notice.fact_cites[fact]
        yield "settles", Line(words, say("change", "settles"), cite=cite, key=fact)
    was, now = dict(_keyed(before)), dict(_keyed(after))
    for place, line in now.items():
        if place not in was:
            yield _change("adds", line)
        elif was[place] != line:
            yield _change("replaces", line, was[place].words)
    yield from (_change("drops", line) for place, line in was.items() if place not in now)


def _change(kind: str, line: Line, was: str = "") -> tuple[str, Line]:
    note = say("change", "same_words") if was == line.words else say("change", "was", words=was) if was else ""
    label, notes = say("change", kind, what=line.label), (note,) if note else ()
    return kind, Line(line.words, label, cite=line.cite, notes=notes, key=line.key)


def _keyed(sections: Sections) -> Iterator[tuple[tuple[str, str], Line]]:
    """What can be compared, each with the place where it is said and labelled with it."""
    for section in sections:
        if section.id in _COMPARED:
            for line in section.lines:
                yield from _below(section, line, section.head)


def _below(section: Section, line: Line, above: str) -> Iterator[tuple[tuple[str, str], Line]]:
    if line.kind:
        label = say("note", "condition", number=line.number)
    else:
        label = say("value", "equals", a=above, b=line.label) if line.label else above
    if line.key:
        yield (section.id, line.key), replace(line, label=label, number="", more=(), children=())
    for child in line.children:
        yield from _below(section, child, above if line.kind else line.words)
