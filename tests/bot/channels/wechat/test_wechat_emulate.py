"""`wengang wechat emulate`: a developer types as a follower."""

import asyncio
import os
import sys

import pytest
from account_house import SlowAssistant, serving
from wechat_emulator import Clock, WeChat

from bot.cli import run as wengang
from bot.settings import ROOT

TYPED = """\
你好
/语音 稳岗返还
/语音
/图片
/菜单
/菜单 没有的
/选 1
/过 49
/取消关注
/什么
/退出
不会读到
"""


async def test_somebody_types(tmp_path):
    async with WeChat() as wechat, serving(SlowAssistant(Clock()), wechat, tmp_path) as house:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", "-m", "bot.cli", "wechat", "emulate", "--callback", f"{house.base}/wechat",
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(TYPED.encode())
    said = out.decode()
    assert process.returncode == 0 and err == b"", err.decode()
    assert "验证通过" in said and "WECHAT_APPID=" in said
    assert "公众号：感谢关注。" in said and "第2句：你好" in said and "识别为：稳岗返还" in said
    assert "没听清" in said and "图片我看不了" in said
    assert "wengang wechat menu" in said and "no button 没有的" in said and "不行" in said
    assert "还能发 0 条客服消息" in said and "不会读到" not in said


def test_outside_the_repository_it_says_so(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "wechat_emulator.chat", None)
    assert wengang(["wechat", "emulate"]) == 2
    assert "tests 文件夹" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["x", "-"])
def test_a_port_that_is_none(port, capsys):
    assert wengang(["wechat", "emulate", "--port", port]) == 2
    assert "--port" in capsys.readouterr().err
