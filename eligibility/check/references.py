"""Ids that stand in words for something else exist: in lexicon, standards, what came later, the offered choice."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from typing import Any

from eligibility.check.finding import Finding, Report, at, said
from eligibility.check.packs import Packs
from eligibility.model import ASPECTS
from knowledge import SourceFile
from knowledge.yaml_source import Place


def references(packs: Packs) -> Report:
    """Look up every programme, aspect, fact and value that lexicon.yml, successors.yml and parameters.yml name."""
    named = [*_lexicon(packs), *_successors(packs), *_parameters(packs)]
    findings = [_unknown(*one) for one in named if one[2] not in one[3]]
    findings += [*_unnamed(packs), *_uncalled(packs)]
    return Report("references", tuple(findings), {"named": len(named)})


_Named = tuple[SourceFile, Place, Any, Collection[str]]


def _lexicon(packs: Packs) -> Iterator[_Named]:
    programmes, facts = packs.rules.programmes, packs.knowledge.facts
    for source in packs.knowledge.files("common/lexicon.yml"):
        for i, name in enumerate(source.data.get("offered") or ()):
            yield source, ("offered", i), name, programmes
        for key, known in (("programmes", programmes), ("aspects", ASPECTS), ("facts", facts)):
            for name in source.data.get(key) or {}:
                yield source, (key, name), name, known
        for fact, words in (source.data.get("facts") or {}).items():
            values = facts[fact].values if fact in facts else {}
            for value in (words or {}).get("values") or {}:
                yield source, ("facts", fact, "values", value), value, values


def _successors(packs: Packs) -> Iterator[_Named]:
    for source in packs.knowledge.files("common/successors.yml"):
        for name in source.data:
            yield source, (name,), name, packs.rules.programmes


def _parameters(packs: Packs) -> Iterator[_Named]:
    for source in packs.knowledge.files("common/parameters.yml"):
        for i, entry in enumerate(source.data.get("parameters") or ()):
            if "programme" in entry:
                yield source, ("parameters", i, "programme"), entry["programme"], packs.rules.benefits


def _unnamed(packs: Packs) -> Iterator[Finding]:
    """A programme that nobody can name in words cannot be asked for."""
    for source in packs.knowledge.files("common/lexicon.yml"):
        known = source.data.get("programmes") or {}
        for name in packs.rules.benefits:
            if not (known.get(name) or {}).get("aliases"):
                yield at(source, ("programmes",), "no_alias", name, programme=name)


def _uncalled(packs: Packs) -> Iterator[Finding]:
    """A result, or something to be asked beyond the verdict, that no page can name."""
    called = packs.knowledge.names
    for programme, sources in packs.programme_files.items():
        for source in sources:
            for name in source.data.get("results") or {}:
                if name not in called.get("results", {}):
                    yield at(source, ("results", name), "no_name", f"{programme} {name}", name=name, part="results")
            for i, entry in enumerate(source.data.get("delegated") or ()):
                name = entry.get("question")
                if name not in called.get("asked", {}) and name not in ASPECTS:
                    yield at(source, ("delegated", i), "no_name", f"{programme} {name}", name=name, part="asked")


def _unknown(source: SourceFile, place: Place, name: Any, known: Collection[str]) -> Finding:
    near = difflib.get_close_matches(str(name), list(known), 1)
    suggestion = said("did_you_mean", value=near[0]) if near else ""
    return at(source, place, "unknown_id", str(name), name=name, suggestion=suggestion)
