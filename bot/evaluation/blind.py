"""The held-out sentences, written by someone who saw no training data: intents, entities, and what is then believed."""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bot.evaluation import beliefs, entities
from bot.evaluation.intents import blind_lines
from bot.evaluation.model import CONFIG, Understood, read
from bot.evaluation.report import Part, against, table
from bot.evaluation.sentences import Sentence, blind_sentences, training_sentences
from knowledge import Fact, Knowledge

ENTITY_TARGET = 0.90


async def part(model: Path, assistant: Any, knowledge: Knowledge, as_of: date, place: str) -> Part:
    """Measure and tell. `model`: the archive that the assistant has loaded."""
    sentences = blind_sentences()
    with tempfile.TemporaryDirectory(prefix="wengang-evaluate-") as folder:
        understood, _ = read(CONFIG, [one.text for one in sentences], model, Path(folder))
    believed = await beliefs.scores(assistant, sentences, knowledge.facts, as_of, place)
    lines = [
        *blind_lines(sentences, understood, training_sentences()),
        "",
        *_entities(sentences, understood, knowledge.facts),
        "",
        "**Facts believed** after the sentence alone, of sentences in which people tell something of themselves:",
        "",
        *entities.lines(believed),
    ]
    return Part("blind", "Sentences written by someone who saw no training data", lines)


def looked_at(text: str) -> bool:
    """Whether what was found in a sentence may be looked at while words are written: the even half, by its sha256."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2 == 0


def _entities(sentences: Sequence[Sentence], understood: Sequence[Understood], facts: Mapping[str, Fact]) -> list[str]:
    found = entities.scores(sentences, understood, facts)
    both = entities.borders(sentences, understood)
    pairs = list(zip(sentences, understood, strict=True))
    shares = []
    for name, chosen in (
        ("all", pairs),
        ("looked at", [pair for pair in pairs if looked_at(pair[0].text)]),
        ("never looked at", [pair for pair in pairs if not looked_at(pair[0].text)]),
    ):
        one = entities.together(entities.scores([s for s, _ in chosen], [u for _, u in chosen], facts).values())
        limit = against(one.f1, ENTITY_TARGET) if name == "all" else ("", "")
        shares.append([name, len(chosen), one.marked, one.found, one.precision, one.recall, one.f1, *limit])
    return [
        "**Entities** (bot/evaluation/entities.py says how they are compared, docs/nlu-data.md how they are marked):",
        "",
        *entities.lines(found),
        "",
        "All kinds together. Words were written for the lexicon while looking at what was found in one half of the"
        " sentences (looked_at in bot/evaluation/blind.py): for entities that half is no longer blind, the other is.",
        "",
        *table(["sentences", "", "marked", "found", "precision", "recall", "F1", "target", ""], shares),
        "",
        "Where they lie, whatever they stand for (a careful reader marks 社保在本溪交, we find 社保在本溪):",
        "",
        *table(
            ["entity", "overlapping, F1", "the same characters, F1"],
            [[kind, overlapping.f1, exact.f1] for kind, (overlapping, exact) in both.items()],
        ),
    ]
