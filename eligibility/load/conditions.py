"""The tree of conditions (``when:``, ``also:``); a further notice may replace single ones by their id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eligibility.expression import unless_known
from eligibility.kleene import leaves_of, truth
from eligibility.load.reader import Place, Reader
from eligibility.model import Group, Leaf, Node
from knowledge.fields import typed

NOTHING = Group("all", (), frozenset())


class Conditions:
    """Reads the conditions of one programme: those of its ``base`` file, as the ``further`` ones have them."""

    def __init__(self, base: Reader, further: Sequence[Reader]) -> None:
        self.base, self.further = base, further
        self._replacing: dict[str, tuple[Reader, Place]] = {
            str(name): (reader, ("conditions", name))
            for reader in further
            for name in reader.section("conditions", dict)
        }

    def read(self, decides: bool) -> Node:
        """The whole tree; ``decides``: whether the base has one. Raises PackError."""
        nodes = [self._node(self.base, ("when",), self.base.data.get("when")) if decides else NOTHING]
        for reader in self.further:
            nodes += [self._node(reader, ("also", i), one) for i, one in enumerate(reader.section("also", list))]
        for reader, place in self._replacing.values():  # nothing of that name is left to replace
            raise reader.unknown(place, "unknown_condition", place[-1], reader.names.claimed)
        return nodes[0] if len(nodes) == 1 else Group("all", tuple(nodes), _reads(nodes))

    def _node(self, reader: Reader, place: Place, data: Any) -> Node:
        if data is None:
            raise reader.error(place, "missing_condition")
        kind = next((key for key in ("all", "any", "not") if key in typed(reader.source, place, data, dict)), None)
        if kind is None:
            return self._leaf(reader, place, data)
        fields = reader.fields(place, data, kind, "id")
        members: list[Any] = [data[kind]] if kind == "not" else fields.get(kind, list, [])
        if not members:
            raise reader.error((*place, kind), "missing_condition")
        places = [(*place, kind)] if kind == "not" else [(*place, kind, i) for i in range(len(members))]
        children = tuple(self._node(reader, at, member) for at, member in zip(places, members, strict=True))
        group = Group(kind, children, _reads(children), fields.get("id", str, "") or None)
        if group.id:
            _name(reader, (*place, "id"), group.id, group)
        return group

    def _leaf(self, reader: Reader, place: Place, data: Mapping[Any, Any]) -> Leaf:
        name = data.get("id")
        replacing = self._replacing.pop(str(name), None)
        if replacing is not None:
            reader, place = replacing
            instead = reader.section("conditions", dict)[place[-1]]
            return self._leaf(reader, place, {"id": name, **typed(reader.source, place, instead, dict)})
        fields = reader.fields(place, data, "id", "if", "cite", "assume", "met", "unmet")
        expression, assumption = reader.reading(fields, reader.expression(fields, "if", "bool"))
        leaf = Leaf(
            id=fields.need("id"),
            expression=expression,
            asks=reader.names.asks_of(expression),
            reads=reader.names.reads_of(expression),
            inner=reader.names.inner_of(expression),
            cite=reader.cite(fields),
            assumption=assumption,
            met=fields.get("met", str, "") or None,
            unmet=fields.get("unmet", str, "") or None,
        )
        _name(reader, (*place, "id"), leaf.id, leaf)
        return leaf


def _reads(nodes: Sequence[Node]) -> frozenset[str]:
    return frozenset[str]().union(*(node.reads for node in nodes))


def _name(reader: Reader, place: Place, name: str, node: Node) -> None:
    """Let later expressions (results, window) speak of a condition by its id."""
    reader.take(place, name)
    asked = [fact for leaf in leaves_of(node) for fact in leaf.facts]
    reader.names.learn(name, "bool", unless_known(name, lambda env: truth(node, env)), asked, node.reads)
