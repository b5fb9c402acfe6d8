"""The conversation over HTTP: the page's own interface, and the shape of Rasa's REST channel for partners."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, Protocol

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse
from pydantic import Extra, Field, StrictStr

from bot.api.errors import ApiError, documented
from bot.api.given import Documented, Given
from bot.api.identity import Identity, check_token
from bot.handoff import handed_over
from bot.inputs import LONGEST_MESSAGE, clean
from bot.privacy import mask
from bot.settings import Settings
from bot.shapes import plain
from bot.store.conversations import Replies, turn_being_held
from bot.store.turns import Turns

CheckPlace = Callable[[str], object]
"""Raises eligibility's DecisionError for a place nobody knows."""


class Answers(Protocol):
    """What is needed of bot.assistant.Assistant."""

    async def reply(
        self,
        sender: str,
        text: str,
        *,
        as_of: date | None = None,
        place: str | None = None,
        client_message_id: str | None = None,
    ) -> Replies:
        """Answer one message with at least one reply."""


class Message(Given):
    """One message of a user."""

    sender: StrictStr | None = Field(None, max_length=100, description="上次回复里的会话编号；没有就开始一段新对话")
    text: StrictStr = Field(description="用户说的话，最多 300 字")
    client_message_id: StrictStr | None = Field(
        None,
        regex=r"^[A-Za-z0-9_-]{1,64}$",
        description="消息编号；同一会话里重发同一编号，得到同样的回复，没办成的重新办",
    )


class MessageReply(Documented):
    """The replies to one message."""

    sender: str = Field(description="会话编号，下一条消息请带上")
    replies: list[dict[str, Any]] = Field(description="回复，至少一条；形状见 docs/architecture.md")


class RestMetadata(Given):
    """What a partner may add; other keys are its own."""

    class Config:
        extra = Extra.ignore


class RestMessage(Documented):
    """One message in the shape of Rasa's REST channel."""

    sender: StrictStr = Field("default", max_length=255, description="用户编号")
    message: StrictStr = Field(description="用户说的话")
    metadata: RestMetadata | None = Field(None, description="可带 as_of、place")


class Conversation:
    """One turn, once: the sender is ours, the text is clean, a repeated message is not understood twice."""

    def __init__(self, assistant: Answers, turns: Turns, settings: Settings, check_place: CheckPlace) -> None:
        self._assistant, self._turns, self._settings, self._check_place = assistant, turns, settings, check_place

    async def turn(self, sender: str, text: str, as_of: date | None, place: str | None, message: str | None) -> Replies:
        """Return the replies to `text`. Without a day or a place those of the settings hold, as a door's own."""
        if place:
            self._check_place(place)
        said, _ = mask(clean(text))
        return await self.once(sender, said, message, lambda: self.reply(sender, said, as_of, place, message))

    async def once(self, sender: str, said: str, message: str | None, run: Callable[[], Awaitable[Replies]]) -> Replies:
        """Return the replies to a message (`said`: masked), which `run` makes unless it was answered before."""
        return await self._turns.once(sender, said[:LONGEST_MESSAGE], message, run)

    async def reply(
        self, sender: str, said: str, as_of: date | None = None, place: str | None = None, message: str | None = None
    ) -> Replies:
        """Return what the assistant says, inside a turn; whoever asked for a human is handed over."""
        replies = await self._assistant.reply(
            sender,
            said,
            as_of=as_of or self._settings.today(),
            place=place or self._settings.place,
            client_message_id=message,
        )
        turn = turn_being_held()
        return handed_over(turn, replies) if turn and self._settings.handoff_url else replies


def message_routes(conversation: Conversation, identity: Identity) -> APIRouter:
    """POST /api/messages."""
    router = APIRouter(tags=["对话"])

    @router.post(
        "/api/messages",
        response_model=MessageReply,
        responses=documented(400, 408, 413, 503),
        summary="说一句话，得到回复",
    )
    async def messages(message: Message) -> JSONResponse:
        if message.sender is not None and not identity.verified(message.sender):
            raise ApiError(400, "api.sender", "sender")
        number = message.sender or identity.issue()
        sender = identity.sender("web", number)
        replies = await conversation.turn(sender, message.text, message.as_of, message.place, message.client_message_id)
        return JSONResponse({"sender": number, "replies": replies})

    return router


def rest_routes(conversation: Conversation, identity: Identity, token: str) -> APIRouter:
    """POST /webhooks/rest/webhook, for those who hold the token."""
    router = APIRouter(tags=["对话"])

    @router.post(
        "/webhooks/rest/webhook",
        responses=documented(400, 401, 408, 413, 503),
        summary="Rasa REST 形式的对话（需要令牌）",
    )
    async def webhook(
        message: RestMessage, authorization: str = Header(""), given: str = Query("", alias="token")
    ) -> list[dict[str, Any]]:
        check_token(token, "WENGANG_REST_TOKEN", authorization, given)
        sender, given_too = identity.sender("rest", message.sender), message.metadata or RestMetadata()
        replies = await conversation.turn(sender, message.message, given_too.as_of, given_too.place, None)
        return [rest_reply(message.sender, reply) for reply in replies]

    return router


def rest_reply(recipient: str, reply: dict[str, Any]) -> dict[str, Any]:
    """One reply as Rasa's REST channel gives it; the full reply stands under `custom`."""
    labels = [*reply.get("question", {}).get("choices", ()), *reply.get("suggestions", ())]
    buttons = {"buttons": [{"title": label, "payload": label} for label in labels]} if labels else {}
    return {"recipient_id": recipient, "text": plain(reply["text"]), **buttons, "custom": reply}
