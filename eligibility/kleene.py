"""Three-valued truth of a condition tree (strong Kleene logic): True, False, or None where the facts leave it open."""

from __future__ import annotations

from collections.abc import Callable, Collection

from eligibility.expression import Env
from eligibility.model import Condition, Group, Leaf, Node

TruthOf = Callable[[Condition], "bool | None"]


def truth(node: Node, env: Env) -> bool | None:
    """Truth of ``node`` over the facts in ``env``; an absent fact is unknown, never false."""
    if isinstance(node, Leaf):
        value: bool | None = node.expression.evaluate(env)
        return value
    if node.kind == "not":
        inner = truth(node.children[0], env)
        return None if inner is None else not inner
    dominant = node.kind == "any"
    found: bool | None = not dominant
    for child in node.children:
        value = truth(child, env)
        if value is dominant:
            return dominant
        if value is None:
            found = None
    return found


def truth_over(env: Env) -> TruthOf:
    """The truth of single conditions over ``env``."""
    return lambda condition: condition.expression.evaluate(env)


def reduce(node: Node, truth_of: TruthOf, changed: Collection[str] | None = None) -> bool | Node:
    """What is left of ``node``: its truth, or the same tree without the parts that are settled.

    Args:
        changed: the facts that are new since ``node`` was last reduced; None: anything.
    """
    if changed is not None and node.reads.isdisjoint(changed):
        return node
    if isinstance(node, Leaf):
        value = truth_of(node)
        return node if value is None else value
    if node.kind == "not":
        inner = reduce(node.children[0], truth_of, changed)
        return not inner if isinstance(inner, bool) else Group("not", (inner,), node.reads)
    dominant = node.kind == "any"
    rest: list[Node] = []
    for child in node.children:
        left = reduce(child, truth_of, changed)
        if left is dominant:
            return dominant
        if not isinstance(left, bool):
            rest.append(left)
    if not rest:
        return not dominant
    return rest[0] if len(rest) == 1 else Group(node.kind, tuple(rest), node.reads)


def settled(node: Node, truth_of: TruthOf) -> bool | None:
    """Truth of ``node`` by the truths of its conditions."""
    left = reduce(node, truth_of)
    return left if isinstance(left, bool) else None


def leaves_of(node: Node) -> list[Leaf]:
    """The conditions of a tree, in the order of the text."""
    return [node] if isinstance(node, Leaf) else [leaf for child in node.children for leaf in leaves_of(child)]
