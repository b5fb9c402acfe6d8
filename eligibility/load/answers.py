"""What people ask beside the verdict: which clause answers it, or to which text the notices leave it."""

from __future__ import annotations

from eligibility.load.reader import Reader
from eligibility.model import ASPECTS, Aspect, Delegated

_STATES = ("stated", "delegated", "not_stated")


def read_delegated(reader: Reader) -> dict[str, tuple[Delegated, ...]]:
    """By question, the texts to which the notices leave it. Raises PackError."""
    found: dict[str, tuple[Delegated, ...]] = {}
    for i, item in enumerate(reader.section("delegated", list)):
        fields = reader.fields(("delegated", i), item, "question", "if", "cite", "refer_to", "says")
        name = fields.need("question")
        condition = reader.expression(fields, "if", "bool") if "if" in fields.data else None
        one = Delegated(name, reader.cite(fields), fields.texts("refer_to"), fields.need("says"), condition)
        found[name] = (*found.get(name, ()), one)
    return found


def read_aspects(reader: Reader) -> dict[str, Aspect]:
    """By aspect (what, who, amount …), whether the notice states it, delegates it or is silent. Raises PackError."""
    found = {}
    for name, entry in reader.fields(("aspects",), reader.section("aspects", dict), *ASPECTS).data.items():
        fields = reader.fields(("aspects", name), entry, *_STATES, "refer_to", "says")
        states = [key for key in _STATES if key in fields.data]
        if len(states) != 1:
            raise reader.error(fields.place, "one_state", choices="、".join(_STATES))
        says = fields.get("says", str, "") or None
        found[name] = Aspect(states[0], reader.cite(fields, states[0]), fields.texts("refer_to"), says)
    return found
