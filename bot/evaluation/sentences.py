"""Sentences with their intents: the training data, and those written by someone who saw none of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.machine import ROOT

TRAINING = ROOT / "data" / "nlu"
BLIND = ROOT / "tests" / "nlu" / "blind_sentences.yml"


@dataclass(frozen=True)
class Sentence:
    """A text and its intent; `also`: other intents that are right too; `entities`: as marked in BLIND."""

    text: str
    intent: str
    also: tuple[str, ...] = ()
    entities: tuple[dict[str, Any], ...] = ()

    def allows(self, intent: str) -> bool:
        """Whether an intent is right for this sentence."""
        return intent == self.intent or intent in self.also


def training_sentences(folder: Path = TRAINING) -> list[Sentence]:
    """Read the training data, in the order of the files."""
    blocks = [block for path in sorted(folder.glob("*.yml")) for block in _read(path)["nlu"]]
    return [
        Sentence(line.strip()[2:].strip(), block["intent"])
        for block in blocks
        for line in block["examples"].splitlines()
        if line.strip()
    ]


def blind_sentences(path: Path = BLIND) -> list[Sentence]:
    """Read the held-out sentences."""
    return [
        Sentence(one["text"], one["intent"], tuple(one.get("also", ())), tuple(one.get("entities", ())))
        for one in _read(path)
    ]


def write_training(sentences: Iterable[Sentence], path: Path) -> None:
    """Write sentences as Rasa's training data."""
    examples: dict[str, str] = {}
    for one in sentences:
        examples[one.intent] = examples.get(one.intent, "") + f"- {one.text}\n"
    blocks = [{"intent": intent, "examples": lines} for intent, lines in examples.items()]
    path.write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True), encoding="utf-8")


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
