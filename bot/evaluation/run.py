"""What `wengang evaluate` does: measure, print, and put the figures into docs/evaluation.md."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.evaluation.report import REPORT, Part, keep
from bot.inputs import InputError, brief
from bot.settings import Settings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


def outside(
    corpus: str | None, queries: str | None, qrels: str | None, folds: int, name: str | None, report: Path = REPORT
) -> None:
    """Measure the search on a corpus from outside; with a `name` the figures are kept. Raises InputError."""
    files = {"--corpus": corpus, "--queries": queries, "--qrels": qrels}
    if not (corpus and queries and qrels):
        missing = "、".join(option for option, path in files.items() if not path)
        raise InputError("evaluate.incomplete", missing=missing)
    if name is not None and not _NAME.fullmatch(name):
        raise InputError("evaluate.name", value=brief(name))
    if folds < 0 or folds == 1:
        raise InputError("evaluate.folds", value=folds)
    from bot.evaluation.judged_corpus import read_judged
    from bot.evaluation.outside import part

    judged = read_judged(corpus, queries, qrels)
    count = len(judged.questions)
    if folds > count or not count:
        raise InputError("evaluate.few", count=count, folds=folds)
    command = f"wengang evaluate --corpus … --queries … --qrels … --folds {folds} --name {name}"
    tell([part(judged, folds, name or "")], command, report if name else None)


def tell(parts: Iterable[Part], command: str, report: Path | None = REPORT) -> None:
    """Print each part as soon as it is measured, and keep it in the report."""
    for part in parts:
        print(f"## {part.title}", "", *part.lines, "", sep="\n", flush=True)
        if report is not None:
            keep([part], command, report)


async def house(only: Sequence[str], settings: Settings, report: Path = REPORT) -> None:
    """Measure the assistant itself: the parts named in `only`, none: the usual ones. Raises InputError."""
    from bot.evaluation.house import PARTS, USUAL, parts

    for name in only:
        if name not in PARTS:
            raise InputError("evaluate.part", value=brief(name), parts="、".join(PARTS))
    async for part in parts(only or USUAL, settings.today(), settings.place):
        options = "".join(f" --only {name}" for name in only)
        tell([part], f"wengang evaluate{options}", report)
