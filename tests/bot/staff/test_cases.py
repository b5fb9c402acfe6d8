"""Cases: who sees and does what, what is kept of a caller, and a decision made again after the packs changed."""

import asyncio
import csv
import io
import json
import re
import shutil
from html import escape

import doors
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from bot.cli import run
from bot.staff.accounts import Member
from bot.staff.case_states import ACTIONS, STATES, after, may
from bot.staff.cases import Cases
from bot.staff.export import harmless
from bot.staff.layout import Layout
from bot.staff.packs_kept import PacksKept
from bot.staff.sign_in import Session
from bot.store.case_tables import Case, CaseNote, PackArchive
from bot.store.erasure import erase, expire
from bot.store.models import now
from eligibility import Rulebook
from knowledge import load
from knowledge.pack import PACKS

FACTS = {"unit_kind": "enterprise", "insured_count": 28, "layoff_count": 5}
ASKED = {"topic": "stabilisation_refund", "facts": FACTS, "as_of": "2021-09-01"}


async def made(browser, **more):
    response = await browser.tell("/staff/api/cases", subject="稳岗返还", **more)
    assert response.status_code == 201, response.text
    return response.json()


async def act(browser, case, action, **more):
    return await browser.tell(f"/staff/api/cases/{case['id']}/{action}", version=case["version"], **more)


async def test_from_call_to_closed_case(house):
    browser = await house.signed_in("小王")
    case = await made(browser, caller="来电人甲", follow_up="2021-09-03", **ASKED)
    assert case["status"] == "open" and case["owner"] == "小王" and case["outcome"] == "needs_info"
    assert case["decision"]["decision_id"] == case["decision_id"] and len(case["decision_id"]) == 64
    for action, state in (("answer", "answered"), ("close", "closed")):
        case = (await act(browser, case, action, text="已告知")).json()
        assert case["status"] == state
    assert [note["event"] for note in case["notes"]] == ["made", "answer", "close"]
    due = (await browser.get("/staff/api/cases", params={"due": "2021-09-03"})).json()["cases"]
    assert due == [], "a closed case is not followed up"


async def test_a_case_that_is_sent_again_is_the_same_case_with_its_answer_and_note(house):
    wang, li = [await house.signed_in(name) for name in ("小王", "小李")]
    given = {"client_id": "c-1", "answered": True, "note": "已告知，手机13912345678", **ASKED}
    first, *others = await asyncio.gather(*(made(wang, **given) for _ in range(4)))
    assert {one["id"] for one in others} == {first["id"]}
    assert first["status"] == "answered" and [note["event"] for note in first["notes"]] == ["made", "answer"]
    assert "已告知" in first["notes"][1]["text"] and "139" not in first["notes"][1]["text"]
    assert (await made(li, **given))["id"] != first["id"], "another's request is another"
    noted, plain = await made(wang, note="再问一次"), await made(wang)
    assert [note["event"] for note in noted["notes"]] == ["made", "note"] and noted["status"] == "open"
    assert len({first["id"], noted["id"], plain["id"]}) == 3


async def test_the_owner_stays_responsible_until_it_is_accepted(house):
    wang, li, zhao = [await house.signed_in(name) for name in ("小王", "小李", "小赵")]
    case = await made(wang)
    assert (await act(wang, case, "forward", to="小李")).status_code == 422, "without a reason"
    for to in ("小王", "没有这个人", ""):
        assert (await act(wang, case, "forward", to=to, text="请看")).status_code == 422
    case = (await act(wang, case, "forward", to="小李", text="请看")).json()
    assert (case["status"], case["owner"], case["forwarded_to"]) == ("forwarded", "小王", "小李")
    assert (await zhao.get(f"/staff/api/cases/{case['id']}")).status_code == 404
    assert (await act(wang, case, "accept")).status_code == 409
    returned = await act(li, case, "return", text="不归我管")
    assert returned.json() == {"id": case["id"]}, "no longer theirs to see"
    case = (await wang.get(f"/staff/api/cases/{case['id']}")).json()
    assert (case["status"], case["owner"], case["forwarded_to"]) == ("open", "小王", None)
    case = (await act(wang, case, "forward", to="小李", text="还是请看")).json()
    case = (await act(li, case, "accept")).json()
    assert (case["status"], case["owner"]) == ("open", "小李")
    assert (await wang.get(f"/staff/api/cases/{case['id']}")).status_code == 404


async def test_no_step_takes_a_second_connection_while_it_holds_one(house):
    """Else as many at once as there are connections would wait for each other."""
    wang, li = [await house.signed_in(name) for name in ("小王", "小李")]
    case, held, most = await made(wang), [], []

    def out(*_):
        held.append(1)
        most.append(len(held))

    sa.event.listen(house.engine, "checkout", out)
    sa.event.listen(house.engine, "checkin", lambda *_: held.pop())
    for browser, action in ((wang, "forward"), (li, "accept"), (li, "answer"), (li, "close")):
        response = await act(browser, case, action, to="小李", text="请接着办")
        assert response.status_code == 200, response.text
        case = response.json()
    assert max(most) == 1


async def test_an_operator_reaches_only_what_concerns_them(house):
    wang, li = [await house.signed_in(name) for name in ("小王", "小李")]
    officer, admin = await house.signed_in("老周", "officer"), await house.signed_in("管理", "admin")
    case = await made(wang, **ASKED)
    path = f"/staff/api/cases/{case['id']}"
    for who, status in ((li, 404), (officer, 200), (admin, 403)):
        for address in (path, f"{path}/replay", f"/staff/cases/{case['id']}"):
            assert (await who.get(address)).status_code == status
        for answer in (await act(who, case, "nothing"), await who.tell(f"{path}/notes", text="看看")):
            assert answer.status_code == (409 if status == 200 and answer.url.path.endswith("nothing") else status)
    assert (await li.form(f"/staff/cases/{case['id']}", do="close", version="1")).status_code == 404
    assert (await li.get("/staff/api/cases")).json()["cases"] == []
    assert len((await officer.get("/staff/api/cases")).json()["cases"]) == 1
    assert "稳岗返还" not in (await li.get("/staff/cases.csv")).text
    assert (await li.get("/staff/api/cases", params={"like": case["id"]})).status_code == 404
    for number in (0, -1, 2**40):
        assert (await li.get(f"/staff/api/cases/{number}")).status_code == 404
    assert (await house.browser().get(path)).status_code == 401


async def test_what_somebody_else_changed_meanwhile_is_not_written_over(house):
    wang, officer = await house.signed_in("小王"), await house.signed_in("老周", "officer")
    case = await made(wang)
    assert (await act(officer, case, "answer")).status_code == 200
    assert (await act(wang, case, "close")).status_code == 409
    assert (await wang.get(f"/staff/api/cases/{case['id']}")).json()["status"] == "answered"


async def test_a_decision_that_was_not_told_is_not_kept(house):
    browser = await house.signed_in("小王")
    told = {"decision_id": (await made(browser, **ASKED))["decision_id"], "client_id": "c-1"}
    tomorrow = {**ASKED, "as_of": "2021-09-02", **told}
    refused = await browser.tell("/staff/api/cases", subject="稳岗返还", **tomorrow)
    assert refused.status_code == 409 and "再记一次" in refused.json()["error"]["message"]
    case = await made(browser, **ASKED, **told)
    assert case["decision_id"] == told["decision_id"]
    assert (await made(browser, **tomorrow))["id"] == case["id"], "the answer was lost, and a day went by"
    assert len((await browser.get("/staff/api/cases")).json()["cases"]) == 2


async def test_what_is_written_on_a_case_that_changed_meanwhile_is_still_there(house):
    wang, officer, _ = [await house.signed_in(*who) for who in (("小王",), ("老周", "officer"), ("小李",))]
    case = await made(wang)
    path, seen = f"/staff/cases/{case['id']}", {"do": "close", "version": str(case["version"])}
    assert (await act(officer, case, "answer")).status_code == 200
    typed = {"text": "<b>她带证书来</b> ::核定", "to": "小李", "follow_up": "2021-09-03"}
    for pressed, status, why in (
        (seen, 409, "这张工单刚被别人改过，请看过它现在的样子再做一次。"),
        ({**seen, "do": "answer"}, 409, "这张工单现在不能这样办"),
        ({"do": "note", "text": "长" * 2001}, 422, "2000"),
        ({"do": "note", "follow_up": "后天"}, 422, "日期"),
    ):
        told = {**typed, **pressed}
        page = await wang.form(path, **told)
        assert page.status_code == status and why in re.search('<p role="alert">(.*)</p>', page.text)[1]
        assert f">{escape(told['text'])}</textarea>" in page.text and "<option selected>小李</option>" in page.text
        assert f'name="follow_up" value="{told["follow_up"]}"' in page.text and 'name="version" value="2"' in page.text
    assert (await wang.form(path, **{**typed, **seen, "version": "2"})).status_code == 303
    assert "她带证书来" in (await wang.get(f"/staff/api/cases/{case['id']}")).json()["notes"][-1]["text"]


async def test_a_form_that_is_sent_twice_makes_one_case(house):
    wang = await house.signed_in("小王")
    page = (await wang.get("/staff/cases")).text
    sent = {"subject": "问退休年龄", "client_id": re.search('name="client_id" value="([^"]+)"', page)[1]}
    answers = await asyncio.gather(*(wang.form("/staff/cases", **sent) for _ in range(3)))
    assert len({answer.headers["location"] for answer in answers}) == 1
    other = await wang.form("/staff/cases", **{**sent, "subject": "问别的"})
    assert other.headers["location"] != answers[0].headers["location"], "gone back to, and written anew"
    assert sent["client_id"] not in (await wang.get("/staff/cases")).text
    assert len((await wang.get("/staff/api/cases")).json()["cases"]) == 2


async def test_a_callers_number_is_not_kept_but_finds_their_cases(house):
    browser = await house.signed_in("小王")
    first = await made(browser, phone="139 1234 5678", caller="张 13912345678")
    await made(browser, phone="13900000000")
    again = await made(browser, phone="13912345678")
    found = (await browser.get("/staff/api/cases", params={"like": again["id"]})).json()["cases"]
    assert [case["id"] for case in found] == [again["id"], first["id"]]
    await browser.tell(f"/staff/api/cases/{first['id']}/notes", text="身份证 210502199001011234，手机13912345678")
    with house.engine.connect() as connection:
        kept = str(connection.execute(sa.select(Case.__table__)).all())
        kept += str(connection.execute(sa.select(CaseNote.__table__)).all())
        sender = connection.execute(sa.select(Case.sender).where(Case.id == first["id"])).scalar()
    assert not [number for number in ("13912345678", "210502199001011234", "5678") if number in kept]
    assert erase(house.engine, [sender]) == 2
    assert len((await browser.get("/staff/api/cases")).json()["cases"]) == 1
    with house.engine.connect() as connection:
        assert {row.case_id for row in connection.execute(sa.select(CaseNote.case_id))} == {first["id"] + 1}


PHONES = [
    "13912345678",
    "139 1234 5678",
    "+86 139-1234-5678",
    "008613912345678",
    "（+86）１３９１２３４５６７８",
    "86 13912345678",
]


async def test_a_caller_is_the_same_however_the_number_is_written(house, url, monkeypatch):
    """At the desk, and for whoever has them erased."""
    browser = await house.signed_in("小王")
    numbers = [(await made(browser, phone=phone))["id"] for phone in PHONES]
    for other in ("13912345679", "8613912345", "٠١٢٣٤٥٦", "0414-86139123"):
        await made(browser, phone=other)
    found = (await browser.get("/staff/api/cases", params={"like": numbers[0]})).json()["cases"]
    assert [case["id"] for case in found] == numbers[::-1]
    monkeypatch.setenv("WENGANG_DATABASE_URL", url)
    monkeypatch.setenv("WENGANG_SECRET", "s" * 32)
    assert await asyncio.to_thread(run, ["erase", "--user", "+86 139 1234 5678", "--door", "phone"]) == 0
    assert len((await browser.get("/staff/api/cases")).json()["cases"]) == 4


EVIL = ["<script>alert(1)</script>", "'; DROP TABLE cases; --", "1%0", "a_b", '"><img src=x onerror=alert(1)>', "\\"]


async def test_what_callers_say_is_shown_searched_and_found_as_it_is(house):
    browser = await house.signed_in("小王")
    for words in EVIL:
        await made(browser, caller=words)
    for words in EVIL:
        found = (await browser.get("/staff/api/cases", params={"q": words})).json()["cases"]
        assert [case["caller"] for case in found] == [words]
    page = (await browser.get("/staff/cases", params={"q": EVIL[0]})).text
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    case = (await browser.get("/staff/api/cases", params={"q": EVIL[0]})).json()["cases"][0]
    await browser.tell(f"/staff/api/cases/{case['id']}/notes", text=EVIL[4])
    page = await browser.get(f"/staff/cases/{case['id']}")
    assert "<img" not in page.text and "onerror=alert" in page.text and "unsafe" not in str(page.headers)
    assert len((await browser.get("/staff/api/cases", params={"q": "%"})).json()["cases"]) == 1


async def test_a_list_reads_nothing_long(house):
    """Ten thousand decisions would be a hundred megabytes for a table that shows none of them."""
    browser, read = await house.signed_in("小王"), []
    case = await made(browser, **ASKED)
    assert case["facts"] == FACTS and case["declined"] == [] and case["decision"]
    sa.event.listen(house.engine, "before_cursor_execute", lambda *given: read.append(given[2]))
    for path in ("/staff/api/cases", "/staff/cases", "/staff/cases.csv", "/staff/cases.xlsx"):
        assert (await browser.get(path)).status_code == 200
    selected = " ".join(read)
    assert "cases.subject" in selected
    assert not [name for name in ("facts", "declined", "decision") if re.search(rf"cases\.{name}\b", selected)]
    (listed,) = (await browser.get("/staff/api/cases")).json()["cases"]
    assert {name: case[name] for name in listed} == listed


@pytest.mark.parametrize("params", [{"status": "x' OR 1=1"}, {"due": "yesterday"}, {"like": "1 OR 1=1"}])
async def test_a_search_that_makes_no_sense(house, params):
    browser = await house.signed_in("小王")
    assert (await browser.get("/staff/api/cases", params=params)).status_code in (404, 422)
    assert (await browser.get("/staff/cases.csv", params=params)).status_code in (404, 422)


async def test_tables_hold_no_formula(house):
    browser = await house.signed_in("小王")
    evil = ['=HYPERLINK("http://evil")', "+1+1", "-2", "@SUM(A1)", " =1", "＝1"]
    for words in evil:
        await made(browser, caller=words)
    raw = (await browser.get("/staff/cases.csv")).content
    assert raw.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert table[0][0] == "编号" and len(table) == 7
    assert not [cell for row in table for cell in row if cell.lstrip().startswith(("=", "+", "-", "@", "＝"))]
    response = await browser.get("/staff/cases.xlsx")
    cells = [cell for row in load_workbook(io.BytesIO(response.content)).active.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value} == {"s"} and evil[0] in {cell.value for cell in cells}


@pytest.mark.parametrize("odd", ["\ufffe", "\uffff"])
async def test_no_message_of_a_visitor_spoils_the_table(house, monkeypatch, odd):
    """Excel refuses a file with a character that XML does not know; nor does one that was kept before do so."""
    browser = await house.signed_in("小王")
    monkeypatch.setitem(doors.SCRIPT, f"转人工{odd}", doors.SCRIPT["转人工"])
    await house.browser("9.9.9.9").post("/api/messages", json={"text": f"转人工{odd}"})
    old = await made(browser)
    with house.engine.begin() as connection:
        connection.execute(sa.update(Case).where(Case.id == old["id"]).values(subject=f"旧{odd}的\x07"))
    sheet = load_workbook(io.BytesIO((await browser.get("/staff/cases.xlsx")).content)).active
    assert {"转人工", "旧的"} <= {cell.value for row in sheet.iter_rows() for cell in row}


@given(st.text(max_size=5))
def test_no_cell_begins_a_formula(text):
    assert not harmless(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


# ── decisions made again ──


def other_packs(tmp_path):
    """The packs as they are after somebody changed a number in a rule, and its comment."""
    folder = tmp_path / "packs"
    shutil.copytree(PACKS, folder)
    rule = folder / "ln-2021-7" / "programmes" / "stabilisation_refund.yml"
    text = rule.read_text(encoding="utf-8")
    assert "insured_count <= 30" in text
    rule.write_text(text.replace("insured_count <= 30", "insured_count <= 20"), encoding="utf-8")
    return Rulebook(load(folder))


FULL = {
    "unit_kind": "enterprise", "insured_in_liaoning": True, "insured_count": 28, "layoff_count": 5,
    "insured_count_end_2020": 28, "premium_paid_prev_year_yuan": 120000, "enterprise_size": "medium_small_micro",
}  # fmt: skip


async def test_a_decision_is_made_again_after_the_packs_changed(house, rules, tmp_path):
    browser = await house.signed_in("小王")
    case = await made(browser, **{**ASKED, "facts": FULL})
    here = (await browser.get(f"/staff/api/cases/{case['id']}/replay")).json()
    assert here["same"] and here["decision"] == case["decision"] and here["now"] == case["outcome"] == "conditional"
    assert here["differs"] == [] and not here["packs_changed"]
    page = (await browser.get(f"/staff/cases/{case['id']}/replay")).text
    assert "今天再算" not in page and "不是按今天的日期" in page and "建工单以后没有改过" in page
    assert "<dt>两遍不同的地方</dt><dd>没有</dd>" in page
    await made(browser, **ASKED)
    with house.engine.connect() as connection:
        assert [row.hash for row in connection.execute(sa.select(PackArchive.hash))] == [rules.knowledge.hash]

    changed = other_packs(tmp_path)
    later = Cases(house.engine, changed, PacksKept(house.engine, changed), house.chain, house.accounts)
    member = house.accounts.named("小王")[0]
    again = later.replay(member, case["id"])
    assert again["same"] and again["decision_id"] == case["decision_id"] and again["decision"] == case["decision"]
    assert again["now"] == "ineligible", "today's packs say otherwise"
    assert again["packs_changed"] and {"verdict", "amount"} <= set(again["differs"])
    assert "decision_id" not in again["differs"] and "as_of" not in again["differs"], "of the same facts, day and place"
    every = [part for part in again["decision"] if part not in ("decision_id", "programme", "as_of", "place")]
    named = {"case": case, "told": [], "again": {**again, "differs": every}}
    page = Layout().page("replay.html", Session(member, "x", "y"), **named)
    shown = re.search("<dt>两遍不同的地方</dt><dd>(.*)</dd>", page)[1]
    assert "建工单以后改过" in page and "结论、" in shown and not re.search("[a-z]", shown)


async def test_packs_that_are_not_what_they_were_decide_nothing(house, tmp_path):
    browser = await house.signed_in("小王")
    case = await made(browser, **ASKED)
    changed = other_packs(tmp_path)
    with house.engine.begin() as connection:
        from bot.staff.packs_kept import zipped

        connection.execute(sa.update(PackArchive).values(files=zipped(changed.knowledge)))
    later = Cases(house.engine, changed, PacksKept(house.engine, changed), house.chain, house.accounts)
    with pytest.raises(Exception, match="packs_lost"):
        later.replay(house.accounts.named("小王")[0], case["id"])


async def test_old_cases_go_and_their_packs_with_them(house):
    browser = await house.signed_in("小王")
    await made(browser, **ASKED)
    from datetime import timedelta

    assert expire(house.engine, 90, 365, 365) == 0
    with house.engine.begin() as connection:
        connection.execute(sa.update(Case).values(updated_at=now() - timedelta(days=366)))
        connection.execute(sa.update(PackArchive).values(created_at=now() - timedelta(days=366)))
    assert expire(house.engine, 90, 365, 365) == 2
    with house.engine.connect() as connection:
        assert connection.execute(sa.select(CaseNote.id)).all() == []


# ── the small machine ──


ME, OTHER, CHIEF = Member("me", "me", "operator"), Member("x", "x", "operator"), Member("chief", "c", "officer")


@given(
    st.lists(
        st.tuples(st.sampled_from([ME, OTHER, CHIEF]), st.sampled_from(sorted(ACTIONS)), st.sampled_from(["me", "x"])),
        max_size=12,
    )
)
def test_whatever_is_done_a_case_has_one_who_is_responsible(steps):
    case = Case(status="open", owner=ME.id, forwarded_to=None)
    for member, action, to in steps:
        before = case.owner
        if not may(member, action, case):
            continue
        case.status = after(action, case)
        case.forwarded_to = to if action == "forward" else None
        if action in ("take", "accept"):
            case.owner = member.id
        assert case.status in STATES and case.owner is not None
        assert (case.forwarded_to is not None) == (case.status == "forwarded")
        assert case.owner == before or action == "accept" and case.owner == member.id


async def test_ready_made_texts(house):
    wang, li = [await house.signed_in(name) for name in ("小王", "小李")]
    assert {"开头", "核定"} <= {one["short"] for one in (await wang.get("/staff/api/texts")).json()["texts"]}
    await wang.tell("/staff/api/texts", "PUT", short="我的", text="<b>您好</b>")
    await wang.tell("/staff/api/texts", "PUT", short="我的", text="您好 13912345678")
    own = [one for one in (await wang.get("/staff/api/texts")).json()["texts"] if one["own"]]
    assert own == [{"short": "我的", "text": "您好 〔电话号码〕", "own": True}]
    assert "我的" not in json.dumps((await li.get("/staff/api/texts")).json(), ensure_ascii=False)
    assert (await wang.tell("/staff/api/texts", "PUT", short="有 空格", text="x")).status_code == 422
    await wang.tell("/staff/api/texts", "DELETE", short="我的")
    assert not [one for one in (await wang.get("/staff/api/texts")).json()["texts"] if one["own"]]


async def test_short_names_in_a_note_become_their_texts(house):
    wang = await house.signed_in("小王")
    for short, text in (("核", "短的"), ("核定价", "长的 ::核定"), ("a.b", "点\\1")):
        assert (await wang.form("/staff/texts", do="keep", short=short, text=text)).status_code == 303
    page = (await wang.get("/staff/texts")).text
    assert "删去我的“核定价”" in page and "删去我的“核定”" not in page
    case = await made(wang)
    for typed, kept in (
        ("::核定价", "长的 ::核定"),
        ("甲：：核乙", "甲短的乙"),
        ("::a.b::核", "点\\1短的"),
        ("::axb ::没有 ::", "::axb ::没有 ::"),
    ):
        await wang.form(f"/staff/cases/{case['id']}", do="note", text=typed)
        notes = (await wang.get(f"/staff/api/cases/{case['id']}")).json()["notes"]
        assert notes[-1]["text"] == kept
    await wang.form("/staff/texts", do="drop", short="核定价")
    await wang.form(f"/staff/cases/{case['id']}", do="note", text="::核定价")
    notes = (await wang.get(f"/staff/api/cases/{case['id']}")).json()["notes"]
    assert notes[-1]["text"].startswith("以上是按通知说的条件判断的") and notes[-1]["text"].endswith("价")
    assert (await wang.form("/staff/texts", do="other", short="核")).status_code == 422
