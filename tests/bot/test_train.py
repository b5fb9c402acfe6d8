"""The model's name follows its sources; an archive appears complete or not at all."""

import ast
import shutil
import tarfile
import threading
from pathlib import Path

import pytest
from tqdm import tqdm

from bot import train
from bot.train import TrainingError, _source_files, ensure_model, model_name

ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of everything a model is made from."""
    for part in ("data", "bot/domain", "bot/nlu", "actions/values", "knowledge"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("bot/config.yml", "requirements.lock"):
        shutil.copy(ROOT / part, tmp_path / part)
    return tmp_path


def fake(monkeypatch: pytest.MonkeyPatch, what: str = "model", error: BaseException | None = None) -> list[str]:
    """Replace training by writing a file, or by writing half a file and failing."""
    trained: list[str] = []

    def write(root: Path, workshop: Path, name: str, progress: bool) -> Path:
        trained.append(name)
        (workshop / name).write_text(what, encoding="utf-8")
        if error:
            raise error
        return workshop / name

    monkeypatch.setattr(train, "_train", write)
    return trained


def test_the_name_is_that_of_the_sources(house: Path) -> None:
    assert model_name(house) == model_name(ROOT)
    assert model_name(house).removeprefix("wengang-").isalnum()


@pytest.mark.parametrize(
    "source",
    [
        "data/nlu/why.yml",
        "data/rules/interview.yml",
        "knowledge/packs/common/lexicon.yml",
        "bot/domain/memory.yml",
        "bot/config.yml",
        "bot/nlu/spans.py",
        "actions/values/quantities.py",
        "knowledge/yaml_source.py",
        "requirements.lock",
    ],
)
def test_a_changed_source_changes_the_name(house: Path, source: str) -> None:
    before = model_name(house)
    with (house / source).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert model_name(house) != before


def test_other_files_do_not(house: Path) -> None:
    before = model_name(house)
    (house / "bot" / "server.py").write_text("", encoding="utf-8")
    (house / "bot" / "nlu" / "__pycache__").mkdir(exist_ok=True)
    (house / "bot" / "nlu" / "__pycache__" / "spans.pyc").write_bytes(b"x")
    (house / "data" / ".swp").write_bytes(b"x")
    (house / "actions" / "values" / "README.md").write_text("", encoding="utf-8")
    assert model_name(house) == before


def test_a_notice_its_rules_and_its_cases_train_nothing_anew(house: Path) -> None:
    """The reading of sentences takes from the packs no more than the words in common/lexicon.yml."""
    before = model_name(house)
    for path in (house / "knowledge" / "packs").rglob("*.*"):
        if path.name != "lexicon.yml":
            path.write_text("changed", encoding="utf-8")
    assert model_name(house) == before


def test_no_module_that_reads_sentences_is_left_out() -> None:
    """Of the code that Rasa's components import, directly or not, all is part of the name."""
    todo, read = sorted((ROOT / "bot" / "nlu").glob("*.py")), set[Path]()
    while todo:
        read.add(path := todo.pop())
        todo += [found for found in _ours(path) if found not in read]
    assert {ROOT / "actions" / "values" / "numerals.py", ROOT / "knowledge" / "yaml_source.py"} <= read
    assert not read - set(_source_files(ROOT))


def _ours(path: Path) -> list[Path]:
    """Our modules that a module imports; of knowledge.pack the folder of the packs is no code."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and ast.unparse(node) != "from knowledge.pack import PACKS":
            parts = node.module.split(".")
            names = [Path(*parts), *(Path(*parts, alias.name) for alias in node.names)]
            files = [f for name in names for f in (ROOT / name.with_suffix(".py"), ROOT / name / "__init__.py")]
            found += [file for file in files if file.exists()]
    return found


def test_trained_only_when_missing_or_forced(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = fake(monkeypatch)
    path = ensure_model(progress=False, root=house)
    assert path == house / "models" / f"{model_name(house)}.tar.gz"
    assert ensure_model(progress=False, root=house) == path
    assert len(trained) == 1
    ensure_model(force=True, progress=False, root=house)
    assert len(trained) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt(), TrainingError("no")])
def test_a_half_written_model_never_appears(house: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    fake(monkeypatch, "whole")
    path = ensure_model(progress=False, root=house)
    fake(monkeypatch, "half", error)
    with pytest.raises(type(error)):
        ensure_model(force=True, progress=False, root=house)
    assert path.read_text(encoding="utf-8") == "whole"
    assert list((house / "models").iterdir()) == [path]


def test_older_models_go_but_the_last_two(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch)
    made = []
    for number in range(5):
        (house / "data" / "nlu" / "more.yml").write_text(f"# {number}", encoding="utf-8")
        made.append(ensure_model(progress=False, root=house))
    (house / "models" / "mine.tar.gz").write_bytes(b"")
    ensure_model(progress=False, root=house)
    assert sorted((house / "models").iterdir()) == sorted([*made[-3:], house / "models" / "mine.tar.gz"])


def test_a_failed_training_says_why_and_leaves_nothing(house: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (house / "data" / "rules" / "broken.yml").write_text(
        'version: "3.1"\nrules:\n- rule: again\n  steps:\n  - intent: ask\n  - action: action_why\n', encoding="utf-8"
    )
    with pytest.raises(TrainingError, match="question about the notices"):
        ensure_model(progress=False, root=house)
    assert list((house / "models").iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_training_leaves_no_thread_behind(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With several workers the first `wengang serve` trains, and then forks: it refuses to while there are threads."""
    before = set(threading.enumerate())

    def trained(output: str, fixed_model_name: str, **_: object) -> None:
        list(tqdm(range(3)))  # as Rasa shows its batches
        Path(output, fixed_model_name).write_text("model", encoding="utf-8")

    monkeypatch.setattr(tqdm, "monitor", None)
    monkeypatch.setattr(tqdm, "monitor_interval", 10)
    monkeypatch.setattr("rasa.model_training.train", trained)
    ensure_model(root=house, models=house / "models", progress=True)
    assert set(threading.enumerate()) == before


def test_the_archive_is_a_model(model_path: Path) -> None:
    with tarfile.open(model_path) as archive:
        names = archive.getnames()
    assert any(name.endswith("words.txt") for name in names)
    assert any("spans" in name or "span_ruler" in name or "programme" in name for name in names)
    assert any(name.endswith("learned.npz") for name in names)
    assert model_path.stat().st_size < 5_000_000
