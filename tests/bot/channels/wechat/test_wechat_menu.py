"""The menu file and the commands around it."""

import asyncio
import threading

import pytest
from wechat_emulator import WeChat
from wechat_emulator.checks import menu_fault

from bot.channels.wechat.menu import DEFAULT, read_menu
from bot.cli import run as wengang
from knowledge.errors import PackError


def test_the_menu_of_the_house_is_one_wechat_takes():
    menu = read_menu()
    assert menu_fault(menu) == 0 and len(menu["button"]) == 3
    assert all(one["key"].startswith("ask:") for top in menu["button"] for one in top["sub_button"])


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("{}", 1, "1 到 3 项"),
        ("- {name: 一, ask: 问}\n" * 4, 1, "1 到 3 项"),
        ("- {name: 一, ask: 问}\n- {name: 五个字太长, ask: 问}", 2, "最多 4 个汉字"),
        ("- {name: abcdefghi, ask: 问}", 1, "最多 4 个汉字"),
        ("- {name: '', ask: 问}", 1, "最多 4 个汉字"),
        ("- {name: 一}", 1, "只能有 name 和"),
        ("- {name: 一, ask: 问, link: 'https://a.cn'}", 1, "只能有 name 和"),
        ("- 一", 1, "只能有 name 和"),
        ("- name: 一\n  menu:\n" + "    - {name: 二, ask: 问}\n" * 6, 2, "1 到 5 项"),
        ("- name: 一\n  menu:\n    - {name: 一二三四五六七八九, ask: 问}", 3, "最多 8 个汉字"),
        ("- name: 一\n  menu:\n    - {name: 二, menu: []}", 3, "ask、link 中的一个"),
        ("- {name: 一, ask: " + "问" * 42 + "}", 1, "最多 41 个汉字"),
        ("- {name: 一, ask: 12}", 1, "ask 是空的或太长"),
        ("- {name: 一, link: a.cn}", 1, "不是网址"),
    ],
)
def test_a_menu_that_wechat_would_refuse_is_told_by_its_line(tmp_path, text, line, what):
    path = tmp_path / "menu.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PackError) as error:
        read_menu(path)
    assert (error.value.line, what in str(error.value)) == (line, True), str(error.value)


def test_names_as_long_as_wechat_takes_them(tmp_path):
    path = tmp_path / "menu.yml"
    path.write_text(
        "- {name: 四个字长, ask: " + "问" * 41 + "}\n- {name: abcdefgh, link: 'https://a.cn/'}\n", encoding="utf-8"
    )
    assert menu_fault(read_menu(path)) == 0


class Running:
    """WeChat in a thread of its own, for commands that have a loop of theirs."""

    def __enter__(self):
        self._stop, ready = asyncio.Event(), threading.Event()

        async def run():
            self._loop = asyncio.get_running_loop()
            async with WeChat() as self.wechat:
                ready.set()
                await self._stop.wait()

        self._thread = threading.Thread(target=lambda: asyncio.run(run()))
        self._thread.start()
        assert ready.wait(30)
        return self.wechat

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


@pytest.fixture
def account(tmp_path, monkeypatch):
    """A running WeChat and an environment with its account."""
    with Running() as wechat:
        monkeypatch.setenv("WENGANG_DATABASE_URL", f"sqlite:///{tmp_path}/test.db")
        monkeypatch.setenv("WENGANG_SECRET", "s" * 32)
        for name, value in wechat.account.environment(wechat.base).items():
            monkeypatch.setenv(name, value)
        yield wechat


def test_the_menu_is_made(account, capsys):
    assert wengang(["wechat", "menu"]) == 0
    assert "菜单已建好" in capsys.readouterr().out and account.menu == read_menu(DEFAULT)


def test_a_menu_is_only_checked(account, capsys):
    assert wengang(["wechat", "menu", "--check"]) == 0
    assert "没有问题" in capsys.readouterr().out and account.menu is None


def test_a_code_is_made(account, capsys):
    assert wengang(["wechat", "qr", "bx.hall.003", "--days", "30"]) == 0
    told = capsys.readouterr().out
    assert "30 天内有效" in told and "showqrcode?ticket=" in told
    assert wengang(["wechat", "qr", "bx.hall.004"]) == 0
    assert "一直有效" in capsys.readouterr().out
    assert [scene for scene, _ in account.codes.values()] == ["bx.hall.003", "bx.hall.004"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["qr", "s" * 65], "1 到 64 个字符"),
        (["qr", "s", "--days", "31"], "1 到 30 的整数"),
        (["qr", "s", "--days", "三"], "1 到 30 的整数"),
        (["menu", "--file", "nowhere.yml"], "找不到这个文件"),
        ([], "可用的有：menu、qr、emulate"),
        (["post"], "可用的有：menu、qr、emulate"),
    ],
)
def test_what_is_wrong_is_one_sentence(account, capsys, arguments, told):
    assert wengang(["wechat", *arguments]) == 2
    captured = capsys.readouterr()
    assert told in captured.err and captured.err.count("\n") == 1 and captured.out == ""


def test_what_wechat_refuses_is_one_sentence(account, capsys):
    account.account.verified = False
    assert wengang(["wechat", "qr", "s"]) == 2
    assert "没有这个接口的权限（48001）" in capsys.readouterr().err


def test_without_an_account_it_says_what_to_set(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WENGANG_DATABASE_URL", f"sqlite:///{tmp_path}/test.db")
    assert wengang(["wechat", "menu"]) == 2
    assert "WECHAT_APPID" in capsys.readouterr().err
