"""Signing in with the office's identity provider: over real HTTP, with one that is honest, that lies, that is away."""

import asyncio
import hashlib
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from openid_provider import CLIENT, new_key, provider

from bot.messages import say
from bot.settings import SettingsError, load
from bot.staff import openid
from bot.store.models import Audit
from bot.store.staff_tables import StaffSession

COOKIE, TICKET = "wengang_staff", "wengang_staff_oidc"


@pytest.fixture(scope="module")
def running():
    with provider() as one:
        yield one


@pytest.fixture
def office(running):
    """The provider; honest again afterwards."""
    honest = dict(vars(running), instead={}, described={}, codes={}, used=[], asked=[])
    yield running
    vars(running).clear()
    vars(running).update(honest)


@pytest.fixture
def house(make_house, office):
    house = make_house(**office.settings)
    house.add("小王")
    return house


async def sent(browser):
    """Where the browser is sent back to, once somebody has signed in at the provider."""
    leaving = await browser.get("/staff/oidc")
    assert leaving.status_code == 303, leaving.text
    async with httpx.AsyncClient() as web:
        return (await web.get(leaving.headers["location"])).headers["location"]


async def entered(browser):
    return await browser.get(await sent(browser))


async def inside(browser):
    return (await browser.get("/staff/password")).status_code == 200


def sessions(house):
    with house.engine.connect() as connection:
        return connection.execute(sa.select(StaffSession.token).where(StaffSession.ended.is_(False))).scalars().all()


async def refused(house, browser, answer, key, status):
    """Whether it was said in one sentence, with the password's form beside it, and nobody is in."""
    assert answer.status_code == status and say(f"staff.{key}") in answer.text, answer.text
    assert 'name="password"' in answer.text and COOKIE not in answer.headers.get("set-cookie", "").replace(TICKET, "")
    assert not await inside(browser) and sessions(house) == []


async def test_who_has_an_account_is_let_in_with_its_role(house, office):
    browser = house.browser()
    assert "用统一登录" in (await browser.get("/staff/sign-in")).text
    leaving = await browser.get("/staff/oidc")
    ticket = next(value for value in leaving.headers.get_list("set-cookie") if value.startswith(TICKET))
    assert "HttpOnly" in ticket and "samesite=lax" in ticket.lower() and "Path=/staff/oidc" in ticket
    asked = parse_qs(urlsplit(leaving.headers["location"]).query)
    assert asked["redirect_uri"] == ["http://test/staff/oidc/back"] and CLIENT in asked["client_id"]
    assert not any(asked[name][0] in ticket for name in ("state", "nonce", "code_challenge"))
    answer = await entered(browser)
    assert answer.status_code == 200 and 'content="0; url=/staff"' in answer.text
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(f"{COOKIE}="))
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower() and "Path=/staff" in cookie
    assert answer.headers["cache-control"] == "no-store" and "script-src 'self'" in str(answer.headers)
    assert await inside(browser) and (await browser.get("/staff/cases")).status_code == 200
    assert (await browser.get("/staff/accounts")).status_code == 403
    with house.engine.connect() as connection:
        last = connection.execute(sa.select(Audit.__table__).order_by(Audit.number.desc())).first()
    assert (last.event, last.detail) == ("signed_in", {"by": "oidc"})
    assert house.chain.verify(house.engine).broken is None


async def test_a_provider_that_wants_the_secret_in_the_form(house, office):
    office.basic = False
    browser = house.browser()
    assert (await entered(browser)).status_code == 200 and await inside(browser)


async def test_the_password_opens_the_door_as_before(house):
    browser = house.browser()
    assert (await browser.sign_in("小王")).status_code == 303 and await inside(browser)


async def test_without_the_settings_there_is_no_such_door(make_house):
    house = make_house()
    house.add("小王")
    browser = house.browser()
    assert "统一登录" not in (await browser.get("/staff/sign-in")).text
    for path in ("/staff/oidc", "/staff/oidc/back"):
        assert (await browser.get(path)).status_code == 404


async def test_there_is_no_such_door_before_the_first_account(make_house, office):
    browser = make_house(**office.settings).browser()
    for path in ("/staff/oidc", "/staff/oidc/back?code=1&state=2"):
        assert (await browser.get(path)).status_code == 404
    assert office.asked == []


LIES = {
    "another nonce": {"instead": {"nonce": "x"}},
    "no nonce": {"instead": {"nonce": None}},
    "another audience": {"instead": {"aud": "somebody else"}},
    "one audience of several, for nobody": {"instead": {"aud": [CLIENT, "somebody else"]}},
    "made out to another": {"instead": {"aud": [CLIENT, "other"], "azp": "other"}},
    "another issuer": {"instead": {"iss": "http://127.0.0.1:1"}},
    "no issuer": {"instead": {"iss": None}},
    "expired": {"instead": {"exp": int(time.time()) - 120}},
    "never expires": {"instead": {"exp": None}},
    "from the future": {"instead": {"iat": int(time.time()) + 3600}},
    "nobody": {"instead": {"sub": None}},
    "no name": {"instead": {"preferred_username": None}},
    "a name that is none": {"instead": {"preferred_username": ["小王"]}},
    "another key": {"signing": new_key()},
    "a key that is not listed": {"header": {"alg": "RS256", "kid": "two"}},
    "no key named of two": {"header": {"alg": "RS256"}},
    "not signed": {"header": {"alg": "none", "kid": "one"}, "signing": None},
    "a shared key": {"header": {"alg": "HS256", "kid": "shared"}, "signing": b"k" * 32},
    "signed with what everybody knows": {"header": {"alg": "HS256", "kid": "one"}, "signing": b"k" * 32},
    "another algorithm": {"header": {"alg": "RS512", "kid": "one"}},
}


ONE_DATABASE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # what a provider says does not depend on it


@ONE_DATABASE
@pytest.mark.parametrize("lie", LIES)
async def test_a_token_that_is_not_true_lets_nobody_in(house, office, lie):
    vars(office).update(LIES[lie])
    browser = house.browser()
    await refused(house, browser, await entered(browser), "oidc_untrue", 403)


@pytest.mark.parametrize("instead", [{"preferred_username": "谁"}, {"preferred_username": "停用"}])
async def test_who_has_no_account_is_not_let_in_and_that_is_written_down(house, office, instead):
    house.add("停用", "admin")
    house.accounts.disable("停用")
    office.instead = instead
    browser = house.browser()
    await refused(house, browser, await entered(browser), "oidc_nobody", 403)
    with house.engine.connect() as connection:
        last = connection.execute(sa.select(Audit.__table__).order_by(Audit.number.desc())).first()
    assert last.event == "sign_in_failed" and instead["preferred_username"] not in str(last)


@ONE_DATABASE
@pytest.mark.parametrize(
    ("claim", "claims", "let_in"),
    [
        ("roles", {"roles": ["operator"]}, True),
        ("roles", {"roles": "operator"}, True),
        ("realm_access.roles", {"realm_access": {"roles": ["x", "operator"]}}, True),
        ("https://a.cn/roles", {"https://a.cn/roles": ["operator"]}, True),
        ("roles", {}, False),
        ("roles", {"roles": []}, False),
        ("roles", {"roles": ["admin", "officer"]}, False),
        ("roles", {"roles": [["operator"], {"operator": 1}, None]}, False),
        ("realm_access.roles", {"realm_access": ["operator"]}, False),
    ],
)
async def test_the_provider_may_take_a_role_away_but_gives_none(make_house, office, claim, claims, let_in):
    house = make_house(**office.settings, oidc_role_claim=claim)
    house.add("小王")
    office.instead = claims
    browser = house.browser()
    answer = await entered(browser)
    if let_in:
        assert answer.status_code == 200 and (await browser.get("/staff/accounts")).status_code == 403
    else:
        await refused(house, browser, answer, "oidc_nobody", 403)


async def test_another_claim_may_be_the_name(make_house, office):
    house = make_house(**office.settings, oidc_name_claim="sub")
    house.add("u-81", "officer")
    browser = house.browser()
    assert (await entered(browser)).status_code == 200 and (await browser.get("/staff/numbers")).status_code == 200


async def test_what_comes_back_counts_once_and_in_the_browser_that_left(house, office):
    browser, thief = house.browser(), house.browser("6.6.6.6")
    address = await sent(browser)
    ticket = browser.cookies[TICKET]
    assert (await thief.get(address)).status_code == 400, "without the ticket"
    await thief.get("/staff/oidc")
    assert (await thief.get(address)).status_code == 400, "with another ticket"
    assert not await inside(thief) and office.used == [], "the code was not even shown"
    assert (await browser.get(address)).status_code == 200
    again = await browser.get(address)
    assert again.status_code == 400 and say("staff.oidc_again") in again.text, "the ticket is gone"
    for used in ([], office.used):  # the second time of a provider that does not mind
        office.used = used
        thief.cookies.set(TICKET, ticket, domain="test.local", path="/staff/oidc")
        answer = await thief.get(address)
        assert answer.status_code == 400 and say("staff.oidc_again") in answer.text
    assert not await inside(thief) and len(sessions(house)) == 1 and await inside(browser)


async def test_the_same_return_twice_at_one_moment(house, office, monkeypatch):
    browser = house.browser()
    address = await sent(browser)
    monkeypatch.setattr(office, "used", type("Forgetful", (list,), {"append": lambda *_: None})())
    shown = {"Cookie": f"{TICKET}={browser.cookies[TICKET]}"}
    answers = await asyncio.gather(*(house.browser().get(address, headers=shown) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    assert len(sessions(house)) == 1


@ONE_DATABASE
@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?error=access_denied", "?code=y", "?state=%00&code=%ff"])
async def test_whatever_comes_back_otherwise_is_one_sentence(house, office, query):
    browser = house.browser()
    await refused(house, browser, await browser.get(f"/staff/oidc/back{query}"), "oidc_again", 400)
    await browser.get("/staff/oidc")
    await refused(house, browser, await browser.get(f"/staff/oidc/back{query}"), "oidc_again", 400)
    for ticket in ("x", "1.x", "9" * 5000):
        browser.cookies.set(TICKET, ticket, domain="test.local", path="/staff/oidc")
        await refused(house, browser, await browser.get(f"/staff/oidc/back{query}"), "oidc_again", 400)


async def test_who_refuses_at_the_provider_or_comes_from_another_one_is_told_so(house, office):
    browser = house.browser()
    address = await sent(browser)
    refusal = address.replace("code=", "error=access_denied&x=")
    await refused(house, browser, await browser.get(refusal), "oidc_again", 400)
    address = await sent(browser)
    mixed = address.partition("&iss=")[0] + "&iss=http%3A%2F%2Fevil.example"
    await refused(house, browser, await browser.get(mixed), "oidc_again", 400)


async def test_who_takes_too_long_begins_again(house, office, monkeypatch):
    browser = house.browser()
    address, later = await sent(browser), time.time() + openid.LASTS + 1
    monkeypatch.setattr(openid.time, "time", lambda: later)
    await refused(house, browser, await browser.get(address), "oidc_again", 400)


async def test_a_token_set_before_the_sign_in_is_worth_nothing(house, office):
    """Session fixation."""
    victim, thief = house.browser(), house.browser("6.6.6.6")
    await victim.sign_in("小王")
    first = victim.cookies[COOKIE]
    assert (await entered(victim)).status_code == 200 and victim.cookies[COOKIE] != first
    thief.cookies.set(COOKIE, first, domain="test.local", path="/staff")
    assert not await inside(thief) and await inside(victim)
    for known in (victim.cookies.get(TICKET, ""), "chosen"):
        thief.cookies.set(COOKIE, known, domain="test.local", path="/staff")
        assert not await inside(thief)


async def test_the_session_before_ends_though_its_cookie_stays_at_home(house, office):
    """It is for our own pages only: the browser shows it on leaving, and not when another site sends it back."""
    browser, thief = house.browser(), house.browser("6.6.6.6")
    await browser.sign_in("小王")
    first = browser.cookies[COOKIE]
    address = await sent(browser)
    ticket = browser.cookies[TICKET]
    assert first not in ticket and len(sessions(house)) == 1, "who has not come back yet stays signed in"
    answer = await house.browser().get(address, headers={"Cookie": f"{TICKET}={ticket}"})
    assert answer.status_code == 200 and len(sessions(house)) == 1
    thief.cookies.set(COOKIE, first, domain="test.local", path="/staff")
    assert not await inside(thief)


async def test_no_session_ends_that_the_browser_did_not_show_or_when_nobody_is_let_in(house, office):
    browser, other = await house.signed_in("小王"), await house.signed_in("小李")
    refusal = (await sent(browser)).replace("code=", "error=access_denied&x=")
    assert (await browser.get(refusal)).status_code == 400 and await inside(browser)
    address = await sent(browser)
    ticket = browser.cookies[TICKET]
    theirs = hashlib.sha256(other.cookies[COOKIE].encode()).hexdigest()
    forged = ".".join([*ticket.split(".")[:2], theirs])
    answer = await house.browser().get(address, headers={"Cookie": f"{TICKET}={forged}"})
    assert answer.status_code == 400 and await inside(other) and await inside(browser)


async def test_who_comes_from_another_site_first_shows_what_the_browser_has(house, office):
    browser = await house.signed_in("小王")
    asked = list(office.asked)
    answer = await browser.get("/staff/oidc", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200 and 'content="0; url=/staff/oidc"' in answer.text
    assert TICKET not in browser.cookies and office.asked == asked


async def test_while_the_provider_is_away_the_password_is_asked_for(make_house, office):
    for lie in ({"broken": True}, {"described": {"issuer": "http://127.0.0.1:1"}}, {"described": {"jwks_uri": None}},
                {"described": {"token_endpoint": "file:///etc/passwd"}}):  # fmt: skip
        vars(office).update({"broken": False, "described": {}, **lie})
        house = make_house(**office.settings)
        if house.accounts.named("小王") is None:
            house.add("小王")
        browser = house.browser()
        await refused(house, browser, await browser.get("/staff/oidc"), "oidc_away", 503)
    gone = make_house(**{**office.settings, "oidc_issuer": "http://127.0.0.1:9"})
    browser = gone.browser()
    await refused(gone, browser, await browser.get("/staff/oidc"), "oidc_away", 503)
    assert (await browser.sign_in("小王")).status_code == 303


@pytest.mark.parametrize("lie", [{"broken": True}, {"keys": list}])
async def test_a_provider_that_goes_away_meanwhile(house, office, lie):
    browser = house.browser()
    address = await sent(browser)
    vars(office).update(lie)
    await refused(house, browser, await browser.get(address), "oidc_away", 503)


async def test_a_wrong_secret_of_ours_is_not_told_to_be_the_persons_fault(make_house, office):
    house = make_house(**{**office.settings, "oidc_secret": "wrong"})
    house.add("小王")
    browser = house.browser()
    await refused(house, browser, await entered(browser), "oidc_away", 503)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"oidc_issuer": "http://idp.example.cn"}, "WENGANG_OIDC_ISSUER"),
        ({"oidc_issuer": "https://u" + ":p@idp.cn/"}, "WENGANG_OIDC_ISSUER"),
        ({"oidc_issuer": "https://idp.cn/?x=1"}, "WENGANG_OIDC_ISSUER"),
        ({"oidc_issuer": "https://idp.cn/realm"}, "WENGANG_OIDC_CLIENT、WENGANG_OIDC_SECRET"),
        ({"oidc_client": "x"}, "WENGANG_OIDC_ISSUER、WENGANG_OIDC_SECRET"),
        ({"oidc_issuer": "https://idp.cn/realm", "oidc_secret": "x"}, "WENGANG_OIDC_CLIENT"),
    ],
)
def test_half_a_setting_is_none(given, told):
    with pytest.raises(SettingsError) as wrong:
        load(**given)
    assert told in str(wrong.value) and "u:p" not in str(wrong.value)
