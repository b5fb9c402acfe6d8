"""The operators' screen in a browser, as its tests use it: keys, what is asked, what is read aloud."""

from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Page, Route, expect

from bot.staff.access import COOKIE
from bot.store.case_tables import Case

EVIL = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"
SIZES = {"1440": {"width": 1440, "height": 900}, "1024": {"width": 1024, "height": 768}}
ENTER = "\n"
REFUND = {
    "unit_kind": f"1{ENTER}", "insured_in_liaoning": "1", "layoff_count": f"5{ENTER}", "insured_count": f"28{ENTER}",
    "insured_count_end_2020": f"40{ENTER}", "premium_paid_prev_year_yuan": f"12万{ENTER}", "enterprise_size": "2",
}  # fmt: skip
UNEMPLOYED = {
    "insured_unemployed": "1", "currently_employed": "2", "situation": "1", "event_date": f"20210301{ENTER}",
    "received_before": "2",
}  # fmt: skip


class Screen:
    """An operator's screen, as it is when the telephone rings; `strokes`: keys besides the facts."""

    def __init__(self, page: Page) -> None:
        self.page, self.strokes = page, 0

    def type(self, keys: str) -> None:
        """Keys that are no facts."""
        for key in keys:
            if key.isascii():
                self.press("Enter" if key == ENTER else key)
            else:
                self.page.keyboard.insert_text(key)
                self.strokes += 1

    def press(self, key: str) -> None:
        """One stroke, alone or with Alt."""
        self.page.keyboard.press(key)
        self.strokes += 1

    def look_up(self, words: str) -> None:
        """Type into the search and open the first that is found."""
        self.type(words + ENTER)

    def asked(self) -> str:
        """The question that has the keyboard."""
        self.settled()
        return str(self.page.evaluate("document.activeElement.closest('[data-id]')?.dataset.id ?? ''"))

    def tell(self, answers: dict[str, str]) -> list[str]:
        """Answer what is asked, as long as the caller knows it; which questions these were. An Enter is no fact."""
        told = []
        while (question := self.asked()) in answers:
            self.page.keyboard.type(answers[question].rstrip(ENTER))
            self.type(answers[question][len(answers[question].rstrip(ENTER)) :])
            told.append(question)
            assert len(told) <= len(answers), f"asked again: {told}"
        return told

    def go_to(self, question: str) -> None:
        """With the arrow key to another question."""
        while self.asked() != question:
            self.page.keyboard.press("ArrowDown")

    def settled(self) -> None:
        """Wait until a sheet has been opened and nothing of it is on its way."""
        for part in ("#sheet", "#verdict"):
            expect(self.page.locator(f"{part}[aria-busy=false]")).to_be_visible()

    def known(self) -> list[str]:
        return [" ".join(words.split()) for words in self.page.locator("#known button").all_inner_texts()]

    def script(self) -> dict[str, str]:
        """What is read aloud, by its heads."""
        said: dict[str, str] = {}
        head = ""
        for line in self.page.locator("#script li").all():
            head = line.locator("b").inner_text() or head
            said[head] = said.get(head, "") + line.locator("span").inner_text()
        return said


def signed_in(house: Any, name: str, address: str, role: str = "operator") -> Any:
    """The cookie of a new session."""
    if house.accounts.named(name) is None:
        house.add(name, role)
    member = house.accounts.named(name)[0]
    token = house.app.state.console.sign_in.begin(member, "10.0.0.1")
    return {"name": COOKIE, "value": token, "url": address, "httpOnly": True, "sameSite": "Strict"}


def hold(page: Page, address: str, most: int) -> list[Route]:
    """The first requests to an address, which get no answer until the test lets them go."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route) if len(held) < most else route.continue_())
    return held


def stored(house: Any) -> Any:
    """The only case."""
    with house.engine.connect() as connection:
        return connection.execute(sa.select(Case.__table__)).one()
