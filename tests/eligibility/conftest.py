"""One set of packs and one rulebook for all tests of eligibility/."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eligibility import Rulebook
from eligibility.load import load_programmes
from eligibility.model import Programme
from knowledge import Knowledge, load
from knowledge.pack import PACKS
from knowledge.yaml_source import load_yaml


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load()


@pytest.fixture(scope="session")
def rules(knowledge: Knowledge) -> Rulebook:
    return Rulebook(knowledge)


@pytest.fixture
def read(knowledge: Knowledge, tmp_path: Path) -> Callable[..., dict[str, Programme]]:
    """Compile programme files made of the given texts (file name = text), as if they were all there is."""
    shutil.copytree(PACKS / "common", tmp_path / "common")

    def compile_files(**texts: str) -> dict[str, Programme]:
        files = []
        for name, text in texts.items():
            folder = "bx-2021-43" if "extends:" in text else "ln-2021-7"
            path = tmp_path / folder / "programmes" / f"{name.rstrip('_')}.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            files.append(load_yaml(path))
        return load_programmes(replace(knowledge, root=tmp_path, programme_files=tuple(files)))

    return compile_files
