"""What the repository promises about its own files."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import tomli
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 600
NEVER_OURS = {".venv", ".git", "var", "models", "__pycache__", "node_modules"}

# Written so that this file does not contain what it looks for.
REGISTRY = re.compile(
    r"pypi[.](?:org|python[.]org|tuna)|files[.]pythonhosted|pythonhosted[.]org|registry[.]npmjs|npmjs[.](?:org|com)|"
    r"anaconda[.]org|crates[.]io|(?:proxy|sum)[.]golang|mirrors?[.](?:aliyun|tuna|ustc|cloud[.]tencent)",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(?:^|[^a-zA-Z0-9._~-])/(?:root|home|work|farm|Users)/")
SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE[ ]KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bsk-[A-Za-z0-9_-]{24,}|"
    r"://[^/\s:@{}…]+:[^/\s:@{}…]+@"  # user:password@host
)
ASSIGNED_SECRET = re.compile(
    r"(?i)\b\w*(?:secret|token|passwd|password|aes_?key|api_?key)\w*[\"']?\s*[:=]\s*[\"'][A-Za-z0-9+/=_-]{16,}[\"']"
)
CHINESE = re.compile(r"[\u3400-\u9fff]")


def our_files() -> list[Path]:
    """Return every file that is committed or would be."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        paths = [ROOT / name for name in listed if name]
    else:  # an unpacked archive
        paths = [path for path in ROOT.rglob("*") if not NEVER_OURS & set(path.relative_to(ROOT).parts)]
    return [path for path in paths if path.is_file()]


def text_of(path: Path) -> str:
    """Return the text of a file, nothing for a binary one."""
    raw = path.read_bytes()
    return "" if b"\0" in raw else raw.decode("utf-8", "replace")


def places(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Return ``file:line: match`` of every place where `pattern` stands."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {found.group().strip()}"
        for path in paths
        for number, line in enumerate(text_of(path).splitlines(), 1)
        for found in pattern.finditer(line)
    ]


# ── nothing of one machine, one index, one person ──


@pytest.mark.parametrize("pattern", [REGISTRY, MACHINE_PATH, SECRET], ids=["registry host", "machine path", "secret"])
def test_no_file_contains(pattern: re.Pattern[str]) -> None:
    assert not (found := places(pattern, our_files())), "\n".join(found)


def test_no_secret_is_assigned_outside_tests() -> None:
    ours = [path for path in our_files() if "tests" not in path.parts and path.suffix != ".lock"]
    assert not (found := places(ASSIGNED_SECRET, ours)), "\n".join(found)


@pytest.mark.parametrize(
    ("pattern", "caught", "passed"),
    [
        (REGISTRY, "https://" + "pypi" + ".org/simple", "see the package index"),
        (MACHINE_PATH, "open('/" + "root/x')", "https://a.cn/" + "work/x and ./" + "home/x"),
        (SECRET, "postgresql://u:" + "pw@host/db", "postgresql://用户@主机/库名"),
        (ASSIGNED_SECRET, 'rest_token = "' + "a" * 20 + '"', 'rest_token = settings.get("WENGANG_REST_TOKEN")'),
    ],
)
def test_the_patterns_see_what_they_should(pattern: re.Pattern[str], caught: str, passed: str) -> None:
    assert pattern.search(caught)
    assert not pattern.search(passed)


# ── dependencies ──


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Return package → (version, number of hashes) of a lock file."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", "\n" + (ROOT / name).read_text(encoding="utf-8"))
    found = (re.match(r"\n?([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s\\]+)", entry) for entry in entries)
    return {
        canonicalize_name(match[1]): (match[2], entry.count("--hash=sha256:"))
        for entry, match in zip(entries, found, strict=True)
        if match
    }


@pytest.mark.parametrize(
    "name", ["requirements.lock", "tools/installer.lock", "tools/otel.lock", "tools/peers/requirements.lock"]
)
def test_every_locked_package_has_a_hash(name: str) -> None:
    packages = locked(name)
    assert packages
    assert not [package for package, (_, hashes) in packages.items() if not hashes]


def test_the_lock_fits_pyproject() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *project["project"]["dependencies"],
        *(line for extra in project["project"]["optional-dependencies"].values() for line in extra),
        *project["build-system"]["requires"],
    ]
    packages = {**locked("tools/otel.lock"), **locked("requirements.lock")}
    wrong = []
    for line in wanted:
        requirement = Requirement(line)
        version, _ = packages.get(canonicalize_name(requirement.name), (None, 0))
        if version is None or version not in requirement.specifier:
            wrong.append(f"pyproject.toml wants {line}, requirements.lock has {version}")
    assert not wrong, "\n".join([*wrong, "make the lock anew: docs/decisions/0001-dependencies.md says how"])


def test_what_is_installed_beside_the_lock_moves_nothing_of_it() -> None:
    kept, beside = locked("requirements.lock"), locked("tools/otel.lock")
    assert {name: version for name, (version, _) in beside.items() if name in kept} == {
        name: version for name, (version, _) in kept.items() if name in beside
    }


def test_every_lock_of_what_the_service_runs_is_audited() -> None:
    """All of them, also after one has failed; any failure is one of the whole."""
    recipe = text_of(ROOT / "Makefile").partition("\naudit: ")[2].partition("\n\n")[0]
    assert "--strict" in recipe and "|| failed=1" in recipe and "exit $$failed" in recipe
    assert set(re.findall(r"[\w/.]+\.lock", recipe)) == {"requirements.lock", "tools/otel.lock"}


def test_python_version_is_the_one_of_pyproject() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert (ROOT / ".python-version").read_text().strip() == "3.10"
    assert project["project"]["requires-python"] == "==3.10.*"


# ── wording, modules, data ──


def spoken(source: str) -> list[tuple[int, str]]:
    """Return line and text of every Chinese string literal that is not a docstring."""
    tree = ast.parse(source)
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if CHINESE.search(node.value) and id(node) not in documentation
    ]


def test_the_engine_speaks_no_chinese() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text[:40]}"
        for path in sorted((ROOT / "eligibility").rglob("*.py"))
        for line, text in spoken(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(["wording belongs in eligibility/messages.yml or in a pack:", *found])


def test_spoken_text_is_told_from_documentation() -> None:
    source = '"""模块"""\ndef f():\n    """函数"""\n    # 注释\n    return f"裁员{1}人"\n'
    assert spoken(source) == [(5, "裁员"), (5, "人")]


def test_no_module_is_too_long() -> None:
    lengths = {path: text_of(path).count("\n") for path in our_files() if path.suffix in (".py", ".js")}
    long = [f"{path.relative_to(ROOT)}: {lines} lines" for path, lines in lengths.items() if lines > LONGEST_MODULE]
    assert not long, "\n".join(long)


def test_every_yaml_file_can_be_read() -> None:
    files = [path for path in our_files() if path.suffix in (".yml", ".yaml")]
    assert files
    for path in files:
        try:
            list(yaml.safe_load_all(text_of(path)))
        except yaml.YAMLError as error:
            pytest.fail(f"{path.relative_to(ROOT)}: {error}")


# ── documents ──


def documents() -> list[Path]:
    """Return README and everything under docs/."""
    found = (path for path in our_files() if path.suffix == ".md")
    return [path for path in found if path.relative_to(ROOT).parts[:-1][:1] in ((), ("docs",))]


def test_links_lead_somewhere() -> None:
    dead = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in documents()
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(path))
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert not dead, "\n".join(dead)


def test_documents_name_only_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    unknown = [
        f"{path.relative_to(ROOT)}: make {name}"
        for path in documents()
        for name in re.findall(r"`make ([a-z]+)", text_of(path))
        if name not in targets
    ]
    assert not unknown, "\n".join(unknown)
