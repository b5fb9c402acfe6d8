"""The conversation without JavaScript, as a browser with scripts switched off meets it."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx
import pytest
from databases import migrated
from doors import DECISION, SCRIPT, settings

from bot.server import create_app
from bot.store import open_engine, pushed

FAILED = {"kind": "text", "text": "这一句我没有处理好。", "outcome": "clarify", "failed": True}
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "</textarea><b>x</b>",
    "' onfocus=x",
)


class Browser(HTMLParser):
    """A page as it was answered: its words, and its forms to be filled in and sent."""

    VOID = {"meta", "link", "br", "input"}

    def __init__(self, response):
        super().__init__()
        self.response, self.text, self.forms, self.elements, self.links = response, "", [], [], []
        self.attributes, self.ids, self.labelled, self._open, self._inside = [], [], set(), [], None
        self.feed(response.text)
        assert self._open == [], "every element is closed"

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.ids += [named["id"]] if "id" in named else []
        self.labelled |= {named["for"]} if tag == "label" and "for" in named else set()
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "form":
            self.forms.append({"action": named["action"], "method": named["method"], "fields": {}, "offers": {}})
        elif tag == "a":
            self.links.append(named["href"])
        elif self.forms and tag in ("input", "textarea"):
            form, kind = self.forms[-1], named.get("type")
            if kind == "checkbox":
                form["offers"].setdefault(named["name"], []).append(named["value"])
            else:
                form["fields"][named["name"]] = named.get("value", "")
        elif self.forms and tag == "button" and "name" in named:
            self.forms[-1]["offers"].setdefault(named["name"], []).append(named["value"])
        self._inside = named.get("name") if tag == "textarea" else None

    def handle_endtag(self, tag):
        assert self._open.pop() == tag
        self._inside = None

    def handle_data(self, data):
        if self._inside:
            self.forms[-1]["fields"][self._inside] += data
        elif self._open[-1:] != ["title"]:
            self.text += data

    def form(self, field):
        """The form that has this field or offers it."""
        return next(form for form in self.forms if field in form["fields"] or field in form["offers"])

    @property
    def bubbles(self):
        """How many replies are shown."""
        return self.response.text.count('<div class="bubble')


@pytest.fixture
def make_client(tmp_path, assistant, rules):
    def make(address=("127.0.0.1", 1), **more):
        chosen = settings(tmp_path, **more)
        migrated(chosen.database_url)
        app = create_app(assistant, rules, None, chosen)
        transport = httpx.ASGITransport(app=app, client=address)
        return httpx.AsyncClient(transport=transport, base_url="http://test", follow_redirects=True)

    return make


@pytest.fixture
def client(make_client):
    return make_client()


def page_of(response, status=200):
    assert response.status_code == status, response.text[:500]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "form-action 'self'" in policy and "unsafe" not in policy
    page = Browser(response)
    assert not {"script", "style", "iframe", "object", "img"} & {*page.elements}
    assert not [name for name in page.attributes if name == "style" or name.startswith("on")]
    assert len(page.ids) == len({*page.ids}) and page.elements.count("h1") == page.elements.count("main") == 1
    return page


async def look(client, address="/plain", status=200):
    return page_of(await client.get(address), status)


async def send(client, form, status=200, **filled):
    """Fill in a form and send it, as it stands on the page."""
    known = {*form["fields"], *form["offers"]}
    assert {*filled} <= known, "what is not on the page cannot be filled in"
    return page_of(await client.post(form["action"], data={**form["fields"], **filled}), status)


async def say(client, text, page=None, status=200):
    page = page or await look(client)
    return await send(client, page.form("text"), status, text=text)


class TestTalking:
    async def test_the_notice_comes_before_the_first_message_and_nothing_is_kept_before(self, client, assistant):
        page = await look(client)
        assert "90 天" in page.text and "身份证号" in page.text and "删除" in page.text
        assert "/clauses/LN" in page.links and not assistant.calls
        page = await say(client, "你好", page)
        assert "您说的是：你好" in page.text and "90 天" not in page.text

    async def test_the_answer_is_a_page_that_may_be_reloaded(self, client, assistant):
        page = await look(client)
        form = page.form("text")
        sent = await client.post("/plain", data={**form["fields"], "text": "你好"}, follow_redirects=False)
        assert sent.status_code == 303 and re.fullmatch(r"/plain#t\d+", sent.headers["location"])
        fragment = urlsplit(sent.headers["location"]).fragment
        for _ in range(2):
            assert fragment in (await look(client)).ids
        assert len(assistant.calls) == 1

    async def test_what_is_sent_twice_is_one_turn_and_what_is_changed_another(self, client, assistant):
        page = await look(client)
        for text, calls in (("你好", 1), ("你好", 1), ("单位", 2)):
            after = await say(client, text, page)
            assert len(assistant.calls) == calls
        assert after.bubbles == 2

    async def test_quick_answers_are_buttons(self, client, assistant):
        page = await say(client, "单位")
        offered = page.form("say")["offers"]["say"]
        assert offered == ["企业", "社会团体/基金会", "以单位参保的个体户", "其他", "不知道"]
        await send(client, page.form("say"), say="其他")
        assert assistant.calls[-1]["text"] == "其他"

    async def test_several_answers_are_boxes(self, client, assistant):
        page = await say(client, "多选")
        form = page.form("pick")
        assert form["offers"]["pick"] == ["残疾人", "享受最低生活保障", "登记失业满一年", "以上都不是"]
        assert page.form("say")["offers"]["say"] == ["不知道"]
        await send(client, form, pick=["残疾人", "登记失业满一年"])
        assert assistant.calls[-1]["text"] == "残疾人、登记失业满一年"
        await send(client, form, pick=["以上都不是"])
        assert assistant.calls[-1]["text"] == "以上都不是"

    @pytest.mark.parametrize(("picked", "said"), [([], "还没有选"), (["残疾人", "以上都不是"], "不能和别的一起选")])
    async def test_boxes_that_contradict_each_other(self, client, assistant, picked, said):
        page = await say(client, "多选")
        page = await send(client, page.form("pick"), 422, pick=picked)
        assert said in page.text and len(assistant.calls) == 1
        assert page.response.text.count(" checked") == len(picked), "what was picked stays picked"

    @pytest.mark.parametrize(
        ("question", "field", "written", "heard"),
        [
            ("人数", "number", "28", "28人"),
            ("人数", "number", "二十来个", "二十来个"),
            ("多少钱", "number", " 3.5", "3.5元"),
            ("日期", "day", "2021-03-05", "2021年3月5日"),
            ("日期", "day", "1961-12-01", "1961年12月1日"),
        ],
    )
    async def test_numbers_and_days_have_boxes_of_their_own(self, client, assistant, question, field, written, heard):
        page = await say(client, question)
        await send(client, page.form(field), **{field: written})
        assert assistant.calls[-1]["text"] == heard

    @pytest.mark.parametrize(
        ("question", "field", "written"), [("人数", "number", " "), ("日期", "day", ""), ("日期", "day", "2021-02-31")]
    )
    async def test_a_box_left_empty_or_wrong(self, client, assistant, question, field, written):
        page = await say(client, question)
        page = await send(client, page.form(field), 422, **{field: written})
        assert "没有办成" in page.text and "alert" in page.response.text and len(assistant.calls) == 1

    async def test_nothing_said(self, client, assistant):
        page = await say(client, "  ", status=422)
        assert "还没有写要说的话" in page.text and not assistant.calls

    async def test_every_reply_is_shown_whole(self, client):
        page = await say(client, "结论")
        text = page.text.replace("\n", "")
        card = SCRIPT["结论"][0]["card"]
        for words in (*card["headline"].split("**"), *card["lines"], card["next_step"]):
            assert words in text
        assert "依据（2 条原文）" in text and "/clauses/LN/%E4%B8%80/%E5%B0%8F%E5%8D%95%E4%BD%8D" in page.links
        page = await say(client, "条文", page)
        assert "失业补助金只能申领享受一次" in page.text and "已于 2021年12月31日 截止" in page.text
        page = await say(client, "情况", page)
        assert "参保职工人数" in page.text and "28 人" in page.text
        page = await say(client, "转人工", page)
        assert "tel:12333" in page.links

    async def test_part_of_a_quote_is_marked_and_leads_to_its_place(self, client, assistant, monkeypatch):
        one = {**SCRIPT["条文"][0]["clauses"][0], "highlight": [0, 5]}
        monkeypatch.setitem(SCRIPT, "条文", [{**SCRIPT["条文"][0], "clauses": [one]}])
        page = await say(client, "条文")
        assert "<mark>失业补助金</mark>" in page.response.text
        link = next(link for link in page.links if "highlight=0-5" in link)
        target = await client.get(link)
        assert target.status_code == 200 and "<mark>失业补助金</mark>" in target.text

    async def test_a_failed_turn_is_told_and_may_be_sent_again(self, client, assistant, monkeypatch):
        monkeypatch.setitem(SCRIPT, "坏了", [FAILED])
        page = await say(client, "坏了")
        assert FAILED["text"] in page.text and page.form("text")["fields"]["text"] == "坏了"
        monkeypatch.setitem(SCRIPT, "坏了", [{"kind": "text", "text": "好了"}])
        page = await say(client, "坏了", page)
        assert "好了" in page.text and FAILED["text"] not in page.text

    async def test_earlier_words_are_a_page_away(self, client, monkeypatch):
        monkeypatch.setattr("bot.api.plain.PAGE", 2)
        for text in "一二三":
            page = await say(client, text)
        assert page.bubbles == 2 and "您说的是：一" not in page.text
        earlier = await look(client, next(link for link in page.links if "before=" in link))
        assert "您说的是：一" in earlier.text and earlier.bubbles == 1


class TestDay:
    async def test_a_day_is_chosen_and_stays(self, client, assistant):
        page = await look(client)
        form = page.form("as_of")
        assert form["method"] == "get" and "2021年9月1日" in page.text
        page = await look(client, "/plain?as_of=2021-12-31")
        assert "2021年12月31日" in page.text
        page = await say(client, "你好", page)
        assert assistant.calls[-1]["as_of"].isoformat() == "2021-12-31"
        page = await say(client, "单位", page)
        assert assistant.calls[-1]["as_of"].isoformat() == "2021-12-31"

    async def test_a_day_told_in_words_is_taken_up(self, client, assistant):
        page = await say(client, "按2021年算")
        assert "现在按 2021年12月31日 回答" in page.text
        await say(client, "你好")
        assert assistant.calls[-1]["as_of"].isoformat() == "2021-12-31"

    async def test_what_a_person_at_a_desk_decided_changes_no_day(self, client, assistant, tmp_path):
        await say(client, "你好")
        engine = open_engine(settings(tmp_path).database_url)
        with engine.begin() as connection:
            pushed.put(connection, assistant.calls[-1]["sender"], [{**DECISION, "as_of": "2021-12-31"}])
        engine.dispose()
        page = await look(client)
        assert "最高可返还 72,000 元" in page.text and "现在按 2021年12月31日 回答" not in page.text
        await say(client, "你好", page)
        assert assistant.calls[-1]["as_of"].isoformat() == "2021-09-01"

    async def test_a_day_that_is_none(self, client):
        page = await look(client, "/plain?as_of=2021-02-31", 422)
        assert "2021年2月只有 1 到 28 日" in page.text


class TestElder:
    async def test_large_letters_stay_until_they_are_put_off(self, client):
        page = await look(client)
        assert 'class="elder"' not in page.response.text
        page = await look(client, "/plain?elder=1")
        assert 'class="elder"' in page.response.text
        assert 'class="elder"' in (await say(client, "你好", page)).response.text
        assert 'class="elder"' not in (await look(client, "/plain?elder=0")).response.text


class TestOwn:
    async def test_beginning_anew(self, client, assistant):
        page = await say(client, "你好")
        form = next(form for form in page.forms if form["action"] == "/plain/restart")
        page = await send(client, form)
        assert "已经重新开始" in page.text and "您说的是" not in page.text
        await say(client, "你好", page)
        assert assistant.calls[0]["sender"] != assistant.calls[1]["sender"]

    async def test_erasing_with_proof(self, client, assistant):
        page = await say(client, "你好")
        form = next(form for form in page.forms if form["action"] == "/plain/erase")
        cookie = client.cookies["wengang"]
        page = await send(client, form)
        assert "已经删除 1 条记录，库里还剩 0 条" in page.text and "您说的是" not in page.text
        client.cookies.set("wengang", cookie, domain="test.local", path="/")
        page = await look(client)
        assert "已经删除" in page.text and "您说的是" not in page.text

    async def test_nobody_can_make_the_page_tell_that_something_was_erased(self, client):
        page = await look(client, "/plain?told=erased.7.0.forged")
        assert "已经删除 7" not in page.text

    async def test_it_is_the_conversation_of_our_other_page(self, client):
        await say(client, "你好")
        told = (await client.get("/api/conversation", headers={"Wengang-Session": "cookie"})).json()
        assert [turn["text"] for turn in told["turns"]] == ["你好"]


class TestForgery:
    @pytest.mark.parametrize("path", ["/plain", "/plain/erase", "/plain/restart"])
    async def test_a_form_that_is_not_of_this_conversation(self, client, make_client, assistant, path):
        page = await say(client, "你好")
        theirs = (await say(make_client(), "你好")).form("text")["fields"]
        for csrf in ("", "x", theirs["csrf"]):
            fields = {**page.form("text")["fields"], "csrf": csrf, "text": "再见"}
            form = {"action": path, "fields": fields, "offers": {}}
            after = await send(client, form, 422)
            assert "再点一次" in after.text and "您说的是：你好" in after.text
        assert [call["text"] for call in assistant.calls] == ["你好", "你好"]

    async def test_a_browser_that_keeps_no_cookie_is_told(self, client, assistant):
        page = await look(client)
        client.cookies.clear()
        page = await say(client, "你好", page, 422)
        assert "Cookie" in page.text and page.form("text")["fields"]["text"] == "你好" and not assistant.calls
        await say(client, "你好", page)
        assert len(assistant.calls) == 1

    async def test_another_sites_form(self, client, assistant):
        page = await say(client, "你好")
        sent = await client.post(
            "/plain", data=page.form("text")["fields"], headers={"Origin": "https://elsewhere.example"}
        )
        assert sent.status_code == 403 and len(assistant.calls) == 1


class TestRefusals:
    async def test_too_fast(self, make_client):
        client = make_client(address=("203.0.113.7", 1), writes_per_conversation=1)
        page = await say(client, "你好")
        page = await say(client, "单位", page, 429)
        assert "太快" in page.text and page.form("text")["fields"]["text"] == "单位"
        assert int(page.response.headers["retry-after"]) > 0

    async def test_while_the_house_is_full(self, make_client):
        client = make_client()
        page = await look(client)
        client._transport.app.state.turns.stopping = True
        page = await say(client, "你好", page, 503)
        assert "重启" in page.text and page.form("text")["fields"]["text"] == "你好"


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_stay_words(client, assistant, monkeypatch, words):
    asked = {"input": "multi", "choices": [words], "unsure": True}
    part = {"clause": words, "quote": words * 2, "highlight": [0, len(words)]}
    quotes = [{"quote": words, "source": words, "clause": words}]
    card = {"headline": words, "lines": [words], "quotes": quotes, "next_step": words}
    replies = [
        {"kind": words, "text": words, "suggestions": [words]},
        {"kind": "decision", "text": words, "decision": {"programme": "p", "verdict": words}, "card": card},
        {"kind": "profile", "text": words, "profile": [{"label": words, "value": words}]},
        {"kind": "clauses", "text": words, "clauses": [part]},
        {"kind": "question", "text": words, "question": asked},
    ]  # fmt: skip
    monkeypatch.setitem(SCRIPT, words, replies)
    page = await say(client, words)  # page_of has looked for scripts and the like
    assert page.bubbles == 5 and page.text.count(words) > 8 and "b" not in page.elements
    for name in ("as_of", "before", "told", "elder"):
        answer = await client.get("/plain", params={name: words})
        assert answer.status_code in (200, 422)
        page_of(answer, answer.status_code)


async def test_what_is_not_text_is_no_answer(client, assistant):
    page = await look(client)
    fields = page.form("text")["fields"]
    sent = await client.post("/plain", data=fields, files={"text": ("x", b"x")})
    assert sent.status_code == 400 and not assistant.calls
