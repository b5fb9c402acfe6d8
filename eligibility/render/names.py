"""What every name in a programme's expressions is called: facts, derived values, conditions by number, results."""

from __future__ import annotations

from collections.abc import Iterator

from eligibility.model import Group, Leaf, Node, Programme
from eligibility.render.wording import say, wording
from eligibility.render.words import Named, Writer
from eligibility.syntax import Constant, Name
from knowledge import Knowledge


def numbered(node: Node) -> Iterator[tuple[str, Node]]:
    """Every node of the tree with its number in the order of the text: 1, 2, 2.1 …; the outermost group has none."""
    if isinstance(node, Leaf):
        yield "1", node
    else:
        yield "", node
        yield from _below("", node)


def members(group: Group) -> list[Node]:
    """The parts of a group. A nameless group of the same kind is no group of its own: its parts stand among them."""
    found: list[Node] = []
    for child in group.children:
        if isinstance(child, Group) and child.kind == group.kind != "not" and child.id is None:
            found += members(child)
        else:
            found.append(child)
    return found


def _below(prefix: str, group: Group) -> Iterator[tuple[str, Node]]:
    for i, child in enumerate(members(group), 1):
        yield f"{prefix}{i}", child
        if isinstance(child, Group):
            yield from _below(f"{prefix}{i}.", child)


def fact_names(knowledge: Knowledge) -> dict[str, Named]:
    """How the facts are called, and the day the decision is for."""
    names = {"as_of": Named(wording()["value"]["as_of"])}
    for fact in knowledge.facts.values():
        unit = fact.unit or wording()["value"]["units"].get(fact.type, "")
        names[fact.id] = Named(fact.zh, unit, fact.says, fact.values)
    return names


def writer_of(knowledge: Knowledge, programme: Programme) -> Writer:
    """A writer that knows every name of the programme."""
    names = fact_names(knowledge)
    writer = Writer(names)
    for name in programme.derived:
        names[name] = _derived(name, programme, writer)
    for number, node in numbered(programme.when):
        if node.id:
            names[node.id] = _condition(number, node, writer)
    for name in programme.results:
        names[name] = result_named(knowledge, name)
    return writer


def result_named(knowledge: Knowledge, name: str) -> Named:
    """How a result is called, what follows a number of it, and how its values are called."""
    entry = knowledge.names.get("results", {}).get(name, {})
    label = entry.get("name", wording()["value"]["unnamed"])
    return Named(label, entry.get("unit", ""), values=entry.get("values", {}))


def _derived(name: str, programme: Programme, writer: Writer) -> Named:
    """Called like the fact it is first taken from; without one, by how it is worked out first."""
    way = programme.derived[name][0]
    tree = way.expression.tree
    if isinstance(tree, Name):
        return writer.names[tree.word]
    if way.expression.type == "bool":
        by_case = way.condition is not None and isinstance(tree, Constant) and tree.value is True
        known = way.condition if by_case and way.condition else way.expression
        says = {holds: writer.condition(known, holds) for holds in (True, False)}
        return Named(says[True], says=says)
    return Named(writer.words(way.expression), writer.unit(way.expression))


def _condition(number: str, node: Node, writer: Writer) -> Named:
    words = writer.condition(node.expression) if isinstance(node, Leaf) else None
    kind = "leaf_" if words else ""
    says = {holds: say("condition", kind + key, a=number, b=words) for holds, key in _HOLDS.items()}
    return Named(says[True], says=says)


_HOLDS = {True: "holds", False: "fails"}
