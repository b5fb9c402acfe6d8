"""The rules and the notices as pages: what they answer, where their links lead, that nothing breaks out of them."""

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urlsplit

import httpx
import pytest
from databases import migrated
from doors import FakeAssistant, settings

from bot.rule_pages import anchor, rendered
from bot.server import create_app
from eligibility.check.written import citations, programme_of
from knowledge.printed import blocks
from knowledge.text import without_space

HOSTILE = (
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "'\"><img src=x onerror=alert(1)>",
    "{{7*7}}",
    "%00",
    "х" * 900,
)


class Page(HTMLParser):
    """What a browser would make of a page: its text, links, ids, and elements by name."""

    VOID = {"meta", "link", "br"}

    def __init__(self, html):
        super().__init__()
        self.text, self.links, self.ids, self.elements, self.attributes, self.open = "", [], [], [], [], []
        self.feed(html)
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]
        named = dict(attrs)
        if tag == "a":
            self.links.append(named["href"])
        if "id" in named:
            self.ids.append(named["id"])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] not in (["style"], ["title"]):
            self.text += data


@pytest.fixture(scope="module")
def app(tmp_path_factory, rules, searcher):
    chosen = settings(tmp_path_factory.mktemp("pages"))
    migrated(chosen.database_url)
    return create_app(FakeAssistant(), rules, searcher, chosen)


@pytest.fixture
def client(app):
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


@pytest.fixture
def get(client):
    """A page that is a page: HTML, nothing that the content security policy forbids, ids once."""

    async def fetch(address, status=200):
        response = await client.get(address)
        assert response.status_code == status, (address, response.text[:300])
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "form-action 'none'" in policy and "unsafe" not in policy
        page = Page(response.text)
        assert not {"script", "form", "input", "style", "iframe", "object"} & {*page.elements}
        assert not [name for name in page.attributes if name == "style" or name.startswith("on")]
        assert len(page.ids) == len({*page.ids})
        assert page.elements.count("h1") == page.elements.count("main") == 1
        return page

    return fetch


async def test_the_list_names_every_programme_and_how_it_stands(get, rules):
    page = await get("/rules")
    for name, one in rules.programmes.items():
        assert one.title in page.text and one.summary in page.text
        assert f"/rules/{name}" in page.links
    assert "期限内，到 2021年12月31日为止" in page.text
    later = await get("/rules?as_of=2022-01-01")
    assert "已于 2021年12月31日截止" in later.text
    assert "/rules/unemployment_aid?as_of=2022-01-01" in later.links, "the day goes with the visitor"


async def test_a_rule_and_its_law_side_by_side(get, rules):
    for name in rules.programmes:
        page = await get(f"/rules/{name}")
        here = rules.programme_at(name, settings("/").today(), "本溪")
        text = without_space(page.text)
        for leaf in here.leaves:
            for clause in leaf.cite:
                known = rules.knowledge.clauses[clause]
                assert without_space(known.quote) in text
                assert f"/clauses/{known.document}#{quote(anchor(clause))}" in page.links
                assert without_space(f"{rules.knowledge.notices[known.document].number}{known.item}") in text
        assert "svg" in page.elements or not here.leaves


async def test_what_stands_on_the_page_of_the_refund(get):
    text = (await get("/rules/stabilisation_refund")).text
    for wanted in (
        "2021年9月1日、本溪：期限内，到 2021年12月31日为止",
        "参保职工人数不超过 30 人",
        "由经办机构掌握：本地失业保险基金的备付期限是否在 1 年以上",
        "如果企业规模是“大型”：30%",
        "贵单位上一年一共裁了多少人？",
        "换另一种读法就是：申请日期早于 2021年12月31日",
        "不符合时说：裁员率 〔上年度裁员率〕，高于 6%",
        "本人社〔2021〕43号：本溪，2021年7月20日起",
        "ln-2021-7/programmes/stabilisation_refund.yml",
    ):
        assert wanted in text, wanted


async def test_another_day_and_another_place_are_links(get):
    page = await get("/rules/flexible_employment_subsidy_extension")
    assert "〔本溪市转发通知定下〕" in page.text
    elsewhere = next(link for link in page.links if link.endswith(f"?place={quote('辽宁')}"))
    province = await get(elsewhere)
    assert "〔本溪市转发通知定下〕" not in province.text and "这一天、这个地方不适用" in province.text
    later = next(link for link in province.links if "as_of=2022-01-01" in link)
    assert f"place={quote('辽宁')}" in later, "the place stays chosen"
    assert "2022年1月1日、辽宁" in (await get(later)).text
    assert "/rules/flexible_employment_subsidy_extension" in province.links, "back to what is usual"


async def test_every_link_leads_somewhere(get, rules):
    seen, waiting = {}, ["/rules", "/rules/x"]
    while waiting:
        address = waiting.pop()
        path = urlsplit(address).path
        if address in seen or path == "/" or path.count("/") > 2:
            continue
        seen[address] = await get(address, 404 if address == "/rules/x" else 200)
        nearby = [link.partition("#")[0] or address for link in seen[address].links]
        waiting += [link for link in nearby if "as_of" not in link]  # the days are followed in the test above
    assert len(seen) > 2 * len(rules.programmes)
    for address, page in seen.items():
        for link in page.links:
            target, _, fragment = link.partition("#")
            if fragment and (target or address) in seen:
                assert unquote(fragment) in seen[target or address].ids, (address, link)


@pytest.mark.parametrize("document", ["LN", "BX"])
async def test_a_notice_whole_and_to_the_letter(get, rules, document):
    notice = rules.knowledge.notices[document]
    page = await get(f"/clauses/{document}")
    printed = [piece.text for block in blocks(notice) for line in block.lines for piece in line]
    assert without_space("".join(printed)) == without_space(re.sub(r"[#*]", "", notice.source))
    text = without_space(page.text)
    assert all(without_space(clause.quote) in text for clause in notice.clauses)
    at = 0
    for part in printed:
        at = text.index(without_space(part), at) + len(without_space(part))  # in the order of the text
    assert {anchor(clause.id) for clause in notice.clauses} <= {*page.ids}
    assert not any(" " in one for one in page.ids)


async def test_a_notice_leads_to_the_rules_made_of_it(get, rules):
    for source in rules.knowledge.programme_files:
        for _, clause in citations(source):
            page = await get(f"/clauses/{rules.knowledge.clauses[clause].document}")
            assert f"/rules/{programme_of(source)}" in page.links
            break


# ── what cannot be shown ──


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/rules/no_such_rule", 404, "没有编号为“no_such_rule”的事项，请从全部规则里选。"),
        ("/clauses/XX", 404, "没有编号为“XX”的通知"),
        ("/rules/duty?as_of=2021-02-30", 422, "日期“2021-02-30”不存在：2021年2月只有 1 到 28 日"),
        ("/rules/duty?as_of=yesterday", 422, "日期 要写成 2021-09-01 这样的日期"),
        ("/rules?as_of=1066-10-14", 422, "年份要在 1990 到 2099 之间"),
        ("/rules?place=火星", 422, "地点“火星”不认识"),
        ("/rules/duty?place=火星", 422, "地点“火星”不认识"),
    ],
)
async def test_one_clear_sentence(get, address, status, said):
    page = await get(address, status)
    assert said in page.text and "/rules" in page.links


async def test_a_place_that_the_notices_do_not_reach(get):
    page = await get("/rules/unemployment_aid?place=北京")
    assert "这两份通知不管北京" in page.text


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_stay_words(client, get, words):
    asked = quote(words, safe="")
    for address in (f"/rules/{asked}", f"/clauses/{asked}", f"/rules?as_of={asked}", f"/rules/duty?place={asked}"):
        response = await client.get(address)
        assert response.status_code in (404, 422), address
        assert not re.search(r"<(script|img|b)\b", response.text) and "Traceback" not in response.text
        if response.headers["content-type"].startswith("text/html"):
            page = await get(address, response.status_code)
            assert "49" not in page.text and "root:" not in page.text and len(page.text) < 600


async def test_an_empty_day_or_place_is_none(get):
    assert (await get("/rules?as_of=&place=")).text == (await get("/rules")).text


async def test_templates_are_not_served(client):
    assert (await client.get("/web/pages/rule.html")).status_code == 404


# ── in a file of its own ──


def test_a_page_in_a_file_of_its_own(rules):
    html = rendered(rules, "stabilisation_refund", "html", settings("/").today(), "本溪")
    page = Page(html)
    assert page.links == [] and "script" not in page.elements
    assert "--accent" in html and ".leaf" in html and "&" not in re.search(r"<style>(.*?)</style>", html, re.S)[1]
    assert "中小微企业及其他可申请失业保险稳岗返还的参保单位" in page.text
    assert html.count('class="source"') == 1, "every clause with its words: there is no other page to look it up"


def test_all_pages_in_one_file(rules):
    page = Page(rendered(rules, None, "html", settings("/").today(), "本溪"))
    assert page.elements.count("article") == len(rules.programmes)
    assert page.ids == []


# ── a clause, pointed at ──


async def test_a_clause_leads_to_its_place_in_the_notice_marked(client, get, rules):
    for clause in rules.knowledge.clauses.values():
        response = await client.get(f"/clauses/{quote(clause.id)}", follow_redirects=True)
        place = unquote(urlsplit(str(response.url)).fragment)
        page = await get(str(response.url).partition("#")[0])
        assert place == anchor(clause.id) and place in page.ids
        marked = "".join(re.findall(r"<mark>(.*?)</mark>", response.text))
        assert without_space(unescape(marked)) == without_space(clause.quote)


async def test_only_the_cited_sentence_is_marked(client, rules):
    clause = rules.knowledge.clauses["LN/六/一次"]
    start = clause.quote.index("一次")
    address = f"/clauses/{quote(clause.id)}?highlight={start}-{start + 2}"
    response = await client.get(address, follow_redirects=True)
    assert re.findall(r"<mark>(.*?)</mark>", response.text) == ["一次"]


@pytest.mark.parametrize("query", ["highlight=9-1", "highlight=x", "highlight=0-99999", "clause=XX", "clause=<b>"])
async def test_a_part_that_is_none(client, get, query):
    page = await get(f"/clauses/LN?clause=LN/六/一次&{query}" if "highlight" in query else f"/clauses/LN?{query}")
    assert "失业补助金只能申领享受一次" in without_space(page.text) and "b" not in page.elements


async def test_a_clause_that_nobody_knows(get):
    assert "没有编号为“LN/没有”的条文" in (await get("/clauses/LN/没有", 404)).text
