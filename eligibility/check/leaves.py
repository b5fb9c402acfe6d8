"""Conditions that do no work: that can only be true, or only false, or on which no outcome ever turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eligibility.check.finding import Finding, Report, at
from eligibility.check.packs import Packs
from eligibility.check.worlds import Worlds, worlds_of
from eligibility.model import Exceptional, Leaf
from knowledge.yaml_source import Place


def leaves(packs: Packs) -> Report:
    """Try every condition of every programme over all cells of the facts it reads.

    A condition that is constant by a named reading of the text (``assume`` with ``otherwise``) is not idle: the
    other reading of it is not constant.
    """
    findings: list[Finding] = []
    total = 0
    for name in packs.rules.benefits:
        files = packs.programme_files[name]
        places = {i: (file, place) for file in files for place, i in _conditions(file.data, ())}
        worlds = worlds_of(packs, name)
        for identity in dict.fromkeys(i for world in worlds for i in _of(world)):
            total += 1
            code = _idle([world for world in worlds if identity in _of(world)], identity)
            if code:
                source, place = places.get(identity, (files[0], ()))
                findings.append(at(source, place, code, f"{name} {identity}", id=identity))
    return Report("leaves", tuple(findings), {"conditions": total})


def _of(world: Worlds) -> Mapping[str, Leaf | Exceptional]:
    conditions: tuple[Leaf | Exceptional, ...] = (*world.programme.exceptions, *world.programme.leaves)
    return {one.id: one for one in conditions}


def _idle(worlds: Sequence[Worlds], identity: str) -> str | None:
    """What is wrong with a condition in every way in which the notices may have the programme, as a finding's code."""
    here = [(world, _of(world)[identity]) for world in worlds]
    truths = {truth for world, one in here for truth in world.truths(one if isinstance(one, Leaf) else world.leaf(one))}
    reading = here[0][1].assumption
    if len(truths) == 1:
        read_so = reading is not None and reading.otherwise is not None
        return None if read_so else "always_true" if True in truths else "always_false"
    if any(isinstance(one, Exceptional) or world.turns_on(one) for world, one in here):
        return None
    return "dead_leaf"


def _conditions(data: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Where the conditions stand in a file, by id."""
    if isinstance(data, dict):
        if isinstance(data.get("id"), str):
            yield place, data["id"]
        for key, value in data.items():
            if place == ("conditions",):
                yield (*place, key), str(key)
            yield from _conditions(value, (*place, key))
    elif isinstance(data, list):
        for i, one in enumerate(data):
            yield from _conditions(one, (*place, i))
