"""A decision put into words, in the order of the answer: verdict, amount, deadline, what is missing, basis, next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from actions.profile import Profile
from actions.reply import Reply
from actions.room import Room
from actions.speak import day, fill, one_line, percent, say, source, spoken, stated, wording, yuan
from actions.state import Person
from eligibility.expression import Env
from eligibility.facts import plain as plain_value
from eligibility.model import CONDITIONAL, ELIGIBLE, INELIGIBLE, NOT_IN_NOTICE, Decision, Programme
from eligibility.place import places_containing
from eligibility.syntax import Name, Operation

_READABLE = 6  # quotes in plain text; the card folds them away and keeps all
_QUOTED = ("decides", "open", "amount")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def decision_reply(
    room: Room, decision: Decision, profile: Profile, heard: str = "", whom: Person | None = None
) -> Reply:
    """The ``decision`` reply of docs/architecture.md: plain text and card from one set of lines.

    ``heard``, what was understood just now, stands behind the verdict: the first sentence is always the verdict.
    ``whom``: the person it is about, if it is not the user.
    """
    composer = _Composer(room, decision, profile)
    headline = (say("about_whom", whose=whom) if whom else "") + composer.headline()
    lines = [line for line in (heard, *composer.lines()) if line]
    quotes = composer.quotes()
    next_step = composer.next_step()
    plain = [headline, *lines, *([next_step] if next_step else [])]
    plain += [say("quote_line", quote=quote["quote"], source=quote["source"]) for quote in quotes[:_READABLE]]
    plain += [say("more_quotes", count=len(quotes) - _READABLE)] if len(quotes) > _READABLE else []
    return {
        "kind": "decision",
        "text": "\n".join(plain),
        "decision": room.rules.to_json(decision),
        "card": {"headline": headline, "lines": lines, "quotes": quotes, "next_step": next_step},
        "programme": decision.programme,
        "outcome": "interview",
        "cited": [reason.clause for reason in decision.because],
        "as_of": decision.as_of.isoformat(),
    }


def basis(room: Room, decision: Decision, profile: Profile) -> str:
    """What a decision stands on in one sentence: which conditions are met, or which fails. May be empty."""
    composer = _Composer(room, decision, profile)
    reasons = composer.reasons()
    met = decision.verdict in (ELIGIBLE, CONDITIONAL)
    return fill(composer.words["lines"]["why"], met=met, reasons="；".join(reasons)) if reasons else ""


def reasons(room: Room, decision: Decision) -> list[str]:
    """How each deciding condition is met, or not met, in words without a full stop: of a “no”, only what fails."""
    return _Composer(room, decision, Profile(room.knowledge, None)).reasons()


def changes(room: Room, decision: Decision) -> str:
    """What single change would be enough, in one sentence. May be empty."""
    return _Composer(room, decision, Profile(room.knowledge, None)).changes()


def applies(room: Room, decision: Decision) -> bool:
    """Whether the notice speaks of the place at all; of one elsewhere none of its days says anything."""
    programme = room.rules.programme_at(decision.programme, decision.as_of, decision.place)
    return programme.place in places_containing(room.knowledge, decision.place)


class _Composer:
    def __init__(self, room: Room, decision: Decision, profile: Profile) -> None:
        self.room, self.decision, self.profile = room, decision, profile
        self.programme: Programme = room.rules.programme_at(decision.programme, decision.as_of, decision.place)
        self.words = wording("decision")
        self.env: Env = {**decision.facts, "as_of": decision.as_of}
        self.applies = applies(room, decision)

    # --- first sentence ----------------------------------------------------------------------------------------
    def headline(self) -> str:
        window, verdict = self.decision.window, self.decision.verdict
        if not self.applies:
            return self._head(NOT_IN_NOTICE)
        if window.state == "not_yet":
            return say("not_yet", day=day(self.decision.as_of))
        past = window.state in ("closed", "replaced")
        key = verdict + ("_unsure" if verdict == CONDITIONAL and self.decision.branches else "")
        if verdict == CONDITIONAL and "continue_until" in self.decision.results:
            key, past = "transition", False
        elif verdict == CONDITIONAL and not self._asks_the_user():
            key = "informational"
        sentence = self._head(key + ("_past" if past else ""))
        if not past:
            return sentence
        opening = "replaced" if window.state == "replaced" else "past"
        return f"{self._head(opening)} {sentence}"

    def _asks_the_user(self) -> bool:
        """Whether any condition is the user's to answer; of a mere statement nobody meets “all conditions”."""
        facts = self.room.knowledge.facts
        return any(not facts[name].agency for leaf in self.programme.leaves for name in leaf.facts if name in facts)

    def _head(self, key: str) -> str:
        window = self.decision.window
        until_then = self.decision.results.get("continue_until")
        return fill(
            self.words["headline"][key],
            title=self.programme.title,
            until=day(window.until) if window.until else "",
            until_then=day(date.fromisoformat(until_then)) if until_then else "",
            amount=self.amount(),
            remaining=self.remaining(),
            refer_to="、".join(self.decision.refer_to),
        ).strip()

    def amount(self) -> str:
        money, words = self.decision.amount, self.words["amount"]
        if money is None:
            return ""
        if money.months is not None:
            return fill(words["months"], months=money.months)
        if money.fen is not None:
            key = money.kind if money.base_fen is None else "about" if self._about() else "refund"
            return fill(words[key], yuan=yuan(money.fen))
        if money.low_fen is not None and money.high_fen is not None:
            key = "range" if money.base_fen is not None else f"{money.kind}_range"
            return fill(words[key], low=yuan(money.low_fen), high=yuan(money.high_fen))
        if money.rates:
            return fill(words["rate"], rates="～".join(percent(rate) for rate in money.rates))
        return ""

    def _about(self) -> bool:
        """Whether the amount stands on a number that was only said roughly."""
        base = self.programme.amount.base_facts if self.programme.amount else ()
        return any(entry.approximate and entry.fact in base for entry in self.profile.entries(self.programme.id))

    def remaining(self) -> str:
        things = self.decision.depends_on
        if not things:
            return ""
        key = "unsure" if self.decision.branches else "one" if len(things) == 1 else "many"
        return fill(self.words["remaining"][key], things="；".join(things))

    # --- the lines below ---------------------------------------------------------------------------------------
    def lines(self) -> Iterator[str]:
        decision, words = self.decision, self.words["lines"]
        if not self.applies:
            return
        if decision.window.state in ("closed", "replaced") and decision.window.note:
            yield fill(words["note"], note=decision.window.note)
        reasons = self.reasons()
        if reasons:
            yield fill(words["why"], met=decision.verdict in (ELIGIBLE, CONDITIONAL), reasons="；".join(reasons))
        yield from self.amount_lines()
        yield from self.deadline_lines()
        if decision.window.state == "open" and (enough := self.changes()):
            yield enough
        if cases := self.branches():
            yield fill(words["branches"], cases="；".join(cases))
        notes = [self.room.knowledge.interpretations[name]["says"] for name in decision.assumptions]
        if notes:
            yield fill(words["assumptions"], notes="；".join(notes))
        if decision.window.state == "undated" and decision.window.note:
            yield fill(words["note"], note=decision.window.note)

    def changes(self) -> str:
        said = [fill(self.words["changes"][key], value=value) for key, value in self.decision.would_change.items()]
        return fill(self.words["lines"]["would_change"], changes="，或者".join(said)) if said else ""

    def reasons(self) -> list[str]:
        """How each deciding condition is met, or not met: of a “no”, only what fails."""
        wanted = {ELIGIBLE: (True,), CONDITIONAL: (True,), INELIGIBLE: (False,)}.get(self.decision.verdict, ())
        said = []
        for leaf in self.programme.leaves:
            truth = self.decision.leaves.get(leaf.id)
            template = leaf.met if truth else leaf.unmet
            if leaf.id in self.decision.deciding and truth in wanted and template:
                said.append(self._filled(template))
        return list(dict.fromkeys(said))

    def _filled(self, template: str) -> str:
        return _PLACEHOLDER.sub(lambda match: self._spoken(match[1]), template)

    def _spoken(self, name: str) -> str:
        facts = self.room.knowledge.facts
        if name in self.programme.derived:
            return self._derived(name)
        return spoken(facts[name], self.env[name]) if name in facts and name in self.env else ""

    def _derived(self, name: str) -> str:
        """A worked-out ratio with its working: 5÷28≈17.9%."""
        for way in self.programme.derived[name]:
            value = way.expression.evaluate(self.env)
            if value is None:
                continue
            match way.expression.tree:
                case Operation(sign="/", left=Name(word=top), right=Name(word=bottom)):
                    known = _equals(percent(Fraction(value))) if self.env[bottom] else ""  # 7÷0 is no number
                    return f"{self.env[top]}÷{self.env[bottom]}{known}"
            if isinstance(value, Fraction):
                return percent(value)
            return day(value) if isinstance(value, date) else str(value)
        return ""

    def amount_lines(self) -> Iterator[str]:
        money, words = self.decision.amount, self.words["lines"]
        if money is None:
            return
        if money.fen is not None and money.base_fen is not None:
            yield fill(words["rate"], base=yuan(money.base_fen), rate=percent(money.rates[0]), yuan=yuan(money.fen))
        elif money.base_fen is None and not money.rates and money.months is None and money.says:
            yield fill(words["amount_elsewhere"], says=money.says)

    def deadline_lines(self) -> Iterator[str]:
        results, words = self.decision.results, self.words["lines"]
        if "continue_until" in results or self.decision.verdict == NOT_IN_NOTICE:
            return
        if results.get("route") == "no_application":
            yield words["no_application"]
        elif "apply_by" in results and self.decision.window.state == "open":
            yield fill(words["apply_by"], day=_day(results["apply_by"]), days_left=results.get("days_left"))
        elif "extend_until_at_latest" not in results and (until := self._still_open_until()):
            key = "not_applied" if self._applied_for() else "in_force_until"
            yield fill(words[key], day=day(until))
        yield from self.result_lines()

    def result_lines(self) -> Iterator[str]:
        """The other things a decision works out, each by the sentence the wording has for it."""
        for name, template in self.words["results"].items():
            if name in self.decision.results:
                yield fill(template, value=self._result(self.decision.results[name]))

    def _result(self, value: Any) -> str:
        """A result as it is said: days as days, several as a list, codes by their names, sums with separators."""
        if isinstance(value, (list, tuple)):
            return "、".join(map(self._result, value))
        if isinstance(value, str):
            try:
                return _day(value)
            except ValueError:
                return str(self.words["categories"].get(value, value))
        number = plain_value(value)
        return f"{number:,g}" if isinstance(number, (int, float)) else str(number)

    def _applied_for(self) -> bool:
        """Whether its window is one to apply in, not a time in which something has to happen."""
        return any("application_date" in leaf.reads for leaf in self.programme.leaves)

    def _still_open_until(self) -> date | None:
        window = self.decision.window
        return window.until if window.state == "open" and self.decision.verdict != INELIGIBLE else None

    def branches(self) -> list[str]:
        """Both outcomes of what the user cannot tell."""
        said = []
        for branch in self.decision.branches:
            fact = self.room.knowledge.facts[branch.fact]
            verdict = self.words["verdicts"][branch.verdict]
            ends = [None if end is None else spoken(fact, end) for end in (branch.low, branch.high)]
            single = branch.low is not None and branch.low == branch.high
            key = "one" if single else "below" if ends[0] is None else "above" if ends[1] is None else "between"
            if ends == [None, None]:
                continue  # this fact alone changes nothing
            kind = "day_" if fact.type == "date" and not single else ""
            about = stated(fact, branch.low) if single else ""
            said.append(
                fill(self.words["ranges"][kind + key], fact=fact.zh, low=ends[0], high=ends[1], said=about)
                + fill(self.words["ranges"]["then"], verdict=verdict)
            )
        return said

    def quotes(self) -> list[dict[str, str]]:
        knowledge = self.room.knowledge
        found = []
        for reason in self.decision.because:
            if reason.role in _QUOTED:
                clause = knowledge.clauses[reason.clause]
                found.append(
                    {
                        "quote": one_line(clause.quote),
                        "source": source(knowledge, clause),
                        "clause": clause.id,
                        "role": reason.role,
                    }
                )
        return found

    def next_step(self) -> str:
        """What to do now; nothing that invites an application where the window is not open."""
        if "continue_until" in self.decision.results:
            return ""  # the transition names its own way: back to the original office
        may_act = self.decision.verdict in (ELIGIBLE, CONDITIONAL) and self.decision.window.state in ("open", "undated")
        if not may_act or not self.programme.next_step:
            return ""
        return fill(self.words["lines"]["next_step"], step=self.programme.next_step)


def signature(decision: Decision) -> str:
    """What of a decision the user would notice: unchanged means it need not be told again."""
    money = decision.amount
    parts: tuple[Any, ...] = (
        decision.programme,
        decision.verdict,
        decision.window.state,
        money,
        {name: value for name, value in decision.results.items() if name != "days_left"},
        decision.refer_to,
        decision.depends_on,
    )
    return repr(parts)


def _equals(text: str) -> str:
    return text if text.startswith("≈") else f"={text}"


def _day(text: str) -> str:
    return day(date.fromisoformat(text))
