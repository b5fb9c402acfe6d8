"""The held-out sentences, written by someone who saw no training data: intents, entities, and what is then believed."""

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from bot.evaluation import beliefs, entities
from bot.evaluation.intents import blind_lines
from bot.evaluation.model import CONFIG, read
from bot.evaluation.report import Part
from bot.evaluation.sentences import blind_sentences, training_sentences
from knowledge import Knowledge


async def part(model: Path, assistant: Any, knowledge: Knowledge, as_of: date, place: str) -> Part:
    """Measure and tell. `model`: the archive that the assistant has loaded."""
    sentences = blind_sentences()
    with tempfile.TemporaryDirectory(prefix="wengang-evaluate-") as folder:
        understood, _ = read(CONFIG, [one.text for one in sentences], model, Path(folder))
    believed = await beliefs.scores(assistant, sentences, knowledge.facts, as_of, place)
    lines = [
        *blind_lines(sentences, understood, training_sentences()),
        "",
        "**Entities** (bot/evaluation/entities.py says how they are compared):",
        "",
        *entities.lines(entities.scores(sentences, understood, knowledge.facts)),
        "",
        "**Facts believed** after the sentence alone, of sentences in which people tell something of themselves:",
        "",
        *entities.lines(believed),
    ]
    return Part("blind", "Sentences written by someone who saw no training data", lines)
