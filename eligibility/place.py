"""Where: the city a place belongs to, and whether the province's notice reaches it."""

from __future__ import annotations

from eligibility.errors import DecisionError
from knowledge import Knowledge


def places_containing(knowledge: Knowledge, place: str) -> tuple[str, ...]:
    """``place`` and everything it lies in: 桓仁 → (桓仁, 本溪, 辽宁). A known place elsewhere is alone.

    Raises:
        DecisionError: a place the gazetteer does not know.
    """
    name, gazetteer = place.strip(), knowledge.gazetteer
    provinces = gazetteer.get("province") or [""]
    if name in provinces:
        return (provinces[0],)
    for city, names in gazetteer.get("liaoning", {}).items():
        if name == city or name in names:
            return (city, provinces[0]) if name.startswith(city) else (name, city, provinces[0])
    if name in gazetteer.get("elsewhere", ()):
        return (name,)
    raise DecisionError("wrong_place", "place", value=place[:40])
