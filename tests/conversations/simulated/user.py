"""What the simulated user says next: answers, things told unasked, corrections, detours, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from random import Random
from typing import Any

from situations import RULES

from simulated.person import Person
from simulated.words import may_be_rough, phrases, quantity, said

Replies = Sequence[Mapping[str, Any]]
_WANDERS, _TELLS_MORE, _ADDS, _BY_BUTTON, _ROUGHLY = 0.35, 0.18, 0.2, 0.3, 0.2  # probabilities
_MOST_DETOURS = 8
_INTERVIEWING = ("why", "stop", "other_programme")
"""Detours that make sense only while something is asked."""


class SimulatedUser:
    """One person in one conversation. ``say`` gives the next message, with what kind of move it is.

    Attributes:
        told: what the assistant was told last, fact by fact, mistakes included.
        rough: facts told only roughly so far. as_of: the day the conversation is held as of.
    """

    def __init__(self, person: Person) -> None:
        self.person, self.rng, self.as_of = person, Random(f"says {person.seed}"), person.as_of
        self.told: dict[str, Any] = {}
        self.rough: set[str] = set()
        self.mistakes = dict(person.mistakes)
        self.detours = self.rechecks = 0
        self.turns_since_mistake = 0
        self.answered: list[tuple[str, tuple[str, ...]]] = []
        self.resuming = self.elsewhere = False

    @property
    def facts(self) -> Mapping[str, Any]:
        """The catalogue."""
        return RULES.knowledge.facts

    @property
    def settled(self) -> bool:
        """Whether nothing wrong stands that was told."""
        return not any(name in self.told for name in self.mistakes)

    def say(self, replies: Replies) -> tuple[str, str] | None:
        """(move, words), or None when there is nothing left to say. Moves: see ``MOVES`` in ``conversation``."""
        if not replies:
            return "open", self._opening()
        question = asked(replies)
        if self.resuming:
            self.resuming = False
            return "back", self._back()
        self.elsewhere = self.elsewhere and programme_of(replies) != self.person.programme
        if self.elsewhere or (question is not None and programme_of(replies) != self.person.programme):
            return "back", self._back()
        if not self.settled:
            self.turns_since_mistake += 1
            if self.turns_since_mistake > self.rng.randint(1, 4) or question is None:
                return "correct", self._correction()
        if question is None:
            return self._after_the_end(replies)
        again = (question["id"], tuple(question["facts"])) in self.answered[-1:]
        if not again and self.detours < _MOST_DETOURS and self.rng.random() < _WANDERS:
            self.detours += 1
            return self._detour(True)
        if not again and self.rng.random() < _TELLS_MORE and (more := self._unasked(question["facts"])):
            return "tell", more
        return "answer", self._answer(question, again)

    # --- the moves ---------------------------------------------------------------------------------------------------
    def _opening(self) -> str:
        parts = [self.rng.choice(phrases()["opening"][self.person.programme])]
        parts += [words for name in self.person.opens_with if (words := self._tell(name))]
        return "，".join(parts)

    def _back(self) -> str:
        name = phrases()["back"][self.person.programme]
        return str(self.rng.choice(phrases()["ways_back"])).format(name=name)

    def _correction(self) -> str:
        name = next(name for name in self.mistakes if name in self.told)
        del self.mistakes[name]
        self.turns_since_mistake = 0
        template = str(self.rng.choice(phrases()["corrections"]))
        words = self._tell(name) or ""
        return template.format(say=words, name=phrases()["facts"][name]["name"])

    def _detour(self, interviewing: bool) -> tuple[str, str]:
        kinds = [kind for kind in phrases()["wandering"] if interviewing or kind not in _INTERVIEWING]
        kind = self.rng.choice(kinds)
        words = self.rng.choice(phrases()["wandering"][kind])
        self.resuming, self.elsewhere = kind == "stop", kind == "other_programme"
        return f"detour {kind}", words

    def _after_the_end(self, replies: Replies) -> tuple[str, str] | None:
        """A verdict, a closed window, or a detour that left the interview: look once more, or leave."""
        closed = any(reply["kind"] == "text" and _offers_the_past(reply) for reply in replies)
        if closed and self.as_of == self.person.as_of and self.rng.random() < 0.5:
            until = next(word for reply in replies for word in reply["suggestions"] if word.startswith("按"))
            return "past", until
        if self.detours < _MOST_DETOURS and self.rng.random() < _WANDERS:
            self.detours += 1
            return self._detour(False)
        decided = any(reply["kind"] == "decision" for reply in replies)
        if self.rechecks < 2 and not closed and not decided:
            self.rechecks += 1
            name = phrases()["back"][self.person.programme]
            return "recheck", str(self.rng.choice(phrases()["recheck"])).format(name=name)
        return None

    def _unasked(self, asked_now: Sequence[str]) -> str | None:
        known = [n for n in self.person.truth if n not in self.told and n not in asked_now]
        names = self.rng.sample(known, min(len(known), self.rng.randint(1, 2)))
        return "，".join(words for name in names if (words := self._tell(name))) or None

    def _answer(self, question: Mapping[str, Any], again: bool) -> str:
        self.answered.append((question["id"], tuple(question["facts"])))
        known = {name: self._value(name) for name in question["facts"] if self._value(name) is not None}
        if not known:
            self.person.unsure |= {*question["facts"]}
            return str(self.rng.choice(phrases()["dont_know"]))
        if question["input"] == "multi" or len(question["facts"]) > 1:
            return self._listed(question, known)
        (name,) = known
        rough = not again and may_be_rough(self.facts[name], known[name]) and self.rng.random() < _ROUGHLY
        words = self._in_own_words(name, known[name], rough)
        by_button = again or self.rng.random() < _BY_BUTTON or words is None
        if by_button:
            words = self._label(question["id"], known) or quantity(self.facts[name], known[name], self.rng, self.as_of)
        self._note(name, known[name], rough and not by_button)
        if not again and self.rng.random() < _ADDS and (more := self._unasked(question["facts"])):
            return f"{words}，{more}"
        return f"{'' if by_button else self.rng.choice(phrases()['before'])}{words}"

    def _listed(self, question: Mapping[str, Any], known: Mapping[str, Any]) -> str:
        """The boxes of a list that are ticked; none of them."""
        choices = RULES.knowledge.questions[question["id"]].choices
        for name, value in known.items():
            self._note(name, value, False)
        ticked = [one for one in choices if all(known.get(name) == value for name, value in one.sets.items())]
        if not ticked:
            return str(question.get("none_of_these") or "以上都不是")
        own = [said(self.facts[n], True, "say", self.rng, self.as_of) for one in ticked for n in one.sets]
        if self.rng.random() < _BY_BUTTON or None in own:
            return "、".join(one.label for one in ticked)
        more = self.rng.choice(["，别的没有", "，就这些", ""])
        return "，".join(str(words) for words in own) + more

    # --- words -------------------------------------------------------------------------------------------------------
    def _value(self, name: str) -> Any:
        return self.mistakes.get(name, self.person.truth.get(name))

    def _tell(self, name: str) -> str | None:
        words = said(self.facts[name], self._value(name), "say", self.rng, self.as_of)
        if words is not None:
            self._note(name, self._value(name), False)
        return words

    def _in_own_words(self, name: str, value: Any, rough: bool) -> str | None:
        return said(self.facts[name], value, "answer", self.rng, self.as_of, rough)

    def _note(self, name: str, value: Any, rough: bool) -> None:
        self.told[name] = value
        (self.rough.add if rough else self.rough.discard)(name)

    def _label(self, question: str, known: Mapping[str, Any]) -> str | None:
        choices = RULES.knowledge.questions[question].choices
        fits = [one.label for one in choices if known.items() <= one.sets.items()]
        return fits[0] if fits else None

    def move_to(self, as_of: date) -> None:
        """The conversation is held as of another day from now on."""
        self.as_of = as_of


def asked(replies: Replies) -> Mapping[str, Any] | None:
    """The question that the replies end with, if they do."""
    return replies[-1]["question"] if replies and replies[-1]["kind"] == "question" else None


def programme_of(replies: Replies) -> str | None:
    """The programme of the last reply."""
    return replies[-1].get("programme") if replies else None


def _offers_the_past(reply: Mapping[str, Any]) -> bool:
    offers = reply.get("suggestions") or ()
    return any(word.startswith("按") and word.endswith("算") for word in offers)
