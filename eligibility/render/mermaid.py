"""The conditions as a Mermaid flow chart, to paste into a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eligibility.render.sheet import Line, Sheet

_SHAPES = {"all": ('(["', '"])'), "any": ('{{"', '"}}'), "not": ('>"', '"]'), "leaf": ('["', '"]')}


def as_mermaid(sheets: Iterable[Sheet]) -> str:
    """One chart from left to right, a root for each programme; a root alone where there is nothing to decide."""
    lines = ["flowchart LR"]
    for i, sheet in enumerate(sheets, 1):
        lines.append(f'    p{i}["{_escaped(sheet.title)}"]')
        if sheet.tree:
            lines += _nodes(sheet.tree, f"p{i}", f"p{i}")
    return "\n".join(lines) + "\n"


def _nodes(line: Line, programme: str, above: str) -> Iterator[str]:
    name = f"{programme}_{(line.number or '0').replace('.', '_')}"
    opening, closing = _SHAPES[line.kind]
    yield f"    {name}{opening}{_escaped(f'{line.number} {line.words}'.strip())}{closing}"
    yield f"    {above} --> {name}"
    for child in line.children:
        yield from _nodes(child, programme, name)


def _escaped(text: str) -> str:
    """Text inside quotation marks: those and number signs as entity codes."""
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
