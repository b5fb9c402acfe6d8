"""The Rasa custom actions: thin. Each reads the state, lets a module of this package think, and sends the reply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import FollowupAction, Restarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import interview
from actions.asked import asked_in, is_elliptical
from actions.aspects_answer import nearest
from actions.decision_reply import basis, signature
from actions.hearsay import figures_put_forward
from actions.knowledge_answer import answer, instead, open_figure, remembered, which_programme, with_closest
from actions.profile import Profile
from actions.programmes import can_get, programme_name
from actions.reply import Reply, text_reply
from actions.room import room
from actions.screening import other_ways, screening
from actions.speak import day, entry_spoken, one_line, say, source, wording
from actions.state import State, topic_slot
from actions.understand import Reading, read
from eligibility.model import INELIGIBLE

Events = list[dict[str, Any]]


def send(dispatcher: CollectingDispatcher, reply: Reply) -> None:
    """One reply to the user: its plain text for simple clients, the whole of it for the others."""
    dispatcher.utter_message(text=reply["text"], json_message=reply)


def send_answer(dispatcher: CollectingDispatcher, state: State, reply: Reply) -> Events:
    """The answer to a question, which the next message may refer to."""
    send(dispatcher, reply)
    return [SlotSet("asked", remembered(state, reply))]


def with_nearest(state: State, reply: Reply) -> Reply:
    """The first reply of an interview: the clause the question came closest to is cited; one it is about, read out.

    It leads where it belongs to the programme; else it stands behind those that the decision leads with.
    """
    if state.intent not in ("check", "inform") or state.programme is None or state.pending:
        return reply
    asked = replace(asked_in(state), programme=state.programme)
    near = nearest(state, replace(asked, aspects=()))
    text = reply["text"]
    if near and asked.is_told and reply["kind"] == "question":
        clause = state.room.knowledge.clauses[near[0]]
        said = say("quote_line", quote=one_line(clause.quote), source=source(state.room.knowledge, clause))
        text = f"{say('nearest_first')}{said}\n{text}"
    return {**reply, "text": text, "cited": with_closest(asked, list(dict.fromkeys([*near, *reply["cited"]])))}


def with_other_ways(state: State, reply: Reply) -> Reply:
    """A “no” with what else the same words speak for."""
    verdict = (reply.get("decision") or {}).get("verdict")
    names = other_ways(state) if verdict == INELIGIBLE else []
    if not names:
        return reply
    line = say("other_ways", names="、".join(names))
    card = {**reply["card"], "lines": [*reply["card"]["lines"], line]}
    suggestions = [can_get(state, name) for name in names]
    return {**reply, "text": f"{reply['text']}\n{line}", "card": card, "suggestions": suggestions}


class _Turn(Action):
    """An action that needs the state of the conversation."""

    action_name = ""

    def name(self) -> str:
        return self.action_name

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        return self.act(dispatcher, State.of(room(), tracker))

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        raise NotImplementedError


class Understand(_Turn):
    """Runs on every message, before Rasa chooses an action: words → slots."""

    action_name = "action_validate_slot_mappings"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        # Rasa extracts slots a second time when a form starts; a message must be read only once
        if _already_read(tracker):
            return []
        supposed_before = tracker.slots.get("before_what_if")
        if supposed_before is None:
            return super().run(dispatcher, tracker, domain)
        tracker.slots["profile"] = supposed_before  # what was only supposed holds no longer
        back = [SlotSet("profile", supposed_before), SlotSet("before_what_if", None), SlotSet("told", None)]
        return [*back, *super().run(dispatcher, tracker, domain)]

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        if state.intent == "restart":
            return []
        reading = read(state)
        events = [SlotSet("heard", _heard(reading))]
        for slot, before, after in (
            ("subject", state.subject, reading.subject),
            ("profile", state.profile.slot, reading.profile.slot),
            ("profiles", dict(state.profiles), reading.profiles),
            ("programme", state.programme, reading.programme),
            ("pending", state.pending, reading.pending),
            ("as_of", state.as_of.isoformat(), reading.as_of.isoformat()),
            ("place", state.place, reading.place),
            ("told", state.told, reading.told),
            ("topics", topic_slot(state.topics), topic_slot(reading.topics)),
            ("door_date", state.asked_for_date, reading.door_date),
        ):
            if before != after:
                events.append(SlotSet(slot, after))
        if not reading.what_if and (reading.replaced or reading.undone):
            events.append(SlotSet("undo", None if reading.undone else reading.replaced))
        if reading.what_if:
            events.append(SlotSet("before_what_if", state.profile.slot))
        if reading.answered:
            events.append(SlotSet("answer", True))
        return events


def _already_read(tracker: Tracker) -> bool:
    for event in reversed(tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "slot" and event["name"] == "heard":
            return True
    return False


def _heard(reading: Reading) -> dict[str, Any] | None:
    found = {
        "recorded": reading.recorded,
        "aside": reading.aside,
        "declined": reading.declined,
        "problems": reading.problems,
        "notes": reading.notes,
        "what_if": reading.what_if,
        "date_set": reading.date_set,
        "corrected": reading.corrected and bool(reading.recorded),
    }
    return found if any(found.values()) else None


class PlanInterview(_Turn):
    """Is there another question? The form asks while there is one."""

    action_name = "validate_interview_form"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        now = interview.standing(state)
        ask = now is not None and now.question is not None and (state.interviewing or instead(state) is None)
        # touching "answer" tells Rasa that something was answered, so it is cleared only when it was set
        cleared = [SlotSet("answer", None)] if state.answered else []
        return [*cleared, SlotSet("requested_slot", "answer" if ask else None)]


class AskNext(_Turn):
    """The next question; in front of it what was understood, and the verdict once it stands."""

    action_name = "action_ask_answer"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        now = interview.standing(state)
        if now is None or now.question is None:
            return []
        before, events = interview.heard(state, now), []
        if (aside := instead(state) or open_figure(state)) is not None:
            send(dispatcher, aside)
        if interview.is_news(state, now):
            for reply in interview.verdict_replies(state, now, before):
                send(dispatcher, reply)
            before = ""
            events.append(SlotSet("told", signature(now.decision)))
        send(dispatcher, with_nearest(state, interview.question_reply(state, now, before)))
        return [*events, SlotSet("pending", now.question.id), SlotSet("heard", None)]


class TellVerdict(_Turn):
    """No question is left: the decision, or which programme is meant."""

    action_name = "action_verdict"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        if (other := instead(state)) is not None:
            return [*send_answer(dispatcher, state, other), SlotSet("pending", None), SlotSet("heard", None)]
        now = interview.standing(state)
        before = interview.heard(state, now)
        if (aside := open_figure(state)) is not None:
            return [*send_answer(dispatcher, state, aside), SlotSet("pending", None), SlotSet("heard", None)]
        answered = state.intent == "what_else" and not _about_one(state)
        if answered and (now is None or signature(now.decision) == state.told):
            return [SlotSet("pending", None)]  # answered already, and there is nothing to go into
        if state.intent in ("deny", "correct") and not before and state.pending is None and state.told:
            send(dispatcher, _profile_reply(state, "what_is_wrong"))
            return [SlotSet("heard", None)]
        if now is None:
            nearest = send_answer(dispatcher, state, self.which_programme(state, before))
            return [*nearest, SlotSet("pending", None), SlotSet("heard", None)]
        if signature(now.decision) == state.told and state.intent not in ("check", "resume", "what_else"):
            send(dispatcher, interview.unchanged_reply(state, now, before))
        else:
            for reply in interview.verdict_replies(state, now, before):
                send(dispatcher, with_nearest(state, with_other_ways(state, reply)))
        pending = state.pending if state.heard.get("what_if") else None  # what was asked is still open
        return [SlotSet("pending", pending), SlotSet("heard", None), SlotSet("told", signature(now.decision))]

    @staticmethod
    def which_programme(state: State, before: str) -> Reply:
        """Entitled to what? The clause the words come closest to, else the programmes to choose from."""
        told = state.heard.get("recorded") or state.heard.get("date_set")  # no question; “按2021年9月1日算” is none
        asks = state.intent in ("check", "ask") or not told
        asks = asks or (state.in_question_words and asked_in(state).is_told)
        nearest = answer(state) if asks else None
        if nearest and nearest["outcome"] != "clarify" and not nearest.get("nothing_found"):
            return {**nearest, "text": f"{before} {nearest['text']}".strip()}
        choice = which_programme(state)
        return {**choice, "text": f"{before} {choice['text']}".strip()}


class Answer(_Turn):
    """A question about the notices."""

    action_name = "action_answer"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        events = send_answer(dispatcher, state, answer(state))
        now = interview.standing(state) if state.heard.get("recorded") and not state.interviewing else None
        if now is None:
            return events
        before = interview.heard(state, now)
        if not interview.is_news(state, now):
            if before:
                send(dispatcher, text_reply(before, "interview"))
            return [*events, SlotSet("heard", None)]
        for reply in interview.verdict_replies(state, now, before):  # a case was told with it
            send(dispatcher, reply)
        return [*events, SlotSet("heard", None), SlotSet("told", signature(now.decision))]


class Why(_Turn):
    """Why the open question is asked, or what the last decision stands on."""

    action_name = "action_why"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        now = interview.standing(state)
        if now is None:
            reply = answer(state)  # “为什么要…” may ask about the notices
            send(dispatcher, text_reply(say("why_nothing"), "clarify") if "nothing_found" in reply else reply)
            return []
        knowledge, lines = state.room.knowledge, []
        question = knowledge.questions.get(state.pending or "")
        programme = state.room.rules.programme_at(now.decision.programme, state.as_of, state.place)
        if question is not None:
            lines.append(say("why_question", why=question.why))
            leaves = [leaf for leaf in programme.leaves if set(leaf.facts) & set(question.facts)]
            amount = programme.amount
            cited = [clause for leaf in leaves[:1] for clause in leaf.cite[:1]]
            if not cited and amount is not None and set(question.facts) & set(amount.base_facts):
                cited = list(amount.base_cite)
            if not cited and amount is not None:
                cited = [c for option in amount.rates if set(question.facts) & set(option.facts) for c in option.cite]
        else:
            cited = [reason.clause for reason in now.decision.because if reason.role in ("decides", "open")]
            lines += [said] if (said := basis(state.room, now.decision, state.profile)) else []
        for name in dict.fromkeys(cited):
            clause = knowledge.clauses[name]
            lines.append(say("why_clause", source=source(knowledge, clause), quote=one_line(clause.quote)))
        reply = text_reply("\n".join(lines), "answered")
        send(dispatcher, {**reply, "cited": list(dict.fromkeys(cited)), "programme": programme.id})
        return []


class WhatElse(_Turn):
    """What else fits this person or unit."""

    action_name = "action_what_else"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        if _about_one(state) or instead(state) is not None:
            return []  # the interview or its end answers behind this
        reply, into = screening(state)
        before = interview.heard(state, interview.standing(state))
        reply["text"] = f"{before} {reply['text']}".strip()
        send(dispatcher, reply)
        return [SlotSet("heard", None), *([SlotSet("programme", into), SlotSet("told", None)] if into else [])]


def _about_one(state: State) -> bool:
    """“失业补助金还有吗”: not what else there is, but whether there still is this one."""
    return bool(state.named("programme")) and not any(True for _ in state.profile.entries())


class Summary(_Turn):
    """我记下的情况."""

    action_name = "action_summary"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        send(dispatcher, _profile_reply(state, "summary"))
        return []


def _profile_reply(state: State, key: str) -> Reply:
    believed = interview.believed(state)
    text = say(key, summary=believed) if believed else say("summary_empty")
    entries = [*_entries(state, state.subject, state.profile)]
    for subject, slot in state.profiles.items():
        entries += _entries(state, subject, Profile(state.room.knowledge, slot))
    outcome = "answered" if believed else "clarify"
    return {"kind": "profile", "text": text, "profile": entries, "outcome": outcome, "cited": []}


def _entries(state: State, subject: str, profile: Profile) -> Iterator[dict[str, str]]:
    """The believed facts of one subject, for a list; those of another person are labelled with the name."""
    facts, person = state.room.knowledge.facts, state.person(subject)
    for one in profile.entries():
        label = facts[one.fact].zh if person is None else say("of_whom", whose=person, facts=facts[one.fact].zh)
        yield {"fact": one.fact, "label": label, "value": entry_spoken(facts[one.fact], one), "said": one.said}


class SetDate(_Turn):
    """The conversation moves to another date."""

    action_name = "action_set_date"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        if state.heard.get("what_if") or (state.heard.get("recorded") and not state.heard.get("date_set")):
            return []  # “2019年参加的培训”: a fact, and no wish
        if state.heard.get("date_set"):
            told = text_reply(say("date_set", day=day(state.as_of)), "answered")
            send(dispatcher, {**told, "as_of": state.as_of.isoformat()})
            return []
        reply = answer(state)  # “按谁的数据算”: there is 按 and 算 in it, but no date
        if "nothing_found" in reply or reply["outcome"] == "clarify":
            reply = text_reply(say("date_needed"), "clarify")
        return send_answer(dispatcher, state, reply)


class Resume(_Turn):
    """Back to a programme put aside."""

    action_name = "action_resume"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        if state.programme:
            send(dispatcher, text_reply(say("resume", name=programme_name(state, state.programme)), "interview"))
        else:
            send(dispatcher, text_reply(say("nothing_to_resume"), "clarify"))
        return [SlotSet("told", None)]


class Stop(_Turn):
    """算了."""

    action_name = "action_stop"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        send(dispatcher, text_reply(say("stop"), "smalltalk"))
        return [SlotSet("pending", None), SlotSet("requested_slot", None)]


class Restart(_Turn):
    """重新开始."""

    action_name = "action_restart"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        send(dispatcher, text_reply(say("restart"), "smalltalk", list(wording("messages")["example_questions"])))
        return [Restarted()]


class Human(_Turn):
    """转人工: the number to call, and what was collected so that nobody has to say it twice."""

    action_name = "action_human"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        summary = interview.believed(state)
        reply = text_reply(say("human", summary=summary), "smalltalk")
        send(dispatcher, {**reply, "kind": "handoff", "summary": summary})
        return []


class Social(_Turn):
    """Courtesy and small talk; the intent names the sentence."""

    action_name = "action_social"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        key = state.intent if state.intent in wording("messages") else "greet"
        helpful = key in ("greet", "chitchat", "bot_challenge")
        examples = list(wording("messages")["example_questions"]) if helpful else []
        send(dispatcher, text_reply(say(key), "smalltalk", examples))
        return []


class OutOfScope(_Turn):
    """Not in the notices: said so, with where to ask."""

    action_name = "action_out_of_scope"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        return send_answer(dispatcher, state, answer(state))


class NotUnderstood(_Turn):
    """The words did not fit: a hint for the open question, a search for anything else."""

    action_name = "action_not_understood"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        question = state.room.knowledge.questions.get(state.pending or "")
        if state.intent == "check" and state.interviewing and state.programme in state.named("programme"):
            return []  # the same question again: the open one is put again behind this
        if state.heard.get("problems"):
            send(dispatcher, text_reply(interview.heard(state, interview.standing(state)), "clarify"))
        elif state.intent == "correct":
            send(dispatcher, _profile_reply(state, "what_is_wrong"))
        elif is_elliptical(state) or figures_put_forward(state):  # “多少钱”, “是1500吧”, however it was classified
            return send_answer(dispatcher, state, answer(state))
        elif state.interviewing and question is not None and not state.named("programme"):
            text = say("not_understood_answer", remind=question.remind)
            send(dispatcher, text_reply(text, "clarify"))
        else:
            reply = answer(state)
            if reply.pop("nothing_found", False):
                reply["text"] = say("not_understood")
                reply["suggestions"] = list(wording("messages")["example_questions"])
            return send_answer(dispatcher, state, reply)
        return []


class Fallback(NotUnderstood):
    """No rule matched. Then nothing more is predicted: Rasa would come back here until its limit, and stay there."""

    action_name = "action_default_fallback"

    def act(self, dispatcher: CollectingDispatcher, state: State) -> Events:
        then = "interview_form" if state.interviewing else "action_listen"
        return [*super().act(dispatcher, state), FollowupAction(then)]
