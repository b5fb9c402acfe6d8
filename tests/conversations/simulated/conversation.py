"""One conversation between the simulated user and the assistant, and what is wrong with it.

Judged are: the last decision against the engine's on what the user finally holds; questions asked again although they
were answered (a loop); turns after which nothing goes on (a dead end). ``MOVES`` are what a user's message can be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from simulated.person import Person, fewest
from simulated.user import SimulatedUser, asked, programme_of

MOVES = ("open", "answer", "tell", "correct", "detour …", "back", "past", "recheck")
MOST_TURNS = 60
AGAIN = 1  # times that one question may come again although it was answered: once misheard, said plainly, no more
OPEN = ("open", "undated")
_ANSWERED = ("answered", "not_stated", "out_of_scope", "smalltalk")


class Door(Protocol):
    """Whatever answers: the assistant."""

    async def reply(self, sender: str, text: str, as_of: date | None = None, place: str | None = None) -> Any: ...


@dataclass
class Outcome:
    """One conversation played.

    Attributes:
        faults: (kind, sentence); kind is verdict, loop, dead_end or failed. questions: how many the user answered.
        fewest: how many the engine needs after the first message. misheard: answers that were asked for again.
    """

    person: Person
    lines: list[str] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    moves: Counter[str] = field(default_factory=Counter)
    questions: int = 0
    fewest: int = 0
    misheard: int = 0
    verdict: str | None = None

    @property
    def turns(self) -> int:
        """How often the user spoke."""
        return sum(self.moves.values())

    def fault(self, kind: str, sentence: str) -> None:
        """Note a fault."""
        self.faults.append((kind, sentence))


async def play(assistant: Door, person: Person) -> Outcome:
    """Play one conversation to its end and judge it."""
    user, outcome = SimulatedUser(person), Outcome(person)
    judge, replies, sender = Judge(outcome, user), [], f"simulated-{person.seed}"
    outcome.lines.append(f"{person.programme} {person.as_of} {person.place}")
    while (said := user.say(replies)) is not None:
        if outcome.turns >= MOST_TURNS:
            outcome.fault("dead_end", f"no verdict after {MOST_TURNS} turns")
            return outcome
        move, words = said
        before = replies
        day = person.as_of if not replies else None  # a door says its day once; the user may then name another
        replies = await assistant.reply(sender, words, as_of=day, place=person.place)
        outcome.moves[move] += 1
        outcome.lines += [f"U {words}    [{move}]", *(f"B {_brief(reply)}" for reply in replies)]
        judge.turn(move, before, replies)
        if len(outcome.faults) > 3:
            break
    judge.end()
    outcome.fewest = fewest(person, user.as_of, judge.told_at_first)
    return outcome


class Judge:
    """Watches a conversation turn by turn."""

    def __init__(self, outcome: Outcome, user: SimulatedUser) -> None:
        self.outcome, self.user, self.person = outcome, user, outcome.person
        self.told_at_first: dict[str, Any] = {}
        self.decision: Mapping[str, Any] | None = None
        self.closed = self.asked_back = False
        self.again: Counter[tuple[str, tuple[str, ...]]] = Counter()

    def turn(self, move: str, before: Sequence[Mapping[str, Any]], replies: Sequence[Mapping[str, Any]]) -> None:
        """Look at what one message brought."""
        if move == "open":
            self.told_at_first = {k: v for k, v in self.person.truth.items() if k in self.user.told}
        if move == "answer":
            self.outcome.questions += 1
        days = [reply["as_of"] for reply in replies if reply.get("as_of")]
        if days:
            self.user.move_to(date.fromisoformat(days[-1]))
        for reply in replies:
            if reply["kind"] == "decision" and reply["decision"]["programme"] == self.person.programme:
                self.decision, self.closed = reply["decision"], False
            if reply["kind"] == "text" and reply.get("outcome") == "interview" and _closed(reply):
                self.closed = reply.get("programme") == self.person.programme
        if any(reply.get("failed") for reply in replies):
            self.outcome.fault("failed", "the assistant apologised for a turn")
        self._loop(move, before, replies)
        self._dead_end(move, before, replies)

    def _loop(self, move: str, before: Sequence[Mapping[str, Any]], replies: Sequence[Mapping[str, Any]]) -> None:
        was, now = asked(before), asked(replies)
        if move != "answer" or was is None or now is None or programme_of(replies) != self.person.programme:
            return
        if (was["id"], was["facts"]) != (now["id"], now["facts"]) or {*now["facts"]} & self.user.rough:
            return
        self.outcome.misheard += 1
        key = (now["id"], tuple(now["facts"]))
        self.again[key] += 1
        if self.again[key] > AGAIN:
            self.outcome.fault("loop", f"{now['id']} asked again and again")

    def _dead_end(self, move: str, before: Sequence[Mapping[str, Any]], replies: Sequence[Mapping[str, Any]]) -> None:
        goes_on = asked(replies) is not None or any(reply["kind"] == "decision" for reply in replies)
        offers = any(r.get("outcome") == "clarify" and r.get("suggestions") for r in replies)
        asked_back, self.asked_back = self.asked_back, offers
        if offers and not asked_back and asked(before) is None:
            return  # “您问的是哪一项？”, once, where nothing was under way
        answered = any(r.get("outcome") in _ANSWERED or r["kind"] in ("profile", "handoff") for r in replies)
        if not goes_on and not answered and not any(r.get("outcome") == "interview" for r in replies):
            self.outcome.fault("dead_end", f"nothing goes on after a move “{move}”")
        elif move == "detour other_programme" and programme_of(replies) != self.person.programme:
            return  # decided at once, or closed: the user goes back
        elif asked(before) is not None and move.startswith("detour") and move != "detour stop" and not goes_on:
            self.outcome.fault("dead_end", f"the question is gone after a “{move}”")

    def end(self) -> None:
        """Compare the last decision with the engine's."""
        outcome, expected = self.outcome, self.person.decision(self.user.as_of)
        if self.decision is None or self.closed:
            if not self.closed:
                outcome.fault("dead_end", "it ended without a verdict")
            elif expected["window"]["state"] in OPEN:
                outcome.fault("verdict", "said to be closed, but it is open")
            else:
                outcome.verdict = "closed"
            return
        outcome.verdict = self.decision["verdict"]
        # a “no” stands before everything is told, and what is closed is not asked on: neither tells anything else
        sure = expected["verdict"] != "ineligible" and expected["window"]["state"] in OPEN
        keys = ["window", "amount", "results", "route"] if sure and not self.user.rough else []
        for key in ["verdict", *keys]:
            mine, theirs = self.decision[key], expected[key]
            if key == "window":
                mine, theirs = mine["state"], theirs["state"]
            if mine != theirs:
                outcome.fault("verdict", f"{key}: {mine}, the engine {theirs}")


def _closed(reply: Mapping[str, Any]) -> bool:
    return any(mark in reply["text"] for mark in ("现在不能按它申请", "不能按它办", "还没有发布"))


def _brief(reply: Mapping[str, Any]) -> str:
    tail = f"   ← {reply['question']['id']} {reply['question']['facts'][:2]}" if reply["kind"] == "question" else ""
    verdict = reply["decision"]["verdict"] if reply["kind"] == "decision" else f"{reply['kind']}/{reply.get('outcome')}"
    return f"{' ⏎ '.join(reply['text'].splitlines())[:300]}{tail} [{verdict}]"
