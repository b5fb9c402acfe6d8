"""One programme file while it is being read: its smallest parts, and complaints that name the line."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from eligibility.errors import message
from eligibility.expression import Expression, ExpressionError, parse
from eligibility.model import VERDICTS, Assumption
from eligibility.names import Names
from knowledge import Knowledge, PackError, SourceFile
from knowledge.fields import Fields, typed

Place = tuple[str | int, ...]
S = TypeVar("S", dict[Any, Any], list[Any])


def complaint(source: SourceFile, place: Place, what: str, **details: Any) -> PackError:
    """What is wrong at ``place`` of a file: the sentence ``what`` of ``messages.yml``, and its twin ``mend_…``."""
    return source.error(place, message(what, **details), message(f"mend_{what}", **details))


class Reader:
    """Reads one file. The files that make up one programme share ``names``: what their expressions may speak of.

    Every method raises PackError, with the line and how to mend it.
    """

    def __init__(self, knowledge: Knowledge, source: SourceFile, names: Names) -> None:
        self.knowledge, self.source, self.names = knowledge, source, names
        self.data: Mapping[Any, Any] = typed(source, (), source.data, dict)

    # --- complaints --------------------------------------------------------------------------------------------
    def error(self, place: Place, what: str, **details: Any) -> PackError:
        """What is wrong at ``place``: the sentence ``what``."""
        return complaint(self.source, place, what, **details)

    def unknown(self, place: Place, what: str, name: Any, known: Collection[str]) -> PackError:
        """The same for a name that does not exist, with the nearest one that does."""
        near = difflib.get_close_matches(str(name), list(known), 1)
        return self.error(place, what, name=name, suggestion=message("did_you_mean", value=near[0]) if near else "")

    # --- fields ------------------------------------------------------------------------------------------------
    def fields(self, place: Place, data: Any, *allowed: str) -> Fields:
        """The mapping at ``place``, whose keys are all ``allowed``."""
        if isinstance(data, dict):
            for key in data:
                if isinstance(key, bool):  # on, yes, no, off: YAML reads them as true and false
                    raise self.error((*place, key), "yaml_word")
        return Fields(self.source, place, data, allowed)

    def section(self, key: str, kind: type[S]) -> S:
        """A part of the file; empty where it is not written."""
        data = self.data.get(key)
        return kind() if data is None else typed(self.source, (key,), data, kind)

    def known_facts(self, place: Place, names: Collection[Any]) -> tuple[str, ...]:
        """Ids of facts, each of which must be in the catalogue."""
        for name in names:
            if name not in self.knowledge.facts:
                raise self.unknown((*place, name), "unknown_fact_here", name, self.knowledge.facts)
        return tuple(names)

    def cite(self, fields: Fields, key: str = "cite", needed: bool = True) -> tuple[str, ...]:
        """The clauses at ``key``, a list or a single one, each of which must exist."""
        raw = fields.data.get(key)
        clauses = (raw,) if isinstance(raw, str) else fields.texts(key)
        if needed and not clauses:
            raise self.error(fields.place, "missing_cite", key=key)
        for i, clause in enumerate(clauses):
            if clause not in self.knowledge.clauses:
                raise self.unknown((*fields.place, key, i), "unknown_clause", clause, self.knowledge.clauses)
        return clauses

    def take(self, place: Place, name: str) -> None:
        """Claim a name: of a fact, a derived value, a condition, a result or an exception, each once in a programme."""
        if name in VERDICTS or not self.names.claim(name):
            raise self.error(place, "taken_name", name=name)

    # --- expressions -------------------------------------------------------------------------------------------
    def expression(self, fields: Fields, key: str, *wanted: str) -> Expression:
        """The expression at ``key``, of one of the ``wanted`` types."""
        place, raw = (*fields.place, key), fields.data.get(key)
        if raw is None:
            raise self.error(fields.place if key not in fields.data else place, "missing_key", key=key)
        if isinstance(raw, (dict, list)):
            raise self.error(place, "not_an_expression", key=key)
        try:
            return parse(raw, self.names.vocabulary, *wanted)
        except ExpressionError as error:
            raise self.source.error(place, error.what, error.mend) from None

    def assumption(self, fields: Fields) -> Assumption | None:
        """The named reading behind a condition or a value: a bare name, or with what it would be otherwise."""
        data = fields.data.get("assume")
        if data is None:
            return None
        entry = {"id": data} if isinstance(data, str) else data
        inner = self.fields((*fields.place, "assume"), entry, "id", "otherwise", "if")
        name = inner.need("id")
        if name not in self.knowledge.interpretations:
            raise self.unknown((*inner.place, "id"), "unknown_assumption", name, self.knowledge.interpretations)
        otherwise = self.expression(inner, "otherwise") if "otherwise" in inner.data else None
        applies = self.expression(inner, "if", "bool") if "if" in inner.data else None
        return Assumption(name, otherwise, applies)

    def reading(self, fields: Fields, expression: Expression) -> tuple[Expression, Assumption | None]:
        """The expression in force: as written, with its assumption, or under the other reading where that is chosen."""
        assumption = self.assumption(fields)
        if assumption is None or self.knowledge.reading(assumption.id):
            return expression, assumption
        if assumption.otherwise is None:
            raise self.error((*fields.place, "assume"), "no_other_reading", name=assumption.id)
        inner = Fields(self.source, (*fields.place, "assume"), fields.data["assume"], ("id", "otherwise", "if"))
        return self.expression(inner, "otherwise", expression.type), None
