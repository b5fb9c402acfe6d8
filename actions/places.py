"""Where a question is about: here, another city of the province, or a place that the notices do not reach.

A place may only tell where somebody comes from (“河南户口”, “哈尔滨念的大学，毕业回本溪”), and a place's name need not
mean it (“兰州拉面”). Which is which stands in ``origin`` of packs/common/matters.yml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actions.state import State

_FILLERS = re.compile(r"[是的在那边这市省县区]*$")
_LINKS = re.compile(r"^[市省县区那边的这是]*")


@dataclass(frozen=True)
class PlaceAsked:
    """Attributes:
    elsewhere: a place the notices do not reach, if the question is about one.
    city: the city that is meant. named: whether it is named in the message.
    """

    elsewhere: str | None
    city: str
    named: bool


def place_asked(state: State) -> PlaceAsked:
    """The place a message is about."""
    gazetteer, words = state.room.knowledge.gazetteer, state.room.knowledge.matters.origin
    found = [one for one in state.entities if one["entity"] == "place" and not _no_place(state, one)]
    outside = [one for one in found if one["value"] in gazetteer.get("elsewhere", ())]
    inside = [one for one in found if one not in outside]
    asked_there = any(word in state.text for word in words["there"])
    returned = any(word in state.text for word in words["returned"])
    meant_outside = [one for one in outside if asked_there or not (returned or _origin(state, one))]
    meant_inside = [one for one in inside if not _origin(state, one)]
    cities = [one["value"] for one in (meant_inside or inside) if one["value"] in gazetteer.get("liaoning", {})]
    city = cities[0] if cities else state.place
    if meant_outside and not meant_inside:
        return PlaceAsked(str(meant_outside[-1]["value"]), city, bool(cities))
    return PlaceAsked(None, city, bool(cities))


def _origin(state: State, place: Mapping[str, Any]) -> bool:
    """“我是广西人”, “户口在河南”, “从深圳回来”: where somebody comes from."""
    words, text = state.room.knowledge.matters.origin, state.text
    before = _FILLERS.sub("", text[: place["start"]])
    behind = _LINKS.sub("", text[place["end"] :])
    comes_behind = behind.startswith(tuple(words["behind"])) and not behind.startswith(tuple(words["not_behind"]))
    return before.endswith(tuple(words["before"])) or comes_behind


def _no_place(state: State, place: Mapping[str, Any]) -> bool:
    """“兰州拉面”, “上海路”: a name in which a place is only a word."""
    return state.text[place["end"] :].startswith(tuple(state.room.knowledge.matters.origin["not_a_place"]))
