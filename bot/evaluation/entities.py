"""How well the entities of the held-out sentences are found, kind by kind.

Programmes, aspects and facts are compared by what they stand for; places, documents and quantities by the characters
they lie on. Facts that say the same (the catalogue's `implies`) count as one. As the sentences are marked: aspects only
where something is asked, facts only where people tell of themselves (a fact named in a general question is a word to
the pipeline; that it states nothing is for the dialogue to see), bare 去年 and 今年 are no quantities.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.evaluation.model import Understood
from bot.evaluation.report import table
from bot.evaluation.sentences import Sentence
from bot.nlu.text import normalise_message
from knowledge import Fact

T = TypeVar("T")

ASKING = ("ask", "check", "why")
STATING = ("inform", "check", "correct", "affirm", "deny", "what_else", "set_date")
_STATED = ("bool", "choice")  # facts whose value stands in the words; numbers are given their fact by the dialogue

Statement = tuple[str, str]
"""A fact's id and its value as text; of a number ""."""
Span = tuple[int, int]
_NO_QUANTITIES = ("去年", "今年")


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


def compare(pairs: Iterable[tuple[Collection[T], Collection[T]]], alike: Callable[[T, T], bool]) -> Score:
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
    return {
        "programme": compare(((_ids(s, "programme"), _values(u, "programme")) for s, u in pairs), _equal),
        "aspect": compare(((_ids(s, "aspect"), _values(u, "aspect")) for s, u in asking), _equal),
        "fact": compare(
            ((stated(statements(s), facts), stated(_read_facts(u), facts)) for s, u in stating), same_by(facts)
        ),
        **{
            kind: compare(((_marked_spans(s, kind), _found_spans(u, kind)) for s, u in pairs), _overlap)
            for kind in ("place", "document", "quantity")
        },
    }


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


def _read_facts(understood: Understood) -> set[Statement]:
    return {(id, value) for id, _, value in (one.partition("=") for one in _values(understood, "fact"))}


def plain(value: object) -> str:
    """A value as text; true and false as the lexicon writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


# ── ids and places ──


def _ids(sentence: Sentence, kind: str) -> set[str]:
    return {one["id"] for one in sentence.entities if one["entity"] == kind}


def _values(understood: Understood, kind: str) -> set[str]:
    return {one["value"] for one in understood.entities if one["entity"] == kind}


def _equal(one: str, other: str) -> bool:
    return one == other


def _marked_spans(sentence: Sentence, kind: str) -> list[Span]:
    text = normalise_message(sentence.text)
    return [span for one in sentence.entities if one["entity"] == kind for span in _where(one["words"], text)]


def _where(words: str, text: str) -> Iterator[Span]:
    words = normalise_message(words)
    at = text.find(words)
    if at >= 0:
        yield at, at + len(words)


def _found_spans(understood: Understood, kind: str) -> list[Span]:
    spans = [(one["start"], one["end"]) for one in understood.entities if one["entity"] == kind]
    return [span for span in spans if understood.text[slice(*span)] not in _NO_QUANTITIES]


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
