"""The commands, as typed."""

import asyncio
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import yaml
from doors import FakeAssistant

from bot import cli
from bot.settings import ROOT

FACTS = {
    "unit_kind": "enterprise",
    "enterprise_size": "medium_small_micro",
    "insured_in_liaoning": True,
    "insured_count": 28,
    "layoff_count": 5,
    "premium_paid_prev_year_yuan": 120000,
}


@pytest.fixture(autouse=True)
def own_world(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("WENGANG_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("WENGANG_DATABASE_URL", f"sqlite:///{tmp_path}/test.db")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def assistant(monkeypatch):
    """The scripted assistant in the place of Rasa."""
    fake = FakeAssistant()

    async def load(conversations=None):
        return fake

    monkeypatch.setattr(cli, "_assistant", load)
    monkeypatch.setattr(cli, "_model", lambda force=False: Path("model.tar.gz"))
    return fake


@pytest.fixture
def wengang(capfd, monkeypatch):
    """Run a command in this process: (exit code, stdout, stderr)."""

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capfd.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return run


def refused(result):
    """The one Chinese sentence of a refusal."""
    code, out, err = result
    assert code == 2 and out == "", result
    assert err.endswith("。\n") and err.count("\n") == 1, err
    assert any("一" <= char <= "鿿" for char in err) and "Traceback" not in err
    return err.strip()


# ── decide ──


@pytest.mark.parametrize("name", ["facts.yml", "facts.json", "-"])
def test_decide(wengang, tmp_path, name):
    text = json.dumps(FACTS) if name == "facts.json" else yaml.safe_dump(FACTS)
    (tmp_path / "facts.yml").write_text(text)
    (tmp_path / "facts.json").write_text(text)
    arguments = ("decide", "stabilisation_refund", "--facts", name, "--as-of", "2021-09-01", "--json")
    code, out, err = wengang(*arguments, stdin=text.encode())
    decision = json.loads(out)
    assert code == 0 and out.count("\n") == 1 and err == ""
    assert (decision["verdict"], decision["amount"]["yuan"], decision["place"]) == ("conditional", 72000, "本溪")


def test_decide_reads_json_from_stdin(wengang):
    text = json.dumps(FACTS, indent="\t").encode()
    code, out, _ = wengang("decide", "stabilisation_refund", "--facts", "-", "--as-of", "2021-09-01", stdin=text)
    assert code == 0 and "verdict: conditional" in out and "依据: “" in out


def test_decide_for_another_place_and_with_what_was_declined(wengang):
    arguments = ["decide", "stabilisation_refund", "--facts", "-", "--as-of", "2021-09-01", "--json"]
    decision = json.loads(wengang(*arguments, "--place", "沈阳", stdin=b"{}")[1])
    assert decision["place"] == "沈阳" and "insured_count" in decision["missing"]
    decision = json.loads(wengang(*arguments, "--declined", "insured_count, layoff_count", stdin=b"{}")[1])
    assert not {"insured_count", "layoff_count"} & set(decision["missing"])


def test_settings_give_day_and_place(wengang, monkeypatch):
    monkeypatch.setenv("WENGANG_AS_OF", "2021-08-03")
    monkeypatch.setenv("WENGANG_PLACE", "沈阳")
    decision = json.loads(wengang("decide", "stabilisation_refund", "--facts", "-", "--json", stdin=b"{}")[1])
    assert (decision["as_of"], decision["place"]) == ("2021-08-03", "沈阳")


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["stabilization_refund"], "{}", "stabilisation_refund"),
        (["stabilisation_refund"], "insured_cuont: 28", "insured_count"),
        (["stabilisation_refund"], "insured_count: 很多", "很多"),
        (["stabilisation_refund"], "insured_count: -1", "负数"),
        (["stabilisation_refund"], "application_date: '2021-02-31'", "2021-02-31"),
        (["stabilisation_refund"], "application_date: 2021-02-31", "2021-02-31"),
        (["stabilisation_refund"], "insured_in_liaoning: 是", "true"),
        (["stabilisation_refund"], "- 1", "对照"),
        (["stabilisation_refund"], "", "对照"),
        (["stabilisation_refund"], "a: [", "标准输入"),
        (["stabilisation_refund"], "a: 1\na: 2", "第2行"),
        (["stabilisation_refund", "--as-of", "2021-02-31"], "{}", "28 日"),
        (["stabilisation_refund", "--as-of", "明天"], "{}", "--as-of"),
        (["stabilisation_refund", "--place", "火星"], "{}", "火星"),
        (["stabilisation_refund", "--declined", "nobody"], "{}", "nobody"),
    ],
)
def test_wrong_request_for_a_decision(wengang, arguments, stdin, said):
    assert said in refused(wengang("decide", *arguments, "--facts", "-", stdin=stdin.encode()))


@pytest.mark.parametrize("name", ["missing.yml", "missing.json", ".", "bad.yml", "bad.json", "gbk.yml", "gbk.json"])
def test_file_that_cannot_be_read(wengang, tmp_path, name):
    (tmp_path / "bad.yml").write_text("a: [1")
    (tmp_path / "bad.json").write_text("{'a': 1}")
    for kind in ("yml", "json"):
        (tmp_path / f"gbk.{kind}").write_bytes("位置: 本溪".encode("gbk"))
    refused(wengang("decide", "stabilisation_refund", "--facts", name))


def test_invalid_utf8_on_stdin(wengang):
    assert "UTF-8" in refused(wengang("decide", "stabilisation_refund", "--facts", "-", stdin=b"\xff\xfe{}"))


# ── search ──


def test_search(wengang):
    code, out, _ = wengang("search", "裁员率不能超过多少", "--json")
    found = json.loads(out)
    assert code == 0 and found["question"] == "裁员率不能超过多少"
    assert found["hits"][0]["clause"] == "LN/一/裁员率"
    assert set(found["hits"][0]) == {"clause", "document", "item", "sentence", "score"}
    code, out, _ = wengang("search", "裁员率不能超过多少")
    assert code == 0 and "LN/一/裁员率" in out


def test_search_of_a_file_gives_a_line_for_each_question(wengang, tmp_path):
    (tmp_path / "q.txt").write_text("裁员率\n\n多少钱\r\n#号开头的也是问题\n")
    lines = wengang("search", "--file", "q.txt", "--json")[1].splitlines()
    assert [json.loads(line)["question"] for line in lines] == ["裁员率", "多少钱", "#号开头的也是问题"]
    lines = wengang("search", "--file", "-", "--json", stdin="﻿一\n二".encode())[1].splitlines()
    assert [json.loads(line)["question"] for line in lines] == ["一", "二"]


def test_search_of_the_public_table(wengang):
    lines = wengang("search", "--file", ROOT / "tests/contract/questions_public.tsv", "--json")[1].splitlines()
    assert json.loads(lines[0])["question"] == "本溪企业稳岗返还的实缴金额记录是哪个部门提供给人社的"
    assert all("\t" not in json.loads(line)["question"] for line in lines)


@pytest.mark.parametrize(
    "arguments",
    [[], ["问题", "--file", "x"], ["--file", "missing.txt"], ["--file", "empty.txt"], ["--file", "gbk.txt"],
     ["--file", "."], ["裁员", "--as-of", "2021-02-31"], ["\udcff"], [""], ["  "]],
)  # fmt: skip
@pytest.mark.parametrize("command", ["search", "ask"])
def test_wrong_question(wengang, assistant, tmp_path, command, arguments):
    (tmp_path / "empty.txt").write_text("\n \n")
    (tmp_path / "gbk.txt").write_bytes("裁员率".encode("gbk"))
    refused(wengang(command, *arguments))
    assert not assistant.calls


# ── render ──


def test_render(wengang):
    code, out, err = wengang("render", "stabilisation_refund", "--as-of", "2021-09-01")
    assert code == 0 and err == ""
    assert out.startswith("失业保险稳岗返还\n") and "2021年9月1日、本溪：期限内" in out
    assert "依据：辽人社发〔2021〕7号 一（一）“可在2021年12月31日前申请失业保险稳岗返还”" in out
    elsewhere = wengang("render", "stabilisation_refund", "--as-of", "2021-09-01", "--place", "沈阳")[1]
    assert "这一天、这个地方不适用" in elsewhere and "这一天、这个地方不适用" not in out


@pytest.mark.parametrize(
    ("form", "begins"), [("text", "文号"), ("mermaid", "flowchart LR\n"), ("svg", "<svg "), ("html", "<!doctype html>")]
)
def test_render_every_programme(wengang, form, begins):
    code, out, err = wengang("render", "--all", "--format", form)
    assert code == 0 and err == "" and out.startswith(begins)
    assert all(title in out for title in ("失业保险稳岗返还", "失业补助金", "部门职责"))
    assert wengang("render", "--all", "--format", form)[1] == out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "二者选一"),
        (["duty", "--all"], "二者选一"),
        (["stabilization_refund"], "是不是“stabilisation_refund”"),
        (["duty", "--format", "pdf"], "text、mermaid、svg、html"),
        (["duty", "--place", "火星"], "火星"),
        (["duty", "--as-of", "2021-02-30"], "2021年2月"),
    ],
)
def test_what_cannot_be_rendered(wengang, arguments, said):
    assert said in refused(wengang("render", *arguments))


# ── ask and chat ──


def test_ask_tells_what_the_reply_says_of_itself(wengang, assistant):
    code, out, err = wengang("ask", "条文", "--as-of", "2021-09-01", "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert json.loads(out) == {
        "question": "条文",
        "outcome": "not_stated",
        "programme": "unemployment_aid",
        "aspect": "amount",
        "clauses": ["LN/六/一次", "LN/六/对象"],
        "reply": "这两份通知没有写金额。 最接近的条文：\n“失业补助金只能申领享受一次” ——辽人社发〔2021〕7号 一（六）",
    }
    assert assistant.calls[0]["as_of"].isoformat() == "2021-09-01" and assistant.calls[0]["place"] == "本溪"


def test_ask_gives_every_question_a_conversation_of_its_own(wengang, assistant):
    code, out, _ = wengang("ask", "--file", "-", "--json", stdin="你好\n你好\n".encode())
    assert code == 0 and [json.loads(line)["question"] for line in out.splitlines()] == ["你好", "你好"]
    assert len({call["sender"] for call in assistant.calls}) == 2


def test_ask_for_people(wengang, assistant):
    code, out, _ = wengang("ask", "结论")
    assert code == 0 and out.startswith("您能回答的条件都符合") and "**" not in out


def test_chat(wengang, assistant):
    typed = "单位\n1\n\n人数\n2\n结论\n条文\n"
    code, out, err = wengang("chat", "--as-of", "2021-09-01", stdin=typed.encode())
    assert (code, err) == (0, "")
    assert [call["text"] for call in assistant.calls] == ["单位", "企业", "人数", "2", "结论", "条文"]
    assert "〔1〕企业" in out and "〔5〕不知道" in out and "“30人(含)以下" in out and "**" not in out
    assert len({call["sender"] for call in assistant.calls}) == 1


# ── cases, check, migrate, train ──


def case(**more):
    expect = {"verdict": "conditional"}
    return {"id": "T1", "title": "小单位", "programme": "stabilisation_refund", "as_of": "2021-09-01", "place": "本溪",
            "facts": FACTS, "expect": expect, **more}  # fmt: skip


def test_cases(wengang, tmp_path):
    (tmp_path / "good.yml").write_text(yaml.safe_dump({"cases": [case(), case(id="T2")]}, allow_unicode=True))
    bad = [case(id="T3", expect={"verdict": "eligible"}), case(id="T4", facts={"nobody": 1})]
    (tmp_path / "bad.yml").write_text(yaml.safe_dump({"cases": bad}, allow_unicode=True))
    code, out, err = wengang("cases", "good.yml")
    assert (code, err) == (0, "") and out.splitlines()[-1] == "2 passed, 0 failed" and len(out.splitlines()) == 3
    code, out, err = wengang("cases", "good.yml", "bad.yml")
    lines = out.splitlines()
    assert code == 1 and lines[-1] == "2 passed, 2 failed" and len(lines) == 5
    assert lines[2].startswith("FAIL T3") and "verdict" in lines[2] and "nobody" in lines[3]


@pytest.mark.parametrize("text", ["", "cases: 5", "- 1", "a: ["])
def test_file_without_cases(wengang, tmp_path, text):
    (tmp_path / "x.yml").write_text(text)
    refused(wengang("cases", "x.yml"))


def test_missing_case_file(wengang):
    refused(wengang("cases", "nowhere.yml"))


def test_check_tells_every_check(wengang):
    code, out, err = wengang("check")
    assert (code, err) == (0, "") and out.startswith("政策包没有问题：2 份通知")
    lines = out.splitlines()
    assert len(lines) == 17 and all(line.startswith("✓ ") for line in lines[1:])
    assert "✓ 每句话都有着落：158 句里 158 句（100%）" in lines and any("100% 逐字一致" in line for line in lines)


@pytest.mark.parametrize("name", ["glossary", "parameters", "enterprise_size", "retirement", "successors"])
def test_check_reads_every_file(wengang, monkeypatch, tmp_path, name):
    import shutil

    import knowledge.pack

    shutil.copytree(knowledge.pack.PACKS, tmp_path / "packs")
    broken = tmp_path / "packs" / "common" / f"{name}.yml"
    broken.write_text(broken.read_text() + "\nbroken: [1\n")
    monkeypatch.setattr(knowledge.pack, "PACKS", tmp_path / "packs")
    code, out, err = wengang("check")
    assert code == 2 and f"{name}.yml" in err


@pytest.fixture
def packs(monkeypatch, tmp_path):
    """A copy of the packs, used in the place of those of the house."""
    import shutil

    import knowledge.pack

    shutil.copytree(knowledge.pack.PACKS, tmp_path / "packs")
    monkeypatch.setattr(knowledge.pack, "PACKS", tmp_path / "packs")
    return tmp_path / "packs"


def test_check_of_a_faulty_rule(wengang, packs):
    rule = packs / "ln-2021-7" / "programmes" / "title_award.yml"
    rule.write_text(rule.read_text().replace("says: 国家级 500 万元", "says: 国家级 600 万元"))
    code, out, err = wengang("check")
    assert (code, err) == (1, "") and out.startswith("政策包有 1 处要改：")
    assert re.search("✗ 数字有出处.*\n  .*title_award.yml 第\\d+行：对外说的“600万元”.*改法：", out)


def test_check_of_a_stale_document(wengang, monkeypatch):
    monkeypatch.setattr("bot.checks.table", lambda: "another table")
    code, out, _ = wengang("check")
    assert code == 1 and "docs/settings.md：和现在的设置对不上。改法：运行 python -m bot.settings。" in out


def test_check_with_mutants(wengang, packs):
    code, out, err = wengang("check", "--mutate", "--programme", "startup_support")
    assert (code, err) == (0, "") and "100.0%  startup_support" in out and "得分 100.0%（4 处里发现 4 处" in out
    cases = packs / "ln-2021-7" / "cases" / "startup_support.yml"
    cases.write_text(
        cases.read_text().replace("question: amount", "question: amount\n    declined: []").replace("现行规定", "")
    )
    code, out, err = wengang("check", "--mutate", "--programme", "startup_support")
    assert code == 1 and "没有发现：knowledge/packs/ln-2021-7/programmes/startup_support.yml 第" in out
    assert "没有叫“startup”的事项" in refused(wengang("check", "--mutate", "--programme", "startup"))


def test_check_of_a_broken_pack(wengang, monkeypatch, tmp_path):
    import shutil

    import knowledge.pack

    shutil.copytree(knowledge.pack.PACKS, tmp_path / "packs")
    broken = tmp_path / "packs" / "common" / "facts.yml"
    broken.write_text(broken.read_text() + "\nbroken: [\n")
    monkeypatch.setattr(knowledge.pack, "PACKS", tmp_path / "packs")
    said = refused(wengang("check"))
    assert "facts.yml" in said and "行" in said
    refused(wengang("decide", "stabilisation_refund", "--facts", "-", stdin=b"{}"))


def test_migrate(wengang, tmp_path):
    for _ in range(2):
        assert wengang("migrate") == (0, "数据库已是最新。\n", "")
    assert (tmp_path / "test.db").exists()


def test_migrate_of_a_database_that_is_not_there(wengang, monkeypatch):
    monkeypatch.setenv("WENGANG_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/x")
    assert "WENGANG_DATABASE_URL" in refused(wengang("migrate"))


@pytest.mark.parametrize("name", ["WENGANG_PORT", "WENGANG_AS_OF", "WENGANG_DATABASE_URL"])
@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_bad_setting(wengang, monkeypatch, name, command):
    monkeypatch.setenv(name, "坏")
    assert name in refused(wengang(command))


def test_train(wengang, monkeypatch):
    forced = []
    monkeypatch.setattr(cli, "_model", lambda force=False: forced.append(force) or Path("m.tar.gz"))
    assert wengang("train")[1] == wengang("train", "--if-stale")[1] == "模型已就绪：m.tar.gz\n"
    assert forced == [True, False]


# ── the command line itself ──


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "serve"),
        (["nosuch"], "nosuch"),
        (["decide"], "PROGRAMME"),
        (["decide", "stabilisation_refund"], "--facts"),
        (["decide", "x", "--facts"], "--facts"),
        (["decide", "x", "--fact", "y"], "--fact"),
        (["decide", "x", "y", "--facts", "z"], "y"),
        (["cases"], "FILE"),
        (["--nosuch"], "--nosuch"),
        (["train", "--if-stale=maybe"], "--if-stale"),
    ],
)
def test_wrong_command_line(wengang, arguments, said):
    assert said in refused(wengang(*arguments))


def test_help(wengang):
    code, out, _ = wengang("--help")
    assert code == 0
    assert all(
        command in out for command in ["serve", "chat", "ask", "search", "decide", "cases", "train", "check", "migrate"]
    )
    assert wengang("decide", "--help")[0] == 0


def test_mistake_of_ours_is_told_without_its_details(wengang, monkeypatch, tmp_path):
    def boom():
        raise RuntimeError("detail")

    monkeypatch.setattr("eligibility.check.runner.open_packs", boom)
    monkeypatch.setattr("bot.settings.VAR", tmp_path / "var")
    code, out, err = wengang("check")
    assert (code, out) == (70, "") and "detail" not in err and "Traceback" not in err
    assert "detail" in (tmp_path / "var" / "error.log").read_text()


def program(*arguments, **more):
    """Start the program itself, with the scripted assistant."""
    script = (
        "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
        "from pathlib import Path\nfrom doors import FakeAssistant\nfrom bot import cli\n"
        "async def load(conversations=None): return FakeAssistant()\n"
        "cli._assistant, cli._model = load, lambda force=False: Path('m')\ncli.main()"
    )
    command = [sys.executable, "-W", "ignore", "-c", script, str(Path(__file__).parent), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WENGANG_SECRET": "s" * 32, **more}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True)


@pytest.mark.parametrize("command", [["check"], ["decide", "stabilisation_refund", "--facts", "/dev/null"], ["--help"]])
def test_commands_without_conversation_import_no_rasa_and_no_server(command):
    script = (
        "import sys\nfrom bot import cli\ncli.run(sys.argv[1:])\n"
        "heavy = {'rasa', 'tensorflow', 'spacy', 'fastapi', 'uvicorn', 'sanic'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script, *command], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_serve_says_when_it_is_ready_answers_and_stops_cleanly():
    port = free_port()
    process = program("serve", WENGANG_PORT=str(port))
    try:
        assert process.stdout.readline() == f"稳岗已就绪：http://127.0.0.1:{port}\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as response:
            assert json.load(response) == {"status": "ok"}
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=15)
    finally:
        process.kill()
    assert "Traceback" not in err and out == "" and err.endswith("已停止。\n")


def test_serve_and_its_actions_use_the_same_rules_and_index(assistant, monkeypatch):
    from actions.room import room
    from bot import logs, server, serving

    given, app = [], SimpleNamespace(state=SimpleNamespace(wechat=None, console=Mock()))
    monkeypatch.setattr(logs, "configure", lambda form: None)
    monkeypatch.setattr(server, "create_app", lambda *parts: given.append(parts) or app)

    async def open_and_close(make_app):
        async with make_app():
            pass

    monkeypatch.setattr(
        serving, "serve", lambda make_app, taken, ready: (taken.close(), asyncio.run(open_and_close(make_app)))
    )
    monkeypatch.setenv("WENGANG_PORT", str(free_port()))
    monkeypatch.setenv("WENGANG_SECRET", "s" * 32)
    assert cli.run(["serve"]) == 0
    [(_, rules, searcher, *_)] = given
    assert rules is room().rules and searcher is room().searcher


def test_serve_on_a_port_in_use_says_so_at_once():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        started = time.monotonic()
        process = program("serve", WENGANG_PORT=str(port))
        out, err = process.communicate(timeout=30)
    assert process.returncode == 2 and out == ""
    assert str(port) in err and "WENGANG_PORT" in err and err.count("\n") == 1
    assert time.monotonic() - started < 20


def test_serve_at_an_address_that_is_not_ours():
    process = program("serve", WENGANG_HOST="203.0.113.7", WENGANG_PORT=str(free_port()))
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2 and "WENGANG_HOST" in err and err.count("\n") == 1
