"""The officer's numbers, and questions that become lay questions of a clause."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
import yaml

from bot.cli import run
from bot.staff.accounts import Member
from bot.staff.numbers import here
from bot.staff.review import apply
from bot.staff.sign_in import IDLE
from bot.store import InDatabase
from bot.store.conversations import HeldTurn
from bot.store.handoff_tables import Handoff
from bot.store.models import aware, now
from bot.store.staff_tables import StaffSession
from knowledge import load
from knowledge.pack import PACKS


def turn(house, text, outcome, programme=None, sender="web:a"):
    replies = [{"kind": "text", "text": "好", "outcome": outcome, "programme": programme}]
    InDatabase(house.engine).keep(HeldTurn(sender, text, None, replies=replies))


async def test_what_was_asked_today_and_what_had_no_answer(house):
    officer, operator = await house.signed_in("老周", "officer"), await house.signed_in("小王")
    for text in ("补助金每月多少钱", "补助金每月多少钱？", "别的"):
        turn(house, text, "not_stated", "unemployment_aid")
    turn(house, "稳岗返还怎么申请", "answered", "stabilisation_refund")
    turn(house, "明天天气怎么样", "out_of_scope")
    found = (await officer.get("/staff/api/numbers")).json()
    assert found["questions"] == 5 and found["by_programme"][0]["programme"] == "unemployment_aid"
    assert found["by_programme"][0]["asked"] == found["by_programme"][0]["unanswered"] == 3
    assert found["outcomes"] == {"not_stated": 3, "answered": 1, "out_of_scope": 1}
    yesterday = (here(now()) - timedelta(days=1)).isoformat()
    assert (await officer.get("/staff/api/numbers", params={"day": yesterday})).json()["questions"] == 0
    asked = (await officer.get("/staff/api/unanswered")).json()["questions"]
    assert {one["question"].rstrip("？"): one["count"] for one in asked} == {"补助金每月多少钱": 2, "明天天气怎么样": 1}
    for path in ("/staff/api/numbers", "/staff/api/unanswered", "/staff/numbers"):
        assert (await operator.get(path)).status_code == 403
    page = await officer.get("/staff/unanswered")
    assert page.status_code == 200 and "补助金每月多少钱" in page.text


async def test_what_asks_nothing_is_no_question(house):
    """Thanks, and asking for a human: these have rows of their own, or none."""
    officer = await house.signed_in("老周", "officer")
    turn(house, "稳岗返还怎么申请", "answered", "stabilisation_refund")
    for text in ("谢谢", "你好", "人工", "重新开始"):
        turn(house, text, "smalltalk")
    turn(house, "那个怎么弄来着", "clarify")
    found = (await officer.get("/staff/api/numbers")).json()
    assert found["questions"] == 2 and found["unanswered"] == 1 and found["outcomes"] == {"answered": 1, "clarify": 1}
    assert {row["programme"]: row["asked"] for row in found["by_programme"]} == {"stabilisation_refund": 1, None: 1}


async def test_waiting_for_a_human_is_timed(house):
    officer = await house.signed_in("老周", "officer")
    await officer.tell("/staff/api/presence")
    await house.browser("9.9.9.9").post("/api/messages", json={"text": "转人工"})
    (waiting,) = (await officer.get("/staff/api/queue")).json()["queue"]
    await officer.tell(f"/staff/api/handoffs/{waiting['id']}/take")
    await officer.tell(f"/staff/api/handoffs/{waiting['id']}/return")
    numbers = (await officer.get("/staff/api/numbers")).json()
    found = numbers["handoffs"]
    assert numbers["questions"] == 0 and numbers["by_programme"] == []
    assert found["asked"] == 1 and found["states"] == {"returned": 1} and found["waited_median"] is not None


async def test_how_long_they_waited_and_what_was_decided_is_counted_of_that_day_only(house):
    officer, asked = await house.signed_in("老周", "officer"), now()
    with house.engine.begin() as connection:
        for n, (waited, state) in enumerate([(60, "returned"), (61, "human"), (700, "returned"), (None, "left")]):
            taken = asked + timedelta(seconds=waited) if waited else None
            row = {"sender": f"web:{n}", "question": "转人工", "summary": "", "state": state, "asked_at": asked}
            ended = taken + timedelta(seconds=90) if state == "returned" else None
            connection.execute(sa.insert(Handoff).values(**row, taken_at=taken, ended_at=ended))
        old = {"asked_at": asked - timedelta(days=1), "taken_at": asked, "sender": "web:x", "state": "returned"}
        connection.execute(sa.insert(Handoff).values(question="转人工", summary="", **old))
    for verdict in ("eligible", "ineligible", "eligible"):
        decision = {"programme": "unemployment_aid", "verdict": verdict, "as_of": "2021-09-01", "place": "本溪"}
        replies = [{"kind": "decision", "text": "好", "decision": decision, "outcome": "interview"}]
        InDatabase(house.engine).keep(HeldTurn(f"web:{verdict}", "能领吗", None, replies=replies))
    found = (await officer.get("/staff/api/numbers")).json()
    assert found["handoffs"] == {
        "asked": 4, "states": {"returned": 2, "human": 1, "left": 1}, "waits": {"60": 1, "180": 1, "more": 1},
        "waited_median": 61, "waited_longest": 700, "talked_median": 90,
    }  # fmt: skip
    assert found["verdicts"] == {"eligible": 2, "ineligible": 1} and found["unanswered"] == 0
    page = (await officer.get("/staff/numbers")).text
    assert "1 分 1 秒" in page and "11 分 40 秒" in page and "1 分 30 秒" in page and " style=" not in page
    assert "style-src 'self'" in (await officer.get("/staff/numbers/figures")).headers["content-security-policy"]
    yesterday = (here(now()) - timedelta(days=1)).isoformat()
    assert (await officer.get("/staff/api/numbers", params={"day": yesterday})).json()["verdicts"] == {}


async def test_figures_that_a_page_asks_for_by_itself_keep_no_session_alive(house):
    officer, before = await house.signed_in("老周", "officer"), now() - IDLE / 2
    with house.engine.begin() as connection:
        connection.execute(sa.update(StaffSession).values(seen_at=before))
    assert (await officer.get("/staff/numbers/figures")).status_code == 200
    with house.engine.connect() as connection:
        assert aware(connection.execute(sa.select(StaffSession.seen_at)).scalar_one()) == before


async def test_a_question_given_to_a_clause_is_reviewed_and_taken_up(house, tmp_path, monkeypatch, capsys):
    officer = await house.signed_in("老周", "officer")
    file = tmp_path / "review" / "lay_questions.yml"
    house.app.state.console.review.file = file
    for text in ("补助金还能领第二回吗: #1", "明天天气怎么样", "<script>alert(1)</script>"):
        turn(house, text, "not_stated")
    give = {"question": "补助金还能领第二回吗: #1", "clause": "LN/六/一次"}
    assert (await officer.tell("/staff/api/unanswered/give", **{**give, "clause": "LN/六"})).status_code == 404
    left = (await officer.tell("/staff/api/unanswered/give", **give)).json()["questions"]
    assert {one["question"] for one in left} == {"明天天气怎么样", "<script>alert(1)</script>"}
    assert "<script>alert" not in (await officer.get("/staff/unanswered")).text
    await officer.tell("/staff/api/unanswered/give", **give)
    await officer.form("/staff/unanswered", do="drop", question="明天天气怎么样")
    (one,) = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert (one["clause"], one["question"], one["by"]) == ("LN/六/一次", give["question"], "老周")

    monkeypatch.setenv("WENGANG_REVIEW", str(file))
    assert run(["staff", "questions"]) == 0 and give["question"] in capsys.readouterr().out
    packs = tmp_path / "packs"
    shutil.copytree(PACKS, packs)
    before = load(packs)
    assert apply([one], before) == 1
    after = load(packs)
    assert after.clauses["LN/六/一次"].questions == (*before.clauses["LN/六/一次"].questions, give["question"])
    assert {name: clause for name, clause in after.clauses.items() if name != "LN/六/一次"} == {
        name: clause for name, clause in before.clauses.items() if name != "LN/六/一次"
    }
    assert apply([one], after) == 0


@pytest.mark.parametrize("killed_at", ["yaml.safe_dump", "os.fsync", "os.replace"])
async def test_a_process_that_is_killed_meanwhile_loses_no_question_given_before(
    house, tmp_path, monkeypatch, killed_at
):
    class Killed(BaseException):
        """Nothing of ours catches it."""

    def dies(*_given, **_more):
        raise Killed

    file, member = tmp_path / "review" / "lay_questions.yml", Member("a", "老周", "officer")
    review = house.app.state.console.review
    review.file = file
    for n in range(3):
        review.give(member, f"第 {n} 问", "LN/六/一次", "", here(now()))
    before = file.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(killed_at, dies)
        with pytest.raises(Killed):
            review.give(member, "第 3 问", "LN/六/一次", "", here(now()))
    assert file.read_bytes() == before
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: review.give(member, f"第 {n} 问", "LN/六/一次", "", here(now())), range(3, 9)))
    listed = [one["question"] for one in yaml.safe_load(file.read_text(encoding="utf-8"))]
    assert listed[:3] == ["第 0 问", "第 1 问", "第 2 问"] and sorted(listed) == [f"第 {n} 问" for n in range(9)]
    assert [one.name for one in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("clause", ["BX/一/缴费依据", "LN/文号", "LN/十六/三十日"])
def test_also_where_a_clause_has_none_or_stands_last(tmp_path, clause):
    packs = tmp_path / "packs"
    shutil.copytree(PACKS, packs)
    before = load(packs)
    apply([{"clause": clause, "question": "新的问法"}], before)
    assert load(packs).clauses[clause].questions == (*before.clauses[clause].questions, "新的问法")
