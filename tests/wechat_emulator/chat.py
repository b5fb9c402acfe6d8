"""``wengang wechat emulate``: somebody types as a follower; the assistant is called as WeChat calls it."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from wechat_emulator.account import Account
from wechat_emulator.follower import Follower, Seen
from wechat_emulator.wechat import WeChat

ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "var" / "emulator.log"

_HELP = """\
直接打字就是发消息。还可以：
  /菜单 [名字]      看菜单；点其中一项
  /选 N            点最后一条菜单消息里的第 N 项
  /语音 [文字]      发语音（文字是微信识别的结果；不写就是没有识别）
  /图片  /位置  /链接
  /扫码 [场景]      扫一个带场景的二维码
  /取消关注  /关注
  /过 N            时间过去 N 小时（只看客服消息的限制；之后再发消息，助手会嫌时间不对）
  /帮助  /退出（或 Ctrl-D）"""
_KINDS = {"图片": "image", "位置": "location", "链接": "link"}


async def chat(callback: str | None, port: int) -> None:
    """Start the emulator and, unless there is a `callback` already, the assistant; chat until the end of input."""
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, this.cancel)  # the assistant ends with it
    async with WeChat(Account(), port=port) as wechat, contextlib.AsyncExitStack() as house:
        if callback is None:
            print(f"正在启动助手（日志在 {LOG.relative_to(ROOT)}）……", flush=True)
            callback = await house.enter_async_context(_assistant(wechat))
        else:
            settings = " ".join(f"{name}={value}" for name, value in wechat.account.environment(wechat.base).items())
            print(f"请让助手用这些设置运行：\n{settings} wengang serve", flush=True)
        wechat.callback = callback
        while (wrong := await wechat.verify()) is not None:
            print(f"服务器地址 {callback} 验证没有通过（{wrong}），两秒后再试……", flush=True)
            await asyncio.sleep(2)
        print(f"服务器地址验证通过：{callback}\n{_HELP}", flush=True)
        person = wechat.follower(subscribed=False)
        person.on_seen = _show
        await person.subscribe()
        lines = _lines()
        while (line := await _next(lines)) not in (None, "/退出"):
            if line:
                await _do(wechat, person, line)


async def _do(wechat: WeChat, person: Follower, line: str) -> None:
    command, _, rest = line[1:].partition(" ") if line.startswith("/") else ("", "", line)
    rest = rest.strip()
    try:
        if not command:
            delivery = person.say(rest)
        elif command == "菜单" and rest:
            delivery = person.click(rest)
        elif command == "菜单":
            print(_menu(wechat))
            return
        elif command == "选":
            items = next((one.items for one in reversed(person.seen) if one.items), ())
            delivery = person.choose(items[int(rest) - 1][1])
        elif command == "语音":
            delivery = person.speak(rest or None)
        elif command in _KINDS:
            delivery = person.send(_KINDS[command])
        elif command == "扫码":
            wechat.codes["ticket"] = (rest or "bx.hall.001", None)
            delivery = person.scan("ticket")
        elif command in ("取消关注", "关注"):
            delivery = person.unsubscribe() if command == "取消关注" else person.subscribe()
        elif command == "过":
            await wechat.clock.advance(float(rest) * 3600)
            print(f"（过了 {rest} 小时；还能发 {person.quota.left(wechat.clock.time())} 条客服消息）")
            return
        else:
            print(_HELP)
            return
    except (LookupError, ValueError) as error:
        print(f"（不行：{error}）")
        return
    await delivery
    tries = "、".join(f"第{one.number}次 {one.outcome}{f'：{one.why}' if one.why else ''}" for one in delivery.tries)
    if delivery.outcomes != ["answered"]:
        print(f"（{tries}）", flush=True)


def _show(seen: Seen) -> None:
    how = {"reply": "公众号", "service": "公众号（客服消息）", "fault": "微信"}[seen.how]
    items = "".join(f"\n  〔{number}〕{words}" for number, words in seen.items)
    print(f"{how}：{seen.text}{items}{chr(10) + seen.tail if seen.tail else ''}", flush=True)


def _menu(wechat: WeChat) -> str:
    if wechat.menu is None:
        settings = " ".join(f"{name}={value}" for name, value in wechat.account.environment(wechat.base).items())
        return f"（还没有菜单。在另一个终端运行：{settings} wengang wechat menu）"
    return "\n".join(
        f"{top['name']}：{'　'.join(one['name'] for one in top.get('sub_button') or [])}"
        for top in wechat.menu["button"]
    )


async def _next(lines: "asyncio.Queue[str | None]") -> str | None:
    print("您：", end="", flush=True)
    return await lines.get()


def _lines() -> "asyncio.Queue[str | None]":
    """What is typed, line by line; None at the end. The thread that reads keeps nobody from ending."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line.strip())
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    return lines


@contextlib.asynccontextmanager
async def _assistant(wechat: WeChat) -> AsyncIterator[str]:
    """`wengang serve` for this account, as a process of its own, and `wengang wechat menu`; its callback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ, **wechat.account.environment(wechat.base), "WENGANG_PORT": str(port), "WENGANG_LOG": "text",
    }  # fmt: skip
    LOG.parent.mkdir(exist_ok=True)
    wengang = [sys.executable, "-m", "bot.cli"]
    with LOG.open("ab") as log:
        house: dict[str, Any] = {"cwd": ROOT, "env": environment, "stderr": log, "start_new_session": True}
        process = await asyncio.create_subprocess_exec(
            *wengang, "serve", stdout=asyncio.subprocess.PIPE, **house
        )  # fmt: skip
        try:
            assert process.stdout is not None
            told = (await process.stdout.readline()).decode()
            found = re.search(r"http://\S+", told)
            if not found:
                raise SystemExit(f"助手没有起来，原因见 {LOG}")
            menu = await asyncio.create_subprocess_exec(*wengang, "wechat", "menu", stdout=log, **house)
            await menu.wait()
            yield f"{found[0]}/wechat"
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
