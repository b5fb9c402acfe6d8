"""Signing in to the console, staying signed in, and everybody who tries to get in otherwise."""

import asyncio
import re
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from bot.staff import passwords
from bot.staff.sign_in import IDLE, LONGEST, MARK, SignIn, TooOften
from bot.store.audit_chain import AuditChain
from bot.store.models import Audit, aware, now
from bot.store.staff_tables import Account, FailedSignIn, StaffSession

PASSWORD = "correct horse 7"
COOKIE = "wengang_staff"


async def test_there_is_no_console_before_the_first_account(house):
    browser = house.browser()
    assert (await browser.get("/staff/sign-in")).status_code == 404
    assert (await browser.get("/staff")).status_code == 404
    assert (await browser.post("/staff/sign-in", data={"name": "x", "password": "y"})).status_code == 404
    house.add("小王")
    assert (await browser.get("/staff/sign-in")).status_code == 200
    assert (await browser.get("/staff")).headers["location"] == "/staff/sign-in"


async def test_none_of_it_is_in_the_public_document(house):
    paths = (await house.browser().get("/openapi.json")).json()["paths"]
    assert not [path for path in paths if path.startswith("/staff")]


async def test_the_cookie_is_out_of_reach_and_its_token_is_not_kept(house):
    house.add("小王")
    for scheme, secure in (("http", False), ("https", True)):
        browser = house.browser(scheme=scheme)
        response = await browser.post("/staff/sign-in", data={"name": "小王", "password": PASSWORD})
        cookie = response.headers["set-cookie"]
        assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower() and "Path=/staff" in cookie
        assert ("Secure" in cookie) is secure
        token = re.match(rf"{COOKIE}=([^;]+)", cookie)[1]
        with house.engine.connect() as connection:
            kept = connection.execute(sa.select(StaffSession.__table__)).all()
            assert token not in str(kept) and "10.0.0.1" not in str(kept)
            assert PASSWORD not in str(connection.execute(sa.select(Account.__table__)).all())


async def test_a_token_set_before_the_sign_in_is_worth_nothing(house):
    """Session fixation: neither a token of the attacker's making nor one that was valid survives the sign-in."""
    house.add("小王")
    victim = house.browser()
    victim.cookies.set(COOKIE, "chosen-by-somebody-else", domain="test.local", path="/staff")
    await victim.sign_in("小王")
    assert victim.cookies[COOKIE] != "chosen-by-somebody-else"
    first = victim.cookies[COOKIE]
    await victim.sign_in("小王")
    thief = house.browser()
    thief.cookies.set(COOKIE, first, domain="test.local", path="/staff")
    assert (await thief.get("/staff/password")).status_code == 303
    assert (await victim.get("/staff/password")).status_code == 200


async def test_every_change_wants_the_token_of_the_page(house):
    browser = await house.signed_in("甲", "admin")
    add = {"do": "add", "name": "乙", "role": "admin", "password": PASSWORD}
    for csrf in ("", "wrong", "ü"):
        assert (await browser.post("/staff/accounts", data={**add, "csrf": csrf})).status_code == 403
    assert (await browser.post("/staff/accounts", data=add)).status_code == 403
    other = await house.signed_in("丙", "admin")
    assert (await browser.post("/staff/accounts", data={**add, "csrf": other.csrf})).status_code == 403
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        response = await browser.post("/staff/accounts", data={**add, "csrf": browser.csrf}, headers=headers)
        assert response.status_code == 403
        assert (await browser.post("/staff/sign-in", data={}, headers=headers)).status_code == 403
    assert {one.name for one in house.accounts.all()} == {"甲", "丙"}
    assert (await browser.form("/staff/accounts", **add)).status_code == 303


async def test_wrong_passwords_make_one_wait_and_lock_nobody_else_out(house):
    house.add("小王")
    thief, colleague = house.browser("6.6.6.6"), house.browser("10.0.0.2")
    answers = [(await thief.sign_in("小王", "guess")).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]
    refused = await thief.sign_in("小王", PASSWORD)
    assert refused.status_code == 429 and 0 < int(refused.headers["retry-after"]) <= 15 * 60
    assert (await colleague.sign_in("小王")).status_code == 303


async def test_guessing_from_many_addresses_is_slow_too_but_not_for_who_sits_at_their_desk(house):
    house.add("小王")
    desk = await house.signed_in("小王", address="10.0.0.2")
    await desk.form("/staff/sign-out")
    for n in range(20):
        assert (await house.browser(f"6.6.6.{n}").sign_in("小王", "guess")).status_code == 401
    assert (await house.browser("6.6.7.1").sign_in("小王", "guess")).status_code == 429
    assert (await house.browser("10.0.0.2").sign_in("小王")).status_code == 303


async def test_nobody_who_shares_an_address_locks_a_colleague_out_of_the_browser_they_use(house):
    own, neighbour = [await house.signed_in(name, address="10.0.0.2") for name in ("小王", "小李")]
    await own.form("/staff/sign-out")
    assert [(await neighbour.sign_in("小王", "guess")).status_code for _ in range(6)] == [401] * 5 + [429]
    others = [(await neighbour.sign_in(f"谁{n}", "guess")).status_code for n in range(26)]
    assert others == [401] * 25 + [429], "the address as a whole has had enough"
    assert (await house.browser("10.0.0.2").sign_in("小王")).status_code == 429
    assert (await own.sign_in("小王")).status_code == 303
    assert [(await own.sign_in("小王", "guess")).status_code for _ in range(6)] == [401] * 5 + [429], "no way around"


async def test_the_mark_of_a_browser_is_good_for_its_name_only_and_tells_it_not(house):
    browsers = {name: await house.signed_in(name, address="10.0.0.2") for name in ("小王", "小李")}
    marks = {
        name: next((kept.name, kept.value) for kept in browser.cookies.jar if kept.name.startswith(MARK))
        for name, browser in browsers.items()
    }
    again = await browsers["小王"].sign_in("小王")
    cookie = next(one for one in again.headers.get_list("set-cookie") if one.startswith(MARK))
    assert cookie.startswith("=".join(marks["小王"])), "the same mark, for longer"
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower() and "Path=/staff" in cookie
    thief = house.browser("10.0.0.2")
    for _ in range(5):
        assert (await thief.sign_in("小王", "guess")).status_code == 401
    for value in (marks["小李"][1], "x.x", "."):
        thief.cookies.clear()
        thief.cookies.set(marks["小王"][0], value, domain="test.local", path="/staff")
        assert (await thief.sign_in("小王", "guess")).status_code == 429


async def test_many_guesses_at_one_moment_are_no_way_around(house):
    house.add("小王")
    answers = await asyncio.gather(*(house.browser("6.6.6.6").sign_in("小王", f"guess {n}") for n in range(12)))
    assert [answer.status_code for answer in answers].count(401) <= 5


async def test_no_query_of_a_sign_in_holds_up_the_conversations(house):
    """All of them in threads: the event loop answers citizens."""
    house.add("小王")
    browser, threads = house.browser(), []
    sa.event.listen(house.engine, "before_cursor_execute", lambda *_: threads.append(threading.get_ident()))
    assert (await browser.sign_in("小王")).status_code == 303
    assert threads and threading.get_ident() not in threads


async def test_guessing_the_password_of_an_open_session_is_slow_and_written_down_too(house):
    """Somebody at a desk that was left alone does not learn it there."""
    browser = await house.signed_in("小王")
    answers = [await browser.form("/staff/password", old=f"guess {n}", new="another horse 8") for n in range(7)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429] * 2
    assert 0 < int(answers[-1].headers["retry-after"]) <= 15 * 60
    with house.engine.connect() as connection:
        failed = sa.select(Audit.actor).where(Audit.event == "sign_in_failed")
        actors = connection.execute(failed).scalars().all()
    assert actors == [house.accounts.named("小王")[0].id] * 5
    right = await browser.form("/staff/password", old=PASSWORD, new="another horse 8")
    assert right.status_code == 429, "also the right one has to wait"


async def test_a_new_password_that_will_not_do_is_no_wrong_one(house):
    browser = await house.signed_in("小王")
    for _ in range(7):
        assert (await browser.form("/staff/password", old=PASSWORD, new="short")).status_code == 422
    assert (await browser.form("/staff/password", old=PASSWORD, new="another horse 8")).status_code == 303


async def test_one_address_that_tries_many_names_has_to_wait(house):
    house.add("小王")
    thief = house.browser("6.6.6.6")
    answers = [(await thief.sign_in(f"谁{n}", "guess")).status_code for n in range(31)]
    assert answers == [401] * 30 + [429]


async def test_a_page_that_nobody_sits_at_keeps_no_session_alive(house):
    """Streams connect again and again, and beats come, by themselves; only what somebody does counts."""
    operator, before = await house.signed_in("小王"), now() - IDLE / 2

    def seen():
        with house.engine.connect() as connection:
            return aware(connection.execute(sa.select(StaffSession.seen_at)).scalar_one())

    with house.engine.begin() as connection:
        connection.execute(sa.update(StaffSession).values(seen_at=before))
    assert (await operator.get("/staff/api/queue/events?seconds=0")).status_code == 200
    assert (await operator.get("/staff/api/handoffs/1/events?seconds=0")).status_code == 404
    assert (await operator.tell("/staff/api/presence")).status_code == 200
    assert (await operator.tell("/staff/api/handoffs/1/beat")).status_code == 200
    assert seen() == before
    assert (await operator.get("/staff/api/queue")).status_code == 200
    assert seen() > before


def test_the_wait_ends_by_itself(house):
    moment = [now()]
    sign_in = SignIn(house.engine, house.accounts, house.chain, b"k" * 32, lambda: moment[0])
    for _ in range(5):
        sign_in.attempt("小王", "6.6.6.6")
    with pytest.raises(TooOften) as waiting:
        sign_in.attempt("小王", "6.6.6.6")
    moment[0] += timedelta(seconds=waiting.value.seconds + 1)
    sign_in.attempt("小王", "6.6.6.6")


async def test_a_name_that_does_not_exist_costs_as_much_and_is_told_the_same(house, monkeypatch):
    tried = []

    class Counting:
        def verify(self, kept, password):
            tried.append(kept.split("$")[1:4])
            return PasswordHasher().verify(kept, password)

        def hash(self, password):
            return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(password)

    house.add("小王")
    monkeypatch.setattr("bot.staff.passwords._HASHER", Counting())
    known, unknown = [await house.browser().sign_in(name, "guess") for name in ("小王", "谁")]
    assert known.status_code == unknown.status_code == 401
    assert known.text.replace("小王", "") == unknown.text.replace("谁", "")
    assert len(tried) == 2 and tried[0] == tried[1]


def test_passwords_are_argon2id_with_the_recommended_cost(monkeypatch):
    monkeypatch.setattr("bot.staff.passwords._HASHER", PasswordHasher())
    assert passwords.hashed("correct horse 7").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_hashing_does_not_hold_up_the_conversations(house, monkeypatch):
    """While a password is checked, the loop goes on."""
    import threading

    started, go_on = threading.Event(), threading.Event()

    class Slow:
        def verify(self, kept, password):
            started.set()
            assert go_on.wait(10)
            return True

        hash = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash

    house.add("小王")
    monkeypatch.setattr("bot.staff.passwords._HASHER", Slow())
    entering = asyncio.create_task(house.browser().sign_in("小王"))
    while not started.is_set():
        await asyncio.sleep(0.01)
    assert (await house.browser().get("/healthz")).status_code == 200
    go_on.set()
    assert (await entering).status_code == 303


@pytest.mark.parametrize("silent", [True, False], ids=["idle", "absolute"])
def test_a_session_ends(house, silent):
    moment = [now()]
    sign_in = SignIn(house.engine, house.accounts, house.chain, b"k" * 32, lambda: moment[0])
    member = house.accounts.add("小王", "operator", PASSWORD)
    token = sign_in.begin(member, "10.0.0.1")
    begun = moment[0]
    if silent:
        moment[0] += IDLE - timedelta(seconds=1)
        assert sign_in.session(token)
        moment[0] += IDLE + timedelta(seconds=1)
    else:
        while moment[0] - begun <= LONGEST - IDLE / 2:
            moment[0] += IDLE / 2
            assert sign_in.session(token)
        moment[0] = begun + LONGEST + timedelta(seconds=1)
    assert sign_in.session(token) is None
    moment[0] = begun
    assert sign_in.session(token) is None  # it does not come back with the clock


async def test_signing_out_here_and_everywhere(house):
    house.add("小王")
    one, two, three = [await house.signed_in("小王") for _ in range(3)]
    await one.form("/staff/sign-out")
    assert (await one.get("/staff/password")).status_code == 303
    assert (await two.get("/staff/password")).status_code == 200
    await two.form("/staff/sign-out", everywhere="1")
    assert (await three.get("/staff/password")).status_code == 303


async def test_a_changed_password_or_a_disabled_account_ends_every_session(house):
    admin, one = await house.signed_in("甲", "admin"), await house.signed_in("小王")
    assert (await one.form("/staff/password", old="wrong", new="another horse 8")).status_code == 422
    assert (await one.form("/staff/password", old=PASSWORD, new="short")).status_code == 422
    assert (await one.form("/staff/password", old=PASSWORD, new="another horse 8")).status_code == 303
    assert (await one.get("/staff/password")).status_code == 303
    assert (await one.sign_in("小王")).status_code == 401
    assert (await one.sign_in("小王", "another horse 8")).status_code == 303
    await admin.form("/staff/accounts", do="disable", name="小王")
    assert (await one.get("/staff/password")).status_code == 303
    assert (await one.sign_in("小王", "another horse 8")).status_code == 401
    await admin.form("/staff/accounts", do="enable", name="小王")
    assert (await one.sign_in("小王", "another horse 8")).status_code == 303


@pytest.mark.parametrize("name", ["A甲", "A甲 ", " A甲", "Ａ甲"])
async def test_nobody_disables_themselves_however_they_write_their_name(house, name):
    admin = await house.signed_in("A甲", "admin")
    assert (await admin.form("/staff/accounts", do="disable", name=name)).status_code == 422
    assert not house.accounts.named("A甲")[0].disabled


@pytest.mark.parametrize("role", ["operator", "officer"])
async def test_accounts_and_audit_are_the_administrators(house, role):
    browser = await house.signed_in("小王", role)
    for path in ("/staff/accounts", "/staff/audit"):
        assert (await browser.get(path)).status_code == 403
    add = {"do": "add", "name": "乙", "role": "admin", "password": PASSWORD}
    assert (await browser.form("/staff/accounts", **add)).status_code == 403
    assert len(house.accounts.all()) == 1


async def test_what_is_typed_as_a_name_is_shown_as_it_is(house):
    house.add("小王")
    evil = '"><script>alert(1)</script>'
    response = await house.browser().sign_in(evil, "x")
    assert evil not in response.text and "&lt;script&gt;" in response.text
    assert "script-src 'self'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "no-store"


async def test_who_did_what_is_written_down(house):
    admin = await house.signed_in("甲", "admin")
    await admin.form("/staff/accounts", do="add", name="小王", role="operator", password=PASSWORD)
    await house.browser().sign_in("小王", "wrong")
    with house.engine.connect() as connection:
        rows = connection.execute(sa.select(Audit.__table__).order_by(Audit.number)).all()
        failures = connection.execute(sa.select(FailedSignIn.__table__)).all()
    assert [row.event for row in rows] == ["account_added", "signed_in", "account_added", "sign_in_failed"]
    assert rows[2].actor == house.accounts.named("甲")[0].id
    assert not [word for word in ("小王", "10.0.0.1", PASSWORD) if word in str(rows) + str(failures)]
    page = await admin.get("/staff/audit")
    assert page.status_code == 200 and "没有登录成" in page.text and "审计链完整" not in page.text
    link = re.search(r'<a href="(/staff/audit[^"]*)">核对审计链</a>', page.text)[1]
    assert "审计链完整：核对了 4 条" in (await admin.get(link)).text


async def test_the_audit_is_read_as_far_as_it_is_shown_and_checked_when_somebody_asks(house, monkeypatch):
    admin, checked, verify = await house.signed_in("甲", "admin"), [], AuditChain.verify
    monkeypatch.setattr(AuditChain, "verify", lambda *given: checked.append(1) or verify(*given))
    for n in range(101):
        with house.engine.begin() as connection:
            house.chain.append(connection, None, "case_made", f"case {n}")
    page = await admin.get("/staff/audit")
    earlier = re.search(r'<a href="(/staff/audit[^"]*)">更早的</a>', page.text)[1]
    assert (await admin.get(earlier)).status_code == 200 and checked == []
    assert (await admin.get("/staff/audit?verify=true")).status_code == 200 and checked == [1]
