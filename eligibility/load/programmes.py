"""Every programme of the packs, each compiled for every set of notices that can be in force together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eligibility.load.overlay import read_overlay, speaking_together
from eligibility.load.programme import compile_programme
from eligibility.load.reader import complaint
from eligibility.model import Programme
from eligibility.place import every_place
from knowledge import Knowledge, SourceFile
from knowledge.fields import Fields, typed


def load_programmes(knowledge: Knowledge) -> dict[str, Programme]:
    """Every programme of the packs, by id, with the overlays of the notices that extend it.

    Raises:
        PackError: a file that cannot be used, with the line and how to mend it.
    """
    base: dict[str, SourceFile] = {}
    extending: list[SourceFile] = []
    for source in knowledge.programme_files:
        if "extends" in typed(source, (), source.data, dict):
            extending.append(source)
        elif base.setdefault(_name(source, "id"), source) is not source:
            raise complaint(source, ("id",), "taken_id", id=_name(source, "id"))
    further: dict[str, list[SourceFile]] = {name: [] for name in base}
    for source in extending:
        if _name(source, "extends") not in base:
            raise complaint(source, ("extends",), "unknown_extends", id=_name(source, "extends"))
        further[_name(source, "extends")].append(source)
    return {name: _whole(knowledge, base[name], further[name]) for name in sorted(base)}


def _whole(knowledge: Knowledge, base: SourceFile, further: Sequence[SourceFile]) -> Programme:
    """A programme with every way in which further notices can have it."""
    plain = compile_programme(knowledge, base)
    if not further:
        return plain
    read = [(read_overlay(knowledge, source), source) for source in further]
    read.sort(key=lambda one: (one[0].since, one[1].path))  # the later word stands above
    overlays = tuple(overlay for overlay, _ in read)
    places = every_place(knowledge, [overlay.place for overlay in overlays])
    localised = {
        together: replace(
            compile_programme(knowledge, base, [read[i][1] for i in together]),
            overlays=tuple(overlays[i] for i in together),
        )
        for together in speaking_together(overlays, places)
    }
    return replace(plain, overlays=overlays, localised=localised)


def _name(source: SourceFile, key: str) -> str:
    """The programme's id, which is also the file's name."""
    name = Fields(source, (), source.data, tuple(source.data)).need(key)
    if source.path.stem != name:
        raise complaint(source, (key,), "wrong_file_name", id=name)
    return name
