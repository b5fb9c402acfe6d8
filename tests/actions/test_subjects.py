"""Conversations stored before there were subjects, or with somebody the lexicon has forgotten, are the user's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from actions.room import room
from actions.state import SELF, State, topic_slot


def state(**slots: Any) -> State:
    return State.of(room(), SimpleNamespace(slots=slots, latest_message={}, active_loop={}))


def fact(value: Any) -> dict[str, Any]:
    return {"state": "given", "value": value, "said": "…"}


def test_a_conversation_stored_before_is_the_users_own():
    old = state(profile={"disabled": fact(True)}, topics=["stabilisation_refund"])
    assert old.subject == SELF and old.whom is None
    assert old.profile.facts("employment_difficulty_status") == {"disabled": True}
    assert old.topics == ((SELF, "stabilisation_refund"),)


def test_the_facts_of_somebody_unknown_never_become_the_users():
    gone = state(subject="great_uncle", profile={"disabled": fact(True)}, profiles={SELF: {"orphan": fact(True)}})
    assert gone.subject == SELF
    assert gone.profile.facts("employment_difficulty_status") == {"orphan": True}


def test_topics_are_stored_with_their_subject():
    stored = ["stabilisation_refund", "mother/employment_difficulty_status"]
    assert topic_slot(state(topics=stored).topics) == stored
