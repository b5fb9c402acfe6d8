"""``wengang wechat``: the menu and QR codes of the official account, and the emulator to try it all without one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bot.inputs import InputError, brief
from bot.messages import say
from bot.settings import ROOT, Settings, load

if TYPE_CHECKING:
    from bot.channels.wechat.api import WeChatApi

app = typer.Typer(help=say("command.wechat"), rich_markup_mode=None, pretty_exceptions_enable=False)

_LONGEST_SCENE, _MOST_DAYS = 64, 30  # WeChat's limits: characters, days of a temporary code


@app.command(help=say("command.wechat_menu"))
def menu(
    file: str = typer.Option(None, "--file", metavar="FILE", help=say("option.wechat_menu")),
    check: bool = typer.Option(False, "--check", help=say("option.wechat_check")),
) -> None:
    """Put the menu of a YAML file in the place of the present one."""
    from bot.channels.wechat.menu import DEFAULT, read_menu

    wanted = read_menu(Path(file) if file else DEFAULT)
    if check:
        print(say("wechat_command.menu_fits", entries=len(wanted["button"])))
        return
    _ask_wechat(lambda api: api.create_menu(wanted))
    print(say("wechat_command.menu_made"))


@app.command(help=say("command.wechat_qr"))
def qr(
    scene: str = typer.Argument(metavar="SCENE", help=say("option.scene")),
    days: str = typer.Option(None, "--days", metavar="N", help=say("option.days")),
) -> None:
    """Make a QR code that tells where it hung."""
    if not 1 <= len(scene.strip()) <= _LONGEST_SCENE:
        raise InputError("wechat_command.scene", longest=_LONGEST_SCENE)
    if days is not None and not (days.isascii() and days.isdigit() and 1 <= int(days[:4]) <= _MOST_DAYS):
        raise InputError("wechat_command.days", most=_MOST_DAYS, value=brief(days))
    lasts = None if days is None else int(days)
    code = _ask_wechat(lambda api: api.qr_code(scene.strip(), lasts))
    until = say("wechat_command.qr_for_good") if lasts is None else say("wechat_command.qr_days", days=lasts)
    print(say("wechat_command.qr_made", scene=scene.strip(), url=code.url, image=code.image, until=until))


@app.command(help=say("command.wechat_emulate"))
def emulate(
    callback: str = typer.Option(None, "--callback", metavar="URL", help=say("option.callback")),
    port: int = typer.Option(0, "--port", metavar="PORT", help=say("option.emulator_port")),
) -> None:
    """Chat as a follower would, without WeChat: tests/wechat_emulator stands in for it."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        from wechat_emulator.chat import chat
    except ImportError:
        raise InputError("wechat_command.no_emulator") from None
    if callback is None:
        from bot.train import ensure_model

        ensure_model()  # here its progress is seen
    asyncio.run(chat(callback, port))


def _ask_wechat(call: Callable[[WeChatApi], Awaitable[Any]]) -> Any:
    """Call WeChat for the account of the settings. Raises InputError, NotSent."""
    from bot.channels.wechat.api import WeChatApi
    from bot.channels.wechat.tokens import Tokens
    from bot.store import migrate, open_engine

    settings = load()
    appid, secret = _account(settings)
    migrate(settings.database_url)
    engine = open_engine(settings.database_url)

    async def ask() -> Any:
        api = WeChatApi(settings.wechat_api_base, appid, secret, Tokens(engine, settings.key()))
        try:
            return await call(api)
        finally:
            await api.close()

    try:
        return asyncio.run(ask())
    finally:
        engine.dispose()


def _account(settings: Settings) -> tuple[str, str]:
    if not (settings.wechat_appid and settings.wechat_secret):
        raise InputError("wechat_command.no_account")
    return settings.wechat_appid, settings.wechat_secret.get_secret_value()
