"""The HTTP interface, as a client sees it."""

import asyncio
import json
import logging
import sqlite3
from contextlib import asynccontextmanager

import httpx
import pytest
from databases import migrated
from doors import DECISION, FakeAssistant, settings

from bot.api.guard import LARGEST_BODY
from bot.server import create_app

REST_TOKEN = "partner-token-0123456789"


@pytest.fixture
def assistant():
    return FakeAssistant()


@pytest.fixture
def make_client(tmp_path, assistant, rules, searcher):
    def make(**more):
        chosen = settings(tmp_path, **more)
        migrated(chosen.database_url)
        make.app = create_app(assistant, rules, searcher, chosen)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=make.app), base_url="http://test")

    return make


@pytest.fixture
def app(make_client):
    """The application of the last client that was made."""
    return lambda: make_client.app


@pytest.fixture
def client(make_client):
    return make_client()


def chinese_sentence(response, status):
    """The message of a refusal, which must be one Chinese sentence and nothing else."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error"} and set(body["error"]) == {"message", "field"}
    message = body["error"]["message"]
    assert message.endswith("。") and "\n" not in message and any("一" <= char <= "鿿" for char in message)
    assert "Traceback" not in response.text and "Error" not in message
    return message


class TestMessages:
    async def test_first_message_opens_a_conversation_and_later_ones_stay_in_it(self, client, assistant):
        first = (await client.post("/api/messages", json={"text": "你好"})).json()
        second = (await client.post("/api/messages", json={"text": "单位", "sender": first["sender"]})).json()
        assert second["sender"] == first["sender"]
        assert second["replies"][0]["question"]["choices"][0] == "企业"
        assert len({call["sender"] for call in assistant.calls}) == 1

    async def test_each_conversation_has_a_sender_of_its_own_that_the_number_does_not_tell(self, client, assistant):
        numbers = [(await client.post("/api/messages", json={"text": "你好"})).json()["sender"] for _ in range(3)]
        kept = [call["sender"] for call in assistant.calls]
        assert len(set(numbers)) == len(set(kept)) == 3
        assert not any(part in sender for sender in kept for number in numbers for part in number.split("."))

    @pytest.mark.parametrize(
        "forge", [lambda s: "alice", lambda s: "", lambda s: s[:-1] + "!", lambda s: s + "A", lambda s: "x" + s]
    )
    async def test_forged_sender_is_refused(self, client, assistant, forge):
        issued = (await client.post("/api/messages", json={"text": "你好"})).json()["sender"]
        assistant.calls.clear()
        response = await client.post("/api/messages", json={"text": "你好", "sender": forge(issued)})
        chinese_sentence(response, 400)
        assert response.json()["error"]["field"] == "sender" and not assistant.calls

    async def test_number_of_another_house_is_refused(self, make_client):
        issued = (await make_client().post("/api/messages", json={"text": "你好"})).json()["sender"]
        other = make_client(secret="t" * 32)
        chinese_sentence(await other.post("/api/messages", json={"text": "你好", "sender": issued}), 400)

    async def test_repeated_message_gets_the_same_replies_and_no_second_turn(self, client, assistant):
        sender = (await client.post("/api/messages", json={"text": "你好"})).json()["sender"]
        body = {"text": "结论", "sender": sender, "client_message_id": "m-1"}
        assistant.calls.clear()
        answers = [(await client.post("/api/messages", json=body)).json() for _ in range(3)]
        assert answers == [{"sender": sender, "replies": [DECISION]}] * 3
        assert len(assistant.calls) == 1

    async def test_same_number_in_another_conversation_is_another_message(self, client, assistant):
        for _ in range(2):
            sender = (await client.post("/api/messages", json={"text": "你好"})).json()["sender"]
            await client.post("/api/messages", json={"text": "是", "sender": sender, "client_message_id": "m-1"})
        assert len(assistant.calls) == 4

    async def test_repeat_while_the_first_is_running_waits_for_it(self, client, assistant):
        sender = (await client.post("/api/messages", json={"text": "你好"})).json()["sender"]
        gate, reply = asyncio.Event(), assistant.reply

        async def slow(*args, **kwargs):
            await gate.wait()
            return await reply(*args, **kwargs)

        assistant.reply, body = slow, {"text": "结论", "sender": sender, "client_message_id": "m-2"}
        both = [asyncio.create_task(client.post("/api/messages", json=body)) for _ in range(2)]
        await asyncio.sleep(0.05)
        gate.set()
        answers = [(await task).json() for task in both]
        assert answers[0] == answers[1] and len(assistant.calls) == 2

    async def test_failed_turn_may_be_sent_again_with_the_same_number(self, client, assistant):
        sender = (await client.post("/api/messages", json={"text": "你好"})).json()["sender"]
        body = {"text": "结论", "sender": sender, "client_message_id": "m-3"}
        assistant.fail = RuntimeError("boom")
        chinese_sentence(await client.post("/api/messages", json=body), 500)
        assistant.fail = None
        assert (await client.post("/api/messages", json=body)).json()["replies"] == [DECISION]

    async def test_date_and_place_reach_the_assistant(self, client, assistant):
        await client.post("/api/messages", json={"text": "你好", "as_of": "2021-10-15", "place": "桓仁"})
        assert assistant.calls[0]["as_of"].isoformat() == "2021-10-15" and assistant.calls[0]["place"] == "桓仁"

    async def test_control_characters_do_not_reach_the_assistant(self, client, assistant):
        await client.post("/api/messages", json={"text": "你\x00好\x1b[0m\n再见"})
        assert assistant.calls[0]["text"] == "你好[0m\n再见"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "text"),
            ({"text": None}, "text"),
            ({"text": 5}, "text"),
            ({"text": ["你好"]}, "text"),
            ({"text": "你好", "sender": 5}, "sender"),
            ({"text": "你好", "sender": "x" * 101}, "sender"),
            ({"text": "你好", "client_message_id": "有空格 "}, "client_message_id"),
            ({"text": "你好", "client_message_id": "x" * 65}, "client_message_id"),
            ({"text": "你好", "as_of": "2021-02-31"}, "as_of"),
            ({"text": "你好", "as_of": 20210901}, "as_of"),
            ({"text": "你好", "as_of": "0021-09-01"}, "as_of"),
            ({"text": "你好", "as_of": "2021-13-01"}, "as_of"),
            ({"text": "你好", "place": "不知哪里"}, "place"),
            ({"text": "你好", "place": ""}, "place"),
            ({"text": "你好", "asof": "2021-09-01"}, "asof"),
            (["你好"], None),
            ("你好", None),
            (5, None),
        ],
    )
    async def test_wrong_message_is_explained(self, client, assistant, body, field):
        response = await client.post("/api/messages", json=body)
        message = chinese_sentence(response, 422)
        assert response.json()["error"]["field"] == field
        assert field is None or field == "place" or field in message
        assert not assistant.calls

    async def test_day_that_does_not_exist_is_named(self, client):
        response = await client.post("/api/messages", json={"text": "你好", "as_of": "2021-02-31"})
        assert response.json()["error"]["message"] == "as_of“2021-02-31”不存在：2021年2月只有 1 到 28 日，请核对。"


class TestBodies:
    @pytest.mark.parametrize("path", ["/api/messages", "/api/decisions"])
    @pytest.mark.parametrize(
        "raw",
        [
            b'{"text": "\xff\xfe"}',
            "{'text': '你好'}".encode(),
            "你好".encode("gbk"),
            b"",
            b"{",
            b'{"text": NaN}',
            b'{"facts": {"insured_count": 1e999}}',
            b'{"text": "\\ud800"}',
            b"[" * 60000,
            b'{"n": ' + b"9" * 60000 + b"}",
        ],
    )
    async def test_bytes_that_are_not_json_get_one_sentence(self, client, assistant, path, raw):
        chinese_sentence(await client.post(path, content=raw, headers={"Content-Type": "application/json"}), 400)
        assert not assistant.calls

    async def test_json_is_read_whatever_it_is_called(self, client):
        raw = json.dumps({"text": "你好"}).encode()
        assert (
            await client.post("/api/messages", content=raw, headers={"Content-Type": "text/plain"})
        ).status_code == 200
        assert (await client.post("/api/messages", content=b"\xef\xbb\xbf" + raw)).status_code == 200

    async def test_two_megabytes_are_refused(self, client, assistant):
        response = await client.post("/api/messages", json={"text": "长" * 700_000})
        assert "64 KB" in chinese_sentence(response, 413)
        assert not assistant.calls

    async def test_limit_holds_for_a_body_of_unknown_length(self, client):
        async def endless():
            for _ in range(40):
                yield b"x" * 4096

        chinese_sentence(await client.post("/api/messages", content=endless()), 413)

    async def test_largest_body_allowed_passes(self, client):
        raw = json.dumps({"text": "a"}).encode()
        padded = raw + b" " * (LARGEST_BODY - len(raw))
        assert (await client.post("/api/messages", content=padded)).status_code == 200
        assert (await client.post("/api/messages", content=padded + b" ")).status_code == 413


class TestDecisions:
    FACTS = {
        "unit_kind": "enterprise",
        "enterprise_size": "medium_small_micro",
        "insured_in_liaoning": True,
        "insured_count": 28,
        "layoff_count": 5,
        "premium_paid_prev_year_yuan": 120000,
    }

    async def test_decision(self, client):
        body = {"programme": "stabilisation_refund", "facts": self.FACTS, "as_of": "2021-09-01"}
        decision = (await client.post("/api/decisions", json=body)).json()
        assert decision["verdict"] == "conditional" and decision["amount"]["yuan"] == 72000
        assert decision["place"] == "本溪" and decision["as_of"] == "2021-09-01"

    async def test_settings_give_the_day_when_the_request_does_not(self, make_client):
        body = {"programme": "stabilisation_refund", "facts": {}}
        decision = (await make_client(as_of="2021-08-02").post("/api/decisions", json=body)).json()
        assert decision["as_of"] == "2021-08-02" and decision["verdict"] == "needs_info"

    async def test_declined_facts_are_not_asked(self, client):
        body = {"programme": "stabilisation_refund", "facts": {}, "declined": ["insured_in_liaoning"]}
        assert "insured_in_liaoning" not in (await client.post("/api/decisions", json=body)).json()["missing"]

    @pytest.mark.parametrize(
        ("change", "field", "said"),
        [
            ({"programme": "stabilization_refund"}, "programme", "stabilisation_refund"),
            ({"programme": 5}, "programme", "programme"),
            ({"facts": None}, "facts", "facts"),
            ({"facts": [1]}, "facts", "facts"),
            ({"facts": [["insured_count", 28]]}, "facts", "facts"),
            ({"facts": {"insured_cuont": 28}}, "insured_cuont", "insured_count"),
            ({"facts": {"insured_count": "很多"}}, "insured_count", "很多"),
            ({"facts": {"insured_count": 2.5}}, "insured_count", "整数"),
            ({"facts": {"insured_count": True}}, "insured_count", "整数"),
            ({"facts": {"insured_count": {"a": 1}}}, "insured_count", "整数"),
            ({"facts": {"layoff_count": -3}}, "layoff_count", "负数"),
            ({"facts": {"insured_in_liaoning": "是"}}, "insured_in_liaoning", "true"),
            ({"facts": {"unit_kind": "公司"}}, "unit_kind", "enterprise"),
            ({"facts": {"application_date": "2021-02-31"}}, "application_date", "2021-02-31"),
            ({"as_of": "2021-02-31"}, "as_of", "28 日"),
            ({"as_of": "昨天"}, "as_of", "2021-09-01"),
            ({"place": "火星"}, "place", "火星"),
            ({"declined": ["nobody"]}, "nobody", "nobody"),
            ({"declined": "insured_count"}, "declined", "declined"),
            ({"fact": {}}, "fact", "fact"),
        ],
    )
    async def test_wrong_request_is_explained(self, client, change, field, said):
        body = {"programme": "stabilisation_refund", "facts": self.FACTS, **change}
        response = await client.post("/api/decisions", json=body)
        assert said in chinese_sentence(response, 422)
        assert response.json()["error"]["field"] == field


class TestReading:
    async def test_search(self, client):
        found = (await client.get("/api/search", params={"q": "裁员率不能超过多少", "limit": 2})).json()
        assert found["question"] == "裁员率不能超过多少" and len(found["hits"]) == 2
        assert found["hits"][0]["clause"] == "LN/一/裁员率"
        assert set(found["hits"][0]) == {"clause", "document", "item", "sentence", "score"}

    @pytest.mark.parametrize(
        ("query", "field"),
        [("", "q"), ("q=%20", "q"), ("q=x&limit=0", "limit"), ("q=x&limit=21", "limit"), ("q=x&limit=多", "limit"),
         ("q=x&as_of=2021-02-31", "as_of"), ("q=" + "x" * 1001, "q")],
    )  # fmt: skip
    async def test_wrong_search_is_explained(self, client, query, field):
        response = await client.get(f"/api/search?{query}")
        assert field in chinese_sentence(response, 422)
        assert response.json()["error"]["field"] == field

    async def test_clause(self, client, rules):
        clause = (await client.get("/api/clauses/LN/一/小单位")).json()
        assert clause["quote"] == rules.knowledge.clauses["LN/一/小单位"].quote
        assert clause["number"] == "辽人社发〔2021〕7号" and clause["item"]

    async def test_every_clause_of_a_search_can_be_fetched(self, client):
        hits = (await client.get("/api/search", params={"q": "申请", "limit": 20})).json()["hits"]
        assert hits and all([(await client.get(f"/api/clauses/{h['clause']}")).status_code == 200 for h in hits])

    @pytest.mark.parametrize(
        "path", ["/api/clauses/LN/没有", "/api/clauses/%ff", "/api/clauses/../etc", "/nowhere", "/web/../cli.py"]
    )
    async def test_what_is_not_there(self, client, path):
        chinese_sentence(await client.get(path), 404)

    async def test_wrong_method(self, client):
        chinese_sentence(await client.get("/api/messages"), 405)

    async def test_programmes(self, client, rules):
        told = (await client.get("/api/programmes")).json()
        assert told["as_of"] == "2021-09-01" and told["place"] == "本溪"
        assert {programme["id"] for programme in told["programmes"]} == set(rules.programmes)

    async def test_health(self, client):
        assert (await client.get("/healthz")).json() == {"status": "ok"}

    async def test_ready(self, client):
        told = await client.get("/readyz")
        assert told.status_code == 200 and told.headers["Cache-Control"] == "no-store"
        assert told.json() == {"status": "ok", "database": True, "stopping": False, "running": 0, "queue": 100}

    async def test_alive_but_not_ready_without_its_database(self, make_client, tmp_path):
        client = make_client()
        with sqlite3.connect(tmp_path / "test.db") as database:
            database.execute("DROP TABLE conversations")
        database.close()
        assert (await client.get("/healthz")).status_code == 200
        told = await client.get("/readyz")
        assert told.status_code == 503 and told.json()["database"] is False


class TestTooMuch:
    """What is refused with 503, when to come again, and nothing done."""

    @pytest.fixture
    def gate(self, assistant):
        """Turns wait until it is set."""
        gate, reply = asyncio.Event(), assistant.reply

        async def slow(*args, **kwargs):
            await gate.wait()
            return await reply(*args, **kwargs)

        assistant.reply = slow
        return gate

    async def test_more_than_may_wait_are_asked_to_come_again(self, make_client, assistant, gate):
        client = make_client(queue=3)
        waiting = [asyncio.create_task(client.post("/api/messages", json={"text": "你好"})) for _ in range(3)]
        while (await client.get("/readyz")).json()["running"] < 3:
            await asyncio.sleep(0.01)
        refused = await client.post("/api/messages", json={"text": "你好"})
        assert "请稍候" in chinese_sentence(refused, 503) and refused.headers["Retry-After"] == "5"
        gate.set()
        assert [(await task).status_code for task in waiting] == [200] * 3 and len(assistant.calls) == 3
        assert (await client.post("/api/messages", json={"text": "你好"})).status_code == 200

    async def test_whoever_stops_begins_no_turn_and_says_so(self, client, app, assistant):
        app().state.turns.stopping = True
        refused = await client.post("/api/messages", json={"text": "你好"})
        assert "重启" in chinese_sentence(refused, 503) and refused.headers["Retry-After"] == "5"
        assert not assistant.calls
        told = await client.get("/readyz")
        assert told.status_code == 503 and told.json()["stopping"] is True
        assert (await client.get("/healthz")).status_code == 200


class TestRest:
    async def test_it_is_off_unless_a_token_is_set(self, client):
        chinese_sentence(await client.post("/webhooks/rest/webhook", json={"message": "你好"}), 404)

    @pytest.mark.parametrize(
        ("headers", "query"),
        [({}, ""), ({"Authorization": "Bearer wrong"}, ""), ({"Authorization": REST_TOKEN}, ""), ({}, "?token=wrong")],
    )
    async def test_wrong_token(self, make_client, assistant, headers, query):
        client = make_client(rest_token=REST_TOKEN)
        sent = client.post(f"/webhooks/rest/webhook{query}", json={"message": "你好"}, headers=headers)
        chinese_sentence(await sent, 401)
        assert not assistant.calls

    @pytest.mark.parametrize(
        ("headers", "query"), [({"Authorization": f"Bearer {REST_TOKEN}"}, ""), ({}, f"?token={REST_TOKEN}")]
    )
    async def test_shape_of_rasa(self, make_client, assistant, headers, query):
        client = make_client(rest_token=REST_TOKEN)
        body = {"sender": "crm-7", "message": "是不是", "metadata": {"as_of": "2021-09-02", "their": "own"}}
        answer = (await client.post(f"/webhooks/rest/webhook{query}", json=body, headers=headers)).json()
        assert [set(item) for item in answer] == [{"recipient_id", "text", "buttons", "custom"}]
        assert answer[0]["recipient_id"] == "crm-7"
        assert answer[0]["buttons"][0] == {"title": "是", "payload": "是"}
        assert assistant.calls[0]["as_of"].isoformat() == "2021-09-02" and "crm-7" not in assistant.calls[0]["sender"]

    async def test_text_is_plain(self, make_client):
        client = make_client(rest_token=REST_TOKEN)
        headers = {"Authorization": f"Bearer {REST_TOKEN}"}
        answer = (await client.post("/webhooks/rest/webhook", json={"message": "结论"}, headers=headers)).json()
        assert "**" not in answer[0]["text"] and answer[0]["text"].startswith("您能回答的条件都符合")

    @pytest.mark.parametrize("metadata", [{"as_of": "2021-02-31"}, {"place": 5}, "x", {"place": "火星"}])
    async def test_wrong_metadata(self, make_client, metadata):
        client = make_client(rest_token=REST_TOKEN)
        headers = {"Authorization": f"Bearer {REST_TOKEN}"}
        body = {"message": "你好", "metadata": metadata}
        chinese_sentence(await client.post("/webhooks/rest/webhook", json=body, headers=headers), 422)


class TestSafety:
    async def test_failure_is_told_in_one_sentence_with_a_number_and_logged_without_the_words(
        self, client, assistant, caplog
    ):
        assistant.fail = RuntimeError("secret detail")
        with caplog.at_level(logging.ERROR):
            response = await client.post("/api/messages?q=私事", json={"text": "我的私事"})
        message = chinese_sentence(response, 500)
        assert response.headers["X-Request-Id"] in message and "secret" not in response.text
        logged = "\n".join(record.getMessage() for record in caplog.records)
        assert response.headers["X-Request-Id"] in logged and "私事" not in logged

    @pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/widget.js", "/api/programmes", "/nowhere"])
    async def test_security_headers(self, client, path):
        headers = (await client.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "same-origin"

    async def test_answers_are_not_cached(self, client):
        assert (await client.post("/api/messages", json={"text": "你好"})).headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("path", ["/", "/docs"])
    async def test_pages_ask_nothing_of_other_hosts_and_run_no_inline_code(self, client, path):
        page = (await client.get(path)).text
        assert "http://" not in page and "https://" not in page and "//" not in page.replace("</", "")
        assert "style=" not in page and "onclick" not in page and "<script>" not in page

    async def test_openapi_tells_every_route_and_how_it_fails(self, client):
        told = (await client.get("/openapi.json")).json()
        assert {"/api/messages", "/api/decisions", "/api/search", "/api/clauses/{clause}", "/api/programmes",
                "/healthz", "/readyz"} <= set(told["paths"])  # fmt: skip
        assert "HTTPValidationError" not in json.dumps(told)

    async def test_what_a_route_refuses_with_is_documented(self, make_client):
        paths = (await make_client(rest_token=REST_TOKEN).get("/openapi.json")).json()["paths"]
        told = {(path, method): set(one["responses"]) for path, ways in paths.items() for method, one in ways.items()}
        every_post = {"200", "400", "403", "408", "413", "422"}
        assert told["/api/messages", "post"] == every_post | {"401", "429", "503"}
        assert told["/webhooks/rest/webhook", "post"] == every_post | {"401", "503"}
        assert all(every_post <= statuses for (_, method), statuses in told.items() if method == "post")
        assert "404" in told["/api/clauses/{clause}", "get"] and "503" in told["/readyz", "get"]


@asynccontextmanager
async def over_a_socket(app):
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off", ws="none"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def test_two_megabytes_over_a_real_socket_still_get_the_sentence(tmp_path, assistant, rules, searcher):
    chosen = settings(tmp_path)
    migrated(chosen.database_url)
    async with over_a_socket(create_app(assistant, rules, searcher, chosen)) as url, httpx.AsyncClient() as client:
        for _ in range(3):
            chinese_sentence(await client.post(f"{url}/api/messages", json={"text": "长" * 700_000}), 413)
        assert (await client.post(f"{url}/api/messages", json={"text": "你好"})).status_code == 200
