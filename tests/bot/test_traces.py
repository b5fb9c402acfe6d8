"""Spans: what an OpenTelemetry collector is told of a turn by the real application, and what it is not."""

import contextlib
import http.server
import os
import threading

import httpx
import pytest
from databases import migrated
from doors import FakeAssistant, settings

from bot.server import create_app
from bot.settings import load
from bot.traces import span, tracing

if os.environ.get("CI") != "true":
    pytest.importorskip("opentelemetry.sdk", reason="tools/otel.lock is not installed")

PLANTED = "73519042"  # a number that occurs nowhere else


@pytest.fixture
def collector():
    """A collector that listens: its address, and the bodies it was sent."""
    bodies = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", bodies
    server.shutdown()
    server.server_close()


def spans(bodies):
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    found = []
    for path, body in bodies:
        assert path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            found += [one for scope in resource.scope_spans for one in scope.spans]
    return found


def told(one):
    return {attribute.key: attribute.value.string_value for attribute in one.attributes}


@contextlib.asynccontextmanager
async def client(tmp_path, rules, assistant):
    chosen = settings(tmp_path)
    migrated(chosen.database_url)
    transport = httpx.ASGITransport(app=create_app(assistant, rules, None, chosen))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


async def test_a_turn_is_told_stage_by_stage_under_the_number_of_its_request(
    tmp_path, rules, stub_assistant, collector
):
    address, bodies = collector
    async with client(tmp_path, rules, stub_assistant) as http_client:
        with tracing(address):
            said = await http_client.post(
                "/api/messages", json={"text": f"你好{PLANTED}", "client_message_id": PLANTED}
            )
    found = spans(bodies)
    assert {"receive", "turn", "wait", "load", "dialogue", "nlu", "actions", "store"} == {one.name for one in found}
    assert len({one.trace_id for one in found}) == 1 and sum(not one.parent_span_id for one in found) == 1
    assert {told(one)["request.id"] for one in found} == {said.headers["x-request-id"]}
    [whole] = [one for one in found if one.name == "receive"]
    assert told(whole)["http.route"] == "/api/messages"
    sent = b"".join(body for _, body in bodies)
    assert PLANTED.encode() not in sent and said.json()["sender"].encode() not in sent


async def test_of_an_error_its_kind_alone_is_told(tmp_path, rules, collector):
    address, bodies = collector
    assistant = FakeAssistant()
    assistant.fail = RuntimeError(PLANTED)
    async with client(tmp_path, rules, assistant) as http_client:
        with tracing(address):
            assert (await http_client.post("/api/messages", json={"text": "你好"})).status_code == 500
    kinds = {one.name: told(one).get("error.type") for one in spans(bodies)}
    assert kinds["dialogue"] == kinds["receive"] == "RuntimeError" and kinds["load"] is None
    assert PLANTED.encode() not in b"".join(body for _, body in bodies)


async def test_without_a_collector_nothing_is_told_and_one_that_is_away_costs_no_answer(tmp_path, rules, collector):
    address, bodies = collector
    async with client(tmp_path, rules, FakeAssistant()) as http_client:
        with tracing(None), span("x"):
            assert (await http_client.post("/api/messages", json={"text": "你好"})).status_code == 200
        assert bodies == []
        with tracing("http://127.0.0.1:9"):
            assert (await http_client.post("/api/messages", json={"text": "你好"})).status_code == 200


def test_the_setting_is_an_address_and_wants_the_packages(monkeypatch):
    monkeypatch.setenv("WENGANG_OTLP", "collector:4318")
    with pytest.raises(ValueError, match="WENGANG_OTLP.*http://"):
        load()
    monkeypatch.setenv("WENGANG_OTLP", "http://127.0.0.1:4318")
    assert load().otlp == "http://127.0.0.1:4318"
    monkeypatch.setattr("bot.settings.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="tools/otel.lock"):
        load()
