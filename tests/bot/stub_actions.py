"""The smallest actions that need everything the Rasa side promises: three questions, a verdict, interruptions.

A message that contains 炸:NAME makes the action NAME raise, 睡:NAME makes it hang; 听不懂 answers nothing.
`CALLS` lists the actions run, in their order.
"""

import time
from typing import Any

from rasa_sdk import Action
from rasa_sdk.events import ActiveLoop, SlotSet

QUESTIONS = ("first", "second", "third")
ANSWERS = ("inform", "affirm", "deny", "dont_know", "correct")
CALLS: list[str] = []


class Stub(Action):
    """Says its own name."""

    title = ""

    def name(self) -> str:
        return self.title

    def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[dict[str, Any]]:
        CALLS.append(self.title)
        text = tracker.latest_message.get("text") or ""
        if f"炸:{self.title}" in text:
            raise ValueError(f"cannot read {text}")
        if f"睡:{self.title}" in text:
            time.sleep(1.5)
        return self.act(dispatcher, tracker) or []

    def act(self, dispatcher: Any, tracker: Any) -> list[dict[str, Any]] | None:
        self.say(dispatcher, self.title)
        return None

    @staticmethod
    def say(dispatcher: Any, text: str, kind: str = "text", **more: Any) -> None:
        dispatcher.utter_message(text=text, json_message={"kind": kind, "text": text, **more})


class Read(Stub):
    title = "action_validate_slot_mappings"

    def act(self, dispatcher: Any, tracker: Any) -> list[dict[str, Any]]:
        metadata = tracker.latest_message.get("metadata") or {}
        events = [SlotSet(key, metadata[key]) for key in ("as_of", "place") if metadata.get(key)]
        intent, pending = tracker.latest_message["intent"]["name"], tracker.get_slot("pending")
        if intent in ANSWERS and pending and tracker.latest_message["text"] != "听不懂":
            profile = {**(tracker.get_slot("profile") or {}), pending: tracker.latest_message["text"]}
            events += [SlotSet("profile", profile), SlotSet("answer", True)]
        elif intent == "check":
            events += [SlotSet("programme", "stub"), SlotSet("answer", True)]
        return events


class Validate(Stub):
    title = "validate_interview_form"

    def act(self, dispatcher: Any, tracker: Any) -> list[dict[str, Any]]:
        answered = [SlotSet("answer", None)] if tracker.get_slot("answer") else []
        return [*answered, SlotSet("requested_slot", "answer" if next_question(tracker) else None)]


class Ask(Stub):
    title = "action_ask_answer"

    def act(self, dispatcher: Any, tracker: Any) -> list[dict[str, Any]]:
        question = next_question(tracker)
        self.say(dispatcher, f"{question}?", "question", question={"id": question})
        return [SlotSet("pending", question)]


class Stop(Stub):
    title = "action_stop"


class Restart(Stub):
    title = "action_restart"

    def act(self, dispatcher: Any, tracker: Any) -> list[dict[str, Any]]:
        self.say(dispatcher, self.title)
        slots = ("profile", "programme", "pending", "answer", "requested_slot")
        return [ActiveLoop(None), *(SlotSet(slot, None) for slot in slots)]


class Place(Stub):
    """Shows what reached an action: date and place, and that it cannot write into Rasa's memory."""

    title = "action_summary"

    def act(self, dispatcher: Any, tracker: Any) -> None:
        self.say(dispatcher, f"{tracker.get_slot('as_of')} {tracker.get_slot('place')} {tracker.get_slot('profile')}")
        if tracker.get_slot("profile"):
            tracker.get_slot("profile").clear()


class Silent(Stub):
    """Says nothing, which the assistant must not pass on."""

    title = "action_out_of_scope"

    def act(self, dispatcher: Any, tracker: Any) -> None:
        return None


class Unserialisable(Stub):
    """Returns what no store could keep."""

    title = "action_human"

    def act(self, dispatcher: Any, tracker: Any) -> list[dict[str, Any]]:
        return [SlotSet("told", {1, 2})]


def next_question(tracker: Any) -> str | None:
    """The first question without an answer; none before a programme is named."""
    if not tracker.get_slot("programme"):
        return None
    return next((q for q in QUESTIONS if q not in (tracker.get_slot("profile") or {})), None)


for _name in (
    "verdict",
    "answer",
    "why",
    "what_else",
    "set_date",
    "resume",
    "social",
    "not_understood",
    "default_fallback",
):
    globals()[_name] = type(_name, (Stub,), {"title": f"action_{_name}", "__module__": __name__})
