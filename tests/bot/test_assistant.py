"""The embedded agent over stub actions: the form, the steps of a turn, and what happens when things break."""

import bot.rasa_patches  # isort: skip  # noqa: F401  - first: it decides how Rasa is imported

import asyncio
import logging
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import stub_actions
from doors import settings
from prometheus_client import REGISTRY
from rasa.core.channels.channel import UserMessage

from actions.reply import text_reply
from actions.speak import say
from bot.action_endpoint import ActionEndpoint, describe
from bot.api.conversation import Conversation
from bot.assistant import Assistant, QuickLockStore, ReplyChannel
from bot.store import InMemory
from bot.store.trackers import RememberingTrackerStore
from bot.store.turns import Turns

APOLOGY = say("action_failed")


def clarify(words: str) -> dict[str, Any]:
    """The reply in which the assistant itself, not an action, says `words`."""
    return text_reply(words, "clarify")


class Talk:
    """A conversation in which the intents are given, so that nothing depends on the classifier."""

    def __init__(self, assistant: Assistant, sender: str) -> None:
        self.assistant, self.sender = assistant, sender

    async def __call__(
        self, intent: str, words: str | None = None, metadata: dict[str, Any] | None = None
    ) -> list[str]:
        """Send one message; return the texts of the replies."""
        parsed = {"text": words or intent, "intent": {"name": intent, "confidence": 1.0}, "entities": []}
        channel = ReplyChannel()
        message = UserMessage(words or intent, channel, self.sender, parsed, "test", None, metadata or {})
        await self.assistant.agent.handle_message(message)
        return [reply["text"] for reply in channel.replies]

    async def tracker(self) -> Any:
        tracker = await self.assistant.agent.tracker_store.retrieve(self.sender)
        assert tracker is not None
        return tracker


@pytest.fixture
def talk(stub_assistant: Assistant, request: pytest.FixtureRequest) -> Talk:
    return Talk(stub_assistant, f"{request.node.name}-{time.time_ns()}")


# ── the form ──


async def test_an_interview_from_start_to_verdict(talk: Talk) -> None:
    assert await talk("check") == ["first?"]
    assert await talk("inform") == ["second?"]
    assert await talk("deny") == ["third?"]
    assert await talk("dont_know") == ["action_verdict"]
    assert (await talk.tracker()).active_loop_name is None


@pytest.mark.parametrize(
    ("intent", "action"),
    [
        ("ask", "action_answer"),
        ("why", "action_why"),
        ("what_else", "action_what_else"),
        ("greet", "action_social"),
        ("thanks", "action_social"),
        ("chitchat", "action_social"),
        ("abuse", "action_social"),
        ("bot_challenge", "action_social"),
        ("nlu_fallback", "action_not_understood"),
        ("set_date", "action_set_date"),
        ("resume", "action_resume"),
    ],
)
async def test_an_interruption_is_answered_and_the_question_asked_again(talk: Talk, intent: str, action: str) -> None:
    await talk("check")
    await talk("inform")
    assert await talk(intent) == [action, "second?"]
    assert await talk("inform") == ["third?"]


@pytest.mark.parametrize("intent", ["inform", "affirm", "deny", "dont_know", "correct"])
async def test_an_answer_nothing_could_be_made_of(talk: Talk, intent: str) -> None:
    await talk("check")
    assert await talk(intent, "听不懂") == ["action_not_understood", "first?"]


async def test_check_during_the_interview_asks_on(talk: Talk) -> None:
    await talk("check")
    assert await talk("check") == ["first?"]


@pytest.mark.parametrize(("intent", "action"), [("stop", "action_stop"), ("bye", "action_social")])
async def test_stop_and_goodbye_end_the_form_and_keep_what_was_said(talk: Talk, intent: str, action: str) -> None:
    await talk("check")
    await talk("inform")
    assert await talk(intent) == [action]
    tracker = await talk.tracker()
    assert tracker.active_loop_name is None
    assert tracker.get_slot("requested_slot") is None
    assert await talk("resume") == ["action_resume", "second?"]


async def test_restart_forgets(talk: Talk) -> None:
    await talk("check")
    await talk("inform")
    assert await talk("restart") == ["action_restart"]
    tracker = await talk.tracker()
    assert tracker.active_loop_name is None
    assert tracker.get_slot("profile") is None
    assert await talk("check") == ["first?"]


@pytest.mark.parametrize("intent", ["check", "inform", "affirm", "deny", "dont_know", "correct"])
async def test_nothing_to_ask_at_the_start_goes_to_the_verdict(talk: Talk, intent: str) -> None:
    await talk("check")
    for _ in range(3):
        await talk("inform")
    assert await talk(intent) == ["action_verdict"]


@pytest.mark.parametrize("intent", ["set_date", "resume"])
async def test_date_and_resume_lead_to_the_verdict_when_nothing_is_asked(talk: Talk, intent: str) -> None:
    assert await talk(intent) == [f"action_{intent}", "action_verdict"]


async def test_rasa_reads_the_message_again_when_the_form_starts(talk: Talk, stub_calls: list[str]) -> None:
    """The actions must give the same result the second time; a form already running is read once."""
    await talk("check")
    assert stub_calls == [*["action_validate_slot_mappings"] * 2, "validate_interview_form", "action_ask_answer"]
    stub_calls.clear()
    await talk("inform")
    assert stub_calls == ["action_validate_slot_mappings", "validate_interview_form", "action_ask_answer"]
    stub_calls.clear()
    await talk("ask")
    assert stub_calls == [
        "action_validate_slot_mappings",
        "validate_interview_form",  # what it returns is thrown away when the form gives way
        "action_answer",
        "validate_interview_form",
        "action_ask_answer",
    ]


async def test_a_long_conversation_does_not_grow_and_nobody_notices(talk: Talk) -> None:
    await talk("check")
    await talk("inform")
    for _ in range(60):
        assert await talk("ask") == ["action_answer", "second?"]
    tracker = await talk.tracker()
    assert len(tracker.events) < 60
    assert await talk("inform") == ["third?"]


def test_every_action_of_the_domain_is_written(stub_assistant: Assistant) -> None:
    endpoint = ActionEndpoint("actions", {"kind": "text", "text": "x"})
    assert set(stub_assistant.agent.domain.user_actions) <= set(endpoint._executor.actions)


# ── actions that break ──


@pytest.mark.parametrize(
    ("before", "intent", "broken", "expected"),
    [
        ([], "ask", "action_answer", [APOLOGY]),
        (["check"], "ask", "action_answer", [APOLOGY, "first?"]),
        (["check"], "inform", "action_ask_answer", [APOLOGY]),
        (["check"], "inform", "validate_interview_form", [APOLOGY, "second?"]),  # not taken for "nothing left to ask"
        (["check", "inform", "inform"], "inform", "action_verdict", [APOLOGY]),
        (["check"], "stop", "action_stop", [APOLOGY]),
        (["check"], "restart", "action_restart", [APOLOGY, "first?"]),
        (["check"], "inform", "action_validate_slot_mappings", [APOLOGY, "action_not_understood", "first?"]),
        ([], "nlu_fallback", "action_not_understood", [APOLOGY]),
    ],
)
@pytest.mark.parametrize("how", ["炸", "睡"])
async def test_a_broken_action_is_never_silence(
    talk: Talk, before: list[str], intent: str, broken: str, expected: list[str], how: str
) -> None:
    for earlier in before:
        await talk(earlier)
    assert await talk(intent, f"{how}:{broken}") == expected
    if intent == "stop":
        assert (await talk.tracker()).active_loop_name is None
    assert await talk("ask")  # the conversation goes on


async def test_the_apology_offers_a_human(stub_assistant: Assistant) -> None:
    channel = ReplyChannel()
    parsed = {"text": "炸:action_answer", "intent": {"name": "ask", "confidence": 1.0}, "entities": []}
    await stub_assistant.agent.handle_message(UserMessage("炸:action_answer", channel, "apology", parsed))
    assert channel.replies == [{**clarify(APOLOGY), "suggestions": ["转人工"], "failed": True}]


async def test_a_failed_turn_is_run_again_and_a_successful_one_is_not(
    stub_assistant: Assistant, stub_calls: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversations = stub_assistant.agent.tracker_store.conversations
    conversation = Conversation(stub_assistant, Turns(conversations), settings(tmp_path), lambda place: None)

    async def send() -> list[dict[str, Any]]:
        return await conversation.turn("again", "您好", None, None, "m-1")

    with monkeypatch.context() as broken:
        broken.setattr(stub_actions.social, "act", lambda *_: 1 / 0)
        assert [reply["text"] for reply in await send()] == [APOLOGY]
    answers = [await send() for _ in range(3)]
    assert [[reply["text"] for reply in replies] for replies in answers] == [["action_social"]] * 3
    assert stub_calls.count("action_social") == 2


async def test_what_cannot_be_stored_fails_before_the_store(talk: Talk) -> None:
    assert await talk("human") == [APOLOGY]  # the stub returns a set


async def test_a_hanging_action_holds_up_nobody_for_long(stub_assistant: Assistant) -> None:
    start = time.perf_counter()
    hanging = Talk(stub_assistant, "hanging")("ask", "睡:action_answer")
    other = Talk(stub_assistant, "other")
    assert await asyncio.wait_for(hanging, 1.4) == [APOLOGY]
    assert await other("ask") == ["action_answer"]
    assert time.perf_counter() - start < 1.4


async def test_the_log_names_the_error_and_not_the_user(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="bot"):
        await talk("ask", "我叫张三 炸:action_answer")
    logged = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))
    assert "action_answer failed: ValueError" in logged
    assert "stub_actions.py" in logged
    assert "张三" not in caplog.text


def test_describe_keeps_a_harmless_message_and_finds_the_first_cause() -> None:
    try:
        try:
            {}["profile"]
        except KeyError as inner:
            raise RuntimeError("outer") from inner
    except RuntimeError as error:
        described = describe(error, "我28个人")
    assert described.startswith("KeyError: 'profile' at ")
    assert "test_assistant.py" in described


async def test_an_action_cannot_write_into_the_memory(talk: Talk) -> None:
    await talk("check")
    await talk("inform", "甲")
    assert (await talk("summary"))[0] == "None None {'first': '甲'}"  # the stub then clears what it was given
    assert (await talk("summary"))[0] == "None None {'first': '甲'}"


def test_an_action_package_that_cannot_be_imported_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError):
        ActionEndpoint("no_such_package", {"kind": "text", "text": "x"})


# ── the steps of a turn ──


@pytest.mark.parametrize("words", ["", "   ", "\n", "？？！", "😀👍", "\ud800", "\u200b"])
async def test_nothing_to_read(stub_assistant: Assistant, words: str, stub_calls: list[str]) -> None:
    assert await stub_assistant.reply("nothing", words) == [clarify(say("empty_message"))]
    assert stub_calls == []


async def test_too_much_to_read(stub_assistant: Assistant, stub_calls: list[str]) -> None:
    assert await stub_assistant.reply("much", "长" * 301) == [clarify(say("too_long", limit=300))]
    assert stub_calls == []
    assert await stub_assistant.reply("much", "长" * 300) != [clarify(say("too_long", limit=300))]


@pytest.mark.parametrize("slash", ["/", "／", " /", "\u200b/", "/ "])
@pytest.mark.parametrize(
    "forged", ["restart", 'inform{"fact": "disabled=true"}', "bot_challenge@1.0", "Ｒｅｓｔａｒｔ"]
)
async def test_no_intent_can_be_forged(
    stub_assistant: Assistant, slash: str, forged: str, stub_calls: list[str]
) -> None:
    assert await stub_assistant.reply("forger", slash + forged) == [clarify(say("not_understood"))]
    assert stub_calls == []


async def test_a_slash_before_words_is_only_a_slash(stub_assistant: Assistant) -> None:
    await stub_assistant.reply("slash", "/我要重新开始")
    tracker = await stub_assistant.agent.tracker_store.retrieve("slash")
    assert tracker.latest_message.intent["confidence"] < 1.0  # Rasa gives a command 1.0; the classifier never does
    assert tracker.latest_message.text == "∕我要重新开始"


async def test_personal_numbers_reach_neither_rasa_nor_the_store(stub_assistant: Assistant) -> None:
    await stub_assistant.reply("phone", "我的电话是１３８００１３８０００")
    tracker = await stub_assistant.agent.tracker_store.retrieve("phone")
    assert "138001" not in str([event.as_dict() for event in tracker.events])  # "138" alone is in many a confidence


async def test_date_place_and_message_number_reach_the_actions(stub_assistant: Assistant) -> None:
    await stub_assistant.reply("when", "你好", as_of=date(2021, 9, 1), place="本溪", client_message_id="m1")
    tracker = await stub_assistant.agent.tracker_store.retrieve("when")
    assert {"as_of": "2021-09-01", "place": "本溪"}.items() <= tracker.latest_message.metadata.items()
    assert tracker.latest_message.message_id == "m1"
    assert (tracker.get_slot("as_of"), tracker.get_slot("place")) == ("2021-09-01", "本溪")


async def test_a_turn_without_a_reply_becomes_an_apology(
    stub_assistant: Assistant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def nothing(message: UserMessage) -> None:
        return None

    monkeypatch.setattr(stub_assistant.agent, "handle_message", nothing)
    replies = await stub_assistant.reply("silent", "你好")
    assert [reply["text"] for reply in replies] == [APOLOGY]
    assert "without a reply" in caplog.text


async def test_a_broken_store_becomes_an_apology(stub_assistant: Assistant, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(InMemory):
        def keep(self, turn: Any) -> None:
            raise OSError("disk full")

    kept = stub_assistant.agent.tracker_store
    stub_assistant._keep_in(RememberingTrackerStore(stub_assistant.agent.domain, Broken()))
    try:
        replies = await stub_assistant.reply("broken", "你好")
    finally:
        stub_assistant._keep_in(kept)
    assert [reply["text"] for reply in replies] == [APOLOGY]
    assert "disk full" in caplog.text


async def test_plain_rasa_texts_and_repeats() -> None:
    channel = ReplyChannel()
    for message in (
        {"text": "一"},
        {"text": "二", "custom": {"kind": "handoff", "text": "二"}},
        {"text": "一"},
        {"text": ""},
    ):
        await channel.send_response("anyone", message)
    await channel.send_text_message("anyone", "三")
    assert channel.replies == [
        {"kind": "text", "text": "一"},
        {"kind": "handoff", "text": "二"},
        {"kind": "text", "text": "三"},
    ]


async def test_warm_up_leaves_no_trace(stub_assistant: Assistant) -> None:
    assert await stub_assistant.agent.tracker_store.retrieve("warm-up") is None


async def test_a_second_message_waits_milliseconds_not_a_second() -> None:
    locks, order = QuickLockStore(), []

    async def hold(name: str, seconds: float) -> None:
        async with locks.lock("sender"):
            order.append(name)
            await asyncio.sleep(seconds)

    start = time.perf_counter()
    await asyncio.gather(hold("first", 0.05), hold("second", 0))
    assert order == ["first", "second"]
    assert time.perf_counter() - start < 0.5


async def test_understanding_and_acting_are_timed(stub_assistant):
    def count(stage):
        found = REGISTRY.get_sample_value("wengang_stage_seconds_count", {"stage": stage})
        return found or 0

    before = count("nlu"), count("actions")
    await stub_assistant.reply("timed", "你好")
    assert count("nlu") == before[0] + 1 and count("actions") >= before[1] + 1
