"""No number out of thin air: those of the notices lie in clauses, those of rules and answers in clauses they cite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction

from eligibility.check.finding import Finding, Report, at, in_file
from eligibility.check.packs import Packs
from eligibility.check.written import Written, citations, expressions, sentences
from knowledge import Knowledge, SourceFile
from knowledge.coverage import numbers as numbers_of
from knowledge.figures import Form, figures, forms

_NUMBER = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})|(?P<percent>\d+(?:\.\d+)?)%"
    r"|(?P<months>\d+)\s*months?\b|(?P<years>\d+)\s*years?\b|(?P<days>\d+)\s*days?\b"
    r"|(?<![\w.])(?P<plain>\d+(?:\.\d+)?)(?![\w.])"
)
_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_BY_TYPE = {  # a bare number beside a fact of this type is printed in one of these units
    "count": ("count",),
    "months": ("months",),
    "days": ("days",),
    "year": ("year",),
    "percent": ("percent",),
    "yuan": ("yuan",),
}
_SHOWN = 3  # clauses named in a complaint
_ANY = ("count", "months", "days", "year", "yuan", "times")


def numbers(packs: Packs) -> Report:
    """Look up every number of the notices, of the rules and of what is said."""
    text = _Text(packs.knowledge)
    findings: list[Finding] = []
    counts = {"printed": 0, "in_rules": 0, "said": 0}
    for kind, finding in (*_printed(packs.knowledge), *_calculated(packs, text), *_said(packs, text)):
        counts[kind] += 1
        findings += [finding] if finding else []
    return Report("numbers", tuple(findings), dict(counts))


_Looked = tuple[str, "Finding | None"]  # one number that was looked up, and what is wrong with it


class _Text:
    """What the clauses print, worked out once for each."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._known: dict[str, frozenset[Form]] = {}

    def prints(self, clauses: Iterable[str], wanted: Iterable[Form]) -> bool:
        """Whether one of the clauses prints a quantity in one of the wanted forms."""
        return any(form in self._forms(clause) for clause in clauses for form in wanted)

    def _forms(self, clause: str) -> frozenset[Form]:
        if clause not in self._known:
            found = self._knowledge.clauses.get(clause)
            self._known[clause] = forms(found.quote) if found else frozenset()
        return self._known[clause]


def _printed(knowledge: Knowledge) -> Iterator[_Looked]:
    """The numbers of the notices."""
    for notice in knowledge.notices.values():
        path = knowledge.root / notice.folder / "source.txt"
        for one in numbers_of(notice):
            outside = in_file(path, one.line, "number_outside", one.text, number=one.text) if one.unclaimed else None
            yield "printed", outside


def _calculated(packs: Packs, text: _Text) -> Iterator[_Looked]:
    """The numbers of the rules."""
    for source, programme in _files(packs):
        for one, number, wanted in _in_rules(packs.knowledge, source):
            cites = one.cites or _users(packs, programme, one)
            missing = None if text.prints(cites, wanted) else _not_printed("rule_number", one, number, cites)
            yield "in_rules", missing


def _said(packs: Packs, text: _Text) -> Iterator[_Looked]:
    """The numbers of what is said and asked; a question may speak of any clause."""
    spoken = [
        (one, one.cites or _all(packs, programme), "said_number")
        for source, programme in _files(packs)
        for one in sentences(source)
    ]
    everywhere = tuple(packs.knowledge.clauses)
    spoken += [(one, everywhere, "asked_number") for one in _asked(packs.knowledge)]
    for one, cites, code in spoken:
        for figure in figures(_PLACEHOLDER.sub(" ", one.value), in_words=False):
            missing = None if text.prints(cites, figure.forms) else _not_printed(code, one, figure.text, cites)
            yield "said", missing


def _files(packs: Packs) -> Iterator[tuple[SourceFile, str | None]]:
    for programme, files in packs.programme_files.items():
        yield from ((file, programme) for file in files)
    yield from ((file, None) for file in packs.duty_files)


def _in_rules(knowledge: Knowledge, source: SourceFile) -> Iterator[tuple[Written, str, tuple[Form, ...]]]:
    """The numbers that a file calculates with, as written, with the forms in which a clause may print each."""
    for one in expressions(source):
        units = _units(knowledge, one.text)
        for match in _NUMBER.finditer(one.text):
            kind = str(match.lastgroup)
            yield one, match.group(), tuple(_wanted(kind, match.group(kind), units))
    if isinstance(source.data, list):  # duties.yml
        for i, duty in enumerate(source.data):
            for key in ("copies", "date"):
                if duty.get(key) is not None:
                    cites = (duty["clause"], *duty.get("cite", ()))
                    written = Written(source, (i, key), duty[key], cites)
                    form: Form = ("date", duty[key]) if key == "date" else ("count", Fraction(duty[key]))
                    yield written, written.text, (form,)


def _asked(knowledge: Knowledge) -> Iterator[Written]:
    """What questions.yml asks and gives as the reason; its hints (``remind``) hold examples, which are no claims."""
    for source in knowledge.files("common/questions.yml"):
        for i, entry in enumerate(source.data):
            yield from (Written(source, (i, key), entry[key], ()) for key in ("ask", "why") if key in entry)


def _units(knowledge: Knowledge, expression: str) -> tuple[str, ...]:
    """The units in which the text may print a bare number of an expression: by the facts it stands beside."""
    names = re.findall(r"[A-Za-z_]\w*", expression)
    if not re.search(r"[<>=]|\bin\b", expression):
        return _ANY  # a product may count in another unit than its factors: 300 × months
    types = [knowledge.facts[name].type for name in names if name in knowledge.facts]
    found = [unit for kind in types for unit in _BY_TYPE.get(kind, ())]
    return tuple(dict.fromkeys((*found, "times"))) if found else _ANY


def _wanted(kind: str, value: str, units: tuple[str, ...]) -> Iterator[Form]:
    if kind == "date":
        yield "date", date.fromisoformat(value)
    elif kind == "years":
        yield "months", 12 * Fraction(value)
    elif kind == "plain":
        number = Fraction(value)
        yield from ((unit, number) for unit in units)
        if number > 1:
            yield "ratio", 1 / number  # a third is calculated with as * 3
    else:
        yield kind, Fraction(value)


def _users(packs: Packs, programme: str | None, one: Written) -> tuple[str, ...]:
    """For a derived value, which has no clause of its own: the clauses of the conditions that use it."""
    if programme is None or one.place[0] != "derive":
        return ()
    name = re.compile(rf"\b{re.escape(str(one.place[1]))}\b")
    files = packs.programme_files[programme]
    return tuple(c for file in files for user in expressions(file) if name.search(user.text) for c in user.cites)


def _all(packs: Packs, programme: str | None) -> tuple[str, ...]:
    """For a summary, a title or a next step: every clause that the programme cites."""
    files = packs.programme_files[programme] if programme is not None else ()
    return tuple(clause for file in files for _, clause in citations(file))


def _not_printed(code: str, one: Written, number: str, cites: Iterable[str]) -> Finding:
    about = f"{one.where} {number}"
    named = [*dict.fromkeys(cites)]
    shown = ", ".join(named[:_SHOWN]) + ("…" if len(named) > _SHOWN else "") or "—"
    return at(one.source, one.place, code, about, number=number, cites=shown)
