"""A file of the packs with one slip in it, and the complaint about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge import PackError, SourceFile
from knowledge.yaml_source import load_yaml


def complaint(read: Callable[[SourceFile], object], file: Path, folder: Path, old: str, new: str) -> str:
    """What ``read`` finds wrong with a copy of ``file`` in which ``new`` stands in the first place of ``old``."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    copy = folder / file.name
    copy.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PackError) as caught:
        read(load_yaml(copy))
    assert caught.value.line
    return caught.value.what
