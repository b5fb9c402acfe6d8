"""The parts of the report that measure the assistant itself."""

from collections.abc import AsyncIterator, Collection
from datetime import date

from bot.assistant import Assistant
from bot.evaluation import blind, calibration, intents, lay_questions, phrases, pipelines, questions, stock
from bot.evaluation.report import Part
from bot.evaluation.sentences import blind_sentences, training_sentences
from bot.machine import ROOT
from bot.train import ensure_model
from knowledge import load
from knowledge.search import Searcher

USUAL = ("questions", "search", "intents", "blind", "values")
LONG = ("pipelines", "rasa")  # many minutes: measured when they are named
PARTS = USUAL + LONG
QUESTIONS = {
    "public": ("The public questions", ROOT / "tests" / "contract" / "questions_public.tsv"),
    "own": ("Our own questions", ROOT / "tests" / "knowledge" / "questions_own.tsv"),
}
_PATIENCE = 60.0  # seconds for one action: a busy machine is not to be taken for a wrong answer


async def parts(wanted: Collection[str], as_of: date, place: str) -> AsyncIterator[Part]:
    """Measure the wanted ones of PARTS, in their order; each is yielded as soon as it is there."""
    knowledge, model = load(), ensure_model()
    assistant = await Assistant.load(model, deadline=_PATIENCE)
    if "questions" in wanted:
        for key, (title, path) in QUESTIONS.items():
            answers = await questions.ask_all(assistant, questions.read_rows(path), as_of, place)
            yield questions.part(f"questions-{key}", title, answers, as_of)
    if "search" in wanted:
        yield lay_questions.part(knowledge)
    if "intents" in wanted:
        sentences = training_sentences()
        understood = intents.cross_validated(sentences)
        yield intents.cross_validation_part(sentences, understood)
        yield calibration.part(sentences, understood, _rows(), Searcher(knowledge), as_of)
    if "blind" in wanted:
        yield await blind.part(model, assistant, knowledge, as_of, place)
    if "values" in wanted:
        yield phrases.part()
    if "pipelines" in wanted:
        sentences, held_out = training_sentences(), blind_sentences()
        measured = (pipelines.measure(one, sentences, held_out) for one in pipelines.variants())
        yield pipelines.part(measured, sentences, held_out, knowledge.facts)
    if "rasa" in wanted:
        yield stock.part(model)


def _rows() -> list[questions.Row]:
    return [row for _, path in QUESTIONS.values() for row in questions.read_rows(path)]
