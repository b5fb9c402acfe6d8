"""The public contract and the notices are copied into the repository; the copies must stay the originals."""

from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
COPIES = HERE.parent.parent / "contract"
PACKS = HERE.parents[2] / "knowledge" / "packs"
SHARED = HERE.parents[3] / "shared"
ORIGINALS = [*sorted(SHARED.glob("contract/*")), *SHARED.glob("notices/source.txt")]


@pytest.mark.skipif(not ORIGINALS, reason="../shared is not here")
@pytest.mark.parametrize("original", ORIGINALS, ids=lambda path: path.name)
def test_copy_equals_original(original: Path) -> None:
    copy = COPIES / ("notices.txt" if original.parent.name == "notices" else original.name)
    assert copy.read_bytes() == original.read_bytes()


def test_the_two_sources_joined_are_the_original_text() -> None:
    joined = b"".join((PACKS / folder / "source.txt").read_bytes() for folder in ("bx-2021-43", "ln-2021-7"))
    assert joined == (COPIES / "notices.txt").read_bytes()
