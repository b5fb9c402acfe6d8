"""What is counted, who may see it, and that several processes are added up."""

import json
import re
import subprocess
import sys
import textwrap

import httpx
import pytest
from databases import migrated
from doors import FakeAssistant, settings
from prometheus_client.parser import text_string_to_metric_families

from bot import metrics
from bot.server import create_app
from bot.settings import ROOT

TOKEN = "metrics-token-0123456789"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
DASHBOARD = ROOT / "deploy" / "grafana" / "wengang.json"


@pytest.fixture
def make_client(tmp_path, rules):
    def make(assistant=None, **more):
        chosen = settings(tmp_path, **{"metrics_token": TOKEN, **more})
        migrated(chosen.database_url)
        app = create_app(assistant or FakeAssistant(), rules, None, chosen)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")

    return make


async def figures(client):
    """(name, labels) → value of everything that is told."""
    told = await client.get("/metrics", headers=BEARER)
    assert told.status_code == 200 and told.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(told.text)
        for sample in family.samples
    }


async def change(client, *requests):
    """What these requests add to the figures, without zeros."""
    before = await figures(client)
    for path, body in requests:
        await client.post(path, json=body)
    after = await figures(client)
    return {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}


def key(name, **labels):
    return name, frozenset(labels.items())


async def test_turns_stages_and_decisions_are_counted(make_client):
    said = [("/api/messages", {"text": words}) for words in ("结论", "条文", "条文", "你好")]
    added = await change(make_client(), *said)
    assert added[key("wengang_turns_total", door="web", outcome="interview")] == 1
    assert added[key("wengang_turns_total", door="web", outcome="not_stated")] == 2
    assert added[key("wengang_decisions_total", programme="stabilisation_refund", verdict="conditional")] == 1
    for stage in ("wait", "load", "dialogue", "store", "turn"):
        assert added[key("wengang_stage_seconds_count", stage=stage)] == 4
    assert added[key("wengang_request_seconds_count", method="POST", route="/api/messages", status="200")] == 4


async def test_a_message_that_is_sent_again_is_no_further_turn(make_client):
    client = make_client()
    sender = (await client.post("/api/messages", json={"text": "你好"})).json()["sender"]
    again = ("/api/messages", {"text": "条文", "sender": sender, "client_message_id": "m"})
    added = await change(client, again, again)
    assert added[key("wengang_turns_total", door="web", outcome="not_stated")] == 1


async def test_decisions_asked_for_directly_are_counted(make_client):
    body = {"programme": "stabilisation_refund", "facts": {}}
    added = await change(make_client(), ("/api/decisions", body))
    assert added[key("wengang_decisions_total", programme="stabilisation_refund", verdict="needs_info")] == 1


async def test_refusals_are_counted(make_client):
    client = make_client()
    client._transport.app.state.turns.stopping = True
    added = await change(client, ("/api/messages", {"text": "你好"}))
    assert added[key("wengang_refused_total", reason="stopping")] == 1
    assert added[key("wengang_request_seconds_count", method="POST", route="/api/messages", status="503")] == 1


async def test_what_clients_make_up_makes_no_series(make_client):
    client = make_client()
    before = {name for name in await figures(client) if name[0].startswith("wengang_request")}
    for number in range(5):
        await client.get(f"/nowhere/{number}")
        await client.request(f"X{number}", "/healthz")
        await client.get(f"/api/clauses/LN/{number}")
    after = {name for name in await figures(client) if name[0] == "wengang_request_seconds_count"} - before
    assert len(after) <= 4 and not any("nowhere" in value for _, labels in after for _, value in labels)


async def test_no_label_repeats_words_or_senders(make_client):
    client = make_client()
    sender = (await client.post("/api/messages", json={"text": "我的私事"})).json()["sender"]
    told = (await client.get("/metrics", headers=BEARER)).text
    assert "私事" not in told and sender[:8] not in told and "web:" not in told


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
async def test_without_the_token_nobody_sees_them(make_client, headers):
    refused = await make_client().get("/metrics", headers=headers)
    assert refused.status_code == 401 and "WENGANG_METRICS_TOKEN" in refused.json()["error"]["message"]


async def test_without_a_token_set_there_are_none(make_client):
    assert (await make_client(metrics_token=None).get("/metrics", headers=BEARER)).status_code == 404


def test_processes_are_added_up_and_the_dead_leave_no_running_turn():
    script = """
        import os
        from bot.workers import figures_folder
        folder = figures_folder()
        from bot import metrics
        def child():
            pid = os.fork()
            if pid == 0:
                metrics.TURNS.labels("web", "answered").inc()
                metrics.RUNNING.inc()
                os._exit(0)
            os.waitpid(pid, 0)
            return pid
        dead = child()
        child()
        metrics.worker_lost(dead)
        print(metrics.exposition().decode())
        folder.cleanup()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert 'wengang_turns_total{door="web",outcome="answered"} 2.0' in done.stdout
    assert "wengang_turns_running 1.0" in done.stdout and "wengang_workers_lost_total 1.0" in done.stdout


async def test_the_dashboard_shows_what_there_is_and_nothing_else(make_client):
    client = make_client()
    await client.post("/api/messages", json={"text": "结论"})
    await client.post("/api/messages", json={"text": 5})
    metrics.REFUSED.labels("crowded").inc(0)
    metrics.PUSHES.labels("handoff", "sent").inc(0)
    metrics.OUTBOX.labels("handoff", "parked").set(0)
    metrics.FEEDBACK.labels("no", "wrong").inc(0)
    metrics.WECHAT_REFUSED.labels("signature").inc(0)
    metrics.WECHAT_TRIES.labels("1", "answered").inc(0)
    known = {name for name, _ in await figures(client) if name.startswith("wengang_")}
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    asked = {
        name for panel in panels for target in panel["targets"] for name in re.findall(r"\bwengang_\w+", target["expr"])
    }
    assert asked <= known
    series = {re.sub(r"_(total|created|count|sum|bucket)$", "", name) for name in known}
    assert {name for name in series if not any(one.startswith(name) for one in asked)} == set()
    places = [tuple(panel["gridPos"].values()) for panel in panels]
    assert len({panel["id"] for panel in panels}) == len(set(places)) == len(panels)
