"""The interview: what to decide, what to ask next, what to say before the question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import product
from typing import Any

from actions.assign import covers
from actions.decision_reply import decision_reply, signature
from actions.profile import Entry, Profile
from actions.programmes import can_get, programme_name
from actions.reply import Reply
from actions.retirement import FACT as RETIRES
from actions.retirement import kinds_to_ask
from actions.screening import other_ways
from actions.speak import addressed, day, entry_spoken, say, summary, wording
from actions.state import State
from eligibility.model import CONDITIONAL, NEEDS_INFO, Decision
from knowledge import Knowledge, Question

_BRIEF = 8  # characters: a longer sentence is not repeated to who has just said it
_TRIALS = 60  # points tried inside an approximate value; a head-count said as “三十来个” has seven


@dataclass(frozen=True)
class Standing:
    """Where the interview stands.

    Attributes:
        decision: over what is believed now.
        question: the next question, None when nothing is left to ask or nothing may be asked (a closed window).
        unclear: an approximate fact that sits on a threshold and must be asked again exactly.
    """

    decision: Decision
    question: Question | None
    facts: tuple[str, ...]
    unclear: Entry | None


def standing(state: State) -> Standing | None:
    """Decide the programme under discussion; None if there is none."""
    if state.programme is None:
        return None
    decide, questions = state.room.rules.decide, state.room.knowledge.questions
    facts = state.profile.facts(state.programme)
    place: dict[str, Any] = {
        "as_of": state.as_of, "place": state.place, "declined": state.profile.unknowns(state.programme)
    }  # fmt: skip
    rough = [entry for entry in state.profile.entries(state.programme) if entry.approximate]
    for entry in rough:
        others = [other for other in rough if other is not entry][:2]
        trials = [
            decide(state.programme, {**facts, **dict(ends), entry.fact: point}, **place)
            for point in _points(entry)
            for ends in product(*(((o.fact, o.low), (o.fact, o.high)) for o in others))
        ]
        if any(_differ(trials[0], trial) for trial in trials[1:]):
            without = {name: value for name, value in facts.items() if name != entry.fact}
            asked = next((q for q in questions.values() if entry.fact in q.facts), None)
            return Standing(decide(state.programme, without, **place), asked, (entry.fact,), entry)
    decision = decide(state.programme, facts, **place)
    if not may_interview(decision) or decision.next_question is None:
        return Standing(decision, None, (), None)
    return Standing(decision, questions.get(decision.next_question.id), decision.next_question.facts, None)


def _points(entry: Entry) -> list[Any]:
    """Values between the two ends of an approximate one: all of them where they are few, else evenly spread."""
    low, high = entry.low, entry.high
    if isinstance(low, date):
        span = (high - low).days
        return [low + timedelta(days=span * i // min(span, _TRIALS)) for i in range(min(span, _TRIALS) + 1)]
    steps = min(int(high - low), _TRIALS) if entry.value == int(entry.value) else _TRIALS
    points = {low + (high - low) * Fraction(i, max(steps, 1)) for i in range(max(steps, 1) + 1)}
    whole = isinstance(low, int) and isinstance(high, int)
    return sorted({int(point) for point in points} | {entry.value} if whole else points | {entry.value})


def _differ(one: Decision, other: Decision) -> bool:
    """Whether the two ends of an approximate number lead to different places."""
    return (one.verdict, set(one.missing), one.results.get("route")) != (
        other.verdict, set(other.missing), other.results.get("route"),
    )  # fmt: skip


def may_interview(decision: Decision) -> bool:
    """Nobody is interviewed for what cannot be applied for any more, if that is sure; the past is offered instead."""
    return decision.window.state in ("open", "undated") or decision.window.unsettled


def heard(state: State, now: Standing | None) -> str:
    """What this turn understood, said back before the next question; an unclear value is asked again, not repeated."""
    knowledge, said = state.room.knowledge, []
    for problem in state.heard.get("problems", ()):
        said.append(say(problem["problem"], said=problem["said"]))
    believed = {entry.fact: entry for entry in state.profile.entries(state.programme)}
    if now is not None and now.unclear is not None:
        believed.pop(now.unclear.fact, None)
    recorded = _worth_saying(state, [name for name in state.heard.get("recorded", ()) if name in believed])
    same_words = len({believed[name].said for name in recorded}) == 1
    if len(recorded) > 2 and same_words:  # a submitted list: what is true of it; “以上都不是” needs no litany
        recorded = [name for name in recorded if believed[name].value is not False]
    # a retirement date that was worked out has its own sentence, once it is certain
    recorded = [name for name in recorded if name != RETIRES or "born" not in state.profile.slot[RETIRES]]
    if recorded:
        facts = "，".join(_in_their_words(knowledge, [believed[name] for name in recorded]))
        key = "supposed" if state.heard.get("what_if") else "corrected" if state.heard.get("corrected") else "heard"
        said.append(say(key, facts=facts, whose=state.whom))
    elif state.heard.get("declined"):
        said.append(say("declined"))
    return " ".join([*said, *_of_others(state), *state.heard.get("notes", ())])


def _of_others(state: State) -> Iterator[str]:
    """What was said of somebody else in passing."""
    knowledge = state.room.knowledge
    for subject, told in state.heard.get("aside", {}).items():
        entries = [one for one in Profile(knowledge, state.profiles.get(subject)).entries() if one.fact in told]
        by_words = {one.said: entry_spoken(knowledge.facts[one.fact], one) for one in reversed(entries)}
        if by_words:
            yield say("heard_of_another", whose=state.person(subject), facts="，".join(reversed(by_words.values())))


def _in_their_words(knowledge: Knowledge, entries: list[Entry]) -> Iterator[str]:
    """Each fact as it is said; several facts from the same words behind those words: “小公司”（企业，中小微）."""
    for words in dict.fromkeys(entry.said for entry in entries):
        facts = [entry_spoken(knowledge.facts[entry.fact], entry) for entry in entries if entry.said == words]
        brief = len(facts) > 1 and 2 <= len(words) <= _BRIEF
        yield say("in_their_words", words=words, facts="，".join(facts)) if brief else "，".join(facts)


def _worth_saying(state: State, recorded: list[str]) -> list[str]:
    """Of what was recorded, what concerns the programme; one of several facts that came from the same words."""
    programme = state.programme_in_force(state.programme)
    own = covers(programme) if programme else set()
    mine = [name for name in recorded if name in own] or recorded
    by_words = {state.profile.slot[state.profile.key(name, state.programme)]["said"]: name for name in mine[::-1]}
    return mine if programme else [name for name in mine if name in by_words.values()]


def question_reply(state: State, now: Standing, before: str = "") -> Reply:
    """The next question as a reply, with quick answers."""
    question = now.question
    assert question is not None and state.programme is not None
    choices = [c.label for c in question.choices if not c.sets or set(c.sets) & set(now.facts)]
    if question.none_of_these:
        choices.append(question.none_of_these)
    kinds = kinds_to_ask(state) if now.unclear and now.unclear.fact == RETIRES else []
    choices = kinds or choices
    if now.unclear:
        ask = addressed(say(_why_again(state, now.unclear, kinds), said=now.unclear.said, kinds=kinds), state.whom)
    else:
        ask = _ask(state, now, question, before)
    return {
        "kind": "question",
        "text": f"{before} {ask}".strip(),
        "question": {
            "id": question.id,
            "facts": list(now.facts),
            "input": "choice" if kinds else question.kind,
            "choices": choices,
            "none_of_these": question.none_of_these,
            "unit": state.room.knowledge.facts[now.facts[0]].unit,
            "unsure": question.unsure and now.unclear is None,
        },
        "suggestions": [*(choices if question.kind != "multi" else []), *([say("unsure")] if question.unsure else [])],
        "outcome": "interview",
        "programme": state.programme,
        "cited": _clauses_of(state, now),
        "as_of": state.as_of.isoformat(),
    }


def _why_again(state: State, unclear: Entry, kinds: list[str]) -> str:
    """Which sentence asks for a number that was said only roughly."""
    if kinds:
        return "retires_which"
    return "retires_born" if "born" in state.profile.slot.get(unclear.fact, {}) else "approximate"


def _ask(state: State, now: Standing, question: Question, before: str) -> str:
    """The question in its words; of a list partly answered, what else; asked a second time, only reminded of."""
    ask = question.ask.replace(say("this_programme"), say("named", name=programme_name(state, state.programme or "")))
    ask = addressed(ask, state.whom)
    told = state.profile.facts(state.programme or "")
    if question.kind == "multi" and any(told.get(fact) for fact in question.facts):
        return say("what_else_of_the_list", ask=ask)
    return say("still_open", ask=ask) if question.id == state.pending and before else ask


def closed_reply(state: State, decision: Decision, before: str = "") -> Reply:
    """A window that is not open: said first, with an offer to look at how it was."""
    programme = state.room.rules.programme_at(decision.programme, decision.as_of, decision.place)
    knowledge, window, offers = state.room.knowledge, decision.window, []
    cited = _window_clauses(state, decision)
    if window.state == "not_yet":
        text = say("not_yet", day=day(decision.as_of))
    elif window.state == "replaced":
        text = say("replaced", title=programme.title, note=window.note)
        issued = [knowledge.notices[knowledge.clauses[clause].document].date_not_after for clause in cited]
        offers = [say("by_then", year=issue.year) for issue in issued[:1]]
    else:
        assert window.until is not None
        text = say("closed", title=programme.title, until=day(window.until), note=window.note)
        offers = [say("by_then", year=window.until.year)]
    if before:
        text += f"\n{before}"
    if offers:
        text += "\n" + say("closed_offer")
        offers.append(say("rules_then"))
    return {
        "kind": "text",
        "text": text,
        "suggestions": offers,
        "outcome": "interview",
        "programme": decision.programme,
        "cited": cited,
        "as_of": state.as_of.isoformat(),
    }


def verdict_replies(state: State, now: Standing, before: str = "") -> list[Reply]:
    """The decision, with what was understood in its second line."""
    if not may_interview(now.decision) and now.decision.verdict == NEEDS_INFO:
        return [closed_reply(state, now.decision, before)]
    return [decision_reply(state.room, now.decision, state.profile, before, state.whom)]


def unchanged_reply(state: State, now: Standing, before: str) -> Reply:
    """What was added changed nothing: said in one line, without the whole card again."""
    words, window = wording("decision"), now.decision.window
    key = "unchanged" if may_interview(now.decision) else "unchanged_past"
    met = now.decision.verdict == CONDITIONAL and not now.decision.branches
    verdict = words["verdicts"]["conditional_met" if met else now.decision.verdict]
    text = say(key, verdict=verdict, replaced=window.state == "replaced")
    return {
        "kind": "text",
        "text": f"{before} {text}".strip(),
        "suggestions": [can_get(state, name) for name in other_ways(state)],
        "outcome": "interview",
        "programme": now.decision.programme,
        "cited": [reason.clause for reason in now.decision.because],
        "as_of": state.as_of.isoformat(),
    }


def is_news(state: State, now: Standing) -> bool:
    """Whether the decision is worth saying: settled as far as the user can settle it, and not said before."""
    return now.unclear is None and now.decision.verdict != NEEDS_INFO and signature(now.decision) != state.told


def believed(state: State) -> str:
    """Everything believed: of whom the talk is about in one line, of the others in one each."""
    knowledge, own = state.room.knowledge, summary(state.room.knowledge, state.profile, state.programme)
    told = {name: summary(knowledge, Profile(knowledge, slot)) for name, slot in state.profiles.items()}
    told = {name: line for name, line in told.items() if line}
    if not told and state.whom is None:
        return own
    lines = {state.subject: own, **told} if own else told
    return "\n".join(say("of_whom", whose=state.person(name), facts=facts) for name, facts in lines.items())


def _clauses_of(state: State, now: Standing) -> list[str]:
    """The clauses a question is asked for first, then the others of the decision."""
    programme = state.room.rules.programme_at(state.programme or "", state.as_of, state.place)
    own = [clause for leaf in programme.leaves if set(leaf.facts) & set(now.facts) for clause in leaf.cite]
    return list(dict.fromkeys([*own, *(reason.clause for reason in now.decision.because)]))


def _window_clauses(state: State, decision: Decision) -> list[str]:
    programme = state.room.rules.programme_at(decision.programme, decision.as_of, decision.place)
    windows = [clause for option in programme.windows for clause in option.cite]
    return list(dict.fromkeys([*windows, *(clause for leaf in programme.leaves for clause in leaf.cite)]))
