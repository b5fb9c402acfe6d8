"""A notice and its clauses: which words of the printed text each clause owns.

A pack folder holds notice.yml (who issued it, when, for where), source.txt (the text as printed, scan faults included)
and clauses.yml (the text cut into clauses, in the order of the text). The cut must be complete: between two clauses
only white space, separating punctuation and Markdown marks may stand, so nothing in a notice can be overlooked.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from knowledge.fields import Fields, typed
from knowledge.text import Spaceless, without_space
from knowledge.yaml_source import SourceFile, load_yaml, read_text

KINDS = ("benefit", "status", "duty", "informational", "delegated", "heading")
"""What a clause is: grants something, says who counts as what, binds an authority, merely informs, leaves the answer
to another document, or only heads the clauses below it (never a search hit)."""

_UNCLAIMED = re.compile(r"[\s#*。，；：、,;:]*")
_LONGEST_SHOWN = 24  # characters of unclaimed text repeated in a complaint


@dataclass(frozen=True)
class Clause:
    """A stretch of a notice that can be cited.

    `document` is the notice's id; `item` the label spoken to users; `title` a plain name; `quote` is exactly
    `source[start:end]` of the notice; `kind` one of KINDS; `questions` how people ask about it; `path` the headings
    above it, outermost first, without white space.
    """

    id: str
    document: str
    item: str
    title: str
    quote: str
    start: int
    end: int
    kind: str
    questions: tuple[str, ...]
    path: tuple[str, ...]


@dataclass(frozen=True)
class Notice:
    """One official notice.

    `number` is the document number as printed, `short` how it is called in a sentence, `issuers` exactly those
    printed. `date` is the printed date of issue, None when none is printed; it then lies between `date_not_before` and
    `date_not_after` (both equal `date` otherwise). `source` is the printed text, `about` one line in plain
    words; `folder` the name of its pack folder.
    """

    id: str
    number: str
    short: str
    title: str
    issuers: tuple[str, ...]
    date: datetime.date | None
    date_not_before: datetime.date
    date_not_after: datetime.date
    place: str
    about: str
    folder: str
    source: str = field(repr=False)
    clauses: tuple[Clause, ...] = field(repr=False)

    def issued_by(self, day: datetime.date) -> bool | None:
        """Tell whether the notice existed on `day`; None when its unprinted date leaves that open."""
        return True if day >= self.date_not_after else False if day < self.date_not_before else None

    def find(self, text: str) -> tuple[int, int] | None:
        """Return (start, end) of the first place in `source` that reads `text`, white space aside, or None."""
        return self._spaceless.find(text)

    @cached_property
    def _spaceless(self) -> Spaceless:
        return Spaceless(self.source)


def read_notice(folder: Path) -> Notice:
    """Read one pack folder. Raises PackError for anything missing, mistyped, out of order or not in the source."""
    allowed = (
        *("id", "number", "short", "title", "issuers", "place", "about"),
        *("date", "date_not_before", "date_not_after"),
    )
    file = load_yaml(folder / "notice.yml")
    fields = Fields(file, (), file.data, allowed)
    date = fields.date("date")
    not_before, not_after = (date or fields.date(key) for key in ("date_not_before", "date_not_after"))
    if not_before is None or not_after is None:
        raise fields.error("date", "没有印发日期，也没有起止范围", "填 date，或填 date_not_before 和 date_not_after")
    notice = Notice(
        id=fields.need("id"),
        number=fields.need("number"),
        short=fields.need("short"),
        title=fields.need("title"),
        issuers=fields.texts("issuers"),
        date=date,
        date_not_before=not_before,
        date_not_after=not_after,
        place=fields.need("place"),
        about=fields.need("about"),
        folder=folder.name,
        source=read_text(folder / "source.txt"),
        clauses=(),
    )
    for key, printed in [("number", notice.number), ("title", notice.title), *(("issuers", i) for i in notice.issuers)]:
        if notice.find(printed) is None:
            raise fields.error(key, f"原文里没有“{printed}”", "照 source.txt 原样填写")
    return replace(notice, clauses=tuple(_clauses(load_yaml(folder / "clauses.yml"), notice)))


def _clauses(file: SourceFile, notice: Notice) -> Iterator[Clause]:
    """Yield the clauses in order, each found directly after the one before it."""
    spaceless, end = Spaceless(notice.source), 0
    headings: list[str] = []
    item, seen = "", set[str]()
    for index, entry in enumerate(typed(file, (), file.data, list)):
        fields = Fields(file, (index,), entry, ("id", "item", "title", "kind", "level", "text", "questions"))
        kind = fields.one_of("kind", KINDS)
        item = fields.get("item", str, item)
        text = fields.need("text")
        start, end = _locate(fields, text, spaceless, end)
        quote = notice.source[start:end]
        level = fields.get("level", int, len(headings) + 1)
        del headings[max(level - 1, 0) :]
        clause = Clause(
            id=fields.need("id"),
            document=notice.id,
            item=item or fields.need("item"),
            title=fields.need("title"),
            quote=quote,
            start=start,
            end=end,
            kind=kind,
            questions=fields.texts("questions"),
            path=tuple(headings),
        )
        if clause.id.partition("/")[0] != notice.id:
            raise fields.error("id", f"编号“{clause.id}”不以“{notice.id}/”开头", f"改成“{notice.id}/…”")
        if clause.id in seen:
            raise fields.error("id", f"编号“{clause.id}”用了两次", "给其中一条换个编号")
        seen.add(clause.id)
        yield clause
        if kind == "heading" and "level" in fields.data:
            headings.append(without_space(quote))
    rest = notice.source[_UNCLAIMED.match(notice.source, end).end() :]  # type: ignore[union-attr]  # * always matches
    if rest:
        last = len(file.data) - 1
        raise file.error((last,), f"原文末尾“{_brief(rest)}”没有归入任何条款", "在这一条之后补一条")


def _locate(fields: Fields, text: str, spaceless: Spaceless, after: int) -> tuple[int, int]:
    """Return where `text` stands in the source; it must begin right after offset `after`."""
    found = spaceless.find(text, after)
    if found is None:
        if spaceless.find(text) is None:
            raise fields.error("text", f"原文里没有“{_brief(text)}”", "照 source.txt 原样抄写，错字也照抄")
        raise fields.error("text", f"“{_brief(text)}”与前面的条款重叠或顺序不对", "按原文先后排列，不要重复引用同一处")
    skipped = spaceless.original[after : found[0]]
    if not _UNCLAIMED.fullmatch(skipped):
        words = _UNCLAIMED.sub("", skipped, count=1)
        raise fields.error("text", f"前面的原文“{_brief(words)}”没有归入任何条款", "在这一条之前补一条")
    return found


def _brief(text: str) -> str:
    plain = without_space(text)
    return plain if len(plain) <= _LONGEST_SHOWN else plain[:_LONGEST_SHOWN] + "…"
