"""Values worked out from facts (``derive:``), in one or several ways."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eligibility.expression import Env, Expression, either
from eligibility.load.reader import Place, Reader
from eligibility.model import Derived
from knowledge.fields import typed


def read_derived(reader: Reader, name: str) -> tuple[Derived, ...]:
    """The ways to work out ``name`` that are open under the readings in force. Raises PackError."""
    place: Place = ("derive", name)
    reader.take(place, name)
    found = []
    for i, way in enumerate(typed(reader.source, place, reader.data["derive"][name], list)):
        fields = reader.fields((*place, i), way, "if", "value", "assume", "given_only")
        expression = reader.expression(fields, "value")
        condition = reader.expression(fields, "if", "bool") if "if" in fields.data else None
        if condition is not None:
            expression = _where(condition, expression)
        assumption = reader.assumption(fields)
        if assumption and not reader.knowledge.reading(assumption.id):
            continue  # then this way is not open, and the next one is taken
        given_only = fields.get("given_only", bool, False)
        found.append(Derived(expression, reader.names.facts_of(expression), given_only, condition, assumption))
    if not found:
        raise reader.error(place, "missing_key", key="value")
    if all(way.condition is not None for way in found):
        raise reader.error(place, "always_conditional", name=name)
    for i, way in enumerate(found):
        if way.expression.type != found[0].expression.type:
            raise reader.error((*place, i), "mixed_types", name=name)
    reader.names.learn_derived(name, found)
    return tuple(found)


def _where(condition: Expression, value: Expression) -> Expression:
    """``value`` where ``condition`` holds; unknown elsewhere."""

    def evaluate(env: Env) -> Any:
        return value.evaluate(env) if condition.evaluate(env) else None

    names = either(condition.names, value.names)
    return replace(value, evaluate=evaluate, names=names, comparisons=(*condition.comparisons, *value.comparisons))
