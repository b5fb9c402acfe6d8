"""The conversation over HTTP: the page's own interface, and the shape of Rasa's REST channel for partners."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any, Protocol

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Extra, Field, StrictStr

from bot import hearing
from bot.api import sse
from bot.api.errors import ApiError, documented
from bot.api.given import Documented, Given
from bot.api.identity import Identity, check_token
from bot.api.session import Caller, Sessions, keep_cookie
from bot.api.throttle import Throttle
from bot.handoff import handed_over
from bot.inputs import LONGEST_MESSAGE, clean
from bot.live import Live
from bot.privacy import mask
from bot.settings import Settings
from bot.shapes import plain
from bot.store.conversations import HeldTurn, Replies, turn_being_held
from bot.store.transcript import Transcript
from bot.store.turns import Answered, Turns

TURN = "Wengang-Turn"  # the header that tells the number of the turn

_LONGEST = timedelta(days=450)  # that a conversation number may last (WENGANG_SESSION_HOURS)

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


class Humans(Protocol):
    """What is needed of bot.staff.desk.Desk: conversations that a human answers."""

    def heard(self, turn: HeldTurn) -> Replies | None:
        """Keep what is said while a human is to answer, and return what is said to that; None: the bot answers."""

    def asked(self, turn: HeldTurn, replies: Replies) -> Replies:
        """Return the replies; whoever asked for a human waits for one from here on."""


class Message(Given):
    """One message of a user."""

    sender: StrictStr | None = Field(None, max_length=100, description="上次回复里的会话编号；没有就开始一段新对话")
    text: StrictStr = Field(description="用户说的话，最多 300 字")
    client_message_id: StrictStr | None = Field(
        None,
        regex=r"^[A-Za-z0-9_-]{1,64}$",
        description="消息编号；同一会话里重发同一编号，得到同样的回复，没办成的重新办",
    )
    begin: StrictStr | None = Field(
        None,
        regex="^[0-9a-f]{32}$",
        description="还没有会话时用来开始一段的随机数，每条消息另取一个；回复丢了就原样重发，得到的还是那一段。"
        "会话编号没人用会失效，过了那么久再重发也不行，请另取一个",
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

    def __init__(
        self,
        assistant: Answers,
        turns: Turns,
        settings: Settings,
        check_place: CheckPlace,
        humans: Humans | None = None,
    ) -> None:
        self._assistant, self._turns, self._settings, self._check_place = assistant, turns, settings, check_place
        self._humans = humans

    async def turn(self, sender: str, text: str, as_of: date | None, place: str | None, message: str | None) -> Replies:
        """Return the replies to `text`. Without a day or a place those of the settings hold, as a door's own."""
        return (await self.answer(sender, text, as_of, place, message)).replies

    async def answer(
        self,
        sender: str,
        text: str,
        as_of: date | None,
        place: str | None,
        message: str | None,
        check: Callable[[bool], Awaitable[None]] | None = None,
    ) -> Answered:
        """Return the answer to `text`, as `turn` does.

        `check` is called while the conversation is held, with whether anything is remembered of it, and may refuse.
        """
        if place:
            self._check_place(place)
        said, _ = mask(clean(text))

        async def run() -> Replies:
            turn = turn_being_held()
            if check and turn:
                await check(turn.version > 0)
            hearing.begins()
            return await self.reply(sender, said, as_of, place, message)

        return await self._turns.answer(sender, said[:LONGEST_MESSAGE], message, run)

    async def once(self, sender: str, said: str, message: str | None, run: Callable[[], Awaitable[Replies]]) -> Replies:
        """Return the replies to a message (`said`: masked), which `run` makes unless it was answered before."""
        return await self._turns.once(sender, said[:LONGEST_MESSAGE], message, run)

    async def heard(self, said: str) -> Replies | None:
        """Return what is said, inside a turn, while a human is to answer; they hear of it. None: the bot answers."""
        turn, humans = turn_being_held(), self._humans
        if not (turn and humans and turn.handed and len(said) <= LONGEST_MESSAGE):
            return None
        return await asyncio.to_thread(humans.heard, turn)

    async def reply(
        self, sender: str, said: str, as_of: date | None = None, place: str | None = None, message: str | None = None
    ) -> Replies:
        """Return what the assistant says, inside a turn, or what is said while a human is to answer.

        What is too long to be kept whole is not passed on to the human: the assistant refuses it, as it always does.
        """
        if (told := await self.heard(said)) is not None:
            return told
        turn, humans = turn_being_held(), self._humans
        replies = await self._assistant.reply(
            sender,
            said,
            as_of=as_of or self._settings.today(),
            place=place or self._settings.place,
            client_message_id=message,
        )
        if turn and self._settings.handoff_url:
            return handed_over(turn, replies)
        if turn and humans and any(reply.get("kind") == "handoff" for reply in replies):
            return await asyncio.to_thread(humans.asked, turn, replies)
        return replies


class Door:
    """The web's door to the conversation: whoever speaks is known or new, not too fast, and was not erased."""

    def __init__(
        self, conversation: Conversation, sessions: Sessions, throttle: Throttle, transcript: Transcript, live: Live
    ) -> None:
        self.sessions, self.throttle, self.transcript, self.live = sessions, throttle, transcript, live
        self._conversation = conversation

    async def answer(
        self, caller: Caller, text: str, as_of: date | None, place: str | None, message: str | None
    ) -> Answered:
        """Return the answer to what this caller says. Raises ApiError, and what `Turns.answer` raises.

        Whoever begins with a message that was answered before has no number yet, though that answer held one: they get
        another while that one would last. Otherwise a first message would open its conversation for ever.
        """

        async def check(remembered: bool) -> None:
            if not remembered:
                await asyncio.to_thread(self.check, caller)
            elif caller.begun:
                raise ApiError(400, "api.begun", "begin")

        answered = await self._conversation.answer(caller.sender, text, as_of, place, message, check)
        if caller.begun and answered.before and self.sessions.identity.outlived(answered.before):
            raise ApiError(caller.refusal, "api.expired", "begin")
        self.live.look(caller.sender)
        return answered

    def check(self, caller: Caller) -> None:
        """Raises ApiError when the conversation was erased: its number is of no more use."""
        if self.transcript.erased(caller.sender, _LONGEST):
            raise ApiError(caller.refusal, "api.erased", "sender")


def message_routes(door: Door) -> APIRouter:
    """POST /api/messages."""
    router = APIRouter(tags=["对话"])

    @router.post(
        "/api/messages",
        response_model=MessageReply,
        responses={
            200: {"content": {sse.MEDIA_TYPE: {"schema": {"type": "string"}}}},
            **documented(400, 401, 403, 408, 413, 429, 503),
        },
        summary="说一句话，得到回复",
        description="请求头 Accept: text/event-stream 时，回复一条一条送来：accepted、reply…、done 或 error。",
    )
    async def messages(message: Message, request: Request) -> Response:
        caller = door.sessions.known_or_new(request, message.sender, message.begin)
        door.throttle.admit(request, caller.sender)
        number = message.client_message_id
        if number is None and message.begin and caller.begun:
            number = door.sessions.message(message.begin, message.text)
        answering = door.answer(caller, message.text, message.as_of, message.place, number)
        response: Response
        if sse.wanted(request):
            turn = sse.TurnInEvents(request, answering, caller.name)
            response = sse.streamed(turn.tell())
            if caller.by_cookie and caller.begun and not await turn.admitted():
                return response  # a cookie goes before the events: nobody gets one to what they may not go on with
        else:
            answered = await answering
            response = JSONResponse({"sender": caller.name, "replies": answered.replies})
            if answered.turn is not None:
                response.headers[TURN] = str(answered.turn)
        keep_cookie(request, response, caller)
        return response

    return router


def rest_routes(conversation: Conversation, identity: Identity, token: str) -> APIRouter:
    """POST /webhooks/rest/webhook, for those who hold the token."""
    router = APIRouter(tags=["对话"])

    @router.post(
        "/webhooks/rest/webhook",
        responses=documented(400, 401, 403, 408, 413, 503),
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
