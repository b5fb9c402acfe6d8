"""One model for one state of the data: trained when it is missing, named by a hash of everything it is made from."""

import contextlib
import hashlib
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

ROOT = Path(__file__).resolve().parent.parent
KEPT = 2  # models besides the present one

_SOURCES = (  # all that the trained pipeline is made of, and no more: a new rule is no reason to learn sentences anew
    "data",
    "bot/domain",
    "bot/config.yml",
    "bot/nlu/*.py",
    "actions/values/*.py",  # finds the quantities, which the classifier is told of
    "knowledge/packs/common/lexicon.yml",  # the words for programmes, aspects, facts and places
    "knowledge/shapes.py",  # and how they are read
    "knowledge/yaml_source.py",
    "knowledge/errors.py",
    "requirements.lock",
)
_STAGES = {  # component Rasa begins to train → what the user reads; in the order of Rasa's training
    "RulePolicy": "学习对话规则",
    "ProjectTokenizer": "读取政策包里的词",
    "PackEntityExtractor": "识别政策名称和事实（spaCy）",
    "CountVectorsFeaturizer": "提取文字特征",
    "IntentClassifier": "学习用户意图",
    "packing": "打包模型",
}


class TrainingError(RuntimeError):
    """Training failed. ``str()`` ends with what Rasa said about it."""


def model_name(root: Path = ROOT) -> str:
    """Return the name of the model of the present data: ``wengang-`` and twelve hex digits."""
    digest = hashlib.sha256()
    for path in _source_files(root):
        raw = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(raw)}\0".encode())
        digest.update(raw)
    return f"wengang-{digest.hexdigest()[:12]}"


def _source_files(root: Path) -> Iterator[Path]:
    for pattern in _SOURCES:
        for found in sorted(root.glob(pattern)):
            inside = sorted(found.rglob("*")) if found.is_dir() else [found]
            yield from (path for path in inside if path.is_file() and not path.name.startswith("."))


def ensure_model(force: bool = False, progress: bool = True, root: Path = ROOT, models: Path | None = None) -> Path:
    """Return the archive of the present model, training it first when it is missing (or `force`).

    `progress`: show a bar on the terminal. `root` holds data/, knowledge/packs and bot/, `models` the archives
    (default: models/ in root).
    The archive appears complete or not at all, also after Ctrl-C; of older ones the last two stay.
    Raises TrainingError.
    """
    folder = models or root / "models"
    path = folder / f"{model_name(root)}.tar.gz"
    if force or not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".training-") as workshop:
            made = _train(root, Path(workshop), path.name, progress)
            os.replace(made, path)
        _remove_old(folder, path)
    return path


def _train(root: Path, workshop: Path, name: str, progress: bool) -> Path:
    """Train into `workshop` and return the archive. Raises TrainingError from the first cause, e.g. a PackError."""
    os.environ["RASA_MAX_CACHE_SIZE"] = "0"  # Rasa's cache is of no use here: the model's name says what changed
    chatter = io.StringIO()
    with _bar(progress) as bar, _stages(bar), _quiet(chatter):
        try:
            import bot.rasa_patches  # before Rasa: it decides how Rasa is imported

            bot.rasa_patches.apply()
            from rasa.model_training import train
            from tqdm import tqdm

            tqdm.monitor_interval = 0  # no thread to watch bars that nobody sees: `serve` forks its workers after this
            train(
                domain=str(root / "bot" / "domain"),
                config=str(root / "bot" / "config.yml"),
                training_files=str(root / "data"),
                output=str(workshop),
                force_training=True,
                fixed_model_name=name,
            )
        except (Exception, SystemExit) as error:  # Rasa ends the process for some mistakes in the data
            cause: BaseException = error
            while cause.__cause__:
                cause = cause.__cause__
            raise TrainingError(f"{chatter.getvalue()[-4000:]}\n{type(cause).__name__}: {cause}") from cause
    if not (workshop / name).exists():
        raise TrainingError(chatter.getvalue()[-4000:])
    return workshop / name


def _remove_old(folder: Path, present: Path) -> None:
    others = sorted(
        (path for path in folder.glob("wengang-*.tar.gz") if path != present), key=lambda path: path.stat().st_mtime
    )
    for path in others[:-KEPT]:
        path.unlink(missing_ok=True)


# ── what the user sees, and what not ──


@contextlib.contextmanager
def _bar(visible: bool) -> Iterator[Progress]:
    count = TextColumn("{task.completed}/{task.total}")
    columns = (TextColumn("{task.description}"), BarColumn(), count, TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), disable=not visible, transient=True) as bar:
        bar.add_task("准备训练", total=len(_STAGES))
        yield bar


@contextlib.contextmanager
def _stages(bar: Progress) -> Iterator[None]:
    """Move the bar whenever Rasa logs that a component starts or ends its training."""
    handler = _StageHandler(bar)
    hooks = logging.getLogger("rasa.engine.training.hooks")
    level, propagate = hooks.level, hooks.propagate
    hooks.addHandler(handler)
    hooks.setLevel(logging.INFO)
    hooks.propagate = False
    try:
        yield
        bar.update(bar.task_ids[0], completed=len(_STAGES))
    finally:
        hooks.removeHandler(handler)
        hooks.setLevel(level)
        hooks.propagate = propagate


class _StageHandler(logging.Handler):
    def __init__(self, bar: Progress) -> None:
        super().__init__(logging.INFO)
        self._bar = bar

    def emit(self, record: logging.LogRecord) -> None:
        """Name the stage Rasa is in."""
        said = record.getMessage()
        for number, (component, stage) in enumerate(_STAGES.items()):
            if f"'{component}'" in said:
                last = component == "IntentClassifier" and said.startswith("Finished")
                shown = _STAGES["packing"] if last else stage
                self._bar.update(self._bar.task_ids[0], description=shown, completed=number + last)


@contextlib.contextmanager
def _quiet(chatter: io.StringIO) -> Iterator[None]:
    """Keep Rasa's progress bars, prints and warnings off the terminal; log records from warning on are kept too."""
    handler = logging.StreamHandler(chatter)
    handler.setLevel(logging.WARNING)
    rasa_logger = logging.getLogger("rasa")
    rasa_logger.addHandler(handler)
    try:
        with contextlib.redirect_stdout(chatter), contextlib.redirect_stderr(chatter), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        rasa_logger.removeHandler(handler)


if __name__ == "__main__":
    print(ensure_model(force="--force" in sys.argv))
