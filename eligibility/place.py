"""Where: the city a place belongs to, and whether the province's notice reaches it."""

from __future__ import annotations

from collections.abc import Iterable

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


def every_place(knowledge: Knowledge, others: Iterable[str]) -> list[tuple[str, ...]]:
    """The province, its cities and their parts, each with everything it lies in.

    Args:
        others: further places; one that the gazetteer does not know lies in nothing else.
    """
    gazetteer = knowledge.gazetteer
    names = [
        *(gazetteer.get("province") or ()),
        *(n for c, parts in gazetteer.get("liaoning", {}).items() for n in (c, *parts)),
    ]
    found = dict.fromkeys(places_containing(knowledge, name) for name in names)
    known = {name for nested in found for name in nested}
    return [*found, *((name,) for name in others if name not in known)]
