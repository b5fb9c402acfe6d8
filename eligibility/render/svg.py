"""The conditions as a drawing: the root at the left, every condition a box of wrapped text, groups as rounded boxes.

Colours are attributes, so that the file stands alone; a page may override them through the classes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from eligibility.render.sheet import Line, Sheet

_SIZE, _LINE = 15, 22  # of the type, in px
_PAD, _GAP, _LANE = 10, 12, 36  # inside a box, between boxes, between columns
_WIDTHS = {"leaf": 300, "title": 180, "all": 150, "any": 150, "not": 150}
_FONT = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Source Han Sans SC, sans-serif"
_NARROW = 0.56  # width of a Latin letter or figure, in em
_CLOSING, _OPENING = "，。、；：”）〕》？！", tuple("“（〔《")
_COLOURS = {  # ground, border, ink
    "leaf": ("#ffffff", "#76857e", "#1b2420"),
    "all": ("#d6ebe2", "#0b5d4b", "#1b2420"),
    "any": ("#ffe69a", "#a16207", "#1b2420"),
    "not": ("#f6d5cf", "#a8301f", "#1b2420"),
    "title": ("#0b5d4b", "#0b5d4b", "#ffffff"),
}


@dataclass
class _Box:
    kind: str
    lines: list[str]
    children: tuple[_Box, ...] = ()
    x: float = 0
    y: float = 0

    @property
    def right(self) -> float:
        return self.x + _WIDTHS[self.kind]

    @property
    def height(self) -> int:
        return _LINE * len(self.lines) + 2 * _PAD

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    def walk(self) -> Iterator[_Box]:
        yield self
        for child in self.children:
            yield from child.walk()


def as_svg(sheets: Iterable[Sheet]) -> str:
    """One drawing, the programmes below each other; of one without conditions its title alone."""
    roots, bottom, titles = [], float(_GAP), []
    for sheet in sheets:
        titles.append(sheet.title)
        children = (_boxes(sheet.tree),) if sheet.tree else ()
        roots.append(_Box("title", _wrapped(sheet.title, "title"), children))
        bottom = _place(roots[-1], _GAP, bottom)
    boxes = [box for root in roots for box in root.walk()]
    width = max(box.right for box in boxes) + _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tree" role="img" viewBox="0 0 {width:g} {bottom:g}" '
        f'width="{width:g}" height="{bottom:g}" font-family="{_FONT}" font-size="{_SIZE}">',
        f"<title>{escape('、'.join(titles))}</title>",
        f'<rect class="ground" width="{width:g}" height="{bottom:g}" fill="#f2f5f3"/>',
        *(_edge(box, child) for box in boxes for child in box.children),
        *(_drawn(box) for box in boxes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _boxes(line: Line) -> _Box:
    words = _wrapped(f"{line.number} {line.words}".strip(), line.kind)
    return _Box(line.kind, words, tuple(_boxes(child) for child in line.children))


def _place(box: _Box, x: float, y: float) -> float:
    """Put a box and what hangs on it below ``y``; returns where the next one may begin."""
    box.x, box.y, below = x, y, y
    for child in box.children:
        below = _place(child, box.right + _LANE, below)
    if box.children:
        box.y = (box.children[0].middle + box.children[-1].middle - box.height) / 2
        if box.y < y:  # taller than what hangs on it
            for one in box.walk():
                one.y += (y - box.y) if one is not box else 0
            box.y = y
    return max(one.y + one.height + _GAP for one in box.walk())


def _edge(box: _Box, child: _Box) -> str:
    turn = box.right + _LANE / 2
    path = f"M{box.right:g} {box.middle:g}H{turn:g}V{child.middle:g}H{child.x:g}"
    return f'<path class="edge" d="{path}" fill="none" stroke="#76857e" stroke-width="1.5"/>'


def _drawn(box: _Box) -> str:
    fill, stroke, ink = _COLOURS[box.kind]
    leaf = box.kind == "leaf"
    x, anchor = (box.x + _PAD, "start") if leaf else (box.x + _WIDTHS[box.kind] / 2, "middle")
    rows = "".join(
        f'<tspan x="{x:g}" dy="{_LINE if i else 0}">{escape(line)}</tspan>' for i, line in enumerate(box.lines)
    )
    return (
        f'<g class="box {box.kind}"><rect x="{box.x:g}" y="{box.y:g}" width="{_WIDTHS[box.kind]}" '
        f'height="{box.height}" rx="{6 if leaf else 20}" fill="{fill}" stroke="{stroke}"/>'
        f'<text y="{box.y + _PAD + _LINE * 0.72:g}" fill="{ink}" text-anchor="{anchor}">{rows}</text></g>'
    )


def _wrapped(text: str, kind: str) -> list[str]:
    """Lines that fit a box; none ends inside a figure, before a closing mark or after an opening one."""
    lines, line = [], ""
    for word in _words(text):
        if line and _wide(line + word.rstrip()) > _WIDTHS[kind] - 2 * _PAD:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()] if line.strip() else lines


def _words(text: str) -> Iterator[str]:
    """The smallest parts between which a line may end."""
    part = ""
    for character in text:
        unit = part[-1:] == " " and part[-2:-1].isdigit()
        narrow = character.isascii() and not character.isspace() and part[-1:].isascii() and part[-1:].strip()
        if part and not (character in _CLOSING or part.endswith(_OPENING) or unit or narrow):
            yield part
            part = ""
        part += character
    yield part


def _wide(text: str) -> float:
    return _SIZE * sum(1 if unicodedata.east_asian_width(c) in "WFA" else _NARROW for c in text)
