"""What the words of the notices mean (glossary.yml), and what came after each programme (successors.yml)."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.fields import Fields, typed
from knowledge.sources import (
    Period,
    Source,
    Spoken,
    Wording,
    check_sequence,
    read_clauses,
    read_period,
    read_source,
    sentence,
    several,
)
from knowledge.text import mentions, normalise
from knowledge.yaml_source import SourceFile


@dataclass(frozen=True)
class Meaning:
    """What a term means in one `period`.

    `cite` are the clauses that define it; else `source` is the document outside the notices that does; with neither,
    nobody was found to define it and `says` says so. `near` are the clauses that use the term.
    """

    says: str
    cite: tuple[str, ...]
    near: tuple[str, ...]
    source: Source | None
    period: Period


@dataclass(frozen=True)
class Term:
    """A word that people stumble over; `aliases` are other ways to say it, `meanings` stand in order of time."""

    id: str
    term: str
    aliases: tuple[str, ...]
    meanings: tuple[Meaning, ...]

    def meaning(self, as_of: datetime.date) -> Meaning | None:
        """The meaning in force on the day, if one is on file."""
        return next((meaning for meaning in self.meanings if meaning.period.holds(as_of)), None)


_TEMPLATES = {
    "in_notice": ("term", "says"),
    "elsewhere": ("term", "says", "source"),
    "undefined": ("term", "says"),
    "not_then": ("term",),
}


class Glossary:
    """The terms by id, in the order of the file."""

    def __init__(self, terms: Mapping[str, Term], words: Wording) -> None:
        self.terms = terms
        self._words = words
        names = [(normalise(name), term) for term in terms.values() for name in (term.term, *term.aliases)]
        self._by_name = dict(names)

    def find(self, words: str) -> Term | None:
        """The term that is called exactly so, white space, width and case aside."""
        return self._by_name.get(normalise(words))

    def mentioned(self, text: str) -> tuple[Term, ...]:
        """The terms that a text uses, in the order in which they turn up; of names inside one another, the longest."""
        return tuple(dict.fromkeys(self._by_name[name] for name in mentions(text, self._by_name)))

    def speak(self, term: str, as_of: datetime.date) -> Spoken:
        """Explain the term with this id as of a day; what is not in the notices is marked as such. Raises KeyError."""
        entry = self.terms[term]
        meaning = entry.meaning(as_of)
        if meaning is None:
            return Spoken(self._words.say("not_then", term=entry.term), False)
        source = meaning.source.shown if meaning.source else ""
        key = "in_notice" if meaning.cite else "elsewhere" if source else "undefined"
        values = {"term": entry.term, "says": meaning.says} | ({"source": source} if key == "elsewhere" else {})
        return Spoken(self._words.say(key, **values), False, meaning.cite, meaning.near, source)


_COMMON = ("id", "term", "aliases")
_MEANING = ("says", "cite", "near", "source", "not_in_notice", "from", "until")


def read_glossary(source: SourceFile, clauses: Iterable[str]) -> Glossary:
    """Return the glossary. Raises PackError, also for a clause unknown, or a name that two terms share."""
    top = Fields(source, (), source.data, ("wording", "terms"))
    words = Wording(source, top.data.get("wording"), _TEMPLATES)
    known = frozenset(clauses)
    terms: dict[str, Term] = {}
    names: dict[str, str] = {}
    for at, entry in enumerate(typed(source, ("terms",), top.data.get("terms"), list)):
        fields = Fields(source, ("terms", at), entry, (*_COMMON, "meanings", *_MEANING))
        term = _term(fields, known)
        if term.id in terms:
            raise fields.error("id", f"词条编号“{term.id}”用了两次", "给其中一个换个编号")
        terms[term.id] = term
        for name in (term.term, *term.aliases):
            if names.setdefault(normalise(name), term.id) != term.id:
                raise fields.error("term", f"“{name}”已是词条“{names[normalise(name)]}”的说法", "只留在一个词条里")
    return Glossary(terms, words)


def _term(fields: Fields, clauses: frozenset[str]) -> Term:
    parts = several(fields, "meanings", _MEANING, _COMMON)
    meanings = tuple(_meaning(part, clauses) for part in parts)
    check_sequence(fields.source, [part.place for part in parts], [meaning.period for meaning in meanings])
    return Term(fields.need("id"), fields.need("term"), fields.texts("aliases"), meanings)


def _meaning(fields: Fields, clauses: frozenset[str]) -> Meaning:
    cite, near = (read_clauses(fields, key, clauses) for key in ("cite", "near"))
    outside = fields.get("not_in_notice", bool, False)
    if cite and (outside or "source" in fields.data):
        raise fields.error(
            "cite", "通知自己解释了的，不能又说不在本通知", "去掉 not_in_notice 和 source；或者把 cite 改成 near"
        )
    if not cite and not outside:
        raise fields.error(None, "没有写这个解释从哪里来", "通知里有的写 cite；没有的写 not_in_notice: true 和 source")
    return Meaning(
        says=sentence(fields, "says"),
        cite=cite,
        near=near,
        source=read_source(fields) if "source" in fields.data else None,
        period=read_period(fields),
    )


_SUCCESSOR = ("from", "until", "state", "status", "number", "title", "says", "source")
STATES = ("continued", "replaced", "unknown")
STATUSES = ("known", "unknown")


def read_successors(source: SourceFile) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Return what came after each programme: id → entries as written, oldest first.

    Each has `from` (the day from which the sentence holds), `state` (one of STATES) and `says`, and may have `source`
    (text), `number`, `title`, `until` and `status` (one of STATUSES: whether the later document is known).
    Raises PackError: malformed, out of order, or a known document without number and source.
    """
    programmes: dict[str, list[Any]] = typed(source, (), source.data, dict)
    for programme, entries in programmes.items():
        before = datetime.date.min
        for at, entry in enumerate(typed(source, (programme,), entries, list)):
            fields = Fields(source, (programme, at), entry, _SUCCESSOR)
            begins = fields.date("from")
            if begins is None:
                raise fields.error(None, "没有写从哪天起", "补上 from: 2022-01-01")
            if begins <= before:
                raise fields.error("from", "日期没有排在上一段之后", "从早到晚排列")
            before = begins
            _successor(fields, begins)
    return {programme: tuple(entries) for programme, entries in programmes.items()}


def _successor(fields: Fields, begins: datetime.date) -> None:
    fields.one_of("state", STATES)
    sentence(fields, "says")
    until = fields.date("until")
    if until is not None and until < begins:
        raise fields.error("until", "止期比起期还早", "核对 from 和 until")
    texts = {key: fields.get(key, str, "") for key in ("number", "title", "source")}
    if fields.one_of("status", STATUSES) == "known" and not (texts["number"] and texts["source"]):
        raise fields.error(
            "status", "说是查到了，却没有文号或出处", "补上 number 和 source；没查到就写 status: unknown"
        )
