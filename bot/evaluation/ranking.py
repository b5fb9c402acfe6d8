"""How good a ranked list is, and how long it took to get it."""

import math
from collections.abc import Collection, Sequence


def recall_at(found: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The share (0–1) of the relevant ids that stand among the first `k` found."""
    return len(set(found[:k]) & set(relevant)) / len(relevant)


def reciprocal_rank(found: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """1 / the place of the first relevant id, 0 when none stands among the first `k`."""
    return next((1 / place for place, id in enumerate(found[:k], 1) if id in relevant), 0.0)


def ndcg(found: Sequence[str], relevant: Collection[str], k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `k` (0–1); an id is relevant or not."""
    gain = sum(1 / math.log2(place + 1) for place, id in enumerate(found[:k], 1) if id in relevant)
    return gain / sum(1 / math.log2(place + 1) for place in range(1, min(k, len(relevant)) + 1))


def percentile(values: Collection[float], percent: float) -> float:
    """The value that `percent` of all do not exceed (nearest rank); NaN of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else math.nan


def mean(values: Collection[float]) -> float:
    """The arithmetic mean; NaN of none."""
    return sum(values) / len(values) if values else math.nan
