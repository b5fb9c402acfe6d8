"""All packs together: the one object through which the other packages know the notices."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from knowledge.catalogue import Fact, Question, read_facts, read_questions
from knowledge.definitions import Glossary, read_glossary, read_successors
from knowledge.enterprise_size import EnterpriseSizes, read_enterprise_sizes
from knowledge.errors import PackError
from knowledge.fields import typed
from knowledge.matters import Matters, read_matters
from knowledge.notice import Clause, Notice, read_notice
from knowledge.parameters import Parameters, read_parameters
from knowledge.retirement import RetirementLaw, read_retirement
from knowledge.yaml_source import SourceFile, load_yaml

PACKS = Path(__file__).parent / "packs"


@dataclass(frozen=True)
class Knowledge:
    """What the packs say. Mappings are by id and keep the order of the files; `hash` is the sha256 of every file.

    `lexicon` is the raw mapping of common/lexicon.yml, `programme_files` the raw programmes of every notice.
    """

    root: Path
    notices: Mapping[str, Notice]
    clauses: Mapping[str, Clause]
    facts: Mapping[str, Fact]
    questions: Mapping[str, Question]
    lexicon: Mapping[str, Any]
    programme_files: tuple[SourceFile, ...]
    hash: str

    def files(self, pattern: str) -> list[SourceFile]:
        """Read the pack files that match, e.g. `common/gazetteer.yml` or `*/duties.yml`. Raises PackError."""
        return _files(self.root, pattern)

    @cached_property
    def interpretations(self) -> Mapping[str, Mapping[str, Any]]:
        """Named readings of ambiguous text: id → {says, in_force}."""
        return self._common("interpretations")

    @cached_property
    def successors(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """What came after a programme: id → [{from: date, state, says, source, …}], oldest first. Raises PackError."""
        files = self.files("common/successors.yml")
        return read_successors(files[0]) if files else {}

    @cached_property
    def glossary(self) -> Glossary:
        """What the words of the notices mean. Raises PackError."""
        return read_glossary(load_yaml(self.root / "common" / "glossary.yml"), self.clauses)

    @cached_property
    def matters(self) -> Matters:
        """What is asked about besides the programmes. Raises PackError."""
        return read_matters(load_yaml(self.root / "common" / "matters.yml"), self.clauses, self.glossary.terms)

    @cached_property
    def parameters(self) -> Parameters:
        """Local standards that the notices leave to others. Raises PackError."""
        return read_parameters(load_yaml(self.root / "common" / "parameters.yml"), self.clauses)

    @cached_property
    def enterprise_sizes(self) -> EnterpriseSizes:
        """Which enterprises are large: the published standard, for a provisional estimate. Raises PackError."""
        return read_enterprise_sizes(load_yaml(self.root / "common" / "enterprise_size.yml"))

    @cached_property
    def retirement(self) -> RetirementLaw:
        """The legal retirement age as a dated rule. Raises PackError."""
        return read_retirement(load_yaml(self.root / "common" / "retirement.yml"))

    @cached_property
    def gazetteer(self) -> Mapping[str, Any]:
        """Places of the lexicon: {liaoning: {city: [names of it and its parts]}, elsewhere: [names]}."""
        places: Mapping[str, Any] = self.lexicon.get("places", {})
        return places

    @cached_property
    def names(self) -> Mapping[str, Mapping[str, Any]]:
        """How named results, and what may be asked beyond a verdict, are called: {results: {id: …}, asked: {id: …}}."""
        return self._common("names")

    def reading(self, interpretation: str | None) -> bool:
        """Whether a named reading is in force; no name means nothing to choose."""
        return interpretation is None or bool(self.interpretations.get(interpretation, {}).get("in_force", True))

    def notice_of(self, path: Path) -> Notice:
        """The notice whose pack folder holds the file at `path`."""
        folder = path.relative_to(self.root).parts[0]
        return next(notice for notice in self.notices.values() if notice.folder == folder)

    def _common(self, name: str) -> dict[str, Any]:
        files = self.files(f"common/{name}.yml")
        return dict(typed(files[0], (), files[0].data, dict)) if files else {}


def load(packs_dir: Path | None = None) -> Knowledge:
    """Read every pack below `packs_dir` (default: the packs beside this module). Raises PackError."""
    root = packs_dir or PACKS
    notices: dict[str, Notice] = {}
    clauses: dict[str, Clause] = {}
    for folder in sorted(path for path in root.glob("[!._]*/") if path.is_dir() and path.name != "common"):
        notice = read_notice(folder)
        if notice.id in notices:
            raise PackError(folder / "notice.yml", None, f"通知编号“{notice.id}”已被另一个文件夹使用", "换一个编号")
        notices[notice.id] = notice
        clauses.update((clause.id, clause) for clause in notice.clauses)
    facts = read_facts(load_yaml(root / "common" / "facts.yml"))
    # Both may be absent in a small pack made for a test; the packs in the house always have them.
    questions = [read_questions(file, facts) for file in _files(root, "common/questions.yml")]
    lexicon = [typed(file, (), file.data, dict) for file in _files(root, "common/lexicon.yml")]
    return Knowledge(
        root=root,
        notices=notices,
        clauses=clauses,
        facts=facts,
        questions=questions[0] if questions else {},
        lexicon=lexicon[0] if lexicon else {},
        programme_files=tuple(_files(root, "*/programmes/*.yml")),
        hash=_hash(root),
    )


def _files(root: Path, pattern: str) -> list[SourceFile]:
    return [load_yaml(path) for path in sorted(root.glob(pattern))]


def _hash(root: Path) -> str:
    """Return the sha256 over path, length and bytes of every file; hidden files are editors' litter, not packs."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*"), key=lambda p: p.relative_to(root).as_posix()):
        if path.is_file() and not path.name.startswith("."):
            raw = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()}\0{len(raw)}\0".encode())
            digest.update(raw)
    return digest.hexdigest()
