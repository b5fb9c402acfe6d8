"""A citizen asks for a human: waits, is taken by one operator, is answered once, and comes back to the bot."""

import asyncio
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.messages import say
from bot.staff.desk import AT_DESK, LEASE, Desk
from bot.staff.sweeping import sweep_again_and_again
from bot.store import pushed
from bot.store.case_tables import Case
from bot.store.conversations import HeldTurn, InDatabase
from bot.store.erasure import erase
from bot.store.handoff_tables import Handoff, HandoffMessage
from bot.store.models import OutboxEntry, now
from bot.store.outbox import Outbox
from bot.store.staff_tables import StaffSession

ASK = "转人工"


class Citizen:
    """Somebody on the website."""

    def __init__(self, house):
        self.house, self.http, self.number = house, house.browser("9.9.9.9"), None

    async def say(self, text, client_message_id=None):
        given = {"text": text, "sender": self.number, "client_message_id": client_message_id}
        response = await self.http.post("/api/messages", json={k: v for k, v in given.items() if v})
        assert response.status_code == 200, response.text
        self.number = response.json()["sender"]
        return response.json()["replies"]

    @property
    def sender(self):
        from bot.api.identity import Identity

        return Identity(b"s" * 32).sender("web", self.number)

    def heard(self):
        """What came unasked, in order."""
        return [reply["text"] for one in pushed.after(self.house.engine, self.sender) for reply in one.replies]


@pytest.fixture
def citizen(house):
    return Citizen(house)


async def at_desk(house, name="小王"):
    browser = await house.signed_in(name)
    assert (await browser.tell("/staff/api/presence")).status_code == 200
    return browser


async def queue(browser):
    return (await browser.get("/staff/api/queue")).json()["queue"]


async def taken(house, citizen, name="小王"):
    """A conversation in an operator's hands; returns browser and number."""
    browser = await at_desk(house, name)
    await citizen.say("单位")
    await citizen.say(ASK)
    (waiting,) = await queue(browser)
    assert (await browser.tell(f"/staff/api/handoffs/{waiting['id']}/take")).status_code == 200
    return browser, waiting["id"]


def rows(house, table):
    with house.engine.connect() as connection:
        return connection.execute(sa.select(table.__table__).order_by(table.id)).all()


async def test_from_the_bot_to_a_human_and_back(house, citizen):
    operator = await at_desk(house)
    await citizen.say("单位")
    (reply,) = await citizen.say(ASK)
    assert reply["kind"] == "handoff" and reply["state"] == "queued" and "下一位" in reply["text"]
    house.assistant.calls.clear()
    (reply,) = await citizen.say("人数")
    assert reply["state"] == "queued" and house.assistant.calls == [], "the bot is silent"
    (waiting,) = await queue(operator)
    assert waiting["question"] == ASK and waiting["messages"] == 1 and waiting["from"] == "web"
    path = f"/staff/api/handoffs/{waiting['id']}"
    assert (await operator.get(path)).status_code == 404, "read by whoever takes it"
    await operator.tell(f"{path}/take")
    (reply,) = await citizen.say("在吗")
    assert reply["state"] == "human" and house.assistant.calls == []
    said = (await operator.get(path)).json()["messages"]
    words = [(one["author"], one["replies"][0]["text"]) for one in said]
    assert ("citizen", "单位") in words and ("bot", "贵单位是哪一类？") in words, "what was said before"
    assert [word for author, word in words if author == "citizen"] == ["单位", ASK, "人数", "在吗"]
    await operator.tell(f"{path}/say", client_id="1", text="您好，我是坐席")
    await operator.tell(f"{path}/return")
    assert citizen.heard()[0].startswith("工作人员来了") and citizen.heard()[1] == "您好，我是坐席"
    assert len(citizen.heard()) == 3 and await queue(operator) == []
    (reply,) = await citizen.say("你好")
    assert reply["text"] == "您说的是：你好" and len(house.assistant.calls) == 1
    assert (await operator.tell(f"{path}/say", client_id="2", text="还有")).status_code == 409


async def test_who_does_not_want_to_wait_has_the_bot_back(house, citizen):
    operator = await at_desk(house)
    await citizen.say(ASK)
    (reply,) = await citizen.say("不等了。")
    assert reply["state"] == "bot" and await queue(operator) == []
    assert (await citizen.say("你好"))[0]["text"] == "您说的是：你好"


async def test_nobody_there_is_said_and_a_case_is_made(house, citizen):
    operator = await house.signed_in("小王")
    (reply,) = await citizen.say(ASK)
    assert "没有工作人员在线" in reply["text"] and "12333" in reply["text"]
    (case,) = (await operator.get("/staff/api/cases")).json()["cases"]
    assert (case["owner"], case["status"], case["subject"], case["from"]) == (None, "open", ASK, "web")
    assert (await citizen.say("你好"))[0]["text"] == "您说的是：你好", "the bot goes on"
    assert await queue(operator) == []


async def test_without_a_console_it_is_as_it_was(house, citizen):
    (reply,) = await citizen.say(ASK)
    assert reply["text"] == "需要人工的话，请打 12333（全国人社咨询热线）。"
    assert rows(house, Handoff) == []


async def test_who_asks_again_and_again_with_nobody_there_has_one_case(house, citizen):
    operator = await house.signed_in("小王")
    for _ in range(3):
        await citizen.say(ASK, "once")
        await citizen.say(ASK)
    desk, kept = house.app.state.console.desk, InDatabase(house.engine)
    for _ in range(2):
        turn = HeldTurn(citizen.sender, "找人工问稳岗返还", None)
        turn.replies = desk.asked(turn, [{"kind": "handoff", "text": "请打 12333", "summary": "28 人"}])
        kept.keep(turn)
    (case,) = (await operator.get("/staff/api/cases")).json()["cases"]
    notes = (await operator.get(f"/staff/api/cases/{case['id']}")).json()["notes"]
    assert case["subject"] == ASK and [note["text"] for note in notes] == ["", "找人工问稳岗返还", "28 人"]
    await operator.tell(f"/staff/api/cases/{case['id']}/take", version=case["version"])
    await citizen.say(ASK)
    assert len(rows(house, Case)) == 2, "what somebody has, they go on with"


async def test_a_human_is_promised_once_there_are_operators(house, monkeypatch):
    http, promise = house.browser("9.9.9.9"), say("widget.desk")
    monkeypatch.setattr("bot.staff.access._LOOK_AGAIN", 3600)
    for _ in range(2):
        about = (await http.get("/api/widget")).json()
        assert about["handoff"] is False and promise not in about["notice"]["lines"]
    assert promise not in (await http.get("/plain")).text
    house.add("小王")
    assert (await http.get("/api/widget")).json()["handoff"] is False, "not asked of the database each time"
    monkeypatch.setattr("bot.staff.access._LOOK_AGAIN", -1)
    about = (await http.get("/api/widget")).json()
    assert about["handoff"] is True and promise in about["notice"]["lines"]
    assert promise in (await http.get("/plain")).text


@pytest.mark.parametrize("house", [{"handoff_url": "https://desk.example/in"}], indirect=True)
async def test_an_outside_desk_is_promised_without_operators(house):
    assert (await house.browser().get("/api/widget")).json()["handoff"] is True


@pytest.mark.parametrize("house", [{"rest_token": "t" * 16}], indirect=True)
async def test_a_partner_whom_no_operator_reaches_keeps_the_bot(house):
    operator = await at_desk(house)
    path, given = f"/webhooks/rest/webhook?token={'t' * 16}", {"sender": "crm-7", "message": ASK}
    (reply,) = (await house.browser().post(path, json=given)).json()
    assert reply["text"] == "需要人工的话，请打 12333（全国人社咨询热线）。"
    assert await queue(operator) == [] and rows(house, Handoff) == rows(house, Case) == []


async def test_somebody_who_went_home_is_not_there(house, citizen):
    operator = await at_desk(house)
    await operator.tell("/staff/api/absence")
    assert "没有工作人员在线" in (await citizen.say(ASK))[0]["text"]
    await operator.tell("/staff/api/presence")
    await operator.form("/staff/sign-out")
    assert "没有工作人员在线" in (await citizen.say(ASK))[0]["text"]


def later(house, *, by):
    """The desk as it is after some time."""
    console = house.app.state.console
    return Desk(house.engine, console.cases, house.chain, timedelta(minutes=10), clock=lambda: now() + by)


async def test_waiting_too_long_is_said_and_a_case_is_made_once(house, citizen):
    operator = await at_desk(house)
    await citizen.say(ASK)
    assert later(house, by=timedelta(minutes=9)).sweep() == 0
    desk = later(house, by=timedelta(minutes=11))
    await asyncio.gather(*(asyncio.to_thread(desk.sweep) for _ in range(3)))
    (told,) = citizen.heard()
    assert "久等" in told and len(rows(house, Case)) == 1 and await queue(operator) == []
    assert (await citizen.say("你好"))[0]["text"] == "您说的是：你好"
    assert (await operator.tell("/staff/api/handoffs/1/take")).status_code == 409


async def test_one_of_two_operators_wins(house, citizen):
    one, two = await at_desk(house), await at_desk(house, "小李")
    await citizen.say(ASK)
    (waiting,) = await queue(one)
    path = f"/staff/api/handoffs/{waiting['id']}/take"
    answers = await asyncio.gather(*(browser.tell(path) for browser in (one, two) * 3))
    won = {answer.status_code for answer in answers[::2]}, {answer.status_code for answer in answers[1::2]}
    assert won in (({200}, {409}), ({409}, {200}))
    assert len(citizen.heard()) == 1, "told once that somebody is there"
    loser = two if won[0] == {200} else one
    for path, given in (("say", {"client_id": "x", "text": "我"}), ("return", {}), ("close", {"subject": "我"})):
        assert (await loser.tell(f"/staff/api/handoffs/{waiting['id']}/{path}", **given)).status_code == 409
    assert (await loser.tell(f"/staff/api/handoffs/{waiting['id']}/beat")).json() == {"mine": False}
    assert (await loser.get(f"/staff/api/handoffs/{waiting['id']}")).status_code == 404
    assert (await loser.get(f"/staff/api/handoffs/{waiting['id']}/events?seconds=0")).status_code == 404


async def test_a_message_sent_again_is_said_once(house, citizen):
    operator, id = await taken(house, citizen)
    path = f"/staff/api/handoffs/{id}/say"
    answers = await asyncio.gather(*(operator.tell(path, client_id="m1", text="您好") for _ in range(4)))
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 200}) == 1
    assert citizen.heard().count("您好") == 1
    await citizen.say("好的", "c1")
    await citizen.say("好的", "c1")
    said = [row for row in rows(house, HandoffMessage) if row.author == "citizen"]
    assert len(said) == 1
    told = (await operator.get(f"/staff/api/handoffs/{id}")).json()["messages"]
    numbers = {one["replies"][0]["text"]: one.get("client_id") for one in told}
    assert numbers["您好"] == "m1" and numbers["好的"] is None, "a page that lost the answer finds its message"


async def test_an_operators_page_that_died_and_came_back_lost_nothing(house, citizen):
    operator, id = await taken(house, citizen)
    seen = (await operator.get(f"/staff/api/handoffs/{id}")).json()["messages"][-1]["id"]
    await operator.tell(f"/staff/api/handoffs/{id}/say", client_id="1", text="您好")
    await citizen.say("我还在")
    assert later(house, by=LEASE - timedelta(seconds=5)).sweep() == 0
    back = await house.signed_in("小王")  # another browser
    (mine,) = (await back.get("/staff/api/queue")).json()["taken"]
    assert mine["id"] == id
    stream = (await back.get(f"/staff/api/handoffs/{id}/events", params={"after": seen, "seconds": 0})).text
    told = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ")]
    assert [one["replies"][0]["text"] for one in told if "replies" in one] == ["您好", "我还在"]
    last = max(one["id"] for one in told if "replies" in one)
    again = await back.get(f"/staff/api/handoffs/{id}/events?seconds=0", headers={"Last-Event-ID": str(last)})
    assert "event: message" not in again.text and '"mine": true' in again.text


async def test_a_conversation_whose_operator_is_lost_waits_again(house, citizen):
    operator, id = await taken(house, citizen)
    assert later(house, by=LEASE + timedelta(seconds=1)).sweep() == 1
    assert "断线" in citizen.heard()[-1]
    assert (await operator.get(f"/staff/api/handoffs/{id}/events?seconds=0")).status_code == 404
    assert (await operator.tell(f"/staff/api/handoffs/{id}/say", client_id="1", text="您好")).status_code == 409
    (reply,) = await citizen.say("喂")
    assert reply["state"] == "queued"
    other = await at_desk(house, "小李")
    await other.tell(f"/staff/api/handoffs/{id}/take")
    words = [one["replies"][0]["text"] for one in (await other.get(f"/staff/api/handoffs/{id}")).json()["messages"]]
    assert words.count("喂") == 1
    assert later(house, by=AT_DESK).sweep() == 0


async def test_who_lost_a_conversation_while_watching_is_told_how_it_stands(house, citizen, monkeypatch):
    monkeypatch.setattr("bot.staff.streams._EVERY", 0.01)
    operator, id = await taken(house, citizen)
    looks, one = [], Desk.one

    def lost_after_the_first(self, *given):
        looks.append(1)
        if len(looks) == 2:
            later(house, by=LEASE + timedelta(minutes=1)).sweep()
        return one(self, *given)

    monkeypatch.setattr(Desk, "one", lost_after_the_first)
    told = (await operator.get(f"/staff/api/handoffs/{id}/events?seconds=5")).text
    events = [line for line in told.splitlines() if line.startswith(("event: ", "data: "))]
    assert '"state": "queued"' in events[-3] and '"mine": false' in events[-3]
    assert events[-2] == "event: ended" and '"status": 404' in events[-1]


async def test_the_stream_keeps_the_lease(house, citizen):
    operator, id = await taken(house, citizen)
    with house.engine.begin() as connection:
        connection.execute(sa.update(Handoff).values(lease_until=now() + timedelta(seconds=1)))
    await operator.get(f"/staff/api/handoffs/{id}/events?seconds=0")
    assert later(house, by=LEASE / 2).sweep() == 0


async def test_watching_writes_only_now_and_then(house, citizen, monkeypatch):
    """One look in ten, of however many there are in a second."""
    monkeypatch.setattr("bot.staff.streams._EVERY", 0)
    operator, id = await taken(house, citizen)
    written, looks = [], []
    sa.event.listen(house.engine, "commit", lambda connection: written.append(1))
    sa.event.listen(
        house.engine, "before_cursor_execute",
        lambda connection, cursor, statement, *_: looks.append(1) if "FROM staff_sessions" in statement else None,
    )  # fmt: skip
    for path in (f"/staff/api/handoffs/{id}/events?seconds=1", "/staff/api/queue/events?seconds=1"):
        del written[:], looks[:]
        await operator.get(path)
        assert len(looks) > 2 and 0 < len(written) <= len(looks) / 10 + 1


async def test_the_queue_as_a_stream_keeps_present_who_said_so(house, citizen):
    operator = await house.signed_in("小王")
    stream = await operator.get("/staff/api/queue/events?seconds=0")
    assert stream.headers["content-type"].startswith("text/event-stream") and '"here": false' in stream.text
    assert "没有工作人员在线" in (await citizen.say(ASK))[0]["text"], "a page that is open promises nobody"
    await operator.tell("/staff/api/presence")
    with house.engine.begin() as connection:
        connection.execute(sa.update(StaffSession).values(at_desk_at=now() - AT_DESK))
    assert "没有工作人员在线" in (await citizen.say(ASK))[0]["text"], "the page was closed"
    assert '"here": true' in (await operator.get("/staff/api/queue/events?seconds=0")).text
    assert (await citizen.say(ASK))[0]["state"] == "queued"
    assert ASK in (await operator.get("/staff/api/queue/events?seconds=0")).text


async def test_who_said_away_on_one_page_is_away_on_the_other(house, citizen):
    operator = await at_desk(house)
    await operator.tell("/staff/api/absence")
    assert '"here": false' in (await operator.get("/staff/api/queue/events?seconds=0")).text
    assert "没有工作人员在线" in (await citizen.say(ASK))[0]["text"]


async def test_a_verdict_and_a_clause_are_put_before_the_citizen(house, citizen):
    operator, id = await taken(house, citizen)
    path = f"/staff/api/handoffs/{id}/insert"
    facts = {"unit_kind": "enterprise", "insured_count": 28}
    await operator.tell(path, client_id="1", programme="stabilisation_refund", facts=facts, as_of="2021-09-01")
    await operator.tell(path, client_id="2", clause="LN/一/裁员率")
    card, quote = [one.replies[0] for one in pushed.after(house.engine, citizen.sender)][-2:]
    assert card["kind"] == "decision" and card["by"] == "staff" and card["decision"]["verdict"] == "needs_info"
    assert quote["kind"] == "clauses" and quote["clauses"][0]["clause"] == "LN/一/裁员率"
    assert (await operator.tell(path, client_id="3")).status_code == 422
    assert (await operator.tell(path, client_id="3", clause="nothing")).status_code == 404
    assert (await operator.tell(path, client_id="3", programme="nothing")).status_code == 422


async def test_closing_makes_a_case_of_it(house, citizen):
    operator, id = await taken(house, citizen)
    number = (await operator.tell(f"/staff/api/handoffs/{id}/close", subject="稳岗返还怎么申请")).json()["case"]
    case = (await operator.get(f"/staff/api/cases/{number}")).json()
    assert (case["owner"], case["subject"], case["caller"]) == ("小王", "稳岗返还怎么申请", "网页咨询")


async def test_wechat_hears_by_the_outbox(house):
    operator = await at_desk(house)
    desk, sender = house.app.state.console.desk, "wechat:" + "a" * 32
    turn = HeldTurn(sender, "<b>转人工</b>", None)
    turn.replies = desk.asked(turn, [{"kind": "handoff", "text": "请打 12333", "summary": "28 人"}])
    InDatabase(house.engine).keep(turn)
    (waiting,) = await queue(operator)
    assert waiting["from"] == "wechat" and waiting["summary"] == "28 人"
    await operator.tell(f"/staff/api/handoffs/{waiting['id']}/take")
    await operator.tell(f"/staff/api/handoffs/{waiting['id']}/say", client_id="1", text="您好")
    pushes = [claim.push for claim in Outbox(house.engine).claim("wechat", 10)]
    assert [push.recipient for push in pushes] == [sender], "one at a time, in order"
    payloads = [row.payload["replies"][0]["text"] for row in rows(house, OutboxEntry)]
    assert payloads[1] == "您好" and len({row.key for row in rows(house, OutboxEntry)}) == 2
    assert pushed.after(house.engine, sender) == []


async def test_what_citizens_say_comes_as_data(house, citizen):
    """JSON, never a page: the screen shows it as text. A personal number is masked before anybody sees it."""
    operator, id = await taken(house, citizen)
    await citizen.say("<script>alert(1)</script> 13912345678")
    response = await operator.get(f"/staff/api/handoffs/{id}")
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff" and "13912345678" not in response.text
    assert "<script>alert(1)</script>" in response.json()["messages"][-1]["replies"][0]["text"]


async def test_an_office_may_be_named_with_its_number_and_a_person_may_not(house, citizen):
    operator, id = await taken(house, citizen)
    path = f"/staff/api/handoffs/{id}/say"
    await operator.tell(path, client_id="1", text="请打 024-42822222")
    await operator.tell(path, client_id="2", text="您是 210502199001011234 吧")
    assert citizen.heard()[-2:] == ["请打 024-42822222", "您是 〔身份证号〕 吧"]


async def test_what_is_too_long_is_refused_and_not_kept_in_half(house, citizen):
    operator, id = await taken(house, citizen)
    house.assistant.calls.clear()
    await citizen.say("长" * 301)
    assert [len(call["text"]) for call in house.assistant.calls] == [301], "whose refusal it is"
    (reply,) = await citizen.say("长" * 300)
    assert reply["state"] == "human" and len(house.assistant.calls) == 1
    said = [row.replies[0]["text"] for row in rows(house, HandoffMessage) if row.author == "citizen"]
    assert said == ["长" * 300]


async def test_who_speaks_of_dying_is_answered_at_once(house, citizen):
    from actions.speak import wording

    operator, id = await taken(house, citizen)
    words = f"我{wording('messages')['crisis_words'][0]}"
    (reply,) = await citizen.say(words)
    assert reply["text"] == f"您说的是：{words}", "the assistant, whose first step is care"
    said = (await operator.get(f"/staff/api/handoffs/{id}")).json()["messages"]
    assert said[-1]["replies"][0]["text"] == words


async def test_who_is_erased_is_gone_from_the_desk(house, citizen):
    operator, id = await taken(house, citizen)
    await citizen.say("我的情况")
    await operator.tell(f"/staff/api/handoffs/{id}/say", client_id="1", text="您好")
    erase(house.engine, [citizen.sender])
    assert rows(house, Handoff) == rows(house, HandoffMessage) == []
    assert (await operator.tell(f"/staff/api/handoffs/{id}/say", client_id="2", text="在吗")).status_code in (404, 409)


async def test_numbers_that_nothing_has(house, citizen):
    operator, id = await taken(house, citizen)
    huge = 10**20
    for path in (f"handoffs/{huge}", f"handoffs/{huge}/events", "cases?like=²", f"cases?like={huge}"):
        assert (await operator.get(f"/staff/api/{path}")).status_code == 404
    assert (await operator.get(f"/staff/api/handoffs/{id}?after={huge}")).json()["messages"] == []
    assert (await operator.tell(f"/staff/api/handoffs/{huge}/beat")).json() == {"mine": False}
    again = await operator.get(f"/staff/api/handoffs/{id}/events?seconds=0", headers={"Last-Event-ID": "x"})
    assert "event: message" in again.text


@pytest.mark.parametrize("error", [sa.exc.OperationalError("", {}, Exception()), ValueError("x")])
async def test_looking_for_those_who_wait_goes_on_after_a_failure(monkeypatch, error):
    looked = []

    class Failing:
        def sweep(self):
            looked.append(error)
            raise error

    monkeypatch.setattr("bot.staff.sweeping._EVERY", 0.01)
    task = asyncio.create_task(sweep_again_and_again(Failing()))
    while len(looked) < 3 and not task.done():
        await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()


async def test_who_is_signed_out_watches_no_longer(house, citizen):
    """The stream that was open when the account was disabled ends with its next look."""
    operator, id = await taken(house, citizen)
    console = house.app.state.console
    session = console.sign_in.session(operator.cookies["wengang_staff"])
    console.accounts.disable("小王")
    with pytest.raises(Exception, match="sign_in_first"):
        console.sign_in.check(session)
    assert (await operator.get(f"/staff/api/handoffs/{id}/events?seconds=0")).status_code == 401


async def test_an_administrator_has_no_part_in_it(house, citizen):
    admin = await house.signed_in("管理", "admin")
    await citizen.say(ASK)
    for path in ("/staff/api/queue", "/staff/api/queue/events", "/staff/api/handoffs/1", "/staff/api/cases"):
        assert (await admin.get(path)).status_code == 403
    assert (await admin.tell("/staff/api/handoffs/1/take")).status_code == 403
    assert (await house.browser().get("/staff/api/queue")).status_code == 401
    stranger = await house.signed_in("小王")
    stranger.csrf = "x"
    assert (await stranger.tell("/staff/api/presence")).status_code == 403


async def test_nobody_waits_for_a_day_that_the_clock_was_wrong_about(house, citizen):
    """It was two days ahead when these times were written, and has been put right."""
    await taken(house, citizen)
    ahead = now() + timedelta(days=2)
    for column, told in (("lease_until", "断线"), ("queued_at", "久等")):
        with house.engine.begin() as connection:
            connection.execute(sa.update(Handoff).values({column: ahead}))
        assert later(house, by=timedelta()).sweep() == 1
        assert told in citizen.heard()[-1]
