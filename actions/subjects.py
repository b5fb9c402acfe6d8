"""Whom a message speaks of: the user (and their unit), a relative, one of their employees.

Chinese leaves the subject out once it is clear, so a part of a sentence that names nobody goes on about the one named
before it: in “我妈52了，下岗三年没工作，能认定吗” the mother is 52, out of work, and the one who asks to be recognised.
The words are data (``subjects`` in the lexicon).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from actions.assign import covers
from actions.room import Room
from actions.state import SELF, State

_PART = re.compile(r"[^,，。；;！!？?\s]+")
_A_WORD = 2  # characters
_ASKING = ("check", "what_else")
_SILENT = ("greet", "thanks", "bye", "stop", "chitchat", "bot_challenge", "abuse", "why", "summary", "human")


@dataclass(frozen=True)
class Part:
    """A part of a message between marks.

    Attributes:
        who: ``SELF`` or a person's id; None: whoever the talk is about.
        mention: where they are named, as (start, end) of the message.
        clearly: the words leave no doubt that they are the one to ask for (“替我爸问”, “那我妈呢”).
    """

    start: int
    end: int
    who: str | None = None
    mention: tuple[int, int] = (0, 0)
    clearly: bool = False


@dataclass(frozen=True)
class Spoken:
    """Who a message is about, and part by part who it speaks of."""

    subject: str
    parts: tuple[Part, ...]

    def who(self, position: int) -> str:
        """Who is spoken of at a place in the message."""
        part = self._part(position)
        return part.who or self.subject if part else self.subject

    def named_in(self, start: int, end: int) -> bool:
        """Whether a person is named inside these characters."""
        part = self._part(end - 1)
        return part is not None and start < part.mention[1] and part.mention[0] < end

    def _part(self, position: int) -> Part | None:
        return next((part for part in self.parts if part.start <= position < part.end), None)


def spoken_of(state: State) -> Spoken:
    """Read a message of a conversation."""
    parts = _named(state)
    applicant = _applicant(state, parts)
    subject = applicant if applicant and _may_turn(state, parts, applicant) else state.subject
    running: str | None = None
    resolved = []
    for part in parts:
        if part.who and _own_fact(state, part, subject):
            part, running = replace(part, who=None), None
        running = part.who or running
        resolved.append(replace(part, who=running))
    return Spoken(subject, tuple(resolved))


def kin(room: Room, besides: str = SELF) -> tuple[str, ...]:
    """What people are called who are neither the user nor ``besides``."""
    words = room.knowledge.lexicon["subjects"]
    return tuple(
        word
        for name, person in words["people"].items()
        if name not in (besides, words["employee"])
        for word in person["words"]
        if word not in words["pronouns"]
    )


def person_called(room: Room, text: str) -> str | None:
    """The person whose name ends a text, if any."""
    people = room.knowledge.lexicon["subjects"]["people"]
    ends = [(len(word), name) for name, one in people.items() for word in one["words"] if text.endswith(word)]
    return max(ends)[1] if ends else None


def of_theirs(room: Room, fact: str) -> str | None:
    """What a fact about the user's relative (“我妈有残疾”) is for that relative, if it is anything."""
    found = room.knowledge.lexicon["subjects"]["of_theirs"].get(fact)
    return str(found) if found else None


# --- who is named ------------------------------------------------------------------------------------------------
def _named(state: State) -> list[Part]:
    words, shapes = state.room.knowledge.lexicon["subjects"], _shapes(state.room)
    before: str | None = None
    parts = []
    for start, text in _pieces(words, state.text):
        part = _read_part(words, shapes, text, start)
        if part.who and part.who != SELF and state.text[slice(*part.mention)] in words["pronouns"]:
            part = replace(part, who=before or _last_person(state) or part.who)
        before = part.who if part.who not in (None, SELF) else before
        parts.append(part)
    return parts


def _pieces(words: Mapping[str, Any], text: str) -> Iterator[tuple[int, str]]:
    """The parts of a message with where they begin; “我爸残疾我自己今年毕业” is two, though no mark stands between."""
    for found in _PART.finditer(text):
        cuts = [found.start()]
        for own in re.finditer(any_of(words["self_alone"]), found.group()):
            at = found.start() + own.start()
            if own.start() > _A_WORD and text[at - 1] not in words["joins"]:
                cuts.append(at)
        for start, end in zip(cuts, [*cuts[1:], found.end()], strict=True):
            yield start, text[start:end]


def _read_part(words: Mapping[str, Any], shapes: Mapping[str, re.Pattern[str]], text: str, at: int) -> Part:
    end = at + len(text)
    nobody = Part(at, end)
    opening = shapes["opening"].match(text)
    start = opening.end() if opening else 0
    behalf = bool(opening and opening.group("behalf"))
    about = bool(opening and opening.group("about"))
    if text.startswith(tuple(words["nobody"]), start):
        return nobody
    person = shapes["person"].match(text, start)
    if person and (person.group("owner") or person.group("word") not in words["needs_owner"]):
        rest = text[person.end() :]
        if rest.startswith(tuple(words["says"])):
            return nobody
        clearly = about or rest == "呢" or behalf and any(word in rest for word in words["asks_for"])
        who = _by_word(words)[person.group("word")]
        return Part(at, end, who, (at + person.start(), at + person.end()), clearly)
    own = shapes["self"].match(text, start)
    if own and not behalf and not text.startswith(tuple(words["asides"]), own.end()):
        clearly = about or own.group() in words["self_alone"] or text[own.end() :] == "呢"
        return Part(at, end, SELF, (at + own.start(), at + own.end()), clearly)
    return nobody


def _last_person(state: State) -> str | None:
    """Whom “他” or “她” means when the message does not say: who is talked about, else who was last."""
    if state.subject != SELF:
        return state.subject
    return next((name for name in reversed([*state.profiles]) if name != SELF), None)


@lru_cache(maxsize=2)
def _shapes(room: Room) -> Mapping[str, re.Pattern[str]]:
    words = room.knowledge.lexicon["subjects"]
    called = [word for person in words["people"].values() for word in person["words"]]
    behalf = f"(?:(?:{any_of(words['self'])})?[想要来是]{{0,2}}(?P<behalf>{any_of(words['on_behalf'])}))?"  # 我想替…
    return {
        "opening": re.compile(f"(?:{any_of(words['fillers'])})*(?P<about>{any_of(words['about'])})?{behalf}"),
        "person": re.compile(f"(?P<owner>{any_of(words['owners'])})?(?P<word>{any_of(called)})"),
        "self": re.compile(any_of(words["self"])),
    }


def any_of(words: Iterable[str]) -> str:
    """A pattern of these words: the longest that fits is found."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _by_word(words: Mapping[str, Any]) -> dict[str, str]:
    return {word: name for name, person in words["people"].items() for word in person["words"]}


# --- for whom the question is ------------------------------------------------------------------------------------
def _applicant(state: State, parts: list[Part]) -> str | None:
    """Who is to get something: the one named in the part that asks, else before it, else after it."""
    asking = _asking_part(state, parts)
    order = [*reversed(parts[: asking + 1]), *parts[asking + 1 :]]
    applicant = next((part.who for part in order if part.who and not _own_fact(state, part, part.who)), None)
    if applicant is None or applicant == SELF:
        return applicant
    programme = _programme(state)
    if programme and programme.subject == "unit":
        return SELF
    if applicant == state.room.knowledge.lexicon["subjects"]["employee"] and programme is None:
        facts = state.room.knowledge.facts
        told = [name.partition("=")[0] for name in state.named("fact")]
        return applicant if any(facts[name].scope == "person" for name in told if name in facts) else None
    return applicant


def _asking_part(state: State, parts: list[Part]) -> int:
    named = [entity["start"] for entity in state.entities if entity.get("entity") == "programme"]
    asks = [i for i, part in enumerate(parts) if any(part.start <= at < part.end for at in named)]
    asks = asks or [i for i, part in enumerate(parts) if state.asks_in_words(state.text[part.start : part.end])]
    return asks[-1] if asks else len(parts) - 1


def _may_turn(state: State, parts: list[Part], applicant: str) -> bool:
    """Whether the talk turns to someone: asked for, clearly named, or told of while nothing else is going on."""
    if applicant == state.subject or state.intent in _SILENT:
        return applicant == state.subject
    if any(part.clearly and part.who == applicant for part in parts) or state.intent in _ASKING:
        return True
    return applicant != SELF and not state.interviewing


def _own_fact(state: State, part: Part, subject: str) -> bool:
    """“我妈有残疾” said by who asks for the subsidy of children of the disabled: a fact of the user's own."""
    if part.who in (None, SELF):
        return False
    facts = [str(e["value"]).partition("=")[0] for e in state.entities if e.get("entity") == "fact" and _names(part, e)]
    if not facts or state.subject == part.who:
        return False
    programme = _programme(state)
    theirs = all(of_theirs(state.room, fact) for fact in facts)
    asked = state.intent in _ASKING and not (programme and covers(programme) & {*facts})
    return not (theirs and asked) or subject == SELF


def _names(part: Part, entity: Mapping[str, Any]) -> bool:
    return bool(entity["start"] < part.mention[1] and part.mention[0] < entity["end"])


def _programme(state: State) -> Any:
    """The programme that is asked about, else the one under discussion."""
    named = next((name for name in state.named("programme") if name in state.room.rules.benefits), state.programme)
    return state.programme_in_force(named)
