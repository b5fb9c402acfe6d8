"""The packs under check, opened as far as they can be: all that does not load is reported, not only the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from eligibility.cases import NEEDED, CaseResult, day_of, decide_case, run_case
from eligibility.check.finding import Finding, at, in_file, of_error
from eligibility.check.written import programme_of
from eligibility.errors import DecisionError
from eligibility.model import Decision, Programme
from eligibility.rulebook import Rulebook
from knowledge import Knowledge, PackError, SourceFile, load
from knowledge import pack as packs_of_the_house
from knowledge.notice import read_notice
from knowledge.yaml_source import load_yaml


@dataclass(frozen=True)
class Case:
    """One case of a pack, with its place in the file."""

    source: SourceFile
    number: int
    data: Mapping[str, Any]

    @property
    def programme(self) -> str:
        """The programme that it is about."""
        return str(self.data["programme"])

    @property
    def expect(self) -> Mapping[str, Any]:
        """What it expects, by key."""
        return self.data.get("expect") or {}

    @property
    def name(self) -> str:
        """Its id, as the officer knows it."""
        return str(self.data["id"])

    @property
    def as_of(self) -> date:
        """The day as of which it asks."""
        return day_of(self.data)

    def found(self, code: str, key: str | None = None, about: str = "", **details: Any) -> Finding:
        """A finding at this case, or at one of its keys."""
        place = ("cases", self.number, *(() if key is None else (key,)))
        return at(self.source, place, code, about or self.name, id=self.name, **details)


@dataclass(frozen=True)
class Packs:
    """The packs that load, and their rules.

    Attributes:
        rules: the programmes that compile; ``whole``: whether that is all of them.
    """

    knowledge: Knowledge
    rules: Rulebook
    whole: bool = True

    @cached_property
    def programme_files(self) -> Mapping[str, tuple[SourceFile, ...]]:
        """The files of each programme: its own first, then those that extend it."""
        found: dict[str, list[SourceFile]] = {}
        for source in sorted(self.knowledge.programme_files, key=lambda one: "extends" in one.data):
            found.setdefault(programme_of(source), []).append(source)
        return {name: tuple(files) for name, files in sorted(found.items())}

    @cached_property
    def duty_files(self) -> tuple[SourceFile, ...]:
        """``duties.yml`` of every notice."""
        return tuple(self.knowledge.files("*/duties.yml"))

    @cached_property
    def case_files(self) -> tuple[SourceFile, ...]:
        """Every file of cases."""
        return tuple(self.knowledge.files("*/cases/*.yml"))

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """Every case that can be run; the others are findings of the check of cases."""
        return tuple(one for one in read_cases(self.case_files) if isinstance(one, Case))

    @cached_property
    def results(self) -> tuple[tuple[Case, CaseResult], ...]:
        """Every case with how it went."""
        return tuple((case, run_case(self.rules, case.data)) for case in self.cases)

    @cached_property
    def decisions(self) -> tuple[tuple[Case, Decision], ...]:
        """Every case that can be decided, with its decision."""
        return tuple((case, decision) for case in self.cases if (decision := self.decide(case.data)) is not None)

    def decide(self, case: Mapping[str, Any], **changed: Any) -> Decision | None:
        """The decision of a case, with some of its keys changed; None where it cannot be decided."""
        try:
            return decide_case(self.rules, {**case, **changed})
        except DecisionError:
            return None

    def variants(self, programme: Programme) -> tuple[Programme, ...]:
        """A programme in every way in which the notices may have it."""
        return (programme, *programme.localised.values())


def read_cases(sources: Iterable[SourceFile]) -> Iterator[Case | Finding]:
    """The cases of the files; a finding for each that cannot be run as it stands."""
    for source in sources:
        entries = source.data.get("cases") if isinstance(source.data, dict) else None
        if not isinstance(entries, list):
            yield at(source, (), "no_cases")
            continue
        for number, entry in enumerate(entries):
            lacking = [key for key in NEEDED if not isinstance(entry, dict) or key not in entry]
            if lacking or not isinstance(entry.get("expect") or {}, dict):
                yield at(source, ("cases", number), "case_lacks", keys=", ".join(lacking or ["expect"]))
            elif not _has_a_day(entry):
                yield at(source, ("cases", number, "as_of"), "case_day", value=str(entry["as_of"])[:40])
            else:
                yield Case(source, number, entry)


def open_packs(root: Path | None = None) -> tuple[Packs | None, list[Finding]]:
    """Open the packs below ``root`` (default: those of the house), with everything that did not load.

    None where nothing can be decided: a notice, the facts or the questions did not load.
    """
    try:
        knowledge = load(root)
    except PackError as error:
        return None, _faults(root or packs_of_the_house.PACKS, error)
    rules, faults = _compile(knowledge)
    faults += [fault for name in _READ for fault in _attempt(_part(knowledge, name))]
    unreadable = [fault for pattern in _LATER for fault in _attempt(_glob(knowledge, pattern))]
    if unreadable:
        return None, [*faults, *unreadable]
    return Packs(knowledge, rules, not faults), faults


def only(knowledge: Knowledge, files: Iterable[SourceFile]) -> Knowledge:
    """The same knowledge with these programme files only; what was read of the others is kept."""
    fewer = replace(knowledge, programme_files=tuple(files))
    fewer.__dict__.update({name: knowledge.__dict__[name] for name in _READ if name in knowledge.__dict__})
    return fewer


_LATER = ("*/cases/*.yml", "*/duties.yml")  # read anew whenever they are asked for
_READ = tuple(name for name, one in vars(Knowledge).items() if isinstance(one, cached_property))


def _part(knowledge: Knowledge, name: str) -> Callable[[], Any]:
    return lambda: getattr(knowledge, name)


def _glob(knowledge: Knowledge, pattern: str) -> Callable[[], Any]:
    return lambda: knowledge.files(pattern)


def _compile(knowledge: Knowledge) -> tuple[Rulebook, list[Finding]]:
    """The rules; where a programme does not compile, those of the others."""
    try:
        return Rulebook(knowledge), []
    except PackError:
        sound: list[SourceFile] = []
        faults: list[Finding] = []
        by_programme: dict[str, list[SourceFile]] = {}
        for source in knowledge.programme_files:
            if isinstance(source.data, dict):
                by_programme.setdefault(programme_of(source), []).append(source)
            else:
                faults.append(at(source, (), "no_programme"))
        for files in by_programme.values():
            try:
                Rulebook(only(knowledge, files))
                sound += files
            except PackError as error:
                faults.append(of_error(error))
        return Rulebook(only(knowledge, sound)), faults


def _faults(root: Path, first: PackError) -> list[Finding]:
    """Everything that does not load by itself: each YAML file, each notice; at least what loading stumbled over."""
    attempts: list[Callable[[], Any]] = [_reading(path) for path in sorted(root.glob("*/**/*.yml"))]
    attempts += [_noticing(folder.parent) for folder in sorted(root.glob("[!._]*/notice.yml"))]
    faults = [fault for attempt in attempts for fault in _attempt(attempt)]
    return [of_error(first), *faults] if root.exists() else [in_file(root, None, "no_packs")]


def _reading(path: Path) -> Callable[[], Any]:
    return lambda: load_yaml(path)


def _noticing(folder: Path) -> Callable[[], Any]:
    return lambda: read_notice(folder)


def _attempt(part: Callable[[], Any]) -> list[Finding]:
    try:
        part()
    except PackError as error:
        return [of_error(error)]
    return []


def _has_a_day(entry: Mapping[str, Any]) -> bool:
    try:
        return bool(day_of(entry))
    except DecisionError:
        return False
