"""Screening at the doors: `wengang screen` and POST /api/screenings."""

from __future__ import annotations

import io
import json
import os
import sys

import httpx
import pytest
from databases import migrated
from doors import FakeAssistant, settings

from bot import cli
from bot.server import create_app

COMPANY = {"unit_kind": "enterprise", "insured_in_liaoning": True, "insured_count": 28, "layoff_count": 9}


@pytest.fixture
def wengang(capfd, monkeypatch, tmp_path):
    """Run a command in this process: (exit code, stdout, stderr)."""
    for name in list(os.environ):
        if name.startswith("WENGANG_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments, facts):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(facts).encode()), encoding="utf-8"))
        code = cli.run(["screen", "--facts", "-", *arguments])
        return (code, *capfd.readouterr())

    return run


@pytest.fixture
def client(tmp_path, rules, searcher):
    chosen = settings(tmp_path)
    migrated(chosen.database_url)
    app = create_app(FakeAssistant(), rules, searcher, chosen)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


def test_json(wengang):
    code, out, _ = wengang("--as-of", "2021-09-01", "--place", "本溪", "--json", facts=COMPANY)
    screened = json.loads(out)
    assert code == 0 and out.count("\n") == 1
    assert (screened["as_of"], screened["place"], screened["subject"]) == ("2021-09-01", "本溪", "unit")
    assert screened["rows"][-1]["programme"] == "stabilisation_refund" and screened["rows"][-1]["group"] == "not"


def test_text(wengang):
    code, out, _ = wengang("--as-of", "2021-09-01", facts=COMPANY)
    assert code == 0 and "上年度裁员人数不超过 5 就行" in out and "LN/一/裁员率" in out and "下一个问题：" in out


def test_a_closed_window_leads(wengang):
    _, out, _ = wengang("--as-of", "2026-11-27", facts={**COMPANY, "layoff_count": 0})
    row = next(line for line in out.split("\n") if "失业保险稳岗返还" in line)
    assert row.startswith("· 【") and ("不能申请" in row or "取代" in row)


def test_declined_facts_are_not_asked(wengang):
    first = json.loads(wengang("--as-of", "2021-09-01", "--json", facts=COMPANY)[1])["next_question"]["facts"]
    again = json.loads(wengang("--as-of", "2021-09-01", "--json", "--declined", ",".join(first), facts=COMPANY)[1])
    assert first and not {*again["next_question"]["facts"]} & {*first}


@pytest.mark.parametrize("facts", [{"insured_cuont": 1}, [1], {"subject": "dog"}, {"title_award/unit_kind": "other"}])
def test_what_cannot_be_read_is_one_sentence(wengang, facts):
    code, out, err = wengang(facts=facts)
    assert code == 2 and out == "" and err.endswith("。\n") and err.count("\n") == 1


async def test_an_interview_over_http(client):
    """Answering with what the reply offers, from nothing to the end."""
    body = {"facts": {}, "declined": [], "as_of": "2021-09-01"}
    for _ in range(60):
        response = await client.post("/api/screenings", json=body)
        assert response.status_code == 200
        screened = response.json()
        question = screened["next_question"]
        if question is None:
            break
        assert not {*question["facts"]} & ({*body["facts"]} | {*body["declined"]})
        if question["answers"]:
            body["facts"] |= dict.fromkeys(question["facts"], False) if question["kind"] == "multi" else {}
            body["facts"] |= question["answers"][0]["sets"]
        else:
            body["declined"] += question["facts"]
    assert question is None and screened["subject"] == "unit"
    assert not [row for row in screened["rows"] if row["in_time"] and row["missing"]]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"facts": [1]}, "facts"), ({"facts": {"subject": "dog"}}, "subject"), ({"place": "火星"}, "place"),
     ({"declined": ["nobody"]}, "nobody"), ({"fact": {}}, "fact")],
)  # fmt: skip
async def test_wrong_requests_are_explained(client, change, field):
    response = await client.post("/api/screenings", json={"facts": {}, **change})
    assert response.status_code == 422 and response.json()["error"]["field"] == field


async def test_openapi_describes_it(client):
    told = (await client.get("/openapi.json")).json()
    reply = told["components"]["schemas"]["ScreeningReply"]["properties"]
    assert "/api/screenings" in told["paths"] and {"rows", "next_question", "subject"} <= set(reply)
    assert all(
        field.get("description") for field in told["components"]["schemas"]["ScreenedRow"]["properties"].values()
    )
