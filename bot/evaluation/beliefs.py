"""Which facts the conversation believes after one message: words, numbers and whom they are about, taken together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from bot.evaluation.entities import STATING, Score, Statement, compare, plain, same_by, stated, statements
from bot.evaluation.sentences import Sentence
from knowledge import Fact


async def scores(
    assistant: Any, sentences: Sequence[Sentence], facts: Mapping[str, Fact], as_of: date, place: str
) -> dict[str, Score]:
    """Return "yes/no, choice" and "number, date" → score; each sentence opens a conversation.

    Of numbers only the fact is compared, not its value: tests/actions/values_table.tsv holds those.
    """
    pairs = []
    for number, sentence in enumerate(one for one in sentences if one.intent in STATING):
        sender = f"beliefs-{number}-{sentence.text}"
        await assistant.reply(sender, sentence.text, as_of=as_of, place=place)
        tracker = await assistant.agent.tracker_store.retrieve(sender)
        pairs.append((statements(sentence), _believed(tracker.current_slot_values(), facts)))
    told = [(stated(marked, facts), stated(found, facts)) for marked, found in pairs]
    counted = [(_counted(marked, facts), _counted(found, facts)) for marked, found in pairs]
    return {"yes/no, choice": compare(told, same_by(facts)), "number, date": compare(counted, same_by(facts))}


def _counted(found: Iterable[Statement], facts: Mapping[str, Fact]) -> set[Statement]:
    return {(id, "") for id, _ in set(found) - stated(found, facts)}


def _believed(slots: Mapping[str, Any], facts: Mapping[str, Fact]) -> set[Statement]:
    """What the profiles hold, whoever they are of."""
    profiles = [slots.get("profile") or {}, *(slots.get("profiles") or {}).values()]
    entries = ((key.rpartition("/")[2], entry) for profile in profiles for key, entry in profile.items())
    return {(id, plain(entry["value"])) for id, entry in entries if entry.get("state") == "given" and id in facts}
