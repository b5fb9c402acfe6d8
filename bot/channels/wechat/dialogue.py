"""What a message of the official account means, and the replies to it, inside its turn.

Words go to the assistant, after a number was read as the answer it stands for. “继续” and “依据” read on in the answer
before, if it has more or quotes something; otherwise they are words like any others. What cannot be understood
(pictures, a voice without words) is answered with how to go on, unless a human answers: they hear that it came. Nothing
is remembered here: it is read from the turns.
"""

import asyncio
import unicodedata

from actions.reply import Reply, text_reply
from bot.api.conversation import Conversation
from bot.channels.wechat import render
from bot.messages import say
from bot.offered import picked
from bot.store.conversations import InDatabase, Replies

_LOOK_BACK = 6  # turns
_MARKS = "“”\"'「」【】《》。.!！?？~ "
_GREETED = {"event.subscribe": "wechat.subscribed", "event.scan": None}
_QUEUED = "queued"  # where a conversation is that waits for a human (bot.staff.desk)
_WORDLESS = {  # what nobody here can look at or hear: the name under which the sentence about it stands
    "image": "image", "video": "video", "shortvideo": "video", "location": "location", "link": "link", "voice": "voice",
}  # fmt: skip


class Dialogue:
    """The replies to messages; `kept`: the turns so far."""

    def __init__(self, conversation: Conversation, kept: InDatabase) -> None:
        self._conversation, self._kept = conversation, kept

    async def replies(self, sender: str, kind: str, said: str, number: str) -> Replies:
        """Return the replies to one message, to be kept with its turn."""
        if kind in _GREETED:
            thanks = _GREETED[kind]
            greeted = await self._conversation.reply(sender, say("wechat.greeting"), message=number)
            return [*([_own(say(thanks))] if thanks else []), *greeted]
        if kind in _WORDLESS and not said.strip():
            told = await self._conversation.heard(kept_as(kind, said))
            return [_own(say(f"wechat.{_WORDLESS[kind]}"), "clarify")] if told is None else told
        replies = await self._read_on(sender, said) or await self._ask(sender, said, number)
        if kind == "event.click":
            replies = [_to_write_first(reply) for reply in replies]
        heard = [_own(say("wechat.heard", text=said))] if kind == "voice" else []
        return [*heard, *replies]

    async def _ask(self, sender: str, said: str, number: str) -> Replies:
        last = await asyncio.to_thread(self._last, sender)
        return await self._conversation.reply(sender, picked(said, last), message=number)

    async def _read_on(self, sender: str, said: str) -> Replies:
        words = unicodedata.normalize("NFKC", said).strip(_MARKS)
        if words in say("wechat.words_more").split():
            before = await asyncio.to_thread(self._kept.latest, sender, 1)
            rest = render.remainder(before[0]) if before else ""
            return [_own(rest, "answered")] if rest else []
        if words in say("wechat.words_basis").split():
            found = render.quotes(await asyncio.to_thread(self._last, sender))
            return [_own(found, "answered")] if found else []
        return []

    def _last(self, sender: str) -> Replies:
        """What the assistant said last, behind what the account itself has said since."""
        turns = self._kept.latest(sender, _LOOK_BACK)
        return next((replies for replies in turns if not all(reply.get("own") for reply in replies)), [])


def _to_write_first(reply: Reply) -> Reply:
    """Whoever waits for a human after a tap of the menu can be written to for a minute: they are asked for a word."""
    if reply.get("kind") != "handoff" or reply.get("state") != _QUEUED:
        return reply
    return {**reply, "text": f"{reply['text']}\n{say('wechat.write_first')}"}


def _own(text: str, outcome: str = "") -> Reply:
    """Words of the account itself: the question that was open before them stays open."""
    return {**text_reply(text, outcome), "own": True}


def kept_as(kind: str, said: str) -> str:
    """The words under which the turn of a message is kept."""
    name = {"event.subscribe": "subscribe", "event.scan": "scan", **_WORDLESS}.get(kind)
    return said or (say(f"wechat.said_{name}") if name else "")
