"""What the notices oblige authorities to do, in words."""

from __future__ import annotations

from collections.abc import Iterator

from eligibility.model import Duty, Programme
from eligibility.render.names import fact_names
from eligibility.render.sheet import Line
from eligibility.render.wording import listed, say, wording
from eligibility.render.words import Writer
from knowledge import Knowledge
from knowledge.text import day


def duty_lines(knowledge: Knowledge, programme: Programme) -> Iterator[Line]:
    """The duties in the order of the notices, those of the programme's own notice first."""
    writer = Writer(fact_names(knowledge))
    for clause in sorted(knowledge.clauses.values(), key=lambda clause: clause.document != programme.document):
        duty = programme.duties.get(clause.id)
        if duty is not None:
            yield Line(duty.results.get("what", ""), cite=duty.cite, notes=tuple(_notes(knowledge, duty, writer)))


def _notes(knowledge: Knowledge, duty: Duty, writer: Writer) -> Iterator[str]:
    results = duty.results
    when = [results[key] for key in ("when", "every") if key in results]
    when += [day(results["date"])] if "date" in results else []
    when += [_due(knowledge, duty, writer)] if duty.due else []
    told = {key: listed(results.get(key, ())) for key in ("who", "to", "fund")} | {"due": listed(when)}
    yield from (say("value", "equals", a=wording()["duty"][key], b=words) for key, words in told.items() if words)
    if "copies" in results:
        yield say("duty", "copies", count=results["copies"])
    if duty.assumption:
        yield say("note", "reading", says=knowledge.interpretations[duty.assumption.id]["says"])


def _due(knowledge: Knowledge, duty: Duty, writer: Writer) -> str:
    """The day as a rule and, where the notice or a bound of its date tells it, as a day."""
    assert duty.due is not None
    rule, notice = writer.words(duty.due), knowledge.notices[duty.document]
    issued = notice.date or notice.date_not_after
    last = duty.due.evaluate({"issued_on": issued})
    if last is None:
        return rule
    return say("note", "due_on" if notice.date else "due_at_latest", rule=rule, day=day(last), issued=day(issued))
