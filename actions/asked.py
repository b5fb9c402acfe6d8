"""What a question asks: programme × aspect, where, which year, and the clauses its words come closest to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from actions.hearsay import figures_put_forward
from actions.places import place_asked
from actions.room import Room
from actions.state import State
from eligibility.model import ASPECTS
from eligibility.place import places_containing
from knowledge.matters import Matter, Said
from knowledge.search import Hit
from knowledge.text import normalise, without

_PARTICLES = re.compile(r"[那呢吗啊吧的了么呀哈嘛请问这个它一下想知道我能要能得是]|[^\w]")
_YEAR = re.compile(r"(20\d\d)年")
_HOW_MUCH = re.compile(r"多少(?!个|人|名|次|回|天|月|年|岁|份|类|种|条|家|号|分|课|节|小时|工作日)")
_NUMBER_OF_A_CHOICE = re.compile(r"^(?:选|第)?\s*([1-9])\s*(?:个|项|号)?$")
_SOME, _MOST = 0.35, 0.5  # coverage or weight (knowledge.search.Hit)
_PART, _A_PART = re.compile(r"[,，。;；!！?？\s]+"), 6  # characters; a shorter part says too little
_FAR = 0.6  # of the best score
_OWN_WORDS, _BEHIND = 0.35, 0.75  # weight (knowledge.search.Hit) of the best hit; share of its score for the next part
_FEW = 2  # characters that a question may have beside what was recognised in it, and still be nothing but that
_HITS = 5


@dataclass(frozen=True)
class Asked:
    """What is asked, as far as it is recognised.

    Attributes:
        programme: named, or under discussion when nothing but an aspect or a place is said.
        named: every programme named, in the order of the text.
        aspects: in the order of the text. words: those that ask for them.
        silent: matters asked about that the notices never speak of.
        elsewhere: a place the notices do not reach. place: the city that is meant.
        year: a year named in the question, if it is not that of the conversation.
        text: the message. find: the clauses that words come closest to, best first; called only where they are needed.
    """

    programme: str | None
    named: tuple[str, ...]
    aspects: tuple[str, ...]
    words: tuple[str, ...]
    silent: tuple[Matter, ...]
    elsewhere: str | None
    place: str
    year: int | None
    text: str
    find: Callable[[str], tuple[Hit, ...]]

    @property
    def aspect(self) -> str | None:
        """The aspect asked first."""
        return self.aspects[0] if self.aspects else None

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The clauses its words come closest to, best first."""
        return self.find(self.text)

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
    def stands_out(self) -> bool:
        """Whether one part of a notice holds the telling words of the question, and no other part comes near."""
        if not self.hits or self.hits[0].weight < _OWN_WORDS:
            return False
        others = [hit.score for hit in self.hits if part(hit.clause.id) != part(self.hits[0].clause.id)]
        return not others or others[0] <= _BEHIND * self.hits[0].score

    @property
    def is_told(self) -> bool:
        """Whether a clause stands out that holds most of what the question says."""
        return self.stands_out and self.hits[0].weight >= _MOST

    @property
    def grip(self) -> float:
        """How much of the question, or of a part of it, stands in the clause nearest to it: 0–1."""
        parts = [part for part in _PART.split(self.text) if len(part) >= _A_PART]
        found = [self.hits, *(self.find(part) for part in (parts if len(parts) > 1 else ()))]
        return max((max(hits[0].coverage, hits[0].weight) for hits in found if hits), default=0.0)

    @property
    def clause(self) -> str | None:
        """The clause that comes closest."""
        return self.hits[0].clause.id if self.hits else None


def part(clause: str) -> str:
    """The part of a notice that a clause stands in: LN/一/裁员率 → LN/一."""
    return clause.rpartition("/")[0]


def asked_in(state: State) -> Asked:
    """What the latest message asks."""
    knowledge = state.room.knowledge
    place, named = place_asked(state), tuple(dict.fromkeys(state.named("programme")))
    silent, aspects, words = _matters(state)
    chosen = _chosen_by_number(state)
    programme = named[0] if named else chosen or (discussed(state) if is_elliptical(state) else None)
    points = chosen or place.named or named
    if not aspects and not silent and points and nothing_but(state, "programme", "place", more=0):
        aspects = [one for one in state.asked.get("aspects", ()) if one in ASPECTS]
    if figures_put_forward(state):
        programme = programme or (None if knowledge.parameters.mentioned(state.text) else state.programme)
        aspects = aspects or ["amount"]
    elif _HOW_MUCH.search(state.text):
        aspects = aspects or ["amount"]
    years = [int(year) for year in _YEAR.findall(state.text) if int(year) != state.as_of.year]

    def find(words: str) -> tuple[Hit, ...]:
        return _found(state.room, words, state.as_of, place.city)

    year = years[0] if years else None
    return Asked(programme, named, tuple(aspects), words, silent, place.elsewhere, place.city, year, state.text, find)


@lru_cache(maxsize=16)  # one turn asks for the same several times
def _found(room: Room, words: str, as_of: date, city: str) -> tuple[Hit, ...]:
    hits = room.searcher.search(words, as_of=as_of, limit=2 * _HITS)
    reach = places_containing(room.knowledge, city)
    return tuple(hit for hit in hits if room.knowledge.notices[hit.clause.document].place in reach)[:_HITS]


def _matters(state: State) -> tuple[tuple[Matter, ...], list[str], tuple[str, ...]]:
    """The matters that the notices are silent on, the aspects, and the words for these.

    Of words inside one another the longest count.
    """
    matters = state.room.knowledge.matters
    silent = [(matter, said) for matter in matters.silent for said in matter.words.found_in(state.text)]
    spans = [(one, said) for one, phrases in matters.aspects.items() for said in phrases.found_in(state.text)]
    spans += [(str(one["value"]), _said(state, one)) for one in state.entities if one.get("entity") == "aspect"]
    all_said = [said for _, said in (*silent, *spans)]
    kept = [(name, said) for name, said in spans if not any(said.inside(other) for other in all_said)]
    in_order = sorted(kept, key=lambda one: (one[1].start, ASPECTS.index(one[0]) if one[0] in ASPECTS else 0))
    quiet = [matter for matter, said in silent if not any(said.inside(other) for other in all_said)]
    words = tuple(said.words for _, said in in_order)
    return tuple(dict.fromkeys(quiet)), list(dict.fromkeys(name for name, _ in in_order)), words


def _said(state: State, entity: Mapping[str, Any]) -> Said:
    return Said(entity["start"], entity["end"], state.text[entity["start"] : entity["end"]])


def discussed(state: State) -> str | None:
    """The programme that the talk is about: in an interview its own, else that of the last answer."""
    last = state.asked.get("programme")
    return state.programme if state.interviewing or not last else str(last)


def is_elliptical(state: State) -> bool:
    """“多少钱”, “到什么时候呢”, “沈阳的呢”: it is about the programme under discussion."""
    if discussed(state) is None:
        return False
    return only_an_aspect(state) or (bool(state.named("place")) and nothing_but(state, "place"))


def only_an_aspect(state: State, more: int = _FEW) -> bool:
    """Whether the message asks an aspect and says nothing more (but perhaps names the programme).

    ``more``: how many characters of something else do not count.
    """
    _, aspects, _ = _matters(state)
    return bool(aspects) and nothing_but(state, "aspect", "programme", "place", "quantity", "fact", more=more)


def nothing_but(state: State, *kinds: str, more: int = _FEW) -> bool:
    """Whether the message says nothing beside these kinds of entities and the particles."""
    covered: set[int] = set()
    for entity in state.entities:
        if entity.get("entity") in kinds:
            covered.update(range(entity["start"], entity["end"]))
    if "aspect" in kinds:
        for phrases in state.room.knowledge.matters.aspects.values():
            for said in phrases.found_in(state.text):
                covered |= said.places
    rest = "".join(c for i, c in enumerate(state.text) if i not in covered)
    return len(_PARTICLES.sub("", rest)) <= more


def _chosen_by_number(state: State) -> str | None:
    """“2”, “第二个” of the programmes offered by the last reply."""
    offered, match = state.asked.get("offered") or (), _NUMBER_OF_A_CHOICE.match(_arabic(state.text.strip()))
    return str(offered[int(match[1]) - 1]) if match and int(match[1]) <= len(offered) else None


def _arabic(text: str) -> str:
    return text.translate(str.maketrans("一二三四五六七八九", "123456789"))


def beside(text: str, words: Iterable[str]) -> str:
    """What a text says beside these words and the particles."""
    return _PARTICLES.sub("", without(normalise(text), map(normalise, words)))


def day_meant(state: State, asked: Asked) -> date:
    """The day a question is about: the last of the year it names, else that of the conversation."""
    return date(asked.year, 12, 31) if asked.year else state.as_of
