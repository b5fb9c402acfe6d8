"""Why: the smallest set of conditions that settles a decision."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from eligibility.model import Leaf, Node

Truths = Mapping[Leaf, bool | None]


def justification(node: Node, truths: Truths, doubtful: Collection[Leaf] = ()) -> list[Leaf]:
    """The fewest leaves that carry the truth of ``node``, in the order of the text.

    A failed ``all`` and a fulfilled ``any`` rest on one child: the one that needs the fewest ``doubtful`` leaves (those
    true only under a named reading of the text), then the fewest leaves. Otherwise every child counts. Where the node
    is open, the open children carry it, in an ``all`` together with those that are met.
    """
    return _carried(node, truths, doubtful)[1]


def _carried(node: Node, truths: Truths, doubtful: Collection[Leaf]) -> tuple[bool | None, list[Leaf]]:
    if isinstance(node, Leaf):
        return truths[node], [node]
    parts = [_carried(child, truths, doubtful) for child in node.children]
    if node.kind == "not":
        value, leaves = parts[0]
        return None if value is None else not value, leaves
    dominant = node.kind == "any"
    settling = [leaves for value, leaves in parts if value is dominant]
    if settling:
        return dominant, min(settling, key=lambda leaves: (sum(leaf in doubtful for leaf in leaves), len(leaves)))
    still_open = [part for part in parts if part[0] is None]
    carrying = still_open if still_open and dominant else parts
    return None if still_open else not dominant, unique(leaf for _, leaves in carrying for leaf in leaves)


def unique(leaves: Iterable[Leaf]) -> list[Leaf]:
    """Without repetition, order kept."""
    return list(dict.fromkeys(leaves))
