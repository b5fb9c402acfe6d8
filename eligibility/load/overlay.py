"""Where and from when a further notice speaks on a programme (``extends:``), and which of them can speak together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from eligibility.errors import FactError, message
from eligibility.facts import read_fact
from eligibility.load.reader import Reader
from eligibility.model import Overlay
from eligibility.names import Names
from knowledge import Knowledge, SourceFile
from knowledge.fields import Fields

_OVERLAY: tuple[str, ...] = ("extends", "since", "set", "cites", "conditions", "also", "held_by_agency", "derive")
_OVERLAY += ("results", "amount", "window", "next_step", "aspects", "delegated")


def read_overlay(knowledge: Knowledge, source: SourceFile) -> Overlay:
    """The place, the date and the settled facts of a further notice. Raises PackError."""
    reader = Reader(knowledge, source, Names(knowledge.facts))
    top = reader.fields((), reader.data, *_OVERLAY)
    notice = knowledge.notice_of(source.path)
    since = top.date("since") or notice.date_not_after
    if since is None:
        raise reader.error((), "missing_key", key="since")
    facts, fact_cites = {}, {}
    for name, entry in top.get("set", dict, {}).items():
        fields = reader.fields(("set", name), entry, "value", "cite")
        facts[name] = _settled(reader, fields, name)
        fact_cites[name] = reader.cite(fields)
    return Overlay(document=notice.id, place=notice.place, since=since, facts=facts, fact_cites=fact_cites)


def _settled(reader: Reader, fields: Fields, name: str) -> Any:
    """The value that a notice gives to a fact."""
    catalogue = reader.knowledge.facts
    reader.known_facts(("set",), [name])
    if fields.data.get("value") is None:
        raise reader.error(fields.place, "missing_key", key="value")
    try:
        return read_fact(catalogue[name], fields.data["value"])
    except FactError as error:
        raise fields.error("value", str(error).rstrip("。"), message("mend_wrong_shape")) from None


def speaking_together(overlays: Sequence[Overlay], places: Sequence[Sequence[str]]) -> Iterator[tuple[int, ...]]:
    """Every set of further notices that is in force somewhere on some day, by their positions in ``overlays``.

    A notice speaks from its day on, so in one place there are no more sets than there are days on which one begins.

    Args:
        places: each place with everything it lies in.
    """
    found: dict[tuple[int, ...], None] = {}
    for nested in places:
        for day in sorted({one.since for one in overlays if one.place in nested}):
            found[tuple(i for i, one in enumerate(overlays) if one.speaks(day, nested))] = None
    yield from found
