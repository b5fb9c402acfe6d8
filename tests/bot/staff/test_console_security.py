"""Every address of the console, taken from the application itself, so that a new one is held to the same.

Who is nobody gets nowhere; each role gets to its own; nothing changes without the token of the page or from another
site's; somebody else's case cannot be reached by its number; whatever callers say is words on every page.
"""

import re
from html.parser import HTMLParser

import doors
import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute
from starlette.routing import Mount

from bot.messages import say
from bot.store import InDatabase
from bot.store.case_tables import Case
from bot.store.conversations import HeldTurn
from bot.store.models import Audit

ROLES = ("operator", "officer", "admin")
OPEN = {"/staff/sign-in", "/staff/oidc", "/staff/oidc/back"}  # to somebody who is not signed in
EVERYBODYS = {"/staff", "/staff/password", "/staff/sign-out"}
OFFICERS = re.compile(r"/staff(/api)?/(numbers|unanswered)\b")
ADMINS = re.compile(r"/staff/(accounts|audit)\b")


def addresses(app):
    """(method, path) of every route of the console that is not open to all; what is below is callers' matter."""
    found = [route for route in app.routes if route.path.startswith("/staff")]
    assert all(isinstance(route, APIRoute) for route in found), "a mounted application would escape"
    assert not [route.path for route in app.routes if isinstance(route, Mount) and route.path != "/web"]
    return [(method, route.path) for route in found if route.path not in OPEN for method in sorted(route.methods)]


def may(role, path):
    if path in EVERYBODYS:
        return True
    if ADMINS.match(path):
        return role == "admin"
    return role == "officer" or role == "operator" and not OFFICERS.match(path)


def filled(path, number=1):
    """An address with numbers in it; what would be watched ends at once."""
    named = path.replace("{action}", "close")
    return re.sub(r"\{\w+\}", str(number), named) + ("?seconds=0" if path.endswith("/events") else "")


async def asked(browser, method, path, csrf=None, **headers):
    shown = {} if csrf is None else {"X-CSRF-Token": csrf}
    return await browser.request(method, path, json={}, headers={**shown, **headers})


def test_the_list_is_the_whole_console(house):
    listed = addresses(house.app)
    assert len(listed) > 35
    assert {path for _, path in listed if ADMINS.match(path)} == {"/staff/accounts", "/staff/audit"}
    assert {method for method, _ in listed} <= {"GET", "POST", "PUT", "DELETE"}


async def test_who_is_nobody_gets_nowhere(house):
    house.add("小王")
    for token in (None, "x", "' OR 1=1 --"):
        browser = house.browser()
        if token:
            browser.cookies.set("wengang_staff", token, domain="test.local", path="/staff")
        for method, path in addresses(house.app):
            answer = await asked(browser, method, filled(path), csrf="x")
            if path.startswith("/staff/api"):
                assert answer.status_code == 401, (method, path)
            else:
                assert (answer.status_code, answer.headers["location"]) == (303, "/staff/sign-in"), (method, path)


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_gets_to_its_own_and_no_further(house, role):
    browser = await house.signed_in("小王", role)
    await house.signed_in("别人")
    for method, path in addresses(house.app):
        if path == "/staff/sign-out":
            continue
        answer = await asked(browser, method, filled(path), browser.csrf)
        assert (answer.status_code == 403) != may(role, path), (method, path, answer.status_code, answer.text[:200])
        assert answer.status_code < 500 and answer.status_code != 401, (method, path)
    with house.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Case)).scalar() == 0


async def test_nothing_is_changed_without_the_token_of_the_page_or_from_another_site(house):
    members = {role: await house.signed_in(role, role) for role in ROLES}
    other = await house.signed_in("别人", "officer")
    changing = [(method, path) for method, path in addresses(house.app) if method != "GET"]
    assert len(changing) >= 20

    async def refused(browser, method, path, *whys, csrf, **headers):
        answer = await asked(browser, method, filled(path), csrf, **headers)
        assert answer.status_code == 403 and any(say(why) in answer.text for why in whys), (method, path, answer.text)

    before = _audited(house)
    for method, path in changing:
        browser = next(browser for role, browser in members.items() if may(role, path))
        for csrf in (None, "", "wrong", other.csrf):
            await refused(browser, method, path, "staff.csrf", csrf=csrf)
        form = await browser.request(method, filled(path), data={"csrf": other.csrf})
        assert form.status_code == 403 and say("staff.csrf") in form.text, (method, path)
        for origin in ("https://evil.example", "null", "http://test.evil.example", "https://evil.example/http://test"):
            foreign = ("staff.foreign", "api.foreign")  # the second: of the guard around all of it
            await refused(browser, method, path, *foreign, csrf=browser.csrf, Origin=origin)
        for site in ("cross-site", "same-site"):
            await refused(browser, method, path, "staff.foreign", csrf=browser.csrf, **{"Sec-Fetch-Site": site})
    assert _audited(house) == before
    given = {"name": "officer", "password": "correct horse 7"}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await house.browser().post("/staff/sign-in", data=given, headers=headers)
        assert answer.status_code == 403 and "set-cookie" not in answer.headers


def _audited(house):
    with house.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(Audit)).scalar()


async def test_what_only_looks_changes_nothing(house):
    """Otherwise a link would be enough, against which no token stands. An export is written down, and no more."""
    browser = await house.signed_in("老周", "officer")
    number = (await browser.tell("/staff/api/cases", subject="稳岗返还")).json()["id"]

    def kept():
        with house.engine.connect() as connection:
            case = connection.execute(sa.select(Case.__table__)).all()
            rows = connection.execute(sa.select(Audit.event).where(Audit.event != "cases_exported")).all()
        return case, sorted(rows)

    before = kept()
    for method, path in addresses(house.app):
        if method == "GET":
            query = "?do=close&action=close&version=1&text=x&csrf=" + browser.csrf
            assert (await browser.get(filled(path, number).split("?")[0] + query + "&seconds=0")).status_code < 500
    assert kept() == before


# ── what cannot be stored ──

TEXTS = {  # every text that some address takes, each fit for what it is
    "name": "谁", "password": "correct horse 8", "role": "operator", "old": "wrong", "new": "correct horse 8",
    "subject": "甲", "caller": "乙", "phone": "13900000000", "text": "丙", "note": "丁", "to": "某", "short": "戊",
    "topic": "stabilisation_refund", "programme": "stabilisation_refund", "clause": "LN/六/一次", "about": "LN/六/一次",
    "question": "己", "wording": "庚", "client_id": "1", "place": "本溪", "as_of": "2021-09-01",
    "follow_up": "2021-09-02", "csrf": "",
}  # fmt: skip
ASKED = ("q", "status", "mine", "due", "like", "day", "as_of", "place", "limit", "after", "before", "seconds")
DOING = ("keep", "drop", "give", "add", "disable", "enable", "reset", "note", "forward", "")


async def test_a_nul_is_a_failure_nowhere(house, tmp_path):
    """PostgreSQL takes none in a text. In every text of every address; a wrong one is told so, and is no 500."""
    house.app.state.console.review.file = tmp_path / "lay_questions.yml"
    officer, admin = await house.signed_in("老周", "officer"), await house.signed_in("管理", "admin")
    await officer.tell("/staff/api/presence")
    await house.browser("9.9.9.9").post("/api/messages", json={"text": "转人工"})
    assert (await officer.tell("/staff/api/handoffs/1/take")).status_code == 200
    assert (await officer.tell("/staff/api/cases", subject="稳岗返还")).json()["id"] == 1
    told = 0
    for method, path in [*addresses(house.app), ("POST", "/staff/sign-in")]:
        if path.endswith(("/sign-out", "/return")):
            continue  # nothing would be left to ask
        browser, at = admin if ADMINS.match(path) else officer, filled(path.replace("{action}", "forward"))
        if method == "GET":
            requests = [{"params": {"seconds": "0", name: "1\0"}} for name in ASKED]
        elif path.startswith("/staff/api"):
            given = await taken(browser, method, filled(path, 999))
            requests = [{"json": {**given, name: f"{given[name]}\0"}} for name in given if name in TEXTS]
        else:
            forms = {name: f"{text}\0" for name, text in TEXTS.items()}
            requests = [{"data": {**forms, "version": "1", "do": do, "csrf": browser.csrf}} for do in DOING]
        for request in requests:
            answer = await browser.request(method, at, headers={"X-CSRF-Token": browser.csrf}, **request)
            assert answer.status_code < 500, (method, path, request)
            assert path in OPEN or answer.status_code not in (401, 403), (method, path, request)
            told += 1
    assert told > 250


async def taken(browser, method, path):
    """Of TEXTS, those that an address takes: it names a field that it does not know."""
    given = {**TEXTS, "version": 1}
    while True:
        answer = await browser.request(method, path, json=given, headers={"X-CSRF-Token": browser.csrf})
        error = answer.json().get("error") if answer.status_code == 422 else None
        if error is None or error["message"] != say("api.unknown_field", field=error["field"]):
            return given
        del given[error["field"]]


async def test_a_name_with_a_nul_is_that_of_nobody_else(house):
    house.add("小王")
    assert (await house.browser().sign_in("\0", "x")).status_code == 401
    assert (await house.browser().sign_in("小\0王")).status_code == 303, "what cannot be typed is not there"
    browser = await house.signed_in("小王")
    for method in ("PUT", "DELETE"):
        kept = (await browser.tell("/staff/api/texts", method, short="戊\0", text="己")).json()["texts"]
        assert len([one for one in kept if one["own"]]) == (method == "PUT")


async def test_somebody_elses_case_is_not_there(house):
    wang, li = [await house.signed_in(name) for name in ("小王", "小李")]
    number = (await wang.tell("/staff/api/cases", subject="稳岗返还")).json()["id"]
    reached = [(method, path) for method, path in addresses(house.app) if "/cases/{" in path]
    assert len(reached) >= 6
    for method, path in reached:
        answers = []
        for given in ({"text": "x"}, {"text": "x", "version": 1}):
            if path.startswith("/staff/api"):
                token = {"X-CSRF-Token": li.csrf}
                answers.append(await li.request(method, filled(path, number), json=given, headers=token))
            else:
                form = {"csrf": li.csrf, "do": "close", **given}
                answers.append(await li.request(method, filled(path, number), data=form))
        assert {answer.status_code for answer in answers} in ({404}, {404, 422}), (method, path)
        assert not any("稳岗返还" in answer.text for answer in answers)
    assert (await wang.get(f"/staff/api/cases/{number}")).json()["status"] == "open"


async def test_somebody_elses_conversation_is_not_theirs(house):
    wang, li = [await house.signed_in(name) for name in ("小王", "小李")]
    await wang.tell("/staff/api/presence")
    await house.browser("9.9.9.9").post("/api/messages", json={"text": "转人工"})
    (waiting,) = (await wang.get("/staff/api/queue")).json()["queue"]
    assert (await wang.tell(f"/staff/api/handoffs/{waiting['id']}/take")).status_code == 200
    reached = [(method, path) for method, path in addresses(house.app) if "/handoffs/{" in path]
    assert len(reached) >= 7
    for method, path in reached:
        given = {"client_id": "1", "text": "x", "clause": "LN/六/一次"} if path.endswith(("say", "insert")) else {}
        given |= {"subject": "x"} if path.endswith("close") else {}
        given.pop("text" if path.endswith("insert") else "clause", None)
        answer = await li.request(method, filled(path, waiting["id"]), json=given, headers={"X-CSRF-Token": li.csrf})
        mine = path.endswith("beat") and answer.json() == {"mine": False}
        assert mine or answer.status_code in (404, 409), (method, path, answer.status_code, answer.text)
    shown = (await wang.get(f"/staff/api/handoffs/{waiting['id']}")).json()
    assert shown["mine"] and [one["author"] for one in shown["messages"]].count("operator") == 0


# ── whatever callers say is words ──

EVIL = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "<svg/onload=alert(1)>",
    "</textarea></td><iframe srcdoc=x>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
]
OURS = {"html", "head", "meta", "title", "link", "body", "header", "a", "nav", "main", "h1", "h2", "p", "form", "input",
        "label", "select", "option", "button", "table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd",
        "div", "ol", "li", "code", "textarea", "details", "summary", "fieldset", "legend", "datalist", "svg", "rect",
        "section", "noscript", "script", "span"}  # fmt: skip


class Looking(HTMLParser):
    """What is on a page that no template of ours put there."""

    def __init__(self):
        super().__init__()
        self.foreign = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        bad = [name for name in given if name.startswith("on") or name in ("style", "srcdoc")]
        leads = [given.get(name) or "" for name in ("href", "src", "action")]
        outside = [one for one in leads if one and not one.startswith(("/", "#"))]
        if tag not in OURS or bad or outside or tag == "script" and not (given.get("src") or "").startswith("/web/"):
            self.foreign.append((tag, attrs))


async def test_no_page_takes_words_for_its_own(house, monkeypatch):
    """Of callers, of the website and of WeChat; in cases, notes, names, questions, searches."""
    officer, admin = await house.signed_in("老周", "officer"), await house.signed_in("管理", "admin")
    for n, words in enumerate(EVIL):
        monkeypatch.setitem(doors.SCRIPT, words, [{**doors.SCRIPT["转人工"][0], "summary": words}])
        said = await house.browser("9.9.9.9").post("/api/messages", json={"text": words})
        assert said.status_code == 200, "nobody at the desk: a case is made of it"
        missed = [{"kind": "text", "text": "没有写", "outcome": "not_stated", "programme": words}]
        InDatabase(house.engine).keep(HeldTurn(f"wechat:{n}", words, None, replies=missed))
        made = {"subject": words, "caller": words, "csrf": officer.csrf, "topic": "", "phone": words[:30]}
        assert (await officer.post("/staff/cases", data=made)).status_code == 303
        await officer.form("/staff/texts", do="keep", short=f"短{n}", text=words)
    with house.engine.connect() as connection:
        numbers = connection.execute(sa.select(Case.id)).scalars().all()
    assert len(numbers) == 2 * len(EVIL)
    for number in numbers:
        assert (
            await officer.form(f"/staff/cases/{number}", do="note", text=EVIL[number % len(EVIL)])
        ).status_code == 303
    paths = [f"/staff/cases/{number}" for number in numbers]
    paths += ["/staff/cases", "/staff/texts", "/staff/numbers", "/staff/numbers/figures", "/staff/unanswered"]
    pages = [(officer, path) for path in paths]
    pages += [(officer, f"/staff/cases?q={word}&status=&due=&like=") for word in ("<script>", '"><img src=x>', "%27")]
    pages += [(officer, f"/staff/cases?status={EVIL[0]}"), (officer, f"/staff/nowhere/{EVIL[0]}")]
    pages += [(admin, "/staff/accounts"), (admin, "/staff/audit"), (house.browser(), "/staff/sign-in")]
    shown = ""
    for browser, path in pages:
        answer = await browser.get(path)
        if answer.headers["content-type"].startswith("application/json"):
            continue
        looking = Looking()
        looking.feed(answer.text)
        assert looking.foreign == [], path
        assert "unsafe" not in answer.headers["content-security-policy"]
        shown += answer.text
    assert "&lt;script&gt;alert(1)" in shown and "{{ 7 * 7 }}" in shown and "49{%" not in shown
    for words in EVIL:
        answer = await admin.form("/staff/accounts", do="add", name=words, role="operator", password="correct horse 7")
        assert answer.status_code == 422 and "<script>alert" not in answer.text
        assert (await house.browser().sign_in(words, "x")).text.count("<script") == 0


META = [
    "' OR '1'='1",
    "'; DROP TABLE cases; --",
    "%",
    "_",
    "\\",
    "\\%",
    "x' UNION SELECT password FROM staff_accounts --",
]


@pytest.mark.parametrize("words", META)
async def test_what_is_searched_for_is_words_to_the_database_too(house, words):
    """In the list, and in both tables to download; also in the search for clauses and a day that is none."""
    wang, li = [await house.signed_in(name) for name in ("小王", "小李")]
    await li.tell("/staff/api/cases", subject="别人的")
    await wang.tell("/staff/api/cases", subject="甲乙丙")
    own = (await wang.tell("/staff/api/cases", subject=f"前{words}后")).json()["id"]
    found = (await wang.get("/staff/api/cases", params={"q": words})).json()["cases"]
    assert [case["id"] for case in found] == [own]
    table = (await wang.get("/staff/cases.csv", params={"q": words})).text
    assert table.count("\r\n") == 2 and "甲乙丙" not in table and "argon2" not in table and "别人的" not in table
    sheet = await wang.get("/staff/cases.xlsx", params={"q": words})
    assert sheet.status_code == 200 and sheet.content[:2] == b"PK"
    page = (await wang.get("/staff/cases", params={"q": words})).text
    assert page.count('<th scope="row">') == 1
    for name in ("status", "due", "like"):
        for path in ("/staff/api/cases", "/staff/cases", "/staff/cases.csv", "/staff/cases.xlsx"):
            assert (await wang.get(path, params={name: words})).status_code in (404, 422)
    assert (await wang.get("/staff/api/search", params={"q": words})).status_code == 200
    assert (await wang.sign_in(words, words)).status_code == 401
