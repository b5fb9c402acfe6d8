"""Three-valued truth of a condition tree: True, False, or None where the facts do not settle it (Kleene's strong logic)."""

from __future__ import annotations

from eligibility.expression import Env
from eligibility.model import Leaf, Node


def truth(node: Node, env: Env) -> bool | None:
    """Truth of ``node`` over the facts in ``env``; an absent fact is unknown, never false."""
    if isinstance(node, Leaf):
        result: bool | None = node.expression.evaluate(env)
        return result
    if node.kind == "not":
        inner = truth(node.children[0], env)
        return None if inner is None else not inner
    dominant = node.kind == "any"
    result = not dominant
    for child in node.children:
        value = truth(child, env)
        if value is dominant:
            return dominant
        if value is None:
            result = None
    return result
