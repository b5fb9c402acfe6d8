"""Pictures as SVG that are the same for the same figures: no dates, no random ids, text as text."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix as count_confusions

from bot.evaluation.confidence import Bin

matplotlib.rcParams["svg.hashsalt"] = "wengang"
matplotlib.rcParams["svg.fonttype"] = "none"
_BLUE, _GREY = "#1a5fb4", "#888888"


def confusion_matrix(wanted: Sequence[str], guessed: Sequence[str], path: Path) -> None:
    """Rows: what was meant; columns: what it was taken for; darker: a larger share of the row."""
    names = sorted(set(wanted) | set(guessed))
    counts = count_confusions(wanted, guessed, labels=names)
    shares = counts / numpy.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _figure(9, 8)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("taken for")
    axes.set_ylabel("meant")
    for row, column in numpy.argwhere(counts):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=7, color=colour)
    _save(figure, path)


def reliability_curve(bins: Sequence[Bin], threshold: float, path: Path) -> None:
    """The share right against the confidence; above, how many predictions have it."""
    figure, axes = _figure(6, 5)
    axes.plot([0, 1], [0, 1], "--", color=_GREY, label="a confidence that means what it says")
    axes.plot([one.confidence for one in bins], [one.right for one in bins], "o-", color=_BLUE, label="measured")
    for one in bins:
        axes.annotate(str(one.count), (one.confidence, one.right), xytext=(4, -12), textcoords="offset points")
    axes.axvline(threshold, color=_GREY, linewidth=0.8)
    axes.annotate("fallback", (threshold, 1.02), ha="center", color=_GREY)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.08)
    axes.set_xlabel("confidence of the best guess")
    axes.set_ylabel("share right (numbers: sentences)")
    axes.legend(loc="lower right", frameon=False)
    _save(figure, path)


def two_scores(wanted: Sequence[float], others: Sequence[float], path: Path) -> None:
    """How a score is spread over what is to be answered and what is not: the share at or above each value."""
    figure, axes = _figure(6, 4)
    for values, label, colour in ((wanted, "covered", _BLUE), (others, "not covered", _GREY)):
        ordered = numpy.sort(values)
        axes.step([0, *ordered, 1], [1, *(1 - numpy.arange(len(ordered)) / len(ordered)), 0], label=label, color=colour)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("coverage of the best hit")
    axes.set_ylabel("share of questions at or above")
    axes.legend(loc="upper right", frameon=False)
    _save(figure, path)


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), constrained_layout=True)
    return figure, figure.subplots()


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})
