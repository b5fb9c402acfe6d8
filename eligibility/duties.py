"""What the notices oblige authorities to do (``packs/*/duties.yml``), clause by clause: who, what, to whom, by when."""

from __future__ import annotations

from typing import Any

from eligibility.errors import message
from eligibility.expression import Expression, ExpressionError, parse
from eligibility.model import DUTY, INFORMATIONAL, Assumption, Duty
from eligibility.names import Names
from knowledge import Knowledge, SourceFile
from knowledge.fields import Fields, typed

_TEXTS = ("what", "when", "every")
_LISTS = ("who", "to", "fund")
_KEYS = ("clause", "verdict", "due", "assume", "copies", "date", "cite", *_TEXTS, *_LISTS)


def load_duties(knowledge: Knowledge) -> dict[str, Duty]:
    """Every duty of the packs, by the clause that states it.

    Raises:
        PackError: an entry that cannot be used, with the line and how to mend it.
    """
    found: dict[str, Duty] = {}
    for source in knowledge.files("*/duties.yml"):
        for i, entry in enumerate(typed(source, (), source.data, list)):
            duty = _duty(knowledge, source, i, entry)
            if duty.clause in found:
                raise source.error((i, "clause"), message("twice", name=duty.clause), message("mend_twice"))
            found[duty.clause] = duty
    return found


def _duty(knowledge: Knowledge, source: SourceFile, i: int, entry: Any) -> Duty:
    fields = Fields(source, (i,), entry, _KEYS)
    clause = fields.need("clause")
    for name in (clause, *fields.texts("cite")):
        if name not in knowledge.clauses:
            what = message("unknown_clause", name=name)
            raise source.error((i,), what, message("mend_unknown_clause", suggestion=""))
    due = _expression(knowledge, fields, "due", "date") if "due" in fields.data else None
    results: dict[str, Any] = {name: list(fields.texts(name)) for name in _LISTS if name in fields.data}
    results |= {name: fields.need(name) for name in _TEXTS if name in fields.data}
    if "copies" in fields.data:
        results["copies"] = fields.get("copies", int, 0)
    if "date" in fields.data:
        results["date"] = fields.date("date")
    return Duty(
        clause=clause,
        document=knowledge.clauses[clause].document,
        verdict=fields.one_of("verdict", (DUTY, INFORMATIONAL)),
        cite=tuple(dict.fromkeys((clause, *fields.texts("cite")))),
        results=results,
        due=due,
        assumption=_assumption(knowledge, fields),
    )


def _assumption(knowledge: Knowledge, fields: Fields) -> Assumption | None:
    """The reading behind ``due``: its name, and ``if`` it only matters on some days."""
    if "assume" not in fields.data:
        return None
    raw = fields.data["assume"]
    inner = Fields(fields.source, (*fields.place, "assume"), {"id": raw} if isinstance(raw, str) else raw, ("id", "if"))
    name = inner.need("id")
    if name not in knowledge.interpretations:
        what = message("unknown_assumption", name=name)
        raise fields.source.error(inner.place, what, message("mend_unknown_assumption", suggestion=""))
    return Assumption(name, applies=_expression(knowledge, inner, "if", "bool") if "if" in inner.data else None)


def _expression(knowledge: Knowledge, fields: Fields, key: str, wanted: str) -> Expression:
    try:
        return parse(fields.data[key], Names(knowledge.facts).vocabulary, wanted)
    except ExpressionError as error:
        raise fields.source.error((*fields.place, key), error.what, error.mend) from None
