"""What the assistant believes about the applicant: the ``profile`` slot.

``{key: {state: given|declined, value, low?, high?, said}}`` in JSON values. The key is the fact's id; for facts of one
application (scope ``programme``) it is ``programme/fact``, so that "领过" said of one subsidy says nothing of another.
The order is that of saying: the last entry is the last thing heard.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eligibility.facts import plain, read_fact
from knowledge import Knowledge

Slot = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Entry:
    """One believed fact. ``low`` / ``high`` differ when the words were approximate."""

    fact: str
    state: str
    value: Any
    low: Any
    high: Any
    said: str

    @property
    def approximate(self) -> bool:
        return self.state == "given" and self.low != self.high


class Profile:
    """Read and extend the slot; every change returns a new profile."""

    def __init__(self, knowledge: Knowledge, slot: Mapping[str, Any] | None) -> None:
        self.knowledge = knowledge
        self.slot: Slot = {key: dict(entry) for key, entry in (slot or {}).items()}

    def key(self, fact: str, programme: str | None) -> str:
        scoped = self.knowledge.facts[fact].scope == "programme"
        return f"{programme}/{fact}" if scoped and programme else fact

    def given(
        self, fact: str, programme: str | None, value: Any, said: str, low: Any = None, high: Any = None, **kept: Any
    ) -> Profile:
        """With a fact the user stated. ``value`` (and the bounds of an approximate one) in the catalogue's type.

        ``kept``: JSON values to be remembered with it, such as what it was worked out from.
        """
        entry = {"state": "given", "value": plain(value), "said": said, **kept}
        if low is not None or high is not None:
            entry |= {"low": plain(low), "high": plain(high)}
        return self._with(self.key(fact, programme), entry)

    def declined(self, fact: str, programme: str | None) -> Profile:
        """With a fact the user cannot tell: not asked again."""
        return self._with(self.key(fact, programme), {"state": "declined", "value": None, "said": ""})

    def without(self, fact: str, programme: str | None) -> Profile:
        """As if the fact had never been told."""
        gone = {self.key(fact, programme), fact}
        return Profile(self.knowledge, {key: entry for key, entry in self.slot.items() if key not in gone})

    def entries(self, programme: str | None = None) -> Iterator[Entry]:
        """Every believed fact that counts for ``programme`` (all of them if None), oldest first.

        Facts the catalogue no longer knows, or values it no longer accepts, are dropped: they are simply asked again.
        """
        for key, entry in self.slot.items():
            owner, _, fact = key.rpartition("/")
            known = self.knowledge.facts.get(fact)
            if known is None or (owner and programme is not None and owner != programme):
                continue
            if entry.get("state") == "declined":
                yield Entry(fact, "declined", None, None, None, "")
                continue
            try:
                value, low, high = (
                    read_fact(known, entry[name]) if entry.get(name) is not None else None
                    for name in ("value", "low", "high")
                )
            except (ValueError, KeyError):
                continue
            if value is not None:
                yield Entry(
                    fact,
                    "given",
                    value,
                    value if low is None else low,
                    value if high is None else high,
                    str(entry.get("said", "")),
                )

    def facts(self, programme: str) -> dict[str, Any]:
        """Stated facts for the engine."""
        return {entry.fact: entry.value for entry in self.entries(programme) if entry.state == "given"}

    def unknowns(self, programme: str) -> frozenset[str]:
        """Facts the user said they cannot tell."""
        return frozenset(entry.fact for entry in self.entries(programme) if entry.state == "declined")

    def _with(self, key: str, entry: dict[str, Any]) -> Profile:
        slot = {name: value for name, value in self.slot.items() if name != key}
        return Profile(self.knowledge, {**slot, key: entry})
