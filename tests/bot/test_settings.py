"""Settings from the environment, and the sentence about a bad one."""

import os
import stat
import threading
from datetime import date, datetime, timezone

import pytest

from bot import settings as module
from bot.settings import DOCUMENT, Settings, SettingsError, load, table


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("WENGANG_", "WECHAT_")):
            monkeypatch.delenv(name)


def test_nothing_needs_to_be_set():
    settings = load()
    assert settings.database_url.startswith("sqlite:///") and settings.database_url.endswith("var/wengang.db")
    assert (settings.host, settings.port, settings.place) == ("127.0.0.1", 8000, "本溪")
    assert settings.as_of is None and settings.rest_token is None


def test_environment_counts(monkeypatch):
    for name, value in {
        "WENGANG_DATABASE_URL": "postgresql://app@db/wengang",
        "WENGANG_REDIS_URL": "redis://cache:6379/0",
        "WENGANG_HOST": "0.0.0.0",
        "WENGANG_PORT": "80",
        "WENGANG_AS_OF": "2021-9-1",
        "WENGANG_PLACE": "沈阳",
        "WENGANG_REST_TOKEN": "t" * 20,
        "WENGANG_SECRET": "s" * 40,
    }.items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert settings.port == 80 and settings.today() == date(2021, 9, 1) and settings.place == "沈阳"
    assert settings.key() == b"s" * 40
    assert "ssss" not in repr(settings) and "tttt" not in str(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WENGANG_PORT", "abc"),
        ("WENGANG_PORT", "0"),
        ("WENGANG_PORT", "65536"),
        ("WENGANG_PORT", "８０００"),
        ("WENGANG_PORT", ""),
        ("WENGANG_AS_OF", "2021-02-31"),
        ("WENGANG_AS_OF", "昨天"),
        ("WENGANG_AS_OF", ""),
        ("WENGANG_DATABASE_URL", "var/x.db"),
        ("WENGANG_DATABASE_URL", "mysql://x/y"),
        ("WENGANG_DATABASE_URL", "://"),
        ("WENGANG_WORKERS", "0"),
        ("WENGANG_WORKERS", "两个"),
        ("WENGANG_QUEUE", "-1"),
        ("WENGANG_DATABASE_CONNECTIONS", "1"),
        ("WENGANG_REDIS_URL", "localhost:6379"),
        ("WENGANG_HANDOFF_URL", "desk.example/push"),
        ("WENGANG_HANDOFF_URL", "https:///push"),
        ("WENGANG_REST_TOKEN", "short"),
        ("WENGANG_SECRET", "short"),
        ("WENGANG_PLACE", " "),
        ("WECHAT_APPID", "gh_7f083739789a"),
        ("WECHAT_SECRET", "short"),
        ("WECHAT_TOKEN", "有汉字"),
        ("WECHAT_PLAIN", "yes"),
        ("WECHAT_AES_KEY", "a" * 42),
        ("WECHAT_AES_KEY_OLD", "a" * 44),
        ("WECHAT_API_BASE", "api.weixin.qq.com"),
    ],
)
def test_bad_value_is_one_sentence_naming_the_variable(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load()
    said = str(caught.value)
    assert name in said and said.endswith("。") and "\n" not in said


@pytest.mark.parametrize(
    ("name", "value"), [("WENGANG_TRACKER_STORE", "memory"), ("WENGANG_DATABASE_URL", "sqlite://")]
)
def test_several_workers_need_a_store_they_share(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert load(workers=1).workers == 1
    with pytest.raises(SettingsError) as caught:
        load(workers=2)
    said = str(caught.value)
    assert name in said and "WENGANG_WORKERS" in said and said.endswith("。") and "\n" not in said


def test_what_is_pushed_needs_a_database(monkeypatch):
    monkeypatch.setenv("WENGANG_HANDOFF_URL", "https://desk.example/push")
    assert load().handoff_url == "https://desk.example/push"
    with pytest.raises(SettingsError, match="WENGANG_HANDOFF_URL"):
        load(tracker_store="memory")


def test_workers_share_the_connections():
    assert [load(workers=n, database_connections=20).connections() for n in (1, 4, 20)] == [20, 5, 2]


def test_complaint_about_an_address_does_not_repeat_its_password(monkeypatch):
    monkeypatch.setenv("WENGANG_DATABASE_URL", "mysql://root:" + "hunter2" + "@db/x")
    with pytest.raises(SettingsError) as caught:
        load()
    assert "hunter2" not in str(caught.value)


def test_today_is_the_day_in_china(monkeypatch):
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2021, 8, 31, 17, 0, tzinfo=timezone.utc).astimezone(tz)

    monkeypatch.setattr(module, "datetime", Clock)
    assert load().today() == date(2021, 9, 1)


def test_secret_is_made_once_and_is_private(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "VAR", tmp_path / "var")
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(Settings().key())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    secret = tmp_path / "var" / "secret"
    assert len(set(keys)) == 1 and len(keys) == 8 and len(keys[0]) >= 32
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert [path.name for path in secret.parent.iterdir()] == ["secret"]


def test_spoilt_secret_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "VAR", tmp_path)
    (tmp_path / "secret").write_text("")
    with pytest.raises(SettingsError, match="WENGANG_SECRET"):
        Settings().key()


def test_the_document_is_not_stale():
    assert DOCUMENT.read_text(encoding="utf-8") == table(), "run: python -m bot.settings"
    assert "Generated" in table().splitlines()[0]
    assert all(field.field_info.extra["env"] in table() for field in Settings.__fields__.values())


ACCOUNT = {
    "WECHAT_APPID": "wxb11529c136998cb6",
    "WECHAT_SECRET": "s" * 32,
    "WECHAT_TOKEN": "Token2021",
    "WECHAT_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
}


def test_an_official_account_is_whole_or_not_there(monkeypatch):
    assert load().wechat_appid is None
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)
    whole = load()
    assert whole.wechat_aes_keys() == [ACCOUNT["WECHAT_AES_KEY"]] and not whole.wechat_plain
    assert ACCOUNT["WECHAT_AES_KEY"] not in repr(whole) and ACCOUNT["WECHAT_SECRET"] not in str(whole)
    for name in ACCOUNT:
        with monkeypatch.context() as patch:
            patch.delenv(name)
            with pytest.raises(SettingsError) as caught:
                load()
        assert f"还缺 {name}：" in str(caught.value) and str(caught.value).endswith("。")
    monkeypatch.setenv("WECHAT_AES_KEY_OLD", "b" * 43)
    assert load().wechat_aes_keys() == [ACCOUNT["WECHAT_AES_KEY"], "b" * 43]


def test_plain_mode_needs_no_key_and_the_rest_all_the_same(monkeypatch):
    monkeypatch.setenv("WECHAT_PLAIN", "1")
    with pytest.raises(SettingsError, match="还缺 WECHAT_APPID、WECHAT_SECRET、WECHAT_TOKEN"):
        load()
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("WECHAT_AES_KEY")
    assert load().wechat_plain and load().wechat_aes_keys() == []


def test_an_official_account_keeps_its_conversations(monkeypatch):
    for name, value in {**ACCOUNT, "WENGANG_TRACKER_STORE": "memory"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="WENGANG_TRACKER_STORE"):
        load()
