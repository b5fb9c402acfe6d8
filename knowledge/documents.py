"""The documents that the notices name by number, and which of them a short form (“29号”) may mean."""

from __future__ import annotations

import re
from collections.abc import Mapping

from knowledge.pack import Knowledge
from knowledge.text import normalise

_NUMBER = re.compile(r"([\u4e00-\u9fff]{1,8})[〔\[(（]?(\d{4})[〕\])）]?(\d+)号")
_PRINTED = re.compile(r"[\u4e00-\u9fff]{1,8}〔\d{4}〕\d+号")
_SHORT = re.compile(r"(\d+)号")
_YEAR = re.compile(r"(?:19|20)\d\d")


def cited_documents(knowledge: Knowledge) -> dict[str, tuple[str, ...]]:
    """Every document number printed in the notices, as printed, with the clauses that print it."""
    found: dict[str, list[str]] = {}
    for clause in knowledge.clauses.values():
        for number in _PRINTED.findall("".join(clause.quote.split())):
            found.setdefault(number, []).append(clause.id)
    return {number: tuple(dict.fromkeys(clauses)) for number, clauses in found.items()}


def matching(documents: Mapping[str, tuple[str, ...]], mention: str) -> dict[str, tuple[str, ...]]:
    """Those that ``mention`` may mean: same number, and same year and letters where it states them."""
    words = normalise(mention)
    short = _SHORT.findall(words) or re.findall(r"(\d+)\D*$", words)
    if not short:
        return {}
    full = _NUMBER.search(words)
    years = [year for year in _YEAR.findall(words) if year != short[-1]]
    letters = re.match(r"[\u4e00-\u9fff]*", words)
    found = {}
    for number, clauses in documents.items():
        parts = _NUMBER.fullmatch(number)
        if parts is None or parts[3] != short[-1] or (years and parts[2] not in years):
            continue
        if full and not full[1].endswith(parts[1]):
            continue  # a number of another authority
        found[number] = clauses
    stated = letters.group() if letters else ""
    exact = {number: where for number, where in found.items() if stated and number.startswith(f"{stated}〔")}
    begun = {number: where for number, where in found.items() if stated and number.startswith(stated)}
    return exact or begun or found
