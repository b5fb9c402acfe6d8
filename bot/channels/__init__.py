"""The channels that push: one line each. To be asked in a process that serves (after the fork)."""

from sqlalchemy.engine import Engine

from bot import handoff
from bot.channels.wechat.api import WeChatApi
from bot.channels.wechat.inbox import CHANNEL as WECHAT
from bot.channels.wechat.people import People
from bot.channels.wechat.push import CustomerService
from bot.channels.wechat.tokens import Tokens
from bot.outbox_sender import Send
from bot.settings import Settings
from bot.store.outbox import Outbox


def channels(settings: Settings, engine: Engine | None = None) -> dict[str, Send]:
    """Return what sends the pushes of each channel that is configured; `engine`: of the database that serves."""
    found: dict[str, Send] = {}
    if settings.handoff_url:
        found[handoff.CHANNEL] = handoff.Desk(settings.handoff_url, settings.shown_to_handoff())
    if engine is not None and settings.wechat_appid and settings.wechat_secret:
        secret, tokens = settings.wechat_secret.get_secret_value(), Tokens(engine, settings.key())
        api = WeChatApi(settings.wechat_api_base, settings.wechat_appid, secret, tokens)
        found[WECHAT] = CustomerService(api, People(engine), Outbox(engine))
    return found
