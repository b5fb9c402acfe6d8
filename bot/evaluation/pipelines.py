"""The pipelines that could read the messages, side by side: each trained and asked in processes of its own."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.evaluation import entities, intents
from bot.evaluation.model import CONFIG, Cost, Understood, read, train
from bot.evaluation.ranking import percentile
from bot.evaluation.report import Part, table
from bot.evaluation.sentences import Sentence
from knowledge import Fact

VARIANTS = Path(__file__).with_name("pipelines.yml")
FOLDS_TRIED = 2  # of intents.FOLDS, the same for every pipeline: a neural one takes minutes for each


@dataclass(frozen=True)
class Variant:
    """A pipeline under a name; `config`: a whole Rasa configuration."""

    name: str
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Measured:
    """What came of a variant. `held_out`: how sentences of the training data were read by a model that saw no
    paraphrase; `blind`: the blind sentences; `training`, `serving`: what the two processes took."""

    name: str
    held_out: Mapping[int, Understood]
    blind: Sequence[Understood]
    training: Cost
    serving: Cost


def variants(path: Path = VARIANTS, config: Path = CONFIG) -> list[Variant]:
    """Read the variants; one without a pipeline is the configuration in use."""
    in_use = yaml.safe_load(config.read_text(encoding="utf-8"))
    return [
        Variant(one["name"], in_use | {"pipeline": one.get("pipeline", in_use["pipeline"])})
        for one in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def measure(variant: Variant, sentences: Sequence[Sentence], blind: Sequence[Sentence]) -> Measured:
    """Train on all sentences and read the blind ones; then cross-validate. Raises RuntimeError."""
    with tempfile.TemporaryDirectory(prefix="wengang-evaluate-") as name:
        folder = Path(name)
        config, model = folder / "config.yml", folder / "model.tar.gz"
        config.write_text(yaml.safe_dump(dict(variant.config), allow_unicode=True), encoding="utf-8")
        training = train(config, sentences, model)
        understood, serving = read(config, [one.text for one in blind], model, folder)
        held_out = intents.cross_validated(sentences, config, FOLDS_TRIED)
    return Measured(variant.name, held_out, understood, training, serving)


def part(
    measured: Iterable[Measured],
    sentences: Sequence[Sentence],
    blind: Sequence[Sentence],
    facts: Mapping[str, Fact],
) -> Part:
    """The comparison told."""
    head = ("pipeline", "cross-validation", "blind", "blind, acted upon", "entity F1", "training, s")
    lines = [
        f"Accuracy of the best guess: by cross-validation with paraphrases kept together ({FOLDS_TRIED} of"
        f" {intents.FOLDS} folds, the same for all; {len(sentences)} sentences) and on the {len(blind)} blind"
        " sentences; there also acted upon rightly (an unsure one is asked back, which counts as wrong). Entity F1: all"
        " kinds together, on the blind sentences. Training: all sentences, by the clock and of the processor. p50, p95:"
        " one message read, one after the other. MB: the most that a process held which only reads messages. The"
        " pipelines: bot/evaluation/pipelines.yml.",
        "",
        *table([*head, "CPU s", "p50 ms", "p95 ms", "MB"], _rows(measured, sentences, blind, facts)),
    ]
    return Part("pipelines", "Pipelines compared", lines)


def _rows(
    measured: Iterable[Measured],
    sentences: Sequence[Sentence],
    blind: Sequence[Sentence],
    facts: Mapping[str, Fact],
) -> Iterator[list[object]]:
    for one in measured:
        places = sorted(one.held_out)
        validated, _ = intents.accuracy([sentences[at] for at in places], [one.held_out[at] for at in places])
        guessed, acted = intents.accuracy(blind, one.blind)
        together = entities.together(entities.scores(blind, one.blind, facts).values())
        times = [understood.milliseconds for understood in one.blind]
        latency = [f"{percentile(times, percent):.1f}" for percent in (50, 95)]
        training = [f"{seconds:.0f}" for seconds in (one.training.seconds, one.training.cpu_seconds)]
        row = [one.name, validated, guessed, acted, together.f1, *training, *latency]
        yield [*row, f"{one.serving.megabytes:.0f}"]
