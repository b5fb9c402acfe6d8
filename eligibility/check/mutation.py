"""``wengang check --mutate``: do the cases notice when a rule is slightly wrong?

Every rule file is changed in every small way (``mutants.py``), and the cases of its programme are run. A mutant is
killed when a case that passed fails. Mutants that do not load prove nothing and do not count; nor do those that no case
can notice because they decide the same (``packs/common/mutants.yml``, each with the reason). Score = killed / counted.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from eligibility.cases import run_case
from eligibility.check.finding import Finding, at, in_file
from eligibility.check.mutants import Mutant, mutants
from eligibility.check.packs import Case, Packs, only, read_cases
from eligibility.check.tell_apart import difference
from eligibility.check.written import pack_file
from eligibility.model import DUTY
from eligibility.rulebook import Rulebook
from knowledge import Knowledge, PackError, SourceFile
from knowledge.fields import Fields, typed
from knowledge.yaml_source import load_yaml

KILLED, SURVIVED, STILLBORN = "killed", "survived", "stillborn"
ENOUGH = 0.95
_KEYS = ("file", "where", "now", "why")


@dataclass(frozen=True)
class Fate:
    """What became of one mutant.

    Attributes:
        by: the case that killed it.
        apart: for a survivor, facts that the rule and the mutant answer differently, if any were found.
    """

    mutant: Mutant
    state: str
    by: str = ""
    apart: str = ""


@dataclass(frozen=True)
class Score:
    """The fates of all mutants of one programme. ``equivalent``: survivors that are listed with a reason."""

    programme: str
    fates: tuple[Fate, ...]
    equivalent: frozenset[tuple[str, str, str]] = frozenset()

    def count(self, state: str) -> int:
        """How many ended so."""
        return sum(fate.state == state for fate in self.fates)

    @property
    def survivors(self) -> tuple[Fate, ...]:
        """Those that no case noticed and nobody justified."""
        return tuple(f for f in self.fates if f.state == SURVIVED and f.mutant.key not in self.equivalent)

    @property
    def justified(self) -> int:
        """How many survivors are listed as equivalent."""
        return self.count(SURVIVED) - len(self.survivors)

    @property
    def counted(self) -> int:
        """The mutants that count: they load, and are not listed as equivalent."""
        return self.count(KILLED) + len(self.survivors)

    @property
    def score(self) -> float:
        """Killed / counted; 1 where nothing counts."""
        return self.count(KILLED) / self.counted if self.counted else 1.0


@dataclass(frozen=True)
class Mutation:
    """All programmes; ``findings``: what is wrong with the list of equivalent mutants."""

    scores: tuple[Score, ...]
    findings: tuple[Finding, ...] = field(default=())

    @property
    def score(self) -> float:
        """Killed / counted over all programmes."""
        counted = sum(one.counted for one in self.scores)
        return sum(one.count(KILLED) for one in self.scores) / counted if counted else 1.0


def mutate(
    packs: Packs, further: Sequence[Path] = (), programme: str | None = None, processes: int | None = None
) -> Mutation:
    """Try every mutant against the cases of the packs and of ``further`` files.

    Args:
        programme: of this programme only.
        processes: how many at a time; default: one per processor.

    Raises:
        PackError: a further file that cannot be read.
    """
    trials = [trial for trial in _trials(packs) if programme in (None, trial.programme)]
    cases = _cases(packs, further)
    workshop = _Workshop(packs, cases)
    fates = _run(workshop, trials, processes or os.cpu_count() or 1)
    listed, findings = _equivalents(packs.knowledge)
    by_key = {fate.mutant.key: fate for fate in fates}
    for key, finding in listed.items():
        findings += _unjust(key, finding, by_key, programme is None)
    equivalent = frozenset(listed)
    names = dict.fromkeys(trial.programme for trial in trials)
    scores = [Score(name, tuple(f for f in fates if f.mutant.programme == name), equivalent) for name in names]
    return Mutation(tuple(sorted(scores, key=lambda one: one.programme)), tuple(findings))


def _trials(packs: Packs) -> Iterator[Mutant]:
    for files in packs.programme_files.values():
        for file in files:
            yield from mutants(file)
    if DUTY in packs.rules.programmes:
        for file in packs.duty_files:
            yield from mutants(file)


def _cases(packs: Packs, further: Sequence[Path]) -> dict[str, list[Case]]:
    """The cases that pass, by programme: only they can notice anything."""
    found: dict[str, list[Case]] = {}
    more = [one for one in read_cases(load_yaml(path) for path in further) if isinstance(one, Case)]
    for case in (*packs.cases, *more):
        if run_case(packs.rules, case.data).passed:
            found.setdefault(case.programme, []).append(case)
    return found


# --- trying one ------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Changed(Knowledge):
    """Knowledge with some files changed; everything else is as it was read."""

    instead: Mapping[Path, SourceFile] = field(default_factory=dict)

    def files(self, pattern: str) -> list[SourceFile]:
        return [self.instead.get(file.path, file) for file in super().files(pattern)]


class _Workshop:
    """Where mutants are tried: the packs as they are, and the cases."""

    def __init__(self, packs: Packs, cases: Mapping[str, Sequence[Case]]) -> None:
        self.packs, self.cases = packs, cases

    def fate(self, mutant: Mutant) -> Fate:
        """Run the cases until one fails."""
        try:
            rules = Rulebook(self._knowledge(mutant))
        except PackError:
            return Fate(mutant, STILLBORN)
        cases = self.cases.get(mutant.programme, ())
        for case in cases:
            if not _passes(rules, case):
                return Fate(mutant, KILLED, case.name)
        apart = difference(self.packs.rules, rules, [case.data for case in cases])
        return Fate(mutant, SURVIVED, apart=apart)

    def _knowledge(self, mutant: Mutant) -> Knowledge:
        known = self.packs.knowledge
        files = self.packs.programme_files[mutant.programme]
        duties = self.packs.duty_files if mutant.programme == DUTY else ()
        changed = {file.path: mutant.source(file) for file in (*files, *duties) if pack_file(file) == mutant.file}
        some = only(known, (changed.get(file.path, file) for file in files))
        if not duties:
            return some
        instead = {file.path: changed.get(file.path, file) for file in duties}
        one = _Changed(**{name: getattr(some, name) for name in some.__dataclass_fields__}, instead=instead)
        one.__dict__.update({k: v for k, v in some.__dict__.items() if k not in one.__dataclass_fields__})
        return one


def _passes(rules: Rulebook, case: Case) -> bool:
    try:
        return run_case(rules, case.data).passed
    except Exception:  # a rule that breaks the engine is noticed by anybody
        return False


_workshop: _Workshop | None = None


def _run(workshop: _Workshop, trials: Sequence[Mutant], processes: int) -> list[Fate]:
    """Try all mutants, in several processes where that pays."""
    if processes == 1 or len(trials) < 50:
        return [workshop.fate(one) for one in trials]
    global _workshop
    _workshop = workshop  # forked processes inherit it: nothing is read or sent twice
    try:
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(processes, mp_context=context) as pool:
            return list(pool.map(_try, trials, chunksize=8))
    finally:
        _workshop = None


def _try(mutant: Mutant) -> Fate:
    assert _workshop is not None
    return _workshop.fate(mutant)


# --- equivalent mutants ----------------------------------------------------------------------------------------
_Key = tuple[str, str, str]


def _equivalents(knowledge: Knowledge) -> tuple[dict[_Key, Callable[..., Finding]], list[Finding]]:
    """The mutants listed as equivalent, each with a way to complain about its entry."""
    listed: dict[_Key, Callable[..., Finding]] = {}
    try:
        for source in knowledge.files("common/mutants.yml"):
            for i, entry in enumerate(typed(source, (), source.data, list)):
                fields = Fields(source, (i,), entry, _KEYS)
                fields.need("why")
                key = (fields.need("file"), fields.need("where"), fields.need("now"))
                listed[key] = _complaint(source, i)
    except PackError as error:
        return listed, [in_file(error.path, error.line, "wrong_list", what=error.what)]
    return listed, []


def _complaint(source: SourceFile, number: int) -> Callable[..., Finding]:
    return lambda code, **details: at(source, (number,), code, **details)


def _unjust(
    key: _Key, complain: Callable[..., Finding], fates: Mapping[_Key, Fate], all_tried: bool
) -> Iterable[Finding]:
    """What is wrong with an entry of the list."""
    fate = fates.get(key)
    if fate is None:
        if all_tried:
            yield complain("no_such_mutant", now=key[2])
    elif fate.state == KILLED:
        yield complain("killed_after_all", now=key[2], case=fate.by)
    elif fate.apart:
        yield complain("not_equivalent", now=key[2], apart=fate.apart)
