"""Somebody who follows the account (or does not yet): what they do, and what they see."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wechat_emulator.delivery import Delivery, Fault
from wechat_emulator.quota import Quota

if TYPE_CHECKING:
    from wechat_emulator.wechat import WeChat

_numbers = itertools.count(23_000_000_000_000_001)  # MsgId


@dataclass(frozen=True)
class Seen:
    """One bubble in the chat.

    Attributes:
        text: the words; of a menu message its head.
        how: ``reply`` (to a callback), ``service`` (a customer-service message) or ``fault`` (WeChat's own words).
        items: of a menu message, (id, words) of each.
        tail: of a menu message.
    """

    text: str
    how: str
    items: tuple[tuple[str, str], ...] = ()
    tail: str = ""


class Follower:
    """`seen`: the bubbles, in their order. What they do returns a Delivery: await it, or look on meanwhile."""

    def __init__(self, wechat: WeChat, subscribed: bool) -> None:
        self._wechat = wechat
        self.openid = f"o{secrets.token_urlsafe(20)[:27]}"
        self.subscribed = subscribed
        self.quota = Quota()
        self.seen: list[Seen] = []
        self.on_seen: Callable[[Seen], None] | None = None

    @property
    def texts(self) -> list[str]:
        """The words they see."""
        return [one.text for one in self.seen]

    def see(self, seen: Seen) -> None:
        """A bubble appears."""
        self.seen.append(seen)
        if self.on_seen:
            self.on_seen(seen)

    # ── messages ──

    def say(self, text: str, faults: Mapping[int, Fault] | None = None, **more: Any) -> Delivery:
        """Type something; `faults`: by the number of the try (faults.py)."""
        return self._message("text", {"Content": text, **more}, faults)

    def speak(self, recognition: str | None = None, faults: Mapping[int, Fault] | None = None) -> Delivery:
        """Hold the button and speak; `recognition`: what WeChat made of it, None where that is switched off."""
        media = secrets.token_urlsafe(48)
        fields = {"MediaId": media, "Format": "amr", "MediaId16K": media}
        return self._message(
            "voice", {**fields, **({} if recognition is None else {"Recognition": recognition})}, faults
        )

    def send(self, kind: str, faults: Mapping[int, Fault] | None = None, **fields: Any) -> Delivery:
        """Send something else: ``image``, ``video``, ``shortvideo``, ``location``, ``link``, or a kind nobody knows."""
        usual: dict[str, dict[str, Any]] = {
            "image": {"PicUrl": "http://mmbiz.qpic.cn/mmbiz/0", "MediaId": secrets.token_urlsafe(48)},
            "video": {"MediaId": secrets.token_urlsafe(48), "ThumbMediaId": secrets.token_urlsafe(48)},
            "shortvideo": {"MediaId": secrets.token_urlsafe(48), "ThumbMediaId": secrets.token_urlsafe(48)},
            "location": {"Location_X": "41.294", "Location_Y": "123.766", "Scale": 15, "Label": "本溪市平山区"},
            "link": {"Title": "通知", "Description": "稳岗返还", "Url": "http://example.com/"},
        }
        return self._message(kind, {**usual.get(kind, {}), **fields}, faults)

    def choose(self, words: str, faults: Mapping[int, Fault] | None = None) -> Delivery:
        """Click an item of the last menu message. Raises LookupError when it has no such item."""
        items = next((one.items for one in reversed(self.seen) if one.items), ())
        chosen = next((item for item in items if item[1] == words), None)
        if chosen is None:
            raise LookupError(f"{words} is not among {items}")
        return self.say(chosen[1], faults, bizmsgmenuid=chosen[0])

    # ── events ──

    def subscribe(self, scene: str | None = None, faults: Mapping[int, Fault] | None = None) -> Delivery:
        """Follow the account; `scene`: of the QR code that led here."""
        self.subscribed = True
        self._grant("subscribe")
        key = {"EventKey": ""} if scene is None else {"EventKey": f"qrscene_{scene}", "Ticket": secrets.token_hex(40)}
        return self._event("subscribe", key, faults)

    def unsubscribe(self, faults: Mapping[int, Fault] | None = None) -> Delivery:
        """Follow it no longer."""
        self.subscribed, self.quota = False, Quota()
        return self._event("unsubscribe", {"EventKey": ""}, faults)

    def scan(self, ticket: str, faults: Mapping[int, Fault] | None = None) -> Delivery:
        """Scan a QR code the account made (by its ticket). Raises LookupError when there is none, or no longer."""
        scene = self._wechat.scene_of(ticket)
        if not self.subscribed:
            return self.subscribe(scene, faults)
        self._grant("scan")
        return self._event("SCAN", {"EventKey": scene, "Ticket": ticket}, faults)

    def click(self, name: str, faults: Mapping[int, Fault] | None = None) -> Delivery:
        """Click a button of the account's menu. Raises LookupError when there is none of that name."""
        button = self._wechat.button(name)
        if button["type"] == "view":
            return self._event("VIEW", {"EventKey": button["url"]}, faults)
        self._grant("click")
        return self._event("CLICK", {"EventKey": button["key"]}, faults)

    # ──

    def _message(self, kind: str, fields: dict[str, Any], faults: Mapping[int, Fault] | None) -> Delivery:
        self._grant("message")
        return self._deliver({"MsgType": kind, **fields, "MsgId": next(_numbers)}, faults)

    def _event(self, event: str, fields: dict[str, Any], faults: Mapping[int, Fault] | None) -> Delivery:
        return self._deliver({"MsgType": "event", "Event": event, **fields}, faults)

    def _deliver(self, fields: dict[str, Any], faults: Mapping[int, Fault] | None) -> Delivery:
        return self._wechat.deliver(self, fields, dict(faults or {}))

    def _grant(self, trigger: str) -> None:
        self.quota.granted(trigger, self._wechat.clock.time())
