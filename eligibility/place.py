"""Where: the city a place belongs to, and whether the province's notice reaches it."""

from __future__ import annotations

from eligibility.errors import DecisionError
from knowledge import Knowledge

PROVINCE = "辽宁"


def places_containing(knowledge: Knowledge, place: str) -> tuple[str, ...]:
    """``place`` and everything it lies in: 桓仁 → (桓仁, 本溪, 辽宁). A known place elsewhere is alone.

    Raises:
        DecisionError: a place the gazetteer does not know.
    """
    name = place.strip().removesuffix("市").removesuffix("省")
    if name == PROVINCE:
        return (PROVINCE,)
    for city, parts in knowledge.gazetteer.get("liaoning", {}).items():
        if name == city:
            return (city, PROVINCE)
        if place.strip() in parts or name in parts:
            return (name, city, PROVINCE)
    if {name, place.strip()} & set(knowledge.gazetteer.get("elsewhere", ())):
        return (name,)
    raise DecisionError("wrong_place", "place", value=place[:40])
