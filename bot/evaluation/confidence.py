"""Whether a confidence means what it says, and what a score is good for in telling two kinds apart."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.evaluation.ranking import mean

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Predictions of about the same confidence: from `low` on, how many, their mean confidence, the share right."""

    low: float
    count: int
    confidence: float
    right: float


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = BINS) -> list[Bin]:
    """Return the bins of equal width that hold any prediction, lowest first. Confidences are in 0–1."""
    found = []
    for number in range(bins):
        inside = [at for at, value in enumerate(confidences) if min(int(value * bins), bins - 1) == number]
        if inside:
            share = mean([float(right[at]) for at in inside])
            found.append(Bin(number / bins, len(inside), mean([confidences[at] for at in inside]), share))
    return found


def calibration_error(bins: Sequence[Bin]) -> float:
    """The expected calibration error: how far confidence and share right lie apart, weighted by the predictions."""
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.confidence - one.right) for one in bins) / total if total else 0.0


def separation(wanted: Collection[float], others: Collection[float]) -> float:
    """The chance that a wanted one scores above another (area under the ROC curve): 1 apart, .5 mixed."""
    pairs = [(one > other) + 0.5 * (one == other) for one in wanted for other in others]
    return mean(pairs)
