"""One small slip in an expression: a threshold off by one, a turned comparison, a lost member. Works on the words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

_TOKEN = re.compile(
    r"\s*(?:(?P<date>\d{4}-\d{2}-\d{2})|(?P<percent>\d+(?:\.\d+)?)%|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<string>'[^']*')|(?P<word>[A-Za-z_]\w*)|(?P<op><=|>=|==|!=|[-+*/<>()\[\],]))"
)
_COMPARISONS = {"<=": "<", "<": "<=", ">=": ">", ">": ">=", "==": "!=", "!=": "=="}
_WORDS = {"and": "or", "or": "and", "true": "false", "false": "true"}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*"}
_DAY = timedelta(days=1)


def altered(text: str) -> Iterator[str]:
    """Every expression that differs from ``text`` by one slip, each once; negating the whole is not among them."""
    seen = {text}
    for one in _slips(text):
        if one not in seen:
            seen.add(one)
            yield one


def negated(text: str) -> str:
    """The contrary of a condition."""
    inner = text[4:].strip() if text.startswith("not ") else ""
    simple = inner and not re.search(r"\b(and|or)\b", inner)
    return inner if simple else f"not ({text})"


def _slips(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        start, end = match.span(kind)
        for other in _others(kind, match.group(kind)):
            yield text[:start] + other + text[end:]
    yield from _without_member(text)
    yield from _without_operand(text)


def _others(kind: str, token: str) -> Iterator[str]:
    if kind == "date":
        day = date.fromisoformat(token)
        yield from ((day + step).isoformat() for step in (-_DAY, _DAY))
    elif kind in ("percent", "number"):
        unit = Decimal(1).scaleb(int(Decimal(token).as_tuple().exponent))
        yield from (str(value) for value in (Decimal(token) - unit, Decimal(token) + unit) if value >= 0)
    else:
        known: Mapping[str, str] = {**_COMPARISONS, **_WORDS, **_ARITHMETIC}
        if token in known:
            yield known[token]
        if kind == "word" and token == "not":
            yield ""


def _without_member(text: str) -> Iterator[str]:
    """Lists of values with one of them left out."""
    for match in re.finditer(r"\[([^\]]*)\]", text):
        members = [member.strip() for member in match.group(1).split(",")]
        for i in range(len(members) if len(members) > 1 else 0):
            rest = ", ".join(members[:i] + members[i + 1 :])
            yield f"{text[: match.start()]}[{rest}]{text[match.end() :]}"


def _without_operand(text: str) -> Iterator[str]:
    """``a and b`` with one of the two left out, wherever the two are at the same depth."""
    for word in (" and ", " or "):
        parts = _split(text, word)
        if len(parts) > 1 and not (word == " and " and len(_split(text, " or ")) > 1):
            yield from (word.join(parts[:i] + parts[i + 1 :]) for i in range(len(parts)))


def _split(text: str, word: str) -> list[str]:
    """``text`` cut at ``word`` outside of brackets and quotation marks."""
    parts, depth, quoted, last, i = list[str](), 0, False, 0, 0
    while i < len(text):
        depth += (text[i] in "([") - (text[i] in ")]")
        quoted ^= text[i] == "'"
        if depth == 0 and not quoted and text.startswith(word, i):
            parts.append(text[last:i])
            last = i = i + len(word)
            continue
        i += 1
    return [*parts, text[last:]]
