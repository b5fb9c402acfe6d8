"""What is said later than WeChat waits for goes out as customer-service messages: the channel ``wechat`` of the outbox.

A push holds replies; it becomes a few messages, and what of them has arrived is taken out of the push, so that the next
attempt goes on where this one broke off. WeChat allows five messages after one of the user's and three after a click,
a scan or a subscription: more than that are put together, as far as they fit, and what is still too much
goes out once they have written again (``NotYet``; ``inbox.py`` says when).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.channels.wechat import render
from bot.channels.wechat.api import NoMenus, WeChatApi
from bot.channels.wechat.inbox import CHANNEL
from bot.channels.wechat.people import People
from bot.channels.wechat.render import LONGEST, Menu
from bot.messages import say
from bot.outbox_sender import Refused
from bot.store.conversations import Replies
from bot.store.outbox import Outbox

_MOST = 3  # messages: as many as WeChat allows in any case
_GAP = "\n\n"


class CustomerService:
    """Sends pushes ``{"replies": […], …}`` to the owner of the pseudonym they are for."""

    def __init__(self, api: WeChatApi, people: People, outbox: Outbox) -> None:
        self._api, self._people, self._outbox = api, people, outbox

    async def __call__(self, id: str, recipient: str, payload: Mapping[str, Any]) -> None:
        """Send one. Raises NotSent, NotYet, Refused (also when nobody knows whose pseudonym it is any longer)."""
        openid = await asyncio.to_thread(self._people.openid, recipient)
        if openid is None:
            raise Refused(say("wechat_error.nobody"))
        left = payload["left"] if "left" in payload else kept(payload["replies"])
        while left:
            await self._send(openid, left[0])
            left = left[1:]
            if left:
                rest = {**{key: value for key, value in payload.items() if key != "replies"}, "left": left}
                await asyncio.to_thread(self._outbox.replace, CHANNEL, id, rest)

    async def _send(self, openid: str, message: str | Mapping[str, Any]) -> None:
        if isinstance(message, str):
            await self._api.send_text(openid, message)
            return
        menu = Menu(message["head"], [(number, words) for number, words in message["items"]], message["tail"])
        try:
            await self._api.send_menu(openid, menu.head, menu.items, menu.tail)
        except NoMenus:
            await self._api.send_text(openid, menu.text)


def kept(replies: Replies) -> list[str | dict[str, Any]]:
    """Return the messages that these replies become, in JSON: texts, and last the fields of a Menu if there is one."""
    made = render.messages(replies)
    menu = [asdict(one) for one in made if isinstance(one, Menu)]
    return [*fitted([one for one in made if isinstance(one, str)], _MOST - len(menu)), *menu]


def fitted(texts: Sequence[str], most: int) -> list[str]:
    """Return at most so many texts, neighbours put together; more where they would be longer than WeChat takes."""
    found = list(texts)
    while len(found) > most:
        sizes = [len((one + _GAP + other).encode()) for one, other in zip(found, found[1:], strict=False)]
        place = sizes.index(min(sizes))
        if sizes[place] > LONGEST:
            break
        found[place : place + 2] = [found[place] + _GAP + found[place + 1]]
    return found
