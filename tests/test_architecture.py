"""The map in docs/architecture.md is complete and true: what it names exists, and what exists is named."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MAPPED = ("knowledge", "eligibility", "actions", "bot", "tools")
_NAME = re.compile(r"`([\w./-]+(?:\.py|\.yml|/))`")


def tracked(folder: str = ".") -> list[Path]:
    """The files of a folder that are committed or would be, by their paths in it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if not (ROOT / ".git").exists():
        pytest.skip("an unpacked archive has no list of its files")
    listed = subprocess.run(command, cwd=ROOT / folder, capture_output=True, check=True).stdout.decode()
    return [Path(name) for name in listed.split("\0") if name and (ROOT / folder / name).exists()]


def parts(folder: str) -> set[str]:
    """What a package is made of: its modules, and the folders in it."""
    inside = tracked(folder)
    modules = {path.name for path in inside if len(path.parts) == 1 and path.suffix == ".py"} - {"__init__.py"}
    return modules | {f"{path.parts[0]}/" for path in inside if len(path.parts) > 1}


def rows(heading: str) -> list[str]:
    """The table under a heading, row by row, without its head."""
    section = TEXT.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    return [line for line in section.splitlines() if line.startswith("|")][2:]


def test_every_folder_of_the_house_has_a_row() -> None:
    named = [name for row in rows("# Architecture") for name in _NAME.findall(row.split("|")[1])]
    folders = {f"{path.parts[0]}/" for path in tracked() if len(path.parts) > 1}
    assert {name for name in named if name.count("/") == 1} == folders
    assert all((ROOT / name).is_dir() for name in named)


@pytest.mark.parametrize("package", MAPPED)
def test_every_module_stands_once_in_the_map(package: str) -> None:
    named = [name for row in rows(f"### In `{package}/`") for name in _NAME.findall(row.split("|")[1])]
    actual = parts(package)
    assert sorted(actual - set(named)) == [], f"name them in docs/architecture.md, under “In {package}/”"
    assert sorted(set(named) - actual) == [], "named in docs/architecture.md, but gone"
    assert len(named) == len(set(named)), "named twice"


def test_whatever_file_is_named_exists() -> None:
    """Anywhere in the document: by its path, or by its name or path inside one of the packages."""
    files = [path.as_posix() for path in tracked()]
    named = {name for name in _NAME.findall(TEXT) if not name.endswith("/")}
    assert len(named) > 50
    lost = {name for name in named if not any(file == name or file.endswith(f"/{name}") for file in files)}
    assert not lost
