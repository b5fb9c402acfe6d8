"""What a question asks: programme × aspect, where, which year, and the clauses its words come closest to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache

from actions.hearsay import figures_put_forward
from actions.state import State
from knowledge.search import Hit
from knowledge.text import normalise, without

_PARTICLES = re.compile(r"[那呢吗啊吧的了么呀哈嘛请问这个它一下想知道我能要能得]|[^\w]")
_YEAR = re.compile(r"(20\d\d)年")
_HOW_MUCH = re.compile(r"多少(?!个|人|名|次|回|天|月|年|岁|份|类|种|条|家|号)")
_SOME, _MOST = 0.35, 0.5  # coverage (knowledge.search.Hit)
_FAR = 0.6  # of the best score
_FEW = 2  # characters that a question may have beside what was recognised in it, and still be nothing but that


@dataclass(frozen=True)
class Asked:
    """What is asked, as far as it is recognised.

    Attributes:
        programme: named, or under discussion when nothing but an aspect is said.
        elsewhere: a place the notices do not reach. place: the city that is meant.
        year: a year named in the question, if it is not that of the conversation.
        search: finds the clauses its words come closest to, best first; called only where they are needed.
    """

    programme: str | None
    aspect: str | None
    elsewhere: str | None
    place: str
    year: int | None
    search: Callable[[], tuple[Hit, ...]]

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The clauses its words come closest to, best first."""
        return self.search()

    @property
    def is_near(self) -> bool:
        """Whether some clause has a good part of the question's words."""
        return bool(self.hits) and self.hits[0].coverage >= _SOME

    @property
    def is_clear(self) -> bool:
        """Whether the question is about the nearest clause: it has half of the words, or no other comes near it."""
        if not self.is_near:
            return False
        alone = len(self.hits) < 2 or self.hits[1].score <= _FAR * self.hits[0].score
        return self.hits[0].coverage >= _MOST or alone

    @property
    def clause(self) -> str | None:
        """The clause that comes closest."""
        return self.hits[0].clause.id if self.hits else None


def asked_in(state: State) -> Asked:
    """What the latest message asks."""
    knowledge = state.room.knowledge
    places = state.named("place")
    liaoning = knowledge.gazetteer.get("liaoning", {})
    elsewhere = next((name for name in places if name in knowledge.gazetteer.get("elsewhere", ())), None)
    city = next((name for name in places if name in liaoning), state.place)
    named = state.named("programme")
    programme = named[0] if named else state.programme if is_elliptical(state) else None
    aspects = state.named("aspect")
    if figures_put_forward(state):
        programme = programme or (None if knowledge.parameters.mentioned(state.text) else state.programme)
        aspects = aspects or ["amount"]
    elif _HOW_MUCH.search(state.text):
        aspects = aspects or ["amount"]
    years = [int(year) for year in _YEAR.findall(state.text) if int(year) != state.as_of.year]

    @cache
    def search() -> tuple[Hit, ...]:
        return tuple(state.room.searcher.search(state.text, as_of=state.as_of, limit=5))

    return Asked(programme, aspects[0] if aspects else None, elsewhere, city, years[0] if years else None, search)


def is_elliptical(state: State) -> bool:
    """“多少钱”, “到什么时候呢”: nothing but an aspect, so it is about the programme under discussion."""
    return state.programme is not None and only_an_aspect(state)


def only_an_aspect(state: State, more: int = _FEW) -> bool:
    """Whether the message asks an aspect and says nothing more (but perhaps names the programme).

    ``more``: how many characters of something else do not count.
    """
    if not state.named("aspect"):
        return False
    covered: set[int] = set()
    for entity in state.entities:
        if entity.get("entity") in ("aspect", "programme", "place", "quantity", "fact"):
            covered.update(range(entity["start"], entity["end"]))
    rest = "".join(c for i, c in enumerate(state.text) if i not in covered)
    return len(_PARTICLES.sub("", rest)) <= more


def beside(text: str, words: Iterable[str]) -> str:
    """What a text says beside these words and the particles."""
    return _PARTICLES.sub("", without(normalise(text), map(normalise, words)))


def day_meant(state: State, asked: Asked) -> date:
    """The day a question is about: the last of the year it names, else that of the conversation."""
    return date(asked.year, 12, 31) if asked.year else state.as_of
