"""Why: the smallest set of conditions that settles a decision, and the clauses that state them."""

from __future__ import annotations

from collections.abc import Iterable

from eligibility.expression import Env
from eligibility.kleene import truth
from eligibility.model import Leaf, Node


def justification(node: Node, env: Env) -> list[Leaf]:
    """The fewest leaves that carry the truth of ``node``.

    A failed ``all`` and a fulfilled ``any`` rest on one child (the one with the shortest reason); otherwise every child
    counts. Where the node is open, the open children carry it, in an ``all`` together with those that are met.
    """
    if isinstance(node, Leaf):
        return [node]
    if node.kind == "not":
        return justification(node.children[0], env)
    value = truth(node, env)
    children = [(child, truth(child, env)) for child in node.children]
    if value is (node.kind == "any"):
        return min((justification(child, env) for child, state in children if state is value), key=len)
    if value is None and node.kind == "any":
        children = [(child, state) for child, state in children if state is None]
    return unique(leaf for child, _ in children for leaf in justification(child, env))


def considered(node: Node, env: Env) -> list[Leaf]:
    """Every leaf whose truth is known, in the order of the text: the supporting reasons."""
    if isinstance(node, Leaf):
        return [] if truth(node, env) is None else [node]
    return [leaf for child in node.children for leaf in considered(child, env)]


def unique(leaves: Iterable[Leaf]) -> list[Leaf]:
    """Without repetition, order kept."""
    return list(dict.fromkeys(leaves))
