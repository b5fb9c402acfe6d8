"""What `deploy/` promises: its files fit each other and the house, two assistants share the work, a backup comes back.

No image is built here (docs/deploy.md says so): the commands of the files run as plain processes.
"""

import configparser
import http.server
import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.request
import uuid

import psutil
import pytest
import sqlalchemy as sa
import yaml
from databases import empty_database, migrated
from house import Client, House, free_port
from services import program

from bot.settings import ROOT, Settings
from bot.store import migrate
from bot.workers import PATIENCE

DEPLOY = ROOT / "deploy"
SETTINGS = {field.field_info.extra["env"] for field in Settings.__fields__.values()}


def text(name):
    return (DEPLOY / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load(text("compose.yml"))


def test_the_files_speak_of_the_same_house(compose):
    """Names, ports and commands of one file stand in the others too."""
    apps = {name: one for name, one in compose["services"].items() if one.get("image") == "wengang"}
    assert len(apps) == 2 and len({str({**app, "volumes": []}) for app in apps.values()}) == 1
    upstream = re.findall(r"server (\w+):(\d+)", text("nginx.conf"))
    exposed = re.search(r"^EXPOSE (\d+)", text("Dockerfile"), re.M)[1]
    assert sorted(upstream) == sorted((name, exposed) for name in apps)
    listens = re.search(r"listen (\d+);", text("nginx.conf"))[1]
    assert compose["services"]["nginx"]["ports"][0].endswith(f":{listens}")
    run = re.search(r'^CMD \["([^"]+)", "serve"\]', text("Dockerfile"), re.M)[1]
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read_string(text("wengang.service"))
    service = unit["Service"]
    assert service["ExecStart"] == f"{service['WorkingDirectory']}/{run} serve" and (ROOT / run).exists()
    assert service["User"] != "root" and re.search(r"^USER (?!root)\w+", text("Dockerfile"), re.M)
    for limit in (service["TimeoutStopSec"], *(app["stop_grace_period"].rstrip("s") for app in apps.values())):
        assert int(limit) > PATIENCE  # else what stops them would kill a turn that has begun


def test_every_setting_is_one_of_the_house(compose):
    app = compose["services"]["app1"]
    used = {name for name in app["environment"] if name.startswith("WENGANG_")}
    assert used <= SETTINGS
    assert app["environment"]["WENGANG_DATABASE_URL"].startswith("postgresql://wengang@postgres/")
    asked = set(re.findall(r"\$\{(\w+)", text("compose.yml")))
    offered = {line.partition("=")[0] for line in text(".env.example").splitlines() if line and line[0] != "#"}
    assert asked == offered
    further = set(re.findall(r"^#([A-Z_]+)=", text(".env.example"), re.MULTILINE))
    assert further and further <= SETTINGS and app["env_file"] == ".env"
    assert all(not line.partition("=")[2] for line in text(".env.example").splitlines() if "SECRET" in line)


def test_what_officers_write_for_the_packs_is_one_file_of_both_assistants(compose):
    (shared,) = set.intersection(*(set(compose["services"][name]["volumes"]) for name in ("app1", "app2")))
    volume, _, place = shared.partition(":")
    file = Settings.__fields__["review_file"].default
    assert volume in compose["volumes"] and place == f"/app/{file.parent.relative_to(ROOT)}"
    assert re.search(rf"^RUN install -d -o wengang .*{place}$", text("Dockerfile"), re.M), "else it would be root's"


class Nginx:
    """nginx with our file, but other ports and other servers."""

    def __init__(self, folder, ports, config=None):
        self.port = free_port()
        config = (config or text("nginx.conf")).replace("listen 8080;", f"listen 127.0.0.1:{self.port};")
        config = config.replace("/tmp/", f"{folder}/")
        for name, port in zip(("app1", "app2"), ports, strict=True):
            config = config.replace(f"server {name}:8000", f"server 127.0.0.1:{port}")
        self._file = folder / "nginx.conf"
        self._file.write_text(f"daemon off;\n{config}", encoding="utf-8")
        self.log = folder / "nginx.log"
        self._command = [program("nginx", "/usr/sbin/nginx"), "-e", "stderr", "-c", str(self._file)]

    def __enter__(self):
        subprocess.run([*self._command, "-t"], check=True, capture_output=True)
        self._process = subprocess.Popen(self._command, stderr=self.log.open("wb"))
        return self

    def connection(self):
        """Return a bare connection, as soon as it listens."""
        until = time.monotonic() + 30
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=60)
            except ConnectionRefusedError:
                assert time.monotonic() < until, self.log.read_text()
                time.sleep(0.05)

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()


def test_nginx_cuts_off_whoever_never_ends_the_headers(tmp_path):
    """uvicorn would wait for ever. The limit is shortened for the test."""
    shorter = text("nginx.conf").replace("client_header_timeout 10s;", "client_header_timeout 1s;")
    assert shorter != text("nginx.conf")
    with Nginx(tmp_path, (free_port(), free_port()), shorter) as door, door.connection() as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        assert slow.recv(1000) == b"", "closed without a word"


def test_nginx_says_nothing_to_wechat_when_nobody_can_be_reached(tmp_path):
    """What it said would be shown to the follower, and WeChat would not try again."""
    with Nginx(tmp_path, (free_port(), free_port())) as door, door.connection() as wechat:
        wechat.sendall(b"POST /wechat HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n<xml/>")
        assert wechat.recv(1000) == b""
        with door.connection() as other:
            other.sendall(b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            assert other.recv(1000).startswith(b"HTTP/1.1 503 ")


class _SchemeHeard(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        said = self.headers["X-Forwarded-Proto"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        """Quiet."""


@pytest.mark.parametrize(("told", "passed_on"), [(None, "http"), ("https", "https"), ("gopher", "http")])
def test_nginx_passes_on_that_tls_ended_before_it(told, passed_on, tmp_path):
    """Otherwise the cookies would go without Secure."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _SchemeHeard)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with Nginx(tmp_path, (server.server_address[1], free_port())) as door:
            headers = {"X-Forwarded-Proto": told} if told else {}
            door.connection().close()  # once it listens
            asked = urllib.request.Request(f"http://127.0.0.1:{door.port}/", headers=headers)
            with urllib.request.urlopen(asked, timeout=5) as got:
                assert got.read().decode() == passed_on
    finally:
        server.shutdown()
        server.server_close()


def test_two_assistants_behind_nginx(tmp_path):
    """A conversation goes on whichever of them answers, and while one of them is gone."""
    redis = os.environ.get("WENGANG_TEST_REDIS", "redis://127.0.0.1:6379/15")
    with (
        empty_database("postgresql", tmp_path) as database,
        House(tmp_path, database_url=database, redis_url=redis) as one,
        House(tmp_path, database_url=database, redis_url=redis) as two,
        Nginx(tmp_path, (one.port, two.port)) as door,
    ):
        client = Client(door)
        said = [client.say("你好") for _ in range(8)]
        answered = [house.log.read_text().count('"event": "turn"') for house in (one, two)]
        assert all(answered), "both have answered"
        psutil.Process(one.process.pid).kill()
        said += [client.say("还在吗") for _ in range(4)]
        one.process.wait()
        one.start()
        two.stop(signal.SIGTERM)
        said += [client.say("换了一个") for _ in range(4)]
        assert [int(texts[0]) for texts in said] == list(range(1, 17))
        one.stop()
        status, answer, headers = client.once({"text": "有人吗", "sender": client.sender})
        assert (status, headers["Retry-After"]) == (503, "2") and "请过几秒再发一次" in answer["error"]["message"]


def script(name, file, url, ok=True):
    """Run deploy/backup or deploy/restore."""
    environment = {**os.environ, "WENGANG_DATABASE_URL": url}
    done = subprocess.run([DEPLOY / name, file], env=environment, capture_output=True, text=True)
    assert (done.returncode == 0) == ok, done.stderr
    return done.stdout + done.stderr


def test_a_command_has_the_settings_of_the_service(tmp_path):
    settings = tmp_path / "wengang.env"
    settings.write_text("WENGANG_PLACE=沈阳\n", encoding="utf-8")

    def run(*command, settings=settings):
        environment = {**os.environ, "WENGANG_SETTINGS": str(settings)}
        return subprocess.run([DEPLOY / "run", *command], env=environment, capture_output=True, text=True)

    assert run("sh", "-c", "echo $WENGANG_PLACE; command -v wengang").stdout.splitlines()[0] == "沈阳"
    assert run("wengang", "--help").returncode == 0, "the commands of the house are found"
    missing = run("true", settings=tmp_path / "nowhere")
    assert missing.returncode == 1 and "读不到设置" in missing.stderr
    assert run().returncode == 2


def test_a_backup_comes_back(database_url, tmp_path):
    """Taken while the house serves; what came after it is gone after restoring, what came before goes on."""
    kept = str(tmp_path / "kept")
    with House(tmp_path, database_url=database_url) as house:
        client = Client(house)
        assert [client.say("一"), client.say("二")] == [["1"], ["2"]]
        assert "✓" in script("backup", kept, database_url)
        assert client.say("三") == ["3"]
        if database_url.startswith("sqlite"):
            assert "请先停止服务" in script("restore", kept, database_url, ok=False)
            assert client.say("四") == ["4"]
        house.stop()
        assert "✓" in script("restore", kept, database_url)
        house.start()
        assert client.say("又三") == ["3"]
    assert oct(os.stat(kept).st_mode)[-3:] == "600"
    assert "已经在了" in script("backup", kept, database_url, ok=False)


def test_what_came_to_the_tables_since_does_not_stand_in_the_way(database_url, tmp_path):
    """A newer version has made a table; in a schema beside ours somebody else goes on."""
    kept, beside = str(tmp_path / "kept"), f"beside_{uuid.uuid4().hex[:12]}"
    migrated(database_url)
    engine = sa.create_engine(database_url, future=True)
    neighbour = database_url.startswith("postgresql")
    try:
        with engine.begin() as connection:
            if neighbour:
                connection.execute(sa.text(f"CREATE SCHEMA {beside} CREATE TABLE theirs (number integer)"))
        assert "✓" in script("backup", kept, database_url)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE newer (number integer)"))
            if neighbour:
                connection.execute(sa.text(f"INSERT INTO {beside}.theirs VALUES (1)"))
        engine.dispose()
        assert "✓" in script("restore", kept, database_url)
        assert "newer" not in sa.inspect(engine).get_table_names()
        migrate(database_url)
        with engine.connect() as connection:
            if neighbour:
                assert connection.execute(sa.text(f"SELECT number FROM {beside}.theirs")).scalars().all() == [1]
    finally:
        if neighbour:
            with engine.begin() as connection:
                connection.execute(sa.text(f"DROP SCHEMA {beside} CASCADE"))
        engine.dispose()


def test_what_is_no_backup_is_not_restored(database_url, tmp_path):
    with House(tmp_path, database_url=database_url) as house:
        client = Client(house)
        client.say("一")
        house.stop()
        for name, content in (("empty", b""), ("other", os.urandom(4096))):
            file = tmp_path / name
            file.write_bytes(content)
            assert "✗" in script("restore", str(file), database_url, ok=False)
        house.start()
        assert client.say("二") == ["2"]


def test_nothing_is_left_of_a_backup_that_fails(tmp_path):
    address = f"sqlite:///{tmp_path}/{uuid.uuid4().hex}.db"
    assert "没有找到数据库" in script("backup", str(tmp_path / "kept"), address, ok=False)
    path = tmp_path / "broken.db"
    with sqlite3.connect(path) as database:
        database.execute("create table a (b)")
        database.executemany("insert into a values (?)", [("x" * 500,)] * 500)
    database.close()
    raw = bytearray(path.read_bytes())
    raw[4096 * 3 : 4096 * 6] = os.urandom(4096 * 3)
    path.write_bytes(raw)
    script("backup", str(tmp_path / "kept"), f"sqlite:///{path}", ok=False)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["broken.db"]
