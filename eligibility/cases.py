"""Run cases (facts → expected decision) in the format of ``tests/contract/cases_public.yml``; the head of that file
says how each key is compared.

Two things beyond that head, for the cases of the packs: of ``window`` and ``amount`` only the keys that a case names
are compared; ``assumptions_exactly`` and ``refer_to_exactly`` name all of them, where the plain keys name some.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from eligibility.errors import DecisionError
from eligibility.model import Decision
from eligibility.rulebook import Rulebook
from knowledge.text import same_ignoring_space
from knowledge.yaml_source import load_yaml

NEEDED = ("id", "programme", "place", "as_of")
_AMOUNTS = {"cap_yuan": "yuan", "amount_yuan": "yuan", "cap_yuan_range": ("low_yuan", "high_yuan")}
_CONTAINS = ("assumptions", "refer_to")
_IN_PART = ("would_change", "window", "amount")  # only the keys that the case names
_EXACTLY = "_exactly"  # assumptions_exactly: those and no others, where ``assumptions`` names some of them
_AS_SETS = ("missing", "missing_for_amount", "who", "to", "fund", "candidates")


@dataclass(frozen=True)
class CaseResult:
    """One case: passed, or what differed (``messages``)."""

    id: str
    title: str
    programme: str
    passed: bool
    messages: tuple[str, ...]


def run(rules: Rulebook, paths: list[Path]) -> Iterator[CaseResult]:
    """Run every case of the files in turn.

    Raises:
        PackError: a file that is missing or no YAML. DecisionError: a file without ``cases:``, or a case that lacks
            what every case needs.
    """
    for path in paths:
        data = load_yaml(path).data
        cases = data.get("cases") if isinstance(data, Mapping) else None
        if not isinstance(cases, list):
            raise DecisionError("case_file", path=path.name)
        for number, case in enumerate(cases, 1):
            shaped = isinstance(case, Mapping) and isinstance(case.get("expect") or {}, Mapping)
            if not shaped or not all(key in case for key in NEEDED):
                raise DecisionError("case_shape", path=path.name, number=number, keys="、".join(NEEDED))
            yield run_case(rules, case)


def decide_case(rules: Rulebook, case: Mapping[str, Any]) -> Decision:
    """The decision that a case asks for. Raises DecisionError."""
    return rules.decide(**arguments(rules, case))


def arguments(rules: Rulebook, case: Mapping[str, Any]) -> dict[str, Any]:
    """What a case hands to ``Rulebook.decide``, by the names of its arguments. Raises DecisionError."""
    return {
        "programme": case["programme"],
        "facts": rules.read(case.get("facts") or {}),
        "as_of": day_of(case),
        "place": case["place"],
        "declined": case.get("declined") or (),
        "question": case.get("question"),
        "about": case.get("about"),
    }


def day_of(case: Mapping[str, Any]) -> date:
    """The day as of which a case asks, as YAML or text. Raises DecisionError."""
    value = case["as_of"]
    try:
        return value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise DecisionError("wrong_as_of", "as_of", value=str(value)[:40]) from None


def run_case(rules: Rulebook, case: Mapping[str, Any]) -> CaseResult:
    """Decide one case and compare; an error of the request is a failed case, not an exception."""
    try:
        messages = tuple(_differences(case, rules.to_json(decide_case(rules, case))))
    except DecisionError as error:
        messages = (str(error),)
    return CaseResult(str(case["id"]), str(case.get("title", "")), case["programme"], not messages, messages)


def _differences(case: Mapping[str, Any], decision: Mapping[str, Any]) -> Iterator[str]:
    for key, wanted in (case.get("expect") or {}).items():
        got = _actual(key, decision)
        if not _agrees(key, wanted, got):
            yield f"{key}: {wanted!r} ≠ {got!r}"
    quotes = {reason["clause"]: reason["quote"] for reason in decision["because"]}
    cited = case.get("decided_by") or []
    for clause in cited:
        if clause not in quotes:
            yield f"decided_by: {clause} ∉ {sorted(quotes)}"
    if case.get("quote") and cited and cited[0] in quotes and not _within(case["quote"], quotes[cited[0]]):
        yield f"quote: {case['quote']!r} ≠ {quotes[cited[0]]!r}"


def _actual(key: str, decision: Mapping[str, Any]) -> Any:
    key = key.removesuffix(_EXACTLY)
    if key in _AMOUNTS:
        amount, names = decision["amount"] or {}, _AMOUNTS[key]
        return amount.get(names) if isinstance(names, str) else [amount.get(name) for name in names]
    return decision[key] if key in decision else decision["results"].get(key)


def _agrees(key: str, wanted: Any, got: Any) -> bool:
    if key in _CONTAINS:
        return set(_list(wanted)) <= set(_list(got))
    if key in _AS_SETS or key.endswith(_EXACTLY):
        return set(_list(wanted)) == set(_list(got))
    if key == "depends_on":
        return bool(got)
    if key in _IN_PART and isinstance(wanted, Mapping) and isinstance(got, Mapping):
        return all(name in got and _plain(got[name]) == _plain(value) for name, value in wanted.items())
    return bool(_plain(wanted) == _plain(got))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _within(part: str, whole: str) -> bool:
    return same_ignoring_space(part, whole) or "".join(part.split()) in "".join(whole.split())
