"""The HTTP interface against its own OpenAPI document: schemathesis makes requests out of the document, right and wrong
ones, and whatever comes back must be documented: never a 5xx, no other status, no other shape.
"""

import os

import pytest
import schemathesis
from databases import migrated
from doors import SCRIPT, FakeAssistant, settings
from hypothesis import HealthCheck
from hypothesis import settings as draws
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from bot.server import create_app

TOKEN = "partner-token-0123456789"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,  # what the document forbids is refused
    unsupported_method,
]
EXAMPLES = 500 if os.environ.get("WENGANG_VERIFY") == "1" else 5


@pytest.fixture(scope="module")
def document(tmp_path_factory, rules, searcher):
    chosen = settings(tmp_path_factory.mktemp("openapi"), rest_token=TOKEN)
    migrated(chosen.database_url)
    app = create_app(FakeAssistant(), rules, searcher, chosen)
    return schemathesis.openapi.from_asgi("/openapi.json", app)


@schemathesis.pytest.from_fixture("document").parametrize()
@draws(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_is_asked_the_answer_is_documented(case):
    case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {TOKEN}"})


@pytest.fixture
def asked(document):
    """Ask one thing that has an answer; returns it, in its documented shape."""

    def ask(method, path, **given):
        case = document[path][method].Case(**given)
        answer = case.call(headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200, answer.text
        case.validate_response(answer, checks=[content_type_conformance, response_schema_conformance])
        return answer.json()

    return ask


def test_every_answer_has_its_documented_shape(asked, rules):
    """Random words rarely name a programme or a clause; here are all of them."""
    listed = asked("GET", "/api/programmes")["programmes"]
    assert {one["id"] for one in listed} == set(rules.programmes)
    for programme in rules.programmes:
        about = {"about": "LN/十六/三十日"} if programme == "duty" else {}
        asked("POST", "/api/decisions", body={"programme": programme, "facts": {}, "place": "本溪", **about})
    for clause in rules.knowledge.clauses:
        assert asked("GET", "/api/clauses/{clause}", path_parameters={"clause": clause})["clause"] == clause
    assert asked("GET", "/api/search", query={"q": "稳岗返还"})["hits"]
    assert asked("POST", "/api/screenings", body={"facts": {"subject": "unit"}})["rows"]
    for words in SCRIPT:
        assert asked("POST", "/api/messages", body={"text": words, "as_of": None, "place": None})["replies"]
        assert asked("POST", "/webhooks/rest/webhook", body={"message": words, "metadata": None})


def test_every_post_takes_json_and_nothing_else(document):
    """The guard has a list of them; on any other address a method that is not offered gets 405, whatever its body."""
    posts = [path for path, ways in document.raw_schema["paths"].items() if "post" in ways]
    assert len(posts) >= 4
    for path in posts:
        answer = document[path]["POST"].Case(body=b'{"text": NaN}', media_type="application/json").call()
        assert answer.status_code == 400, path


def test_what_may_be_null_says_so(document):
    """pydantic 1 leaves it out of its schemas."""
    shapes = document.raw_schema["components"]["schemas"]
    for shape, field in (("Message", "sender"), ("Problem", "field"), ("ScreeningReply", "next_question")):
        assert {"type": "null"} in shapes[shape]["properties"][field]["anyOf"]
    assert "anyOf" not in shapes["Message"]["properties"]["text"]
