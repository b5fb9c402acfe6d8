"""Who may go on with a conversation, from where, and how fast."""

from datetime import timedelta

import httpx
import pytest
from databases import empty_database, migrated
from doors import FakeAssistant, settings

from bot.api.identity import Identity
from bot.server import create_app
from bot.store import InMemory
from bot.store.conversations import turn_being_held
from bot.store.models import now

SECRET = "s" * 32
COUNTY, STRANGER = "https://www.benxi.gov.cn", "https://elsewhere.example"


@pytest.fixture
def make_client(tmp_path, assistant, rules, searcher):
    def make(address=("203.0.113.7", 4242), base="http://test", who=assistant, kept=None, **more):
        chosen = settings(tmp_path, **more)
        migrated(chosen.database_url)
        app = create_app(who, rules, searcher, chosen, kept)
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=address), base_url=base)

    return make


@pytest.fixture
def client(make_client):
    return make_client()


def sentence(response, status, field="sender"):
    assert response.status_code == status, response.text
    problem = response.json()["error"]
    assert problem["message"].endswith("。") and problem["field"] == field
    return problem["message"]


class Remembering(FakeAssistant):
    """It keeps something of each conversation, as the real one does."""

    async def reply(self, sender, text, **given):
        turn_being_held().events = [{"event": "said"}]
        return await super().reply(sender, text, **given)


class Clock:
    def __init__(self, now=1_800_000_000.0):
        self.now = now

    def __call__(self):
        return self.now


def bearer(number):
    return {"Authorization": f"Bearer {number}"}


class TestNumbers:
    """The signed number by itself, on a clock of its own."""

    @pytest.fixture
    def clock(self):
        return Clock()

    @pytest.fixture
    def identity(self, clock):
        return Identity(SECRET.encode(), idle=7200, longest=86400, clock=clock)

    def test_it_names_one_conversation_however_often_it_is_renewed(self, identity, clock):
        first = identity.begin()
        numbers = [first.number]
        for _ in range(10):
            clock.now += 3600
            session = identity.resume(numbers[-1], 401)
            assert session.sender == first.sender
            numbers.append(session.number)
        assert len(set(numbers)) == 11
        assert {identity.sender("web", number) for number in numbers} == {first.sender}

    def test_one_that_lasts_is_given_back_as_it_came(self, identity, clock):
        number = identity.issue()
        clock.now += 60
        assert identity.resume(number, 401).number == number

    def test_it_runs_out_when_nothing_is_said(self, identity, clock):
        number = identity.issue()
        clock.now += 7199
        identity.resume(number, 401)
        clock.now += 1
        with pytest.raises(Exception) as refused:
            identity.resume(number, 401)
        assert refused.value.status == 401 and "结束" in refused.value.message
        assert identity.verified(number), "whoever wants to be erased is still found by it"

    def test_it_runs_out_however_much_is_said(self, identity, clock):
        number, begun = identity.issue(), clock.now
        while clock.now - begun < 86400 - 3600:
            clock.now += 3600
            number = identity.resume(number, 401).number
        clock.now = begun + 86400
        with pytest.raises(Exception, match="api.expired"):
            identity.resume(number, 401)

    def test_numbers_of_earlier_versions_go_on(self, identity, clock):
        nonce = "n" * 22
        old = f"{nonce}.{identity.seal('conversation', nonce)}"
        session = identity.resume(old, 401)
        assert session.sender == identity.sender("web", old)
        assert session.number != old and identity.resume(session.number, 401).sender == session.sender
        clock.now += 7200
        with pytest.raises(Exception, match="api.expired"):
            identity.resume(session.number, 401)

    @pytest.mark.parametrize("part", [0, 1, 2, 3])
    def test_nothing_in_it_can_be_changed(self, identity, part):
        parts = identity.issue().split(".")
        parts[part] = parts[part][:-1] + ("1" if parts[part][-1] != "1" else "2")
        with pytest.raises(Exception, match="api.sender"):
            identity.resume(".".join(parts), 401)


class TestShowing:
    async def test_as_bearer_or_in_the_body(self, client, assistant):
        number = (await client.post("/api/messages", json={"text": "你好"})).json()["sender"]
        await client.post("/api/messages", json={"text": "单位"}, headers=bearer(number))
        await client.post("/api/messages", json={"text": "结论", "sender": number})
        assert len({call["sender"] for call in assistant.calls}) == 1

    async def test_a_number_that_ran_out_is_refused_in_one_sentence(self, client, assistant):
        old = Identity(SECRET.encode(), clock=Clock(1_700_000_000.0)).issue()
        refused = await client.post("/api/messages", json={"text": "你好"}, headers=bearer(old))
        assert "从头再问" in sentence(refused, 401)
        assert "从头再问" in sentence(await client.post("/api/messages", json={"text": "你好", "sender": old}), 400)
        for path in ("/api/conversation", "/api/conversation/events"):
            sentence(await client.get(path, headers=bearer(old)), 401)
        assert not assistant.calls

    async def test_a_forged_number_is_refused(self, client, assistant):
        number = Identity(b"t" * 32).issue()
        sentence(await client.post("/api/messages", json={"text": "你好"}, headers=bearer(number)), 401)
        assert not assistant.calls

    async def test_the_token_of_another_service_is_no_number(self, client):
        said = await client.post("/api/messages", json={"text": "你好"}, headers=bearer("partner-token-0123456789"))
        assert said.status_code == 200

    async def test_a_number_stands_in_no_address_and_no_log(self, client, caplog):
        caplog.set_level("DEBUG")
        number = (await client.post("/api/messages", json={"text": "你好"})).json()["sender"]
        await client.get("/api/conversation", headers=bearer(number))
        ours = "".join(record.getMessage() + str(record.__dict__.get("fields")) for record in caplog.records)
        assert number not in ours and number.split(".")[0] not in ours


class TestBeginning:
    """Whoever begins is known by what they sent, until they have the number that they are to show."""

    FIRST = {"text": "我的私事", "client_message_id": "m-1", "begin": "0123456789abcdef" * 2}

    @pytest.mark.parametrize("headers", [{}, {"Wengang-Session": "cookie"}, {"Wengang-Session": "new"}])
    async def test_a_first_message_that_comes_again_is_the_same_one(self, client, assistant, headers):
        first = await client.post("/api/messages", json=self.FIRST, headers=headers)
        client.cookies.clear()
        again = await client.post("/api/messages", json=self.FIRST, headers=headers)
        assert again.json()["replies"] == first.json()["replies"] and again.headers["wengang-turn"] == "1"
        shown = {"Wengang-Session": "cookie"} if headers else bearer(again.json()["sender"])
        await client.post("/api/messages", json={"text": "单位"}, headers=shown)
        assert [call["text"] for call in assistant.calls] == ["我的私事", "单位"]
        assert len({call["sender"] for call in assistant.calls}) == 1
        assert len((await client.get("/api/conversation", headers=shown)).json()["turns"]) == 2

    async def test_it_leads_to_no_conversation_but_by_the_message_that_began_it(self, make_client):
        assistant = Remembering()
        client = make_client(who=assistant)
        number = (await client.post("/api/messages", json=self.FIRST)).json()["sender"]
        refused = await client.post("/api/messages", json={**self.FIRST, "client_message_id": "m-2", "text": "你好"})
        assert "begin" in sentence(refused, 400, "begin") and len(assistant.calls) == 1
        known = {**self.FIRST, "client_message_id": "m-3", "sender": number}
        assert (await client.post("/api/messages", json=known)).status_code == 200, "whoever shows a number needs none"

    @pytest.mark.parametrize("kind", ["sqlite", "postgresql", "memory"])
    @pytest.mark.parametrize(("minutes", "lasts"), [(119, {}), (121, {}), (61, {"session_hours": 1})])
    async def test_it_leads_there_only_while_the_number_that_was_lost_would(
        self, make_client, tmp_path, monkeypatch, kind, minutes, lasts
    ):
        """Otherwise whoever comes upon the first message days later could go on with the conversation."""
        with empty_database("sqlite" if kind == "memory" else kind, tmp_path) as url:
            kept = InMemory() if kind == "memory" else None
            client = make_client(who=Remembering(), kept=kept, database_url=url, **lasts)
            begun = now() - timedelta(minutes=minutes)
            with monkeypatch.context() as then:
                then.setattr("bot.store.conversations.now", lambda: begun)
                assert (await client.post("/api/messages", json=self.FIRST)).status_code == 200
            for shown in ({}, {"Wengang-Session": "new"}):
                again = await client.post("/api/messages", json=self.FIRST, headers=shown)
                if minutes == 119:
                    assert again.status_code == 200
                else:
                    assert "从头再问" in sentence(again, 401, "begin") and "set-cookie" not in again.headers

    async def test_whoever_is_refused_gets_no_cookie_by_a_stream_either(self, make_client):
        """A cookie goes before the events: it is given when the turn is known to be begun."""
        client = make_client(who=Remembering())
        shown = {"Wengang-Session": "cookie", "Accept": "text/event-stream"}
        first = await client.post("/api/messages", json=self.FIRST, headers=shown)
        client.cookies.clear()
        again = await client.post("/api/messages", json=self.FIRST, headers=shown)
        client.cookies.clear()
        other = await client.post("/api/messages", json={**self.FIRST, "client_message_id": "m-2"}, headers=shown)
        assert first.headers["set-cookie"] and again.headers["set-cookie"] and "event: done" in again.text
        assert "event: error" in other.text and "set-cookie" not in other.headers

    async def test_without_a_number_of_its_own_it_is_known_by_its_words(self, make_client):
        assistant = Remembering()
        client, first = make_client(who=assistant), {**self.FIRST, "client_message_id": None}
        said = await client.post("/api/messages", json=first)
        again = await client.post("/api/messages", json=first)
        assert again.json()["replies"] == said.json()["replies"] and again.headers["wengang-turn"] == "1"
        sentence(await client.post("/api/messages", json={**first, "text": "你好"}), 400, "begin")
        assert len(assistant.calls) == 1
        for _ in range(2):  # later ones are not numbered by us
            await client.post("/api/messages", json=first, headers=bearer(again.json()["sender"]))
        assert len(assistant.calls) == 3

    async def test_another_number_is_another_conversation(self, client, assistant):
        for begin in ("0" * 32, "1" * 32, None):
            assert (await client.post("/api/messages", json={**self.FIRST, "begin": begin})).status_code == 200
        assert len({call["sender"] for call in assistant.calls}) == 3

    async def test_what_was_erased_does_not_come_back(self, client, assistant):
        number = (await client.post("/api/messages", json=self.FIRST)).json()["sender"]
        await client.post("/api/conversation/erase", headers=bearer(number))
        assert "已经删除" in sentence(await client.post("/api/messages", json=self.FIRST), 401)
        assert len(assistant.calls) == 1

    @pytest.mark.parametrize("begin", ["", "0" * 31, "0" * 33, "G" * 32, 7])
    async def test_what_could_be_guessed_is_refused(self, client, assistant, begin):
        refused = await client.post("/api/messages", json={**self.FIRST, "begin": begin})
        assert refused.status_code == 422 and not assistant.calls


class TestCookie:
    COOKIE = {"Wengang-Session": "cookie"}

    async def test_our_pages_never_see_the_number(self, client, assistant):
        first = await client.post("/api/messages", json={"text": "你好"}, headers=self.COOKIE)
        kept = first.headers["set-cookie"].lower()
        assert "httponly" in kept and "samesite=lax" in kept and "path=/" in kept and "secure" not in kept
        assert first.json()["sender"] == assistant.calls[0]["sender"] and client.cookies["wengang"] not in first.text
        second = await client.post("/api/messages", json={"text": "单位"}, headers=self.COOKIE)
        assert second.json()["sender"] == first.json()["sender"]
        assert len((await client.get("/api/conversation", headers=self.COOKIE)).json()["turns"]) == 2

    async def test_it_counts_only_beside_the_header(self, client, assistant):
        """Another site's page can make a browser send the cookie, but not the header."""
        await client.post("/api/messages", json={"text": "你好"}, headers=self.COOKIE)
        await client.post("/api/messages", json={"text": "你好"})
        assert len({call["sender"] for call in assistant.calls}) == 2
        assert (await client.get("/api/conversation")).json()["turns"] == []

    async def test_another_conversation_may_be_begun(self, client, assistant):
        await client.post("/api/messages", json={"text": "你好"}, headers=self.COOKIE)
        await client.post("/api/messages", json={"text": "你好"}, headers={"Wengang-Session": "new"})
        await client.post("/api/messages", json={"text": "单位"}, headers=self.COOKIE)
        senders = [call["sender"] for call in assistant.calls]
        assert senders[0] != senders[1] == senders[2]

    async def test_behind_https_it_is_sent_over_https_only_and_set_by_this_host_only(self, make_client):
        client = make_client(base="https://test")
        said = await client.post("/api/messages", json={"text": "你好"}, headers=self.COOKIE)
        kept = said.headers["set-cookie"]
        assert kept.startswith("__Host-wengang=") and "Secure" in kept and "Domain" not in kept
        assert len((await client.get("/api/conversation", headers=self.COOKIE)).json()["turns"]) == 1

    async def test_nobody_gets_one_who_did_not_ask(self, client):
        assert "set-cookie" not in (await client.post("/api/messages", json={"text": "你好"})).headers


class TestOrigins:
    @pytest.fixture
    def client(self, make_client):
        return make_client(origins=f"{COUNTY}, https://rs.example:8443")

    async def test_an_allowed_site_may_ask_and_read(self, client):
        said = await client.post("/api/messages", json={"text": "你好"}, headers={"Origin": COUNTY})
        assert said.status_code == 200 and said.headers["access-control-allow-origin"] == COUNTY
        assert said.headers["vary"] == "Origin" and "access-control-allow-credentials" not in said.headers
        assert "Wengang-Turn" in said.headers["access-control-expose-headers"] and "wengang-turn" in said.headers

    async def test_its_preflight_is_granted(self, client):
        asked = {"Origin": COUNTY, "Access-Control-Request-Method": "POST"}
        granted = await client.options("/api/messages", headers=asked)
        assert granted.status_code == 204 and granted.headers["access-control-allow-origin"] == COUNTY
        for name in ("Authorization", "Content-Type", "Last-Event-ID"):
            assert name in granted.headers["access-control-allow-headers"]

    @pytest.mark.parametrize(
        "origin",
        [STRANGER, "null", "http://www.benxi.gov.cn", f"{COUNTY}:444", f"{COUNTY}.evil.example", "https://rs.example",
         "https://", "x", "http://[", "http://test@evil.example"],
    )  # fmt: skip
    async def test_any_other_is_refused_in_one_sentence_that_it_may_read(self, client, assistant, origin):
        headers = {"Origin": origin}
        for path in ("/api/messages", "/api/decisions", "/api/feedback", "/api/conversation/erase", "/plain"):
            refused = await client.post(path, json={"text": "你好"}, headers=headers)
            assert "WENGANG_ORIGINS" in sentence(refused, 403, None)
            assert refused.headers["access-control-allow-origin"] == origin
        about = await client.get("/api/widget", headers=headers)
        assert "登记" in sentence(about, 403, None) and about.headers["access-control-allow-origin"] == origin
        preflight = {**headers, "Access-Control-Request-Method": "POST"}
        assert (await client.options("/api/messages", headers=preflight)).status_code == 403
        reading = await client.get("/api/programmes", headers=headers)
        assert reading.status_code == 200 and "access-control-allow-origin" not in reading.headers
        assert not assistant.calls

    @pytest.mark.parametrize(
        ("base", "headers"),
        [
            ("http://test", {"Origin": "http://test"}),
            ("http://test:8000", {"Origin": "http://test:8000"}),
            ("http://test", {"Origin": "https://test"}),  # a proxy that does not tell the scheme
            ("http://inner", {"Origin": "https://outer", "Sec-Fetch-Site": "same-origin"}),  # nor the host
        ],
    )
    async def test_our_own_pages_need_no_leave(self, make_client, base, headers):
        client = make_client(base=base)
        assert (await client.post("/api/messages", json={"text": "你好"}, headers=headers)).status_code == 200

    async def test_who_is_no_browser_needs_no_leave(self, client):
        assert (await client.post("/api/messages", json={"text": "你好"})).status_code == 200

    @pytest.mark.parametrize("wrong", ["benxi.gov.cn", "https://a.cn/path", "*", "https://*.a.cn", "ftp://a.cn"])
    def test_a_wrong_setting_is_named(self, tmp_path, wrong):
        with pytest.raises(ValueError, match="https://www.benxi.gov.cn"):
            settings(tmp_path, origins=f"{COUNTY}, {wrong}")

    async def test_who_may_show_our_page_in_a_frame(self, client):
        framed = (await client.get("/widget")).headers["content-security-policy"]
        assert f"frame-ancestors 'self' {COUNTY} https://rs.example:8443" in framed
        for path in ("/", "/rules", "/plain", "/docs", "/clauses/LN"):
            policy = (await client.get(path)).headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy and "default-src 'none'" in policy and "unsafe" not in policy


class TestWidget:
    async def test_what_the_component_must_know(self, make_client):
        client = make_client(retention_days=30, handoff_url="https://desk.example/in")
        about = (await client.get("/api/widget")).json()
        assert about["as_of"] == "2021-09-01" and about["place"] == "本溪" and about["limit"] == 300
        assert len(about["examples"]) == 6 and about["retention_days"] == 30 and about["handoff"] is True
        assert any("30 天" in line for line in about["notice"]["lines"]) and about["notice"]["accept"]
        assert "{erased}" in about["erase"]["done"]
        nobody = make_client(tracker_store="memory")
        assert (await nobody.get("/api/widget")).json()["handoff"] is False

    async def test_the_script_may_be_loaded_by_anybody_and_is_asked_for_again_by_its_tag(self, client):
        script = await client.get("/widget.js", headers={"Origin": STRANGER})
        assert script.status_code == 200 and "javascript" in script.headers["content-type"]
        assert script.headers["access-control-allow-origin"] == "*"
        assert script.headers["cross-origin-resource-policy"] == "cross-origin"
        again = await client.get("/widget.js", headers={"If-None-Match": script.headers["etag"]})
        assert again.status_code == 304 and again.content == b"" and "public" in again.headers["cache-control"]
        assert (await client.get("/rules")).headers["cross-origin-resource-policy"] == "same-origin"


class TestThrottle:
    async def test_one_conversation_may_not_be_written_to_too_fast(self, make_client, assistant):
        client = make_client(writes_per_conversation=3)
        number = (await client.post("/api/messages", json={"text": "你好"})).json()["sender"]
        answers = [await client.post("/api/messages", json={"text": "你好"}, headers=bearer(number)) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert "太快" in sentence(answers[-1], 429, None) and 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert len(assistant.calls) == 3
        assert (await client.post("/api/messages", json={"text": "你好"})).status_code == 200, "others go on"

    async def test_one_address_may_not_write_too_fast(self, make_client):
        client = make_client(writes_per_address=3)
        answers = [await client.post("/api/messages", json={"text": "你好"}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]

    @pytest.mark.parametrize("address", [("127.0.0.1", 1), ("::1", 1)])
    async def test_this_machine_itself_is_not_counted(self, make_client, address):
        client = make_client(address=address, writes_per_address=1, writes_per_conversation=1)
        number = (await client.post("/api/messages", json={"text": "你好"})).json()["sender"]
        for _ in range(3):
            said = await client.post("/api/messages", json={"text": "你好", "sender": number})
            assert said.status_code == 200

    async def test_partners_are_not_counted(self, make_client):
        token = "partner-token-0123456789"
        client = make_client(writes_per_address=1, rest_token=token)
        for _ in range(3):
            said = await client.post("/webhooks/rest/webhook", json={"message": "你好"}, headers=bearer(token))
            assert said.status_code == 200

    def test_the_window_slides(self):
        from bot.api.errors import ApiError
        from bot.api.throttle import Throttle

        clock = Clock(0.0)
        throttle = Throttle(2, 0, clock)
        request = httpx_like("2001:db8::1")
        for moment, passes in ((0, True), (30, True), (59, False), (60, True), (61, False), (90, True), (91, False)):
            clock.now = float(moment)
            if passes:
                throttle.admit(request, "web:a")
                continue
            with pytest.raises(ApiError) as refused:
                throttle.admit(request, "web:a")
            clock.now += refused.value.after
            assert throttle._wait("web:a", 2, clock.now) == 0

    def test_neighbours_in_an_ipv6_network_count_together(self):
        from bot.api.errors import ApiError
        from bot.api.throttle import Throttle

        throttle = Throttle(0, 1, Clock(0.0))
        throttle.admit(httpx_like("2001:db8::1"), "web:a")
        throttle.admit(httpx_like("2001:db8:0:1::1"), "web:b")
        with pytest.raises(ApiError):
            throttle.admit(httpx_like("2001:db8::ffff"), "web:c")


def httpx_like(address):
    """A request from this address."""
    from starlette.requests import Request

    return Request({"type": "http", "client": (address, 1), "headers": []})
