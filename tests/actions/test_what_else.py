"""“我还能享受什么”: grouped and ordered by eligibility.screen, said as before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from actions.room import room
from actions.screening import screening
from actions.speak import say
from actions.state import State


def told(as_of: str = "2021-10-15", programme: str | None = None, **facts: Any) -> dict[str, Any]:
    slot = {name.replace("__", "/"): {"state": "given", "value": value, "said": "…"} for name, value in facts.items()}
    slots = {"profile": slot, "programme": programme, "as_of": as_of, "place": "本溪"}
    tracker = SimpleNamespace(slots=slots, latest_message={}, active_loop={})
    reply, into = screening(State.of(room(), tracker))
    return {**reply, "into": into}


def line(reply: dict[str, Any], key: str) -> list[str]:
    """The names in one line, in their order."""
    head = say(key, names="")
    return next((one[len(head) :].split("、") for one in reply["text"].split("\n") if one.startswith(head)), [])


def test_what_was_told_speaks_for_what_is_likely():
    reply = told(disabled=True, in_graduation_year=True, school_level="higher_education")
    assert {"就业困难人员认定", "求职创业补贴"} == {*line(reply, "what_else_likely")}
    assert "LN/附2/一4" in reply["cited"] and "LN/附1/6" in reply["cited"]


def test_what_hangs_on_others_alone_is_not_called_likely():
    assert line(told(ui_months=3), "what_else_likely") == []
    assert line(told(ui_months=3), "what_else_far")[-2:] == ["院校类见习岗位", "毕业生创业扶持"]


def test_the_likelier_ones_come_first():
    names = line(told(ui_months=3), "what_else_far")
    assert names.index("求职创业补贴") < names.index("培训生活费补贴") < names.index("失业补助金")


def test_a_company_hears_of_what_is_for_companies():
    reply = told(as_of="2026-11-27", unit_kind="enterprise")
    assert line(reply, "what_else_past") == ["以工代训", "稳岗返还", "见习提前转正"]
    assert "失业补助金" not in reply["text"]


def test_what_is_under_discussion_is_not_listed_and_tells_for_whom():
    reply = told(programme="stabilisation_refund", insured_count=28)
    assert "稳岗返还" not in reply["text"] and "就业困难" not in reply["text"]


def test_a_no_cannot_be_tapped():
    reply = told(unemployment_aid__received_before=True)
    assert line(reply, "what_else_no") == ["失业补助金"]
    assert say("can_i_get", who="我", name="失业补助金") not in reply["suggestions"]
    assert reply["into"] != "unemployment_aid"


def test_what_the_words_speak_for_is_gone_into():
    reply = told(unemployed=True, situation="ui_exhausted", currently_employed=False)
    assert "失业补助金" in line(reply, "what_else_near") and reply["into"] == "unemployment_aid"
    assert len(reply["suggestions"]) <= 5


def test_who_has_told_nothing_is_asked_to_tell():
    reply = told()
    assert reply["outcome"] == "clarify" and reply["into"] is None
    assert "稳岗返还" in reply["text"] and "失业补助金" in reply["text"]
