"""Rasa's own tools on our files, run as anybody with Rasa would run them: validation, cross-validation, the shell."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bot.evaluation.model import CONFIG
from bot.evaluation.report import Part, table
from bot.evaluation.sentences import TRAINING
from bot.machine import ROOT

FOLDS = 3
DOMAIN = ROOT / "bot" / "domain"
DATA = ROOT / "data"
_SAID = "我今年48，去年底厂子黄了，能领失业补助金吗"
_TAIL = 2000  # characters of a failed command that are worth reading


def rasa(*arguments: object, said: str = "") -> str:
    """Run `rasa …` with `said` typed into it and return what it printed. Raises RuntimeError when it fails."""
    command = [sys.executable, "-W", "ignore", "-m", "rasa", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, input=said, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stdout + done.stderr)[-_TAIL:])
    return done.stdout + done.stderr


def validate() -> None:
    """`rasa data validate`, where a warning is a failure too. Raises RuntimeError with what Rasa said."""
    rasa("data", "validate", "--domain", DOMAIN, "--data", DATA, "--config", CONFIG, "--fail-on-warnings")


def cross_validate(folds: int = FOLDS) -> dict[str, Any]:
    """`rasa test nlu --cross-validation`: Rasa's report of the intents (its folds part paraphrases)."""
    with tempfile.TemporaryDirectory(prefix="wengang-evaluate-") as folder:
        options = ("--nlu", TRAINING, "--config", CONFIG, "--folds", folds, "--out", folder, "--no-plot")
        rasa("test", "nlu", "--cross-validation", *options)
        report: dict[str, Any] = json.loads((Path(folder) / "intent_report.json").read_text(encoding="utf-8"))
    return report


def parse(model: Path, text: str) -> dict[str, Any]:
    """What `rasa shell nlu` prints for a message. Raises RuntimeError."""
    printed = rasa("shell", "nlu", "--model", model, said=f"{text}\n")
    begin = printed.find('{\n  "text"')
    if begin < 0:
        raise RuntimeError(printed[-_TAIL:])
    found: dict[str, Any] = json.JSONDecoder().raw_decode(printed, begin)[0]
    return found


def part(model: Path) -> Part:
    """All three, told. Raises RuntimeError when one of Rasa's tools fails."""
    validate()
    report, parsed = cross_validate(), parse(model, _SAID)
    weighted, macro = report["weighted avg"], report["macro avg"]
    found = "、".join(f"{one['entity']}={one['value']}" for one in parsed["entities"])
    lines = [
        "`rasa data validate --fail-on-warnings`: nothing to complain of.",
        "",
        f"`rasa test nlu --cross-validation --folds {FOLDS}`: {weighted['support']} sentences. Rasa's folds part"
        " paraphrases, and an unsure sentence counts as wrong.",
        "",
        *table(
            ["", "precision", "recall", "F1"],
            [
                [name, one["precision"], one["recall"], one["f1-score"]]
                for name, one in (("weighted by sentences", weighted), ("each intent the same", macro))
            ],
        ),
        "",
        f"`rasa shell nlu` on “{_SAID}”: {parsed['intent']['name']}; {found}.",
    ]
    return Part("rasa", "Rasa's own tests", lines)
