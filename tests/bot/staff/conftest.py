"""The console as it is served, over each kind of database, and people who sign in to it with a browser's habits."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from doors import FakeAssistant, settings

from bot.server import create_app
from bot.staff.accounts import Accounts
from bot.store import open_engine
from bot.store.audit_chain import AuditChain
from eligibility import Rulebook
from knowledge.search import Searcher

PASSWORD = "correct horse 7"
KEY = b"s" * 32
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost nothing; one test asks what the real ones are made of."""
    monkeypatch.setattr("bot.staff.passwords._HASHER", CHEAP)


class House:
    """An application over a database, and its accounts."""

    def __init__(self, url: str, folder: Any, rules: Rulebook, searcher: Searcher, **more: Any) -> None:
        self.engine, self.assistant = open_engine(url), FakeAssistant()
        self.settings = chosen = settings(folder, database_url=url, **more)
        self.chain = AuditChain(KEY)
        self.accounts = Accounts(self.engine, self.chain)
        self.app = create_app(self.assistant, rules, searcher, chosen, engine=self.engine)

    def add(self, name: str, role: str = "operator") -> str:
        """An account; returns its id."""
        return self.accounts.add(name, role, PASSWORD).id

    def browser(self, address: str = "10.0.0.1", scheme: str = "http") -> "Browser":
        """A browser on a machine of its own, with nobody signed in."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 1234))
        return Browser(transport=transport, base_url=f"{scheme}://test")

    async def signed_in(self, name: str, role: str = "operator", address: str = "10.0.0.1") -> "Browser":
        """A browser with somebody signed in, who gets an account if there is none."""
        if self.accounts.named(name) is None:
            self.add(name, role)
        browser = self.browser(address)
        assert (await browser.sign_in(name)).status_code == 303
        return browser


class Browser(httpx.AsyncClient):
    """Keeps cookies, sends forms with the token of the page, and JSON with the token of the console."""

    csrf = ""

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        response = await self.post("/staff/sign-in", data={"name": name, "password": password})
        if response.status_code == 303:
            self.csrf = re.search(r'name="csrf" value="(\w+)"', (await self.get("/staff/password")).text)[1]
        return response

    async def form(self, path: str, **fields: str) -> httpx.Response:
        return await self.post(path, data={"csrf": self.csrf, **fields})

    async def tell(self, path: str, method: str = "POST", **given: Any) -> httpx.Response:
        return await self.request(method, path, json=given, headers={"X-CSRF-Token": self.csrf})


@pytest.fixture
def make_house(url: str, tmp_path: Any, rules: Rulebook, searcher: Searcher) -> Any:
    """Make it with settings that a test knows only later."""
    made = []

    def make(**more: Any) -> House:
        made.append(House(url, tmp_path, rules, searcher, **more))
        return made[-1]

    yield make
    for house in made:
        house.engine.dispose()


@pytest.fixture
def house(request: pytest.FixtureRequest, make_house: Any) -> House:
    """With the settings that a test gives it indirectly, if it does."""
    return make_house(**getattr(request, "param", {}))


@pytest.fixture
def address(house: Any) -> Iterator[str]:
    """The application on a socket."""
    from browsing import bound, served

    with served(house.app, bound()) as address:
        yield address


@pytest.fixture
def ring(house: Any, address: str, browser: Any) -> Iterator[Any]:
    """Open the screen as somebody who is signed in; a mouse that is used fails the test, as does a script's error."""
    from playwright.sync_api import expect
    from screens import SIZES, Screen, signed_in

    contexts, faults = [], []

    def open_screen(name: str = "小王", mouse: bool = False, size: str = "1440", **more: Any) -> Any:
        context = browser.new_context(viewport=SIZES[size], locale="zh-CN", **more)
        context.set_default_timeout(5000)
        contexts.append(context)
        context.add_cookies([signed_in(house, name, address)])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.expose_function("mouse", lambda kind: None if mouse else faults.append(kind))
        page.add_init_script("addEventListener('pointerdown', () => window.mouse('pointerdown'), true)")
        page.goto(f"{address}/staff")
        expect(page.get_by_role("option").first).to_be_visible()
        return Screen(page)

    yield open_screen
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def screen(ring: Any) -> Any:
    return ring()
