"""The WeChat server as an official account meets it, without WeChat: for tests, and for development without an account.

It calls the callback of the account as WeChat does (signed, encrypted, 5 seconds, three tries), shows its followers
what the account answers, and offers the interface of api.weixin.qq.com that the account uses, with its limits and error
codes. It shares no code with ``bot/channels/wechat``, so that a misreading there does not find its twin here.

    async with WeChat(Account()) as wechat:       # wechat.base: the account's WECHAT_API_BASE
        wechat.callback = "http://127.0.0.1:8000/wechat"
        person = wechat.follower()
        await person.say("我们公司能领稳岗返还吗")
        print(person.seen[-1].text)

What is assumed, for nothing official says it: after an answer other than 200, or a connection that broke, the next try
comes after a second (``delivery.PAUSE``).
"""

from wechat_emulator.account import Account
from wechat_emulator.clock import Clock
from wechat_emulator.delivery import UNAVAILABLE, Delivery, Request
from wechat_emulator.follower import Follower, Seen
from wechat_emulator.wechat import WeChat

__all__ = ["UNAVAILABLE", "Account", "Clock", "Delivery", "Follower", "Request", "Seen", "WeChat"]
