"""Rasa decides the same from what is remembered of a conversation as from all of it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from rasa.core.tracker_store import InMemoryTrackerStore
from test_dialogues import dialogues

from bot.store.remembered import remembered

WANDERING = (
    "还能领什么", "谢谢", "失业补助金多少钱", "我2021年3月失业的", "为什么问这个", "算了", "不知道", "重新开始",
    "我们公司能领稳岗返还吗", "小公司",
)  # fmt: skip
ALL = list(dialogues())
STEP = 1 if os.environ.get("WENGANG_VERIFY") else 6  # in CI every sixth dialogue
MOST = 60  # events; the longest turn there is, twice, and the slots


@pytest.mark.parametrize("dialogue", ALL[::STEP])
async def test_what_is_remembered_is_enough(assistant: Any, dialogue: dict[str, Any]) -> None:
    ours, whole = assistant.agent.tracker_store, InMemoryTrackerStore(assistant.agent.domain)
    sender = f"remembered-{dialogue['id']}"
    said = [one for turn in dialogue["turns"] for one in (turn["u"], *(turn.get("answers") or {}).values())]
    try:
        for words in map(str, [*said, *said[::-1][:6], *WANDERING]):
            answers = []
            for store in (ours, whole):
                assistant._keep_in(store)
                answers.append(await assistant.reply(sender, words, as_of=str(dialogue.get("as_of") or "2021-09-01")))
            assert answers[0] == answers[1], words
            events, _ = ours.conversations.recall(sender)
            assert len(events) <= MOST
            assert remembered(events) == events, "it grows with the conversation"
            assert not any(reply.get("failed") for reply in answers[0]), words
    finally:
        assistant._keep_in(ours)
