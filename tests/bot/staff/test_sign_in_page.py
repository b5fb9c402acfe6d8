"""Signing in with a real browser, which says of its own accord from where a form comes."""

from browsing import bound, chromium, served
from playwright.sync_api import expect

PASSWORD = "correct horse 7"


def test_a_person_signs_in_and_out(house):
    house.add("小王")
    with served(house.app, bound()) as address, chromium() as browser:
        page = browser.new_page(java_script_enabled=False)
        page.set_default_timeout(5000)
        page.goto(f"{address}/staff")
        page.get_by_label("账号").fill("小王")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", name="接电话", exact=True)).to_be_visible()
        page.goto(f"{address}/staff/password")
        page.get_by_role("button", name="退出", exact=True).click()
        page.goto(f"{address}/staff/cases")
        expect(page.get_by_role("heading", name="登录")).to_be_visible()
