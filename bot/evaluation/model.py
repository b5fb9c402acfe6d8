"""A pipeline trained on some sentences and asked others, each in a process of its own: nothing of it stays behind.

The process is this module, run with a job file and told where to put the result.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bot.evaluation.sentences import Sentence, write_training
from bot.machine import ROOT

CONFIG = ROOT / "bot" / "config.yml"
FALLBACK = "nlu_fallback"


@dataclass(frozen=True)
class Understood:
    """One sentence as a model reads it.

    `intent` is what the dialogue acts upon, nlu_fallback when unsure; `guess` the best intent all the same, with its
    `confidence` (0–1). `entities`: [{entity, value, start, end}] in the normalised `text`.
    """

    text: str
    intent: str
    guess: str
    confidence: float
    entities: list[dict[str, Any]]
    milliseconds: float


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds by the clock and of the processor, and the most memory it held, in MB."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def train(config: Path, sentences: Iterable[Sentence], model: Path) -> Cost:
    """Train a pipeline into the archive `model`. Raises RuntimeError with what the process said."""
    data = model.with_suffix(".yml")
    write_training(sentences, data)
    return Cost(**_process({"train": str(data), "config": str(config), "model": str(model)}, model.parent))


def read(config: Path, texts: Sequence[str], model: Path, folder: Path) -> tuple[list[Understood], Cost]:
    """Have a trained model read texts. The memory is that of a process which only serves. Raises RuntimeError.

    `folder`: for what is made on the way.
    """
    told = _process({"read": list(texts), "config": str(config), "model": str(model)}, folder)
    return [Understood(**one) for one in told.pop("understood")], Cost(**told)


def _process(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    given, result = folder / "job.json", folder / "result.json"
    given.write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
    result.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bot.evaluation.model", str(given), str(result)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if not result.exists():
        raise RuntimeError((done.stdout + done.stderr)[-4000:])
    found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return found


# ── inside the process ──


def _import_rasa(config: Path) -> None:
    """Import Rasa with our patches; a neural pipeline needs the TensorFlow that they would spare it."""
    if "DIETClassifier" in config.read_text(encoding="utf-8"):
        import tensorflow  # noqa: F401
    import bot.rasa_patches

    bot.rasa_patches.apply()


def _train(config: str, data: str, model: Path) -> dict[str, float]:
    os.environ["RASA_MAX_CACHE_SIZE"] = "0"
    from rasa.model_training import train_nlu

    began, used = time.perf_counter(), time.process_time()
    made = train_nlu(config, data, str(model.parent), fixed_model_name=model.name)
    if made is None:
        raise RuntimeError("Rasa trained nothing")
    return asdict(Cost(time.perf_counter() - began, time.process_time() - used, _peak()))


async def _read(texts: list[str], model: str) -> dict[str, Any]:
    from rasa.core.agent import Agent

    agent = Agent()
    agent.load_model(model)
    await agent.parse_message("你好")  # the first message also warms up
    began, used = time.perf_counter(), time.process_time()
    understood = []
    for text in texts:
        before = time.perf_counter()
        parsed = await agent.parse_message(text)
        understood.append(_understood(parsed, 1000 * (time.perf_counter() - before)))
    cost = Cost(time.perf_counter() - began, time.process_time() - used, _peak())
    return {"understood": [asdict(one) for one in understood], **asdict(cost)}


def _understood(parsed: dict[str, Any], milliseconds: float) -> Understood:
    guess = next(one for one in parsed["intent_ranking"] if one["name"] != FALLBACK)
    entities = [{key: one[key] for key in ("entity", "value", "start", "end")} for one in parsed["entities"]]
    intent = parsed["intent"]["name"]
    return Understood(parsed["text"], intent, guess["name"], float(guess["confidence"]), entities, milliseconds)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(given: Path, result: Path) -> None:
    """Do the job and write its result."""
    job = json.loads(given.read_text(encoding="utf-8"))
    _import_rasa(Path(job["config"]))
    if "train" in job:
        found: dict[str, Any] = _train(job["config"], job["train"], Path(job["model"]))
    else:
        found = asyncio.run(_read(job["read"], job["model"]))
    result.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
