"""The search of the house on somebody else's documents and questions: nothing is tuned for them.

Measured twice: as the documents are, and with the questions of other folds appended to the documents that answer them,
as the lay questions of the packs are appended to their clauses.
"""

import os
import random
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from bot.evaluation.judged_corpus import JudgedCorpus
from bot.evaluation.ranking import mean, ndcg, percentile, recall_at, reciprocal_rank
from bot.evaluation.report import Part, table
from knowledge.index import TextIndex

_ZERO_SHOT, _APPENDED = "documents alone", "questions appended, {folds} folds"
DEPTHS = (5, 10, 20, 100)
_SEED = 20210901


@dataclass(frozen=True)
class Asked:
    """One question searched: the best documents (ids, best first), which of all answer it, and the milliseconds."""

    found: list[str]
    relevant: Collection[str]
    milliseconds: float


@dataclass(frozen=True)
class Run:
    """Every question searched once. `build_seconds`: for the (first) index, by the clock; `build_cpu_seconds`: of all
    processes together, which a busy machine does not stretch as much."""

    asked: list[Asked]
    build_seconds: float
    build_cpu_seconds: float

    def figures(self) -> dict[str, float]:
        """Name → mean over the questions; milliseconds as percentiles."""
        pairs = [(one.found, one.relevant) for one in self.asked]
        times = [one.milliseconds for one in self.asked]
        return {
            **{f"Recall@{k}": mean([recall_at(*pair, k) for pair in pairs]) for k in DEPTHS},
            "MRR@10": mean([reciprocal_rank(*pair) for pair in pairs]),
            "nDCG@10": mean([ndcg(*pair) for pair in pairs]),
            "p50 ms": percentile(times, 50),
            "p95 ms": percentile(times, 95),
        }


def part(corpus: JudgedCorpus, folds: int, name: str) -> Part:
    """Measure and tell. `folds`: 0 leaves the second run out."""
    runs = {_ZERO_SHOT: as_they_are(corpus)}
    if folds:
        runs[_APPENDED.format(folds=folds)] = with_questions(corpus, folds)
    figures = {said: run.figures() for said, run in runs.items()}
    names = list(figures[_ZERO_SHOT])
    lines = [
        f"{len(corpus.ids):,} documents, {len(corpus.questions):,} questions"
        f" ({corpus.unjudged} more without an answer among the documents)."
        " The configuration is the product's own (knowledge/index.py); nothing is tuned for these documents.",
        "",
        *table(
            ["", *names, "index, s", "CPU s"],
            [
                [said, *figures[said].values(), f"{run.build_seconds:.1f}", f"{run.build_cpu_seconds:.1f}"]
                for said, run in runs.items()
            ],
        ),
    ]
    return Part(f"outside-{name}", f"The search on documents from outside{': ' if name else ''}{name}", lines)


def as_they_are(corpus: JudgedCorpus) -> Run:
    """Search every question in an index of the documents alone."""
    return _searched(corpus, list(corpus.questions), [])


def with_questions(corpus: JudgedCorpus, folds: int) -> Run:
    """Search the questions of each fold in an index where all others are appended to their documents."""
    shuffled = sorted(corpus.questions)
    random.Random(_SEED).shuffle(shuffled)
    runs = []
    for fold in range(folds):
        others = [id for at, id in enumerate(shuffled) if at % folds != fold]
        runs.append(_searched(corpus, shuffled[fold::folds], others))
    return Run([one for run in runs for one in run.asked], runs[0].build_seconds, runs[0].build_cpu_seconds)


def _searched(corpus: JudgedCorpus, ask: list[str], append: list[str]) -> Run:
    documents = list(corpus.documents)
    place = {id: at for at, id in enumerate(corpus.ids)}
    for question in append:
        for id in sorted(corpus.relevant[question]):
            was = documents[place[id]]
            joined = f"{was.questions}\n{corpus.questions[question]}".strip()
            documents[place[id]] = replace(was, questions=joined)
    began, used = time.perf_counter(), _cpu_seconds()
    index = TextIndex(documents, workers=len(os.sched_getaffinity(0)))
    built, worked = time.perf_counter() - began, _cpu_seconds() - used
    return Run(list(_ask(index, corpus, ask)), built, worked)


def _cpu_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


def _ask(index: TextIndex, corpus: JudgedCorpus, questions: list[str]) -> Iterator[Asked]:
    for question in questions:
        began = time.perf_counter()
        places = index.search(corpus.questions[question], max(DEPTHS))
        spent = 1000 * (time.perf_counter() - began)
        yield Asked([corpus.ids[at] for at in places], corpus.relevant[question], spent)
