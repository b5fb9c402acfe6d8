"""An expression of the packs as a tree, for whoever does not evaluate it: to say it in words, to compile it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Name:
    """A fact, a derived value, a condition, a result or ``as_of``. ``type``: as of an Expression, here and below."""

    word: str
    type: str


@dataclass(frozen=True)
class Constant:
    """A number, a share (6%), a date, a length of time, true, false, or a value of a choice; ``text`` as written."""

    text: str
    value: Any
    type: str


@dataclass(frozen=True)
class Operation:
    """``left sign right`` with ``+ - * /``."""

    sign: str
    left: Tree
    right: Tree
    type: str


@dataclass(frozen=True)
class Relation:
    """``left sign right`` with ``<= < >= > == !=``."""

    sign: str
    left: Tree
    right: Tree
    type = "bool"


@dataclass(frozen=True)
class Membership:
    """``left in [members]``, values of a choice."""

    left: Tree
    members: tuple[str, ...]
    type = "bool"


@dataclass(frozen=True)
class Negation:
    """``not inner``."""

    inner: Tree
    type = "bool"


@dataclass(frozen=True)
class Junction:
    """Parts joined by ``word``: ``and`` or ``or``."""

    word: str
    parts: tuple[Tree, ...]
    type = "bool"


Tree = Name | Constant | Operation | Relation | Membership | Negation | Junction
