"""How well the entities of the held-out sentences are found, kind by kind.

Programmes, aspects and facts are compared by what they stand for; places, documents and quantities by the characters
they lie on. As the sentences are marked (docs/nlu-data.md): aspects only where something is asked, facts only where
people tell of themselves (a fact named in a general question is a word to the pipeline; that it states nothing is for
the dialogue to see), a day only pointed at (去年, 今天) is no quantity. Facts that say the same (`implies` in the
catalogue) count as one, and so do the several readings of the same words: 农村户口 tells where a student comes from
or that a family is none of the town; which of them is meant the dialogue sees from what it asks.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.evaluation.model import Understood
from bot.evaluation.report import table
from bot.evaluation.sentences import Sentence
from bot.nlu.text import normalise_message
from knowledge import Fact

M = TypeVar("M")
F = TypeVar("F")

ASKING = ("ask", "check", "why")
STATING = ("inform", "check", "correct", "affirm", "deny", "what_else", "set_date")
_STATED = ("bool", "choice")  # facts whose value stands in the words; numbers are given their fact by the dialogue

Statement = tuple[str, str]
"""A fact's id and its value as text; of a number ""."""
Span = tuple[int, int]
_POINTED_AT = re.compile(
    "(?:[去今明昨本当这]|大?[前后]|[上下]{1,2})个?(?:年|月|天|日|季度|(?:周|星期|礼拜)[一二三四五六日天末]?)"
)
_KINDS = ("programme", "aspect", "fact", "place", "document", "quantity")


@dataclass(frozen=True)
class Score:
    """Counts. `met`: how many of the marked are found; `right`: how many of the found are marked."""

    marked: int
    met: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        """The share of the found that is right; 1 when nothing is found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of the marked that is found; 1 when nothing is marked."""
        return self.met / self.marked if self.marked else 1.0

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def compare(pairs: Iterable[tuple[Collection[M], Collection[F]]], alike: Callable[[M, F], bool]) -> Score:
    """Count over (marked, found) of every sentence."""
    marked = met = found = right = 0
    for wanted, got in pairs:
        marked, found = marked + len(wanted), found + len(got)
        met += sum(any(alike(one, other) for other in got) for one in wanted)
        right += sum(any(alike(one, other) for one in wanted) for other in got)
    return Score(marked, met, found, right)


def scores(
    sentences: Sequence[Sentence], understood: Sequence[Understood], facts: Mapping[str, Fact]
) -> dict[str, Score]:
    """Return kind → score. `facts`: the catalogue."""
    pairs = list(zip(sentences, understood, strict=True))
    asking = [(s, u) for s, u in pairs if s.intent in ASKING]
    stating = [(s, u) for s, u in pairs if s.intent in STATING]
    same = same_by(facts)
    return {
        "programme": compare(((_ids(s, "programme"), _values(u, "programme")) for s, u in pairs), _equal),
        "aspect": compare(((_ids(s, "aspect"), _values(u, "aspect")) for s, u in asking), _equal),
        "fact": compare(
            ((stated(statements(s), facts), _readings(u, facts)) for s, u in stating),
            lambda one, readings: any(same(one, other) for other in readings),
        ),
        **{
            kind: compare(((_marked_spans(s, kind), _found_spans(u, kind)) for s, u in pairs), _overlap)
            for kind in ("place", "document", "quantity")
        },
    }


def borders(sentences: Sequence[Sentence], understood: Sequence[Understood]) -> dict[str, tuple[Score, Score]]:
    """Return kind → (overlapping, exact): where the entities lie, whatever they stand for."""
    pairs = list(zip(sentences, understood, strict=True))

    def of(kind: str, alike: Callable[[Span, Span], bool]) -> Score:
        meant = [(s, u) for s, u in pairs if s.intent in {"aspect": ASKING, "fact": STATING}.get(kind, (s.intent,))]
        return compare(((set(_marked_spans(s, kind)), set(_found_spans(u, kind))) for s, u in meant), alike)

    return {kind: (of(kind, _overlap), of(kind, _equal)) for kind in _KINDS}


def together(found: Iterable[Score]) -> Score:
    """All of them counted as one."""
    counts = [(one.marked, one.met, one.found, one.right) for one in found]
    return Score(*map(sum, zip(*counts, strict=True)))


def lines(found: Mapping[str, Score]) -> list[str]:
    """The scores as a table."""
    rows = [[kind, s.marked, s.found, s.precision, s.recall, s.f1] for kind, s in found.items()]
    return table(["entity", "marked", "found", "precision", "recall", "F1"], rows)


# ── facts ──


def statements(sentence: Sentence) -> set[Statement]:
    """The facts marked in a sentence."""
    marked = (one for one in sentence.entities if one["entity"] == "fact")
    return {(one["id"], plain(one.get("value", ""))) for one in marked}


def stated(found: Iterable[Statement], facts: Mapping[str, Fact]) -> set[Statement]:
    """Those whose value stands in the words."""
    return {one for one in found if facts[one[0]].type in _STATED}


def same_by(facts: Mapping[str, Fact]) -> Callable[[Statement, Statement], bool]:
    """Whether two statements are one, or one follows from the other by the catalogue."""

    def follows(one: Statement, other: Statement) -> bool:
        implied = (then for key, then in facts[one[0]].implies.items() if plain(key) == one[1])
        return any(other[0] in then and plain(then[other[0]]) == other[1] for then in implied)

    return lambda one, other: one == other or follows(one, other) or follows(other, one)


def _readings(understood: Understood, facts: Mapping[str, Fact]) -> set[frozenset[Statement]]:
    """What is said at each place of a text that says anything, in all its readings."""
    places: dict[Span, set[Statement]] = {}
    for one in understood.entities:
        if one["entity"] == "fact":
            id, _, value = str(one["value"]).partition("=")
            places.setdefault((one["start"], one["end"]), set()).add((id, value))
    readings = (frozenset(stated(found, facts)) for found in places.values())
    return {one for one in readings if one}


def plain(value: object) -> str:
    """A value as text; true and false as the lexicon writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


# ── ids and places ──


def _ids(sentence: Sentence, kind: str) -> set[str]:
    return {one["id"] for one in sentence.entities if one["entity"] == kind}


def _values(understood: Understood, kind: str) -> set[str]:
    return {one["value"] for one in understood.entities if one["entity"] == kind}


def _equal(one: object, other: object) -> bool:
    return one == other


def _marked_spans(sentence: Sentence, kind: str) -> list[Span]:
    text = normalise_message(sentence.text)
    words = [normalise_message(one["words"]) for one in sentence.entities if one["entity"] == kind]
    spans: list[Span] = []
    for one in sorted(words, key=len, reverse=True):  # 三百二 is not the one in 三百二十 that is marked as well
        places = [(at.start(), at.end()) for at in re.finditer(re.escape(one), text)]
        free = (place for place in places if not any(_overlap(place, other) for other in spans))
        spans += [span] if (span := next(free, places[0] if places else None)) else []
    return spans


def _found_spans(understood: Understood, kind: str) -> list[Span]:
    spans = [(one["start"], one["end"]) for one in understood.entities if one["entity"] == kind]
    return [span for span in spans if kind != "quantity" or not _POINTED_AT.fullmatch(understood.text[slice(*span)])]


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
