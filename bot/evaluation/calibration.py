"""What the confidence of an intent and the coverage of a clause are worth for deciding when not to answer."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import yaml

from bot.evaluation.confidence import calibration_error, reliability, separation
from bot.evaluation.model import CONFIG, Understood
from bot.evaluation.pictures import reliability_curve, two_scores
from bot.evaluation.questions import Row
from bot.evaluation.ranking import mean
from bot.evaluation.report import PICTURES, Part, table
from bot.evaluation.sentences import Sentence
from knowledge.search import Searcher

THRESHOLDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


def part(
    sentences: Sequence[Sentence],
    understood: Mapping[int, Understood],
    rows: Sequence[Row],
    searcher: Searcher,
    as_of: date,
) -> Part:
    """Both told, with pictures: intents from the cross-validation, coverage on the labelled questions."""
    right = [sentences[at].allows(one.guess) for at, one in understood.items()]
    confidences = [one.confidence for one in understood.values()]
    lines = [*_intents(confidences, right), "", *_coverage(rows, searcher, as_of)]
    return Part("confidence", "What confidence and coverage are worth", lines)


def _intents(confidences: Sequence[float], right: Sequence[bool]) -> list[str]:
    bins, used = reliability(confidences, right), threshold()
    reliability_curve(bins, used, PICTURES / "reliability.svg")
    cells = [[f"{one.low:.1f}–", one.count, one.confidence, one.right] for one in bins]
    return [
        f"**Intents.** Expected calibration error of the best guess: {calibration_error(bins):.3f}; chance that a right"
        f" guess has more confidence than a wrong one: {_apart(confidences, right):.3f}.",
        "",
        *table(["confidence", "sentences", "mean", "share right"], cells),
        "",
        "![Confidence against the share right](evaluation/reliability.svg)",
        "",
        f"Guesses below a threshold are asked back (in use: {used}):",
        "",
        *table(
            ["threshold", "asked back", "of these wrong", "right among the others"],
            [_at(value, confidences, right) for value in THRESHOLDS],
        ),
    ]


def _apart(confidences: Sequence[float], right: Sequence[bool]) -> float:
    pairs = list(zip(confidences, right, strict=True))
    return separation([value for value, good in pairs if good], [value for value, good in pairs if not good])


def _at(value: float, confidences: Sequence[float], right: Sequence[bool]) -> list[Any]:
    below = [float(not good) for one, good in zip(confidences, right, strict=True) if one < value]
    above = [float(good) for one, good in zip(confidences, right, strict=True) if one >= value]
    return [f"{value:g}", len(below) / len(right), mean(below), mean(above)]


def _coverage(rows: Sequence[Row], searcher: Searcher, as_of: date) -> list[str]:
    scores: dict[str, list[float]] = {}
    for row in rows:
        hits = searcher.search(row.question, as_of=as_of, limit=1)
        scores.setdefault(row.group, []).append(hits[0].coverage if hits else 0.0)
    covered = scores.pop("covered", [])
    others = [value for values in scores.values() for value in values]
    two_scores(covered, others, PICTURES / "coverage.svg")
    cells = [[kind, len(values), mean(values), separation(covered, values)] for kind, values in sorted(scores.items())]
    return [
        "**Coverage** (the share of a question's character pairs that the best clause or its lay questions contain), on"
        f" {len(rows)} labelled questions: on its own it tells the off-topic apart, and little else; the programme ×"
        " aspect tables and the gazetteer do the rest.",
        "",
        *table(
            ["", "questions", "mean", "chance that a covered one has more"],
            [["covered", len(covered), mean(covered), ""], *cells, ["all not covered", len(others), mean(others), ""]],
        ),
        "",
        "![Coverage of covered and other questions](evaluation/coverage.svg)",
    ]


def threshold() -> float:
    """The confidence below which the pipeline asks back."""
    pipeline = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["pipeline"]
    return float(next(part["threshold"] for part in pipeline if part["name"] == "FallbackClassifier"))
