"""An expression in plain Chinese: every fact, value, sign and unit of it, and nothing that it does not say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from eligibility.expression import Expression
from eligibility.render.wording import fill, say, wording
from eligibility.syntax import Constant, Junction, Membership, Name, Negation, Operation, Relation, Tree
from knowledge.text import day

_MIRRORED = {"<=": ">=", "<": ">", ">=": "<=", ">": "<", "==": "==", "!=": "!="}
_NEGATED = {"<=": ">", "<": ">=", ">=": "<", ">": "<=", "==": "!=", "!=": "=="}
_TIGHT = ("*", "/")
_SHARE = "ratio"  # the unit of a share, written as 6%


@dataclass(frozen=True)
class Named:
    """What a name of the expressions stands for, in words.

    Attributes:
        unit: what follows a number of it (人, 个月, 元, %); ratio: a share written as 6%.
        says: how true and false of a bool are said. values: how the values of a choice are called.
    """

    label: str
    unit: str = ""
    says: Mapping[bool, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)


class Writer:
    """Writes the expressions of one programme; ``names``: everything that they may mention."""

    def __init__(self, names: Mapping[str, Named]) -> None:
        self.names = names

    def words(self, expression: Expression, unit: str = "", values: Mapping[str, str] | None = None) -> str:
        """An expression in words: a sentence without full stop, a sum, a date, the name of a value.

        Args:
            unit: of the whole, for a bare number in it.
            values: how the values of the choice are called that it is one of.
        """
        tree = expression.tree
        assert tree is not None, expression.text
        if isinstance(tree, Constant) and tree.type == "symbol":
            return (values or {}).get(tree.text, tree.text)
        if isinstance(tree, Constant) and tree.type == "bool":
            return say("value", tree.text)
        return self._value(tree, unit)

    def condition(self, expression: Expression, holds: bool = True) -> str:
        """One that is true or false, as a sentence without full stop."""
        assert expression.tree is not None, expression.text
        return self._sentence(expression.tree, holds)

    def unit(self, expression: Expression) -> str:
        """What follows a number of it; ratio: it is a share."""
        assert expression.tree is not None, expression.text
        return self._unit(expression.tree)

    # --- sentences ---------------------------------------------------------------------------------------------
    def _sentence(self, tree: Tree, holds: bool) -> str:
        if isinstance(tree, Negation):
            return self._sentence(tree.inner, not holds)
        if isinstance(tree, Junction):
            return self._junction(tree, holds)
        if isinstance(tree, Relation):
            return self._relation(tree, holds)
        if isinstance(tree, Membership):
            return self._membership(tree, holds)
        if isinstance(tree, Constant):
            return say("condition", "always" if tree.value is holds else "never")
        assert isinstance(tree, Name), tree
        named = self.names[tree.word]
        return named.says.get(holds) or (named.label if holds else say("condition", "untrue", a=named.label))

    def _junction(self, tree: Junction, holds: bool) -> str:
        both, parts = tree.word == "and", []
        for part in tree.parts:
            said = self._sentence(part, True)
            parts.append(say("value", "inner", a=said) if isinstance(part, Junction) else said)
        if len(parts) == 2:
            whole = say("condition", "both" if both else "either", a=parts[0], b=parts[1])
        else:
            joined = str(wording()["condition"]["between"]).join(parts)
            whole = say("condition", "all_of" if both else "any_of", a=joined)
        return whole if holds else say("condition", "not_both", a=whole)

    def _relation(self, tree: Relation, holds: bool) -> str:
        sign, left, right = tree.sign, tree.left, tree.right
        if isinstance(left, Constant):
            sign, left, right = _MIRRORED[sign], right, left
        sign = sign if holds else _NEGATED[sign]
        if left.type == "bool":
            return self._same_truth(sign, left, right)
        if left.type == "symbol":
            other = self._quoted(left, right.text) if isinstance(right, Constant) else self._value(right)
            return self._compared("choice", sign, self._value(left), other)
        if sign in wording()["compare"]["two_names"] and isinstance(left, Name) and isinstance(right, Name):
            return self._compared("two_names", sign, self._value(left), self._value(right))
        unit = self._unit(left)
        signs = "date" if left.type == "date" else {_SHARE: "%"}.get(unit, unit)
        said = (self._value(left, self._unit(right)), self._value(right, unit))
        return self._compared(signs if signs in wording()["compare"] else "number", sign, *said)

    def _same_truth(self, sign: str, left: Tree, right: Tree) -> str:
        equal = sign == "=="
        if isinstance(right, Constant):
            return self._sentence(left, right.value is equal)
        key = "same_truth" if equal else "other_truth"
        return say("condition", key, a=self._sentence(left, True), b=self._sentence(right, True))

    def _membership(self, tree: Membership, holds: bool) -> str:
        members = "".join(self._quoted(tree.left, word) for word in tree.members)
        if len(tree.members) == 1:
            return self._compared("choice", "==" if holds else "!=", self._value(tree.left), members)
        return say("condition", "is_one_of" if holds else "is_none_of", a=self._value(tree.left), b=members)

    def _quoted(self, choice: Tree, word: str) -> str:
        """The name of a value of a choice, in quotation marks."""
        values = self.names[choice.word].values if isinstance(choice, Name) else {}
        return say("condition", "quoted", a=values.get(word, word))

    @staticmethod
    def _compared(signs: str, sign: str, a: str, b: str) -> str:
        return fill(wording()["compare"][signs][sign], a=a, b=b)

    # --- values ------------------------------------------------------------------------------------------------
    def _value(self, tree: Tree, unit: str = "") -> str:
        if tree.type == "bool":
            return self._sentence(tree, True)
        if isinstance(tree, Constant):
            return _constant(tree, unit)
        if isinstance(tree, Name):
            return self.names[tree.word].label
        assert isinstance(tree, Operation), tree
        return self._operation(tree, unit)

    def _operation(self, tree: Operation, unit: str) -> str:
        left, right, sign = tree.left, tree.right, tree.sign
        if left.type == "date" and right.type == "date":
            return say("value", "days_between", a=self._value(left), b=self._value(right))
        if left.type == "date":
            first = self._value(left)
            first = say("value", "inner", a=first) if isinstance(left, Operation) else first
            return say("value", "later" if sign == "+" else "earlier", a=first, b=self._value(right))
        if self._is_share(tree):
            return self._value(left)
        if sign == "*" and isinstance(right, Constant) and right.text.endswith("%"):
            return say("value", "share", a=self._part(left, tree, ""), b=right.text)
        if sign in _TIGHT:
            mine = "" if unit in (self._unit(left), self._unit(right)) else unit  # a factor that has it already
            first = self._part(left, tree, mine)
            second = self._part(right, tree, "" if _has_number(left) else mine)
            return say("value", "product" if sign == "*" else "quotient", a=first, b=second)
        unit = self._unit(tree) or unit
        key = "sum" if sign == "+" else "difference"
        return say("value", key, a=self._part(left, tree, unit), b=self._part(right, tree, unit))

    def _part(self, tree: Tree, above: Operation, unit: str) -> str:
        said = self._value(tree, unit)
        if not isinstance(tree, Operation) or self._is_share(tree):
            return said
        right = tree is above.right and above.sign in ("-", "/", "*")
        loose = tree.sign not in _TIGHT and above.sign in _TIGHT
        return say("value", "inner", a=said) if loose or right else said

    def _is_share(self, tree: Tree) -> bool:
        """A fact in points of per cent, divided by 100: the share itself."""
        if not isinstance(tree, Operation) or tree.sign != "/" or not isinstance(tree.right, Constant):
            return False
        return tree.right.value == 100 and isinstance(tree.left, Name) and self._unit(tree.left) == "%"

    def _unit(self, tree: Tree) -> str:
        if isinstance(tree, Name):
            return self.names[tree.word].unit
        if not isinstance(tree, Operation) or tree.type == "date":
            return ""
        if self._is_share(tree):
            return _SHARE
        if tree.left.type == "date":
            return str(wording()["value"]["units"]["days"])
        left, right = self._unit(tree.left), self._unit(tree.right)
        if tree.sign in _TIGHT:
            return left if not right else right if tree.sign == "*" and not left else ""
        return left or right


def _has_number(tree: Tree) -> bool:
    if isinstance(tree, Operation):
        return _has_number(tree.left) or _has_number(tree.right)
    return isinstance(tree, Constant) and tree.type == "number"


def _constant(constant: Constant, unit: str) -> str:
    text = constant.text
    if constant.type == "date":
        return day(constant.value)
    if constant.type == "span":
        number, _, span = text.partition(" ")
        return f"{number} {wording()['value']['spans'][span]}"
    if constant.type != "number" or text.endswith("%"):
        return text
    number = f"{Decimal(text):,}"
    if unit in ("", _SHARE):
        return number
    if unit == wording()["value"]["units"]["year"]:
        return text + unit
    return number + ("" if unit == "%" else " ") + unit
