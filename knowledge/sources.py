"""Where a statement that is not in the notices comes from, when it holds, and what a citizen is told of it.

Shared by the sourced entries of packs/common (glossary, parameters, enterprise sizes, retirement). docs/sources.md says
in plain words what the grades mean and what may be spoken.
"""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.fields import Fields, typed
from knowledge.text import day
from knowledge.yaml_source import Place, SourceFile

GRADES = ("notice", "law", "official", "official_mirror", "edu", "media", "secondary")
"""How good a source is, best first: notice (the two notices), law (the statute's text was read), official (a page of a
government), official_mirror (a copy of an official text), edu, media, secondary (hearsay: never spoken)."""

SPOKEN_GRADES = GRADES[:-1]


@dataclass(frozen=True)
class Source:
    """A document: its `title`, its `number` and the `article`, as they are spoken; `grade` is one of GRADES.

    `verified`: the statement was read there. `page` is an address that may be shown (official pages only: copies and
    mirrors are no place to send a citizen); `note` is for the policy officer.
    """

    title: str
    number: str
    article: str
    grade: str
    verified: bool
    page: str
    note: str

    @property
    def shown(self) -> str:
        """The document as it is named to a citizen; never an address."""
        return self.title + (f"（{self.number}）" if self.number else "") + self.article


@dataclass(frozen=True)
class Period:
    """From when until when something holds, both days included; a bare year stands for the whole year.

    `start` and `end` are as written: a day, a year, or None (no such end is known). `end_at_least`: it was still so at
    the end, what came then is not known.
    """

    start: datetime.date | int | None = None
    end: datetime.date | int | None = None
    end_at_least: bool = False

    @property
    def first(self) -> datetime.date:
        """The first day; the earliest possible one when no start is known."""
        return datetime.date(self.start, 1, 1) if isinstance(self.start, int) else self.start or datetime.date.min

    @property
    def last(self) -> datetime.date:
        """The last day; the latest possible one when no end is known."""
        return datetime.date(self.end, 12, 31) if isinstance(self.end, int) else self.end or datetime.date.max

    def holds(self, day: datetime.date) -> bool:
        """Whether `day` lies in the period."""
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Spoken:
    """One sentence for a citizen.

    `figure`: the text tells a value. `cite` are the clauses it rests on; without any it is `not_in_notice`, and then
    `source` names the document, or is empty when none was found. `near` are the clauses where the notices come closest.
    """

    text: str
    figure: bool
    cite: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    source: str = ""

    @property
    def not_in_notice(self) -> bool:
        """Whether it has to be marked 不在本通知 (the text already says so)."""
        return not self.cite


def read_source(fields: Fields) -> Source:
    """Return the `source` of an entry that is to be spoken.

    Raises PackError: malformed, not verified, of a grade that is not spoken, or an address that is not official.
    """
    place = (*fields.place, "source")
    if "source" not in fields.data:
        raise fields.error(None, "缺少出处", "补上 source: {title: …, number: …, grade: …, verified: true}")
    entry = Fields(
        fields.source,
        place,
        fields.data["source"],
        ("title", "number", "article", "grade", "verified", "page", "note"),
    )
    source = Source(
        title=entry.need("title"),
        number=entry.get("number", str, ""),
        article=entry.get("article", str, ""),
        grade=entry.one_of("grade", GRADES),
        verified=entry.get("verified", bool, False),
        page=entry.get("page", str, ""),
        note=entry.get("note", str, ""),
    )
    if not source.verified:
        raise entry.error(
            None, "没有核实过的出处，不能说给市民", "核实后写 verified: true；核不到就不写内容，只说没有核到"
        )
    if source.grade not in SPOKEN_GRADES:
        raise entry.error("grade", f"“{source.grade}”级的出处不能说给市民", "找到更可靠的出处，或者只说没有核到")
    if source.page and source.grade != "official":
        raise entry.error("page", "只有政府网站的网址可以写在这里", "转载、镜像的网址不写，写清文件名和文号")
    return source


def read_period(fields: Fields) -> Period:
    """Return `from`, `until` and `until_at_least` of an entry. Raises PackError, also when it ends before it starts."""
    period = Period(
        start=_bound(fields, "from"),
        end=_bound(fields, "until"),
        end_at_least=fields.get("until_at_least", bool, False),
    )
    if period.last < period.first:
        raise fields.error("until", "止期比起期还早", "核对 from 和 until")
    if period.end_at_least and period.end is None:
        raise fields.error("until_at_least", "没有写 until，说不了“至少到”哪天", "补上 until，或去掉 until_at_least")
    return period


def _bound(fields: Fields, key: str) -> datetime.date | int | None:
    value = fields.data.get(key)
    if value is None or type(value) is datetime.date or (type(value) is int and 1900 <= value <= 2100):
        return value
    raise fields.error(key, f"“{key}”应为日期或年份", "写成 2021-07-20 或 2021")


def check_sequence(source: SourceFile, places: Sequence[Place], periods: Sequence[Period]) -> None:
    """Raise PackError unless the periods follow one another in time, without gap or overlap."""
    for place, before, after in zip(places[1:], periods, periods[1:], strict=False):
        if before.last == datetime.date.max or before.last >= after.first:
            raise source.error(place, "这一段和上一段的时间重叠，或顺序不对", "按先后排列，上一段写清 until")
        if before.last + datetime.timedelta(days=1) != after.first:
            raise source.error(place, "这一段和上一段之间有空当", "中间不知道的，另写一段，内容留空")


def several(fields: Fields, key: str, allowed: Collection[str], common: Collection[str]) -> list[Fields]:
    """Return what an entry says, one mapping for each period: the list at `key`, or the entry itself.

    `allowed` are the keys of one such mapping; with a list, the entry itself may only have the `common` keys beside it.
    Raises PackError.
    """
    if key not in fields.data:
        return [fields]
    for other in fields.data:
        if other != key and other not in common:
            raise fields.error(other, f"“{other}”要写在 {key} 的每一段里", f"移到 {key} 下面")
    entries = typed(fields.source, (*fields.place, key), fields.data[key], list)
    if not entries:
        raise fields.error(key, f"“{key}”是空的", "填上内容")
    return [Fields(fields.source, (*fields.place, key, at), each, allowed) for at, each in enumerate(entries)]


def read_clauses(fields: Fields, key: str, clauses: Collection[str]) -> tuple[str, ...]:
    """Return the ids at `key`. Raises PackError: one that is none of the `clauses`."""
    ids = fields.texts(key)
    for at, clause in enumerate(ids):
        if clause not in clauses:
            raise fields.source.error((*fields.place, key, at), f"没有“{clause}”这一条", "改成 clauses.yml 里的编号")
    return ids


def sentence(fields: Fields, key: str) -> str:
    """Return the text at `key`, which goes into a longer sentence and so has no full stop at its end."""
    text = fields.need(key)
    if text.endswith(("。", "；", "，")):
        raise fields.error(key, f"“{key}”的末尾不用标点", "去掉最后的标点，拼成整句时会自动加上")
    return text


class Wording:
    """The `wording` of a file: how its entries are spoken. `templates`: each key with its placeholders."""

    def __init__(self, source: SourceFile, data: Any, templates: Mapping[str, Collection[str]]) -> None:
        """Raises PackError: a sentence missing, or braces that do not fit."""
        fields = Fields(source, ("wording",), data, tuple(templates))
        self._texts = {key: self._template(fields, key, names) for key, names in templates.items()}

    @staticmethod
    def _template(fields: Fields, key: str, names: Collection[str]) -> str:
        text = fields.need(key)
        try:
            text.format(**dict.fromkeys(names, ""))
        except (AttributeError, LookupError, ValueError) as error:
            can = "、".join(f"{{{name}}}" for name in names) or "没有"
            raise fields.error(key, f"“{key}”里的大括号对不上", f"可用的占位：{can}") from error
        return text

    def say(self, key: str, **values: object) -> str:
        """Return the sentence `key` with its placeholders filled."""
        return self._texts[key].format(**values)


DATES: Mapping[str, Collection[str]] = {
    "from_until": ("start", "end"),
    "from_until_at_least": ("start", "end"),
    "from_only": ("start",),
}
"""The sentences of a `wording` that `say_period` needs."""


def say_period(words: Wording, period: Period) -> str:
    """Return the period in words; its start must be known."""
    start = _say_bound(period.start)
    if period.end is None:
        return words.say("from_only", start=start)
    if period.start == period.end and isinstance(period.start, int) and not period.end_at_least:
        return start
    key = "from_until_at_least" if period.end_at_least else "from_until"
    return words.say(key, start=start, end=_say_bound(period.end))


def _say_bound(bound: datetime.date | int | None) -> str:
    return day(bound) if isinstance(bound, datetime.date) else f"{bound}年"
