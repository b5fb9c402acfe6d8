"""The leaf language of the rule packs: small, typed, and readable by a policy officer.

    insured_count <= 30            layoff_rate <= 6%             unit_kind in [enterprise, law_firm]
    application_date <= 2021-12-31  retires_on <= as_of + 5 years  not received_before

An expression is parsed into closures over an environment (name → value). A name that is absent is *unknown*: every
operator passes unknown (None) on, and ``and`` / ``or`` / ``not`` are Kleene's. Numbers are exact (int, Fraction).
"""

from __future__ import annotations

import calendar
import difflib
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from eligibility.errors import message
from eligibility.syntax import Constant, Junction, Membership, Name, Negation, Operation, Relation, Tree

Env = Mapping[str, Any]
Evaluate = Callable[[Env], Any]


class ExpressionError(ValueError):
    """An expression that cannot be read. ``what`` and ``mend`` are Chinese sentences for the pack's author."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


@dataclass(frozen=True)
class Span:
    """A length of calendar time. Months are added first, clipped to the month's end (month_end_clipped)."""

    months: int = 0
    days: int = 0


@dataclass(frozen=True)
class Comparison:
    """One comparison, kept so that relevance can find where it changes its mind."""

    left: Evaluate
    right: Evaluate
    holds: Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Expression:
    """A parsed expression.

    Attributes:
        text: as written in the pack.
        evaluate: environment → value, None when a name it needs is unknown.
        names: facts and derived values it mentions, in the order of the text.
        type: bool | number | date | span | symbol.
        comparisons: its numeric and date comparisons.
        tree: how it is built; None where it was not read from a text.
    """

    text: str
    evaluate: Evaluate
    names: tuple[str, ...]
    type: str
    comparisons: tuple[Comparison, ...] = ()
    tree: Tree | None = None


@dataclass(frozen=True)
class Vocabulary:
    """The names an expression may use.

    Attributes:
        types: name → bool | number | date | symbol.
        values: choice fact → its values.
        resolve: derived name → how it is worked out; every other name is looked up in the environment.
    """

    types: Mapping[str, str]
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    resolve: Mapping[str, Evaluate] = field(default_factory=dict)


def add_span(start: date, span: Span, sign: int = 1) -> date:
    """``start`` moved by ``span``; the 31st becomes the month's last day where there is no 31st."""
    month = start.month - 1 + sign * span.months
    year, month = start.year + month // 12, month % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return date(year, month, day) + timedelta(days=sign * span.days)


_TOKEN = re.compile(
    r"\s*(?:(?P<date>\d{4}-\d{2}-\d{2})|(?P<percent>\d+(?:\.\d+)?)%|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<string>'[^']*')|(?P<name>[A-Za-z_]\w*)|(?P<op><=|>=|==|!=|[-+*/<>()\[\],]))"
)
_FULL_WIDTH = dict(zip("≤≥≠＜＞＝（），％", ("<=", ">=", "!=", "<", ">", "==", "(", ")", ",", "%"), strict=True))
_ORDERED, _EQUAL = ("number", "date"), ("symbol", "bool")
_UNITS = {"year": (12, 0), "years": (12, 0), "month": (1, 0), "months": (1, 0), "day": (0, 1), "days": (0, 1)}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}


def parse(text: str | bool | int | float | date, vocabulary: Vocabulary, *wanted: str) -> Expression:
    """Read one expression, as YAML gives it.

    Args:
        wanted: the types it may have; none given: any.

    Raises:
        ExpressionError: with a Chinese what / mend.
    """
    return _Parser(str(text).lower() if isinstance(text, bool) else str(text), vocabulary).parse(wanted)


def unless_known(name: str, evaluate: Evaluate) -> Evaluate:
    """How to work out what ``name`` stands for, unless the environment has it already."""
    return lambda env: env[name] if name in env else evaluate(env)


def either(names: Sequence[str], more: Sequence[str]) -> tuple[str, ...]:
    """The names of two parts of an expression, each once, in order."""
    return tuple(dict.fromkeys((*names, *more)))


@dataclass(frozen=True)
class _Term:
    evaluate: Evaluate
    type: str
    tree: Tree
    names: tuple[str, ...] = ()
    symbol: str | None = None  # a bare or quoted word that is no name: a value of a choice
    fact: str | None = None


class _Parser:
    """Recursive descent, one method per level of precedence."""

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.text, self.vocabulary = text, vocabulary
        self.tokens = self._tokens(text)
        self.at = 0
        self.comparisons: list[Comparison] = []

    def parse(self, wanted: Sequence[str]) -> Expression:
        term = self._either()
        if self.at < len(self.tokens):
            raise self._unreadable(self.tokens[self.at][1])
        if wanted and term.type not in wanted:
            self._require(term, wanted[0])
        return Expression(self.text, term.evaluate, term.names, term.type, tuple(self.comparisons), term.tree)

    # --- words -------------------------------------------------------------------------------------------------
    def _tokens(self, text: str) -> list[tuple[str, str]]:
        tokens, position = [], 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                at = text[position:].strip()[0]
                if at in _FULL_WIDTH:
                    raise ExpressionError(
                        message("full_width_operator", at=at, use=_FULL_WIDTH[at]), message("mend_expression")
                    )
                raise self._unreadable(at)
            kind = str(match.lastgroup)
            tokens.append((kind, match.group(kind)))
            position = match.end()
        return tokens

    def _unreadable(self, at: str) -> ExpressionError:
        return ExpressionError(message("unreadable_expression", text=self.text, at=at), message("mend_expression"))

    def _peek(self, *words: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][1] in words and self.tokens[self.at][0] != "string"

    def _take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise self._unreadable(self.text[-1:] or " ")
        self.at += 1
        return self.tokens[self.at - 1]

    def _expect(self, word: str) -> None:
        if not self._peek(word):
            raise self._unreadable(self.tokens[self.at][1] if self.at < len(self.tokens) else self.text[-1:])
        self.at += 1

    # --- logic -------------------------------------------------------------------------------------------------
    def _either(self) -> _Term:
        terms = [self._both()]
        while self._peek("or"):
            self._take()
            terms.append(self._both())
        return self._combine(terms, dominant=True)

    def _both(self) -> _Term:
        terms = [self._negation()]
        while self._peek("and"):
            self._take()
            terms.append(self._negation())
        return self._combine(terms, dominant=False)

    def _combine(self, terms: list[_Term], dominant: bool) -> _Term:
        if len(terms) == 1:
            return terms[0]
        for term in terms:
            self._require(term, "bool")
        parts = tuple(term.evaluate for term in terms)

        def evaluate(env: Env) -> bool | None:
            result: bool | None = not dominant
            for part in parts:
                value: bool | None = part(env)
                if value is dominant:
                    return dominant
                if value is None:
                    result = None
            return result

        tree = Junction("or" if dominant else "and", tuple(term.tree for term in terms))
        return _Term(evaluate, "bool", tree, tuple(dict.fromkeys(name for term in terms for name in term.names)))

    def _negation(self) -> _Term:
        if not self._peek("not"):
            return self._comparison()
        self._take()
        term = self._negation()
        self._require(term, "bool")
        inner = term.evaluate

        def evaluate(env: Env) -> bool | None:
            value = inner(env)
            return None if value is None else not value

        return _Term(evaluate, "bool", Negation(term.tree), term.names)

    # --- comparison --------------------------------------------------------------------------------------------
    def _comparison(self) -> _Term:
        left = self._sum()
        if self._peek("in"):
            self._take()
            return self._membership(left)
        if not self._peek(*_COMPARE):
            return left
        sign = self._take()[1]
        left, right = self._as_values(left, self._sum())
        ordered = left.type in _ORDERED
        if left.type != right.type or not (ordered or left.type in _EQUAL and sign in ("==", "!=")):
            raise self._wrong_types(left.type, right.type)
        compare, a, b = _COMPARE[sign], left.evaluate, right.evaluate
        names = either(left.names, right.names)
        if ordered:
            self.comparisons.append(Comparison(a, b, compare))

        return _Term(_lift(compare, a, b), "bool", Relation(sign, left.tree, right.tree), names)

    def _membership(self, left: _Term) -> _Term:
        self._expect("[")
        members = [self._member(left)]
        while self._peek(","):
            self._take()
            members.append(self._member(left))
        self._expect("]")
        allowed, inner = frozenset(members), left.evaluate

        def evaluate(env: Env) -> bool | None:
            value = inner(env)
            return None if value is None else value in allowed

        return _Term(evaluate, "bool", Membership(left.tree, tuple(members)), left.names)

    def _member(self, left: _Term) -> str:
        member = self._as_values(left, self._sum())[1]
        if left.type != "symbol" or member.symbol is None:
            raise self._wrong_types(left.type, member.type)
        return member.symbol

    def _as_values(self, left: _Term, right: _Term) -> tuple[_Term, _Term]:
        """Check bare words against the values of the choice fact on the other side."""
        for this, other in ((left, right), (right, left)):
            if this.symbol is None:
                continue
            values = self.vocabulary.values.get(other.fact or "", ())
            if not values:
                raise self._unknown_name(this.symbol)
            if this.symbol not in values:
                raise ExpressionError(
                    message("unknown_value", fact=other.fact, value=this.symbol),
                    message("mend_unknown_value", choices="、".join(values)),
                )
        return left, right

    # --- arithmetic --------------------------------------------------------------------------------------------
    def _sum(self) -> _Term:
        left = self._product()
        while self._peek("+", "-"):
            sign = self._take()[1]
            left = self._added(left, self._product(), sign)
        return left

    def _added(self, left: _Term, right: _Term, word: str) -> _Term:
        sign, kinds = 1 if word == "+" else -1, (left.type, right.type)
        if kinds == ("number", "number"):
            return _operation(word, left, right, lambda x, y: x + sign * y, "number")
        if kinds == ("date", "span"):
            return _operation(word, left, right, lambda x, y: add_span(x, y, sign), "date")
        if kinds == ("date", "date") and sign < 0:
            return _operation(word, left, right, lambda x, y: (x - y).days, "number")
        for term in (left, right):
            if term.symbol is not None:
                raise self._unknown_name(term.symbol)
        raise self._wrong_types(left.type, right.type)

    def _product(self) -> _Term:
        left = self._atom()
        while self._peek("*", "/"):
            sign = self._take()[1]
            right = self._atom()
            self._require(left, "number")
            self._require(right, "number")
            left = _operation(sign, left, right, operator.mul if sign == "*" else _divide, "number")
        return left

    def _atom(self) -> _Term:
        kind, word = self._take()
        if word == "(":
            term = self._either()
            self._expect(")")
            return term
        if kind == "date":
            return self._date(word)
        if kind == "percent":
            return _constant(f"{word}%", Fraction(word) / 100, "number")
        if kind == "string":
            return _symbol(word[1:-1])
        if kind == "number":
            return self._number(word)
        if kind == "name":
            return self._name(word)
        raise self._unreadable(word)

    def _date(self, word: str) -> _Term:
        try:
            return _constant(word, date.fromisoformat(word), "date")
        except ValueError:
            raise ExpressionError(message("no_such_date", value=word), message("mend_no_such_date")) from None

    def _number(self, word: str) -> _Term:
        value = Fraction(word) if "." in word else int(word)
        if isinstance(value, int) and self._peek(*_UNITS):
            unit = self._take()[1]
            months, days = _UNITS[unit]
            return _constant(f"{word} {unit}", Span(value * months, value * days), "span")
        return _constant(word, value, "number")

    def _name(self, word: str) -> _Term:
        if word in ("true", "false"):
            return _constant(word, word == "true", "bool")
        if word in self.vocabulary.types:
            look_up = self.vocabulary.resolve.get(word) or (lambda env: env.get(word))
            kind = self.vocabulary.types[word]
            return _Term(look_up, kind, Name(word, kind), (word,), fact=word)
        return _symbol(word)

    def _require(self, term: _Term, wanted: str) -> None:
        if term.symbol is not None:
            raise self._unknown_name(term.symbol)
        if term.type != wanted:
            raise self._wrong_types(term.type, wanted)

    def _wrong_types(self, left: str, right: str) -> ExpressionError:
        types = [message(f"type_{kind}") for kind in (left, right)]
        return ExpressionError(
            message("wrong_types", text=self.text, left=types[0], right=types[1]), message("mend_wrong_types")
        )

    def _unknown_name(self, name: str) -> ExpressionError:
        near = difflib.get_close_matches(name, list(self.vocabulary.types), 1)
        suggestion = message("did_you_mean", value=near[0]) if near else ""
        return ExpressionError(message("unknown_name", name=name), message("mend_unknown_name", suggestion=suggestion))


def _constant(text: str, value: Any, kind: str) -> _Term:
    return _Term(lambda env: value, kind, Constant(text, value, kind))


def _symbol(word: str) -> _Term:
    return _Term(lambda env: word, "symbol", Constant(word, word, "symbol"), symbol=word)


def _operation(sign: str, left: _Term, right: _Term, function: Callable[[Any, Any], Any], kind: str) -> _Term:
    tree = Operation(sign, left.tree, right.tree, kind)
    return _Term(_lift(function, left.evaluate, right.evaluate), kind, tree, either(left.names, right.names))


def _lift(function: Callable[[Any, Any], Any], a: Evaluate, b: Evaluate) -> Evaluate:
    """``function`` over two values; unknown if either is."""

    def evaluate(env: Env) -> Any:
        x, y = a(env), b(env)
        return None if x is None or y is None else function(x, y)

    return evaluate


def _divide(x: Any, y: Any) -> Any:
    """x / y so that ``x / y <= r`` agrees with ``x <= r * y`` when y is zero: 0/0 is 0, else there is no bound."""
    if y == 0:
        return Fraction(0) if x == 0 else float("inf")
    return Fraction(x, y)
