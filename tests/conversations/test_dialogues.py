"""Whole conversations against the trained model, the real packs and the real actions.

Each file in this folder is a list of dialogues; a turn is ``u`` (what the user says) and what the replies must show:
``kinds`` (in order), ``question`` (id asked last), ``verdict``, ``programme`` (decided), ``yuan``, ``window``,
``outcome``, ``clauses`` (each quoted), ``missing`` (none is allowed), ``says`` / ``never`` (substrings of the whole
text), ``depends_on`` (something is named), ``assumes`` (ids of named readings). ``answers`` (question id → words)
answers whatever is asked, in the order the engine chooses, until something else is asked or nothing is; the last
replies are then looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.room import room

HERE = Path(__file__).parent


def dialogues() -> Iterator[Any]:
    for path in sorted(HERE.glob("*.yml")):
        for dialogue in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield pytest.param(dialogue, id=f"{path.stem}-{dialogue['id']}")


@pytest.mark.parametrize("dialogue", dialogues())
async def test_dialogue(assistant: Any, dialogue: dict[str, Any]) -> None:
    as_of = dialogue.get("as_of")
    for number, turn in enumerate(dialogue["turns"], 1):
        day = as_of if isinstance(as_of, date) else None
        sender, answers = f"dialogue-{dialogue['id']}", dict(turn.get("answers") or {})
        replies = await assistant.reply(sender, turn["u"], as_of=day)
        while asked(replies) in answers:
            replies = await assistant.reply(sender, answers.pop(asked(replies)), as_of=day)
        wrong = list(differences(turn, replies))
        said = "\n".join(reply["text"] for reply in replies)
        assert not wrong, f"turn {number} “{turn['u']}”: {'; '.join(wrong)}\n{said}"


def test_there_are_enough_and_every_programme_comes_to_a_verdict() -> None:
    every = [one.values[0] for one in dialogues()]
    assert len(every) >= 80
    decided = {turn["programme"] for one in every for turn in one["turns"] if "verdict" in turn and "programme" in turn}
    assert decided == set(room().rules.benefits)


def asked(replies: list[dict[str, Any]]) -> str | None:
    return next((r["question"]["id"] for r in reversed(replies) if r["kind"] == "question"), None)


def differences(turn: dict[str, Any], replies: list[dict[str, Any]]) -> Iterator[str]:
    text = "\n".join(reply["text"] for reply in replies)
    decision = next((r["decision"] for r in reversed(replies) if r["kind"] == "decision"), {})
    cited = [clause for reply in replies for clause in reply.get("cited") or ()]
    actual = {
        "kinds": [reply["kind"] for reply in replies],
        "question": asked(replies),
        "verdict": decision.get("verdict"),
        "programme": decision.get("programme"),
        "yuan": (decision.get("amount") or {}).get("yuan"),
        "window": (decision.get("window") or {}).get("state"),
        "outcome": replies[0].get("outcome"),
        "missing": decision.get("missing"),
    }
    if any("Traceback" in reply["text"] or not reply["text"].strip() for reply in replies):
        yield "an empty reply or a stack trace"
    for key, wanted in turn.items():
        if key in actual and actual[key] != wanted:
            yield f"{key} is {actual[key]!r}, not {wanted!r}"
        if key == "says":
            yield from (f"does not say {part!r}" for part in wanted if part not in text)
        if key == "never":
            yield from (f"says {part!r}" for part in wanted if part in text)
        if key == "clauses":
            yield from (f"does not quote {clause}" for clause in wanted if clause not in cited)
        if key == "depends_on" and not decision.get("depends_on"):
            yield "names nothing it depends on"
        if key == "assumes":
            yield from (f"does not name {name}" for name in wanted if name not in decision.get("assumptions", ()))
