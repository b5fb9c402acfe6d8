"""What a check finds: file, line, what is wrong, how to mend it, each in one Chinese clause of ``messages.yml``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from knowledge import PackError, SourceFile
from knowledge.yaml_source import Place


@dataclass(frozen=True)
class Finding:
    """One fault of the packs.

    Attributes:
        line: from 1; None where no line applies.
        what, mend: Chinese, without final punctuation.
        about: what it is about, in words that stay the same when lines move: an exemption names it.
    """

    path: Path
    line: int | None
    what: str
    mend: str
    about: str = ""

    def __str__(self) -> str:
        return str(PackError(self.path, self.line, self.what, self.mend))


@dataclass(frozen=True)
class Report:
    """What one check says. ``figures`` fill its closing sentence; ``exempt``: findings that a person has justified."""

    check: str
    findings: tuple[Finding, ...]
    figures: dict[str, Any] = field(default_factory=dict)
    exempt: int = 0

    @property
    def title(self) -> str:
        """Its name to the officer."""
        return str(_messages()["checks"][self.check]["title"])

    @property
    def summary(self) -> str:
        """What was looked at, in one phrase."""
        more = said("exempted", count=self.exempt) if self.exempt else ""
        return str(_messages()["checks"][self.check]["figures"].format(**self.figures)) + more


def at(source: SourceFile, place: Place, code: str, about: str = "", **details: Any) -> Finding:
    """The finding ``code`` at a place of a YAML file."""
    return in_file(source.path, source.line_of(place), code, about, **details)


def in_file(path: Path, line: int | None, code: str, about: str = "", **details: Any) -> Finding:
    """The finding ``code`` at a line of a file."""
    texts = _messages()["findings"][code]
    return Finding(path, line, texts["what"].format(**details), texts["mend"].format(**details), about)


def of_error(error: PackError) -> Finding:
    """What loading complained about."""
    return Finding(error.path, error.line, error.what, error.mend)


def said(code: str, **details: Any) -> str:
    """A phrase of ``messages.yml`` with its placeholders filled."""
    return str(_messages()["words"][code].format(**details))


def unique(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Each place once, the first word about it kept; by file and line."""
    first: dict[tuple[Path, int | None, str], Finding] = {}
    for one in findings:
        first.setdefault((one.path, one.line, one.what), one)
    return tuple(sorted(first.values(), key=lambda one: (one.path, one.line or 0)))


@lru_cache(maxsize=1)
def _messages() -> dict[str, Any]:
    return dict(yaml.safe_load(Path(__file__).with_name("messages.yml").read_text(encoding="utf-8")))
