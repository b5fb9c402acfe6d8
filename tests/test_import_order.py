"""Imports run one way only: knowledge ← eligibility ← actions ← bot, and the core knows no framework."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ORDER = ("knowledge", "eligibility", "actions", "bot")
FRAMEWORKS = {"rasa", "rasa_sdk", "fastapi", "starlette", "sqlalchemy", "alembic", "tensorflow"}
FORBIDDEN = {
    "knowledge": {*ORDER[1:], *FRAMEWORKS},
    "eligibility": {*ORDER[2:], *FRAMEWORKS},
    "actions": {"bot", "fastapi", "starlette", "sqlalchemy", "alembic"},
    "bot": set(),
}


def imported(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and top-level package of every import, those inside functions and TYPE_CHECKING included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name.partition(".")[0]) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from ((node.lineno, str(a.value).partition(".")[0]) for a in node.args if isinstance(a, ast.Constant))


@pytest.mark.parametrize("package", ORDER)
def test_imports_run_one_way(package: str) -> None:
    modules = sorted((ROOT / package).rglob("*.py"))
    assert modules, f"{package}/ has no modules"
    broken = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules
        for line, name in imported(path.read_text(encoding="utf-8"))
        if name in FORBIDDEN[package]
    ]
    assert not broken, "\n".join(broken)


def test_every_way_of_importing_is_seen() -> None:
    source = (
        "import rasa.core.agent as r, json\n"
        "from fastapi import FastAPI\n"
        "def f():\n    from bot.train import ensure_model\n    importlib.import_module('sqlalchemy.orm')\n"
        "from . import sibling\n"
    )
    assert list(imported(source)) == [(1, "rasa"), (1, "json"), (2, "fastapi"), (4, "bot"), (5, "sqlalchemy")]
