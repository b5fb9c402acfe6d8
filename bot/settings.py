"""Every setting of the house: read from the environment, checked once, explained in one sentence.

``docs/settings.md`` is written by :func:`table`; ``python -m bot.settings`` rewrites it.
"""

import os
import re
import secrets
from datetime import date, datetime, timedelta, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import BaseSettings, Field, SecretStr, ValidationError, validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from bot.inputs import brief, read_date
from bot.logs import FORMS
from bot.messages import say

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
DOCUMENT = ROOT / "docs" / "settings.md"
CHINA = timezone(timedelta(hours=8))  # "today" is the day in Benxi, wherever the server stands

_HTTP = re.compile(r"https?://[^\s/]+\S*")
_ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+\.)*[a-z0-9-]+(?::\d{1,5})?")
_ISSUER = re.compile(r"(?:https://[^\s/?#@]+|http://(?:localhost|127\.0\.0\.1)(?::\d+)?)(?:/[^\s?#]*)?")
_REDIS = re.compile(r"(rediss?|unix)://\S+")
_WECHAT_APPID = re.compile(r"wx[0-9A-Za-z]{6,62}")
_WECHAT_TOKEN = re.compile(r"[0-9A-Za-z]{3,32}")
_WECHAT_AES_KEY = re.compile(r"[0-9A-Za-z]{43}")
_SWITCH = {"0": False, "1": True, "False": False, "True": True}


class SettingsError(ValueError):
    """An environment variable that cannot be used. ``str()`` is one Chinese sentence naming it."""


class Settings(BaseSettings):
    """Settings from the environment; `Settings(port=0, …)` overrides them in tests. Use `load()` elsewhere."""

    database_url: str = Field(
        f"sqlite:///{VAR}/wengang.db", env="WENGANG_DATABASE_URL", description="数据库，SQLite 或 PostgreSQL"
    )
    tracker_store: str = Field(
        "sql",
        env="WENGANG_TRACKER_STORE",
        description="对话存哪里：sql（上面的数据库）或 memory（重启就没，只供试验）",
    )
    redis_url: str | None = Field(
        None,
        env="WENGANG_REDIS_URL",
        description="Redis 地址；几台机器一起服务时才需要（同一台机器上的几个进程不需要）",
    )
    workers: int = Field(1, env="WENGANG_WORKERS", description="几个进程一起服务，一般等于核数；也可写 --workers")
    queue: int = Field(100, env="WENGANG_QUEUE", description="每个进程最多同时办几句（含排队的），再多就请人稍候")
    database_connections: int = Field(
        20, env="WENGANG_DATABASE_CONNECTIONS", description="这台机器最多用几个数据库连接，各进程平分（每个至少 2 个）"
    )
    host: str = Field("127.0.0.1", env="WENGANG_HOST", description="网页和接口的监听地址")
    port: int = Field(8000, env="WENGANG_PORT", description="网页和接口的端口")
    as_of: date | None = Field(
        None, env="WENGANG_AS_OF", description="默认办理日期，如 2021-09-01；不设就是当天（北京时间）"
    )
    place: str = Field("本溪", env="WENGANG_PLACE", description="默认地点")
    rest_token: SecretStr | None = Field(
        None, env="WENGANG_REST_TOKEN", description="Rasa 形式接口 /webhooks/rest/webhook 的令牌；不设就不开放"
    )
    endpoints: Path = Field(
        ROOT / "endpoints.yml",
        env="WENGANG_ENDPOINTS",
        description="Rasa 的 endpoints.yml；其中的 event_broker 会收到每个事件",
    )
    retention_days: int = Field(
        90, env="WENGANG_RETENTION_DAYS", description="对话保留几天，从最后一句算起；超过的每六小时删一次"
    )
    audit_days: int = Field(
        365, env="WENGANG_AUDIT_DAYS", description="审计记录（化名，没有说过的话）保留几天，至少 180"
    )
    case_days: int = Field(365, env="WENGANG_CASE_DAYS", description="坐席台的工单保留几天，从最后一次改动算起")
    handoff_url: str | None = Field(
        None,
        env="WENGANG_HANDOFF_URL",
        description="用户要找真人时，把他的话和说过的情况（号码已遮住）用 POST 送到这个地址；不设就不送",
    )
    handoff_token: SecretStr | None = Field(
        None, env="WENGANG_HANDOFF_TOKEN", description="送到上面那个地址时出示的令牌（Authorization: Bearer）"
    )
    handoff_wait: int = Field(
        10, env="WENGANG_HANDOFF_WAIT", description="坐席台：要找真人的用户最多等几分钟，没人接就如实告诉他并建工单"
    )
    review_file: Path = Field(
        VAR / "review" / "lay_questions.yml",
        env="WENGANG_REVIEW",
        description="坐席台：政策干部归到条文下的俗话问法写在这个文件里，wengang staff questions 查看或写入政策包",
    )
    oidc_issuer: str | None = Field(
        None,
        env="WENGANG_OIDC_ISSUER",
        description="坐席台：单位的统一登录（OpenID Connect）的发行者地址；到 SECRET 的三项一起设，登录页就有入口",
    )
    oidc_client: str | None = Field(None, env="WENGANG_OIDC_CLIENT", description="在统一登录那边登记的客户端编号")
    oidc_secret: SecretStr | None = Field(None, env="WENGANG_OIDC_SECRET", description="那个客户端的密钥")
    oidc_name_claim: str = Field(
        "preferred_username",
        env="WENGANG_OIDC_NAME_CLAIM",
        description="身份令牌里哪一项是坐席台的账号名；要选本人改不了的",
    )
    oidc_role_claim: str | None = Field(
        None,
        env="WENGANG_OIDC_ROLE_CLAIM",
        description="身份令牌里哪一项是角色（如 realm_access.roles）；设了，其中要有账号的角色（如 operator）才能进",
    )
    metrics_token: SecretStr | None = Field(
        None, env="WENGANG_METRICS_TOKEN", description="监控指标 /metrics（Prometheus）的令牌；不设就不开放"
    )
    log: str = Field("json", env="WENGANG_LOG", description="日志（标准错误输出）的样子：json（每行一个对象）或 text")
    otlp: str | None = Field(
        None,
        env="WENGANG_OTLP",
        description="OpenTelemetry 收集器的地址（如 http://127.0.0.1:4318）；不设就不送；先装 tools/otel.lock",
    )
    secret: SecretStr | None = Field(
        None, env="WENGANG_SECRET", description="会话编号的签名密钥；不设就生成一个，存在 var/secret（权限 600）"
    )
    origins: str | None = Field(
        None,
        env="WENGANG_ORIGINS",
        description="哪些网站可以嵌入助手，如 https://www.benxi.gov.cn，几个用逗号隔开；不设就只有本站",
    )
    session_minutes: int = Field(
        120, env="WENGANG_SESSION_MINUTES", description="网页上多少分钟没说话，会话编号就失效（记录仍按保留天数）"
    )
    session_hours: int = Field(
        24, env="WENGANG_SESSION_HOURS", description="网页上一段对话最多多少小时，到时会话编号就失效"
    )
    writes_per_conversation: int = Field(
        30, env="WENGANG_WRITES_PER_CONVERSATION", description="网页上一段对话每分钟最多几句；0 是不限"
    )
    writes_per_address: int = Field(
        600,
        env="WENGANG_WRITES_PER_ADDRESS",
        description="网页上一个地址（一个大厅可能共用一个）每分钟最多几句；0 是不限；本机直接连的不限",
    )
    watchers: int = Field(
        500, env="WENGANG_WATCHERS", description="每个进程最多同时有几个网页等着新消息，再多的请刷新再看"
    )
    wechat_appid: str | None = Field(
        None, env="WECHAT_APPID", description="微信公众号的 AppID；这四项（AppID 到 AES_KEY）一起设，就接通公众号"
    )
    wechat_secret: SecretStr | None = Field(None, env="WECHAT_SECRET", description="公众号的 AppSecret")
    wechat_token: SecretStr | None = Field(None, env="WECHAT_TOKEN", description="公众号“服务器配置”里填的 Token")
    wechat_plain: bool = Field(
        False, env="WECHAT_PLAIN", description="1：也收明文模式的消息，只供试验；正式的公众号请用安全模式"
    )
    wechat_aes_key: SecretStr | None = Field(
        None, env="WECHAT_AES_KEY", description="公众号“服务器配置”里的 EncodingAESKey，43 个字符"
    )
    wechat_aes_key_old: SecretStr | None = Field(
        None, env="WECHAT_AES_KEY_OLD", description="换密钥期间的上一个 EncodingAESKey；换完一天后可以删去"
    )
    wechat_api_base: str = Field(
        "https://api.weixin.qq.com", env="WECHAT_API_BASE", description="微信接口的地址；试验时指到仿真服务器"
    )

    class Config:
        extra = "forbid"

    @validator("*", pre=True)
    def _not_empty(cls, value: Any) -> Any:
        if isinstance(value, str) and not value.strip():
            raise ValueError(say("settings.empty"))
        return value

    @validator("database_url")
    def _database(cls, value: str) -> str:
        try:
            url = make_url(value)
        except (ArgumentError, ValueError):
            url = None
        if url is None or url.get_backend_name() not in ("sqlite", "postgresql"):
            raise ValueError(say("settings.database_url", value=brief(_without_password(value))))
        return value

    @validator("tracker_store")
    def _tracker_store(cls, value: str) -> str:
        if value not in ("sql", "memory"):
            raise ValueError(say("settings.tracker_store", value=brief(value)))
        return value

    @validator("redis_url")
    def _redis(cls, value: str | None) -> str | None:
        if value is not None and not _REDIS.fullmatch(value):
            raise ValueError(say("settings.redis_url", value=brief(value)))
        return value

    @validator("handoff_url")
    def _handoff(cls, value: str | None, values: dict[str, Any]) -> str | None:
        if value is not None and not _HTTP.fullmatch(value):
            raise ValueError(say("settings.handoff_url", value=brief(_without_password(value))))
        if value is not None and values.get("tracker_store") == "memory":
            raise ValueError(say("settings.handoff_memory"))
        return value

    @validator("otlp")
    def _otlp(cls, value: str | None) -> str | None:
        if value is not None and not _HTTP.fullmatch(value):
            raise ValueError(say("settings.otlp", value=brief(_without_password(value))))
        if value is not None and find_spec("opentelemetry") is None:
            raise ValueError(say("settings.otlp_missing"))
        return value

    @validator("workers", pre=True)
    def _workers(cls, value: Any, values: dict[str, Any]) -> int:
        count = _count(value, 1, 64)
        if count > 1 and values.get("tracker_store") == "memory":
            raise ValueError(say("settings.workers_memory"))
        if count > 1 and "database_url" in values and _in_memory(values["database_url"]):
            raise ValueError(say("settings.workers_sqlite"))
        return count

    @validator("origins")
    def _origins(cls, value: str | None) -> str | None:
        for one in _listed(value):
            if not _ORIGIN.fullmatch(one):
                raise ValueError(say("settings.origin", value=brief(_without_password(one))))
        return value

    @validator("session_minutes", "session_hours", pre=True)
    def _session(cls, value: Any) -> int:
        return _count(value, 1, 10_000)

    @validator("writes_per_conversation", "writes_per_address", "watchers", pre=True)
    def _bound(cls, value: Any) -> int:
        return _count(value, 0, 1_000_000)

    @validator("queue", pre=True)
    def _queue(cls, value: Any) -> int:
        return _count(value, 1, 10_000)

    @validator("database_connections", pre=True)
    def _database_connections(cls, value: Any) -> int:
        return _count(value, 2, 1_000)

    @validator("handoff_wait", pre=True)
    def _handoff_wait(cls, value: Any) -> int:
        return _count(value, 1, 120)

    @validator("case_days", pre=True)
    def _case_days(cls, value: Any) -> int:
        return _count(value, 1, 36_500)

    @validator("retention_days", pre=True)
    def _retention_days(cls, value: Any) -> int:
        return _count(value, 1, 3_650)

    @validator("audit_days", pre=True)
    def _audit_days(cls, value: Any) -> int:
        return _count(value, 180, 3_650)

    @validator("port", pre=True)
    def _port(cls, value: Any) -> int:
        if not str(value).strip().isascii() or not str(value).strip().isdigit() or not 1 <= int(value) <= 65535:
            raise ValueError(say("settings.port", value=brief(value)))
        return int(value)

    @validator("as_of", pre=True)
    def _as_of(cls, value: Any) -> date | None:
        return None if value is None else read_date(value, "WENGANG_AS_OF")

    @validator("oidc_issuer")
    def _oidc_issuer(cls, value: str | None) -> str | None:
        if value is not None and not _ISSUER.fullmatch(value):
            raise ValueError(say("settings.oidc_issuer", value=brief(_without_password(value))))
        return value

    @validator("oidc_secret", always=True)
    def _oidc_whole(cls, value: SecretStr | None, values: dict[str, Any]) -> SecretStr | None:
        wanted = {"ISSUER": values.get("oidc_issuer"), "CLIENT": values.get("oidc_client"), "SECRET": value}
        missing = [f"WENGANG_OIDC_{name}" for name, given in wanted.items() if given is None]
        if 0 < len(missing) < len(wanted):
            raise ValueError(say("settings.oidc_half", missing="、".join(missing)))
        return value

    @validator("rest_token", "metrics_token")
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        return _long_enough(value, 16, "settings.token")

    @validator("log")
    def _log(cls, value: str) -> str:
        if value not in FORMS:
            raise ValueError(say("settings.log", value=brief(value)))
        return value

    @validator("secret")
    def _secret(cls, value: SecretStr | None) -> SecretStr | None:
        return _long_enough(value, 32, "settings.secret")

    @validator("wechat_appid")
    def _wechat_appid(cls, value: str | None) -> str | None:
        if value is not None and not _WECHAT_APPID.fullmatch(value):
            raise ValueError(say("settings.wechat_appid", value=brief(value)))
        return value

    @validator("wechat_secret")
    def _wechat_secret(cls, value: SecretStr | None) -> SecretStr | None:
        return _long_enough(value, 16, "settings.wechat_secret")

    @validator("wechat_token")
    def _wechat_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _WECHAT_TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError(say("settings.wechat_token"))
        return value

    @validator("wechat_plain", pre=True)
    def _wechat_plain(cls, value: Any) -> bool:
        if str(value) not in _SWITCH:
            raise ValueError(say("settings.switch", value=brief(value)))
        return _SWITCH[str(value)]

    @validator("wechat_aes_key", "wechat_aes_key_old")
    def _wechat_aes_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _WECHAT_AES_KEY.fullmatch(value.get_secret_value()):
            raise ValueError(say("settings.wechat_aes_key"))
        return value

    @validator("wechat_aes_key", always=True)
    def _wechat_whole(cls, value: SecretStr | None, values: dict[str, Any]) -> SecretStr | None:
        """Half an account is none: nobody would notice until a citizen gets no answer."""
        wanted = {f"WECHAT_{name.upper()}": values.get(f"wechat_{name}") for name in ("appid", "secret", "token")}
        if not (values.get("wechat_plain") and value is None):
            wanted["WECHAT_AES_KEY"] = value
        missing = [name for name, given in wanted.items() if given is None]
        if missing and (len(missing) < len(wanted) or values.get("wechat_plain")):
            raise ValueError(say("settings.wechat_half", missing="、".join(missing)))
        if not missing and values.get("tracker_store") == "memory":
            raise ValueError(say("settings.wechat_memory", name="WECHAT_AES_KEY"))
        return value

    @validator("wechat_api_base")
    def _wechat_api_base(cls, value: str) -> str:
        if not _HTTP.fullmatch(value):
            raise ValueError(say("settings.wechat_api_base", value=brief(_without_password(value))))
        return value.rstrip("/")

    def wechat_aes_keys(self) -> list[str]:
        """The keys of the official account's safe mode, the newest first."""
        return [key.get_secret_value() for key in (self.wechat_aes_key, self.wechat_aes_key_old) if key]

    def today(self) -> date:
        """The date answers are given for, unless a conversation sets another."""
        return self.as_of or datetime.now(CHINA).date()

    def allowed_origins(self) -> tuple[str, ...]:
        """The sites that may embed the assistant, as browsers name them."""
        return tuple(_listed(self.origins))

    def connections(self) -> int:
        """How many connections one process may have to the database."""
        return max(2, self.database_connections // self.workers)

    def shown_to_handoff(self) -> str | None:
        """The token that the desk's system wants to see, if it wants one."""
        return self.handoff_token.get_secret_value() if self.handoff_token else None

    def key(self) -> bytes:
        """The secret behind conversation numbers. Raises SettingsError when var/secret cannot be made."""
        return self.secret.get_secret_value().encode() if self.secret else _stored_secret(VAR / "secret")


def load(**given: Any) -> Settings:
    """Read the settings. Raises SettingsError, about the first bad value."""
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        field = Settings.__fields__[str(first["loc"][0])]
        name, why = field.field_info.extra["env"], first["msg"]
        raise SettingsError(why if name in why else say("settings.wrong", name=name, why=why)) from None


def table() -> str:
    """The document of all settings, made from the fields above."""
    rows = [
        f"| `{field.field_info.extra['env']}` | {_default(field.default)} | {field.field_info.description} |"
        for field in Settings.__fields__.values()
    ]
    return "\n".join(
        [
            "<!-- Generated by `python -m bot.settings` from bot/settings.py. Do not edit. -->",
            "# 设置",
            "",
            "全部设置都是环境变量，一个都不设也能运行。值不对时，启动会用一句话说明是哪一个、怎么改。",
            "",
            "| 环境变量 | 默认 | 说明 |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _default(value: Any) -> str:
    shown = int(value) if isinstance(value, bool) else value
    return "不设" if value is None else f"`{shown}`".replace(f"{ROOT}/", "")


def _count(value: Any, least: int, most: int) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
        raise ValueError(say("settings.count", least=least, most=most, value=brief(text)))
    return int(text)


def _listed(value: str | None) -> list[str]:
    return [one.lower() for one in re.split(r"[\s,，]+", value or "") if one]


def _without_password(url: str) -> str:
    return re.sub(r"//[^@/]*@", "//…@", url)


def _in_memory(database_url: str) -> bool:
    url = make_url(database_url)
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def _long_enough(value: SecretStr | None, least: int, key: str) -> SecretStr | None:
    if value is not None and len(value.get_secret_value()) < least:
        raise ValueError(say(key))
    return value


def _stored_secret(path: Path) -> bytes:
    """Return the secret in `path`; the first process to come makes it, complete from the moment it is there."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
            try:
                os.link(fresh, path)  # atomic, and fails when another process was first
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        secret = ""
    if len(secret) < 32:
        raise SettingsError(say("settings.secret_file", path=path))
    return secret.encode()


if __name__ == "__main__":
    DOCUMENT.write_text(table(), encoding="utf-8")
