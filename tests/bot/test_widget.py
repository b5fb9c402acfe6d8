"""The chat in a real Chromium: talking, every kind of reply, the ways to answer, what goes wrong."""

import pytest
from browsing import answered, faults, last, say
from playwright.sync_api import expect


def said(house):
    return [call["text"] for call in house.assistant.calls]


def box(page):
    return page.get_by_label("您的问题")


# ── what one sees first ──


def test_first_screen(page, house):
    expect(page.get_by_role("heading", name="稳岗", exact=False).first).to_be_attached()
    assert 4 <= page.locator(".examples button").count() <= 6
    expect(page.get_by_text("请不要发送身份证号")).to_be_visible()
    expect(page.get_by_role("button", name="办理日期：按 2021年9月1日")).to_be_visible()
    expect(page.locator(".notice")).to_contain_text("90 天")  # what is stored, before the first message
    example = page.locator(".examples button").first
    words = example.text_content()
    example.click()
    expect(page.locator(".said")).to_contain_text(words)
    expect(page.locator(".examples")).to_be_hidden()
    expect(page.get_by_text(f"您说的是：{words}")).to_be_visible()
    assert said(house) == [words]


def test_without_a_mouse(page, house):
    box(page).fill("单位")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="企业", exact=True)).to_be_visible()
    page.get_by_role("button", name="企业", exact=True).focus()
    page.keyboard.press("Enter")
    answered(page, 2)
    expect(box(page)).to_be_focused()
    page.keyboard.type("第一行")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("第二行")
    page.keyboard.press("Enter")
    answered(page, 3)
    assert said(house) == ["单位", "企业", "第一行\n第二行"]


def test_chinese_input_method_keeps_its_enter(page, house):
    box(page).fill("ni hao")
    box(page).dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(page.locator(".turn")).to_have_count(0)
    assert said(house) == []


def test_answers_are_shown_as_they_are_made(page, house):
    """The first of two replies stands there while the second is still being made."""
    house.assistant.hold()
    box(page).fill("两条")
    page.keyboard.press("Enter")
    expect(page.get_by_text("第一条")).to_be_visible()
    expect(page.locator(".typing")).to_be_visible()
    expect(page.get_by_role("button", name="发送", exact=True)).to_be_disabled()
    house.assistant.let_go()
    expect(page.get_by_text("第二条")).to_be_visible()
    expect(page.locator(".typing")).to_be_hidden()
    expect(page.locator(".turn")).to_have_count(1)


# ── every kind of reply ──


def test_decision_card(page):
    say(page, "结论")
    card = page.locator(".card")
    expect(card.locator(".chip")).to_have_text("还要看别的条件")
    expect(card.locator(".headline strong")).to_have_text("您能回答的条件都符合，最高可返还 72,000 元。")
    expect(card.locator(".glance")).to_contain_text("最高 72,000 元")
    expect(card.locator(".glance")).to_contain_text("2021年12月31日")
    expect(card.locator(".glance")).to_contain_text("基金备付期限")
    expect(card).to_contain_text("120,000 × 60% = 72,000 元")
    expect(card).to_contain_text("下一步：")
    quote = card.get_by_text("30人(含)以下的参保单位裁员率")
    expect(quote).to_be_hidden()
    card.get_by_text("依据（2 条原文）").click()
    expect(quote).to_be_visible()
    assert "**" not in card.text_content()


def test_from_a_quote_to_its_place_in_the_notice(page):
    say(page, "结论")
    page.get_by_text("依据（2 条原文）").click()
    words = page.locator(".quote mark").first.inner_text()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="在通知全文里看").first.click()
    marked = opened.value.locator(":target")
    expect(marked).to_be_in_viewport()
    assert words[:12] in marked.inner_text().replace("\n", "")


def test_card_is_copied_shared_and_printed_on_one_page(open_page, house, browser):
    page = open_page("about:blank")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=house.url)
    page.add_init_script(
        "navigator.share = (what) => { top.shared = what; return Promise.resolve() };"
        "window.print = () => { top.printed = document.documentElement.outerHTML };"
    )
    page.goto(house.url)
    say(page, "结论")
    page.get_by_role("button", name="复制").click()
    expect(page.get_by_text("已复制")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("您能回答的条件都符合，最高可返还 72,000 元。") and "**" not in copied
    assert "——辽人社发〔2021〕7号 一（一）" in copied and copied.endswith("按 2021年9月1日 的规定")
    page.get_by_role("button", name="分享").click()
    assert page.evaluate("window.shared.text") == copied
    page.get_by_role("button", name="打印").click()
    page.wait_for_function("window.printed")
    paper = page.context.new_page()
    paper.goto(f"{house.url}/rules")  # where our style may be loaded from
    paper.evaluate(
        "html => { const read = new DOMParser().parseFromString(html, 'text/html');"
        "document.documentElement.replaceChildren(...read.documentElement.childNodes) }",
        page.evaluate("window.printed"),
    )
    expect(paper.get_by_text("30人(含)以下的参保单位裁员率")).to_be_visible()
    expect(paper.get_by_role("button")).to_have_count(0)
    paper.wait_for_function("[...document.styleSheets].some((one) => one.href?.endsWith('print.css'))")
    assert paper.pdf(prefer_css_page_size=True).count(b"/Type /Page\n") == 1


def test_verdict_on_a_window_that_is_closed(page):
    say(page, "过期")
    assert page.locator(".chip").all_text_contents() == ["已截止", "按当时规定：符合"]
    expect(page.locator(".glance")).to_contain_text("2021年12月31日（已过）")


def test_no_window_of_the_notice_is_told_of_a_place_it_does_not_speak_of(page):
    say(page, "外地")
    expect(page.locator(".chip")).to_have_count(1)
    expect(page.locator(".chip")).not_to_have_text("已截止")
    expect(page.locator(".card")).not_to_contain_text("已过")


def test_clauses(page):
    say(page, "条文")
    answer = last(page)
    expect(answer.locator("strong")).to_have_text("这两份通知没有写金额。")
    expect(answer.locator("mark")).to_have_text("失业补助金只能")
    expect(answer.locator("blockquote").first).to_have_text("“失业补助金只能申领享受一次”")
    expect(answer.locator("figcaption").first).to_contain_text(
        "——辽人社发〔2021〕7号 一（六），已于 2021年12月31日 截止"
    )
    assert answer.text_content().count("申领享受一次") == 1
    answer.get_by_text("还有 1 条相关原文").click()
    expect(answer.get_by_text("发放失业补助金")).to_be_visible()
    expect(answer.get_by_role("button", name="到什么时候")).to_be_visible()


def test_what_it_believes_can_be_put_right(page, house):
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="我记下的情况").click()
    answered(page, 1)
    expect(last(page).locator(".profile li").first).to_contain_text("参保职工 28 人")
    page.get_by_role("button", name="改“参保职工人数”").click()
    right = page.get_by_label("“参保职工人数”改成")
    expect(right).to_be_focused()
    expect(right).to_have_value("参保职工 28 人")
    page.get_by_role("button", name="不改了").click()
    expect(page.get_by_role("button", name="改“参保职工人数”")).to_be_focused()
    page.keyboard.press("Enter")
    right.fill("参保职工 35 人")
    page.keyboard.press("Enter")
    answered(page, 2)
    say(page, "情况")
    page.get_by_role("button", name="改“参保职工人数”").last.click()
    right.fill("36人")  # the number alone
    page.keyboard.press("Enter")
    answered(page, 4)
    assert said(house) == ["我记下的情况", "不对，参保职工 35 人", "情况", "不对，参保职工人数是36人"]


def test_handoff_has_a_number_to_tap(page):
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="转人工").click()
    answered(page, 1)
    assert last(page).get_by_role("link").get_attribute("href") == "tel:12333"


def test_long_answers_are_shown_from_their_beginning(page):
    for _ in range(3):
        say(page, "结论")
    page.wait_for_function("document.querySelector('wengang-chat').shadowRoot.querySelector('.scroll').scrollTop > 0")
    expect(page.locator(".said").last).to_be_in_viewport()
    assert page.locator(".said").last.bounding_box()["y"] < 740 / 2


# ── ways to answer ──


def test_choices(page, house):
    say(page, "单位")
    offered = page.get_by_role("group", name="快捷回答").get_by_role("button").all_text_contents()
    assert offered == ["企业", "社会团体/基金会", "以单位参保的个体户", "其他", "不知道"]
    page.get_by_role("button", name="企业", exact=True).click()
    answered(page, 2)
    expect(page.get_by_role("button", name="不知道")).to_have_count(0)
    assert said(house) == ["单位", "企业"]


def test_several_choices_and_none_of_these(page, house):
    say(page, "多选")
    confirm, none = page.get_by_role("button", name="确定"), page.get_by_label("以上都不是")
    expect(confirm).to_be_disabled()
    expect(page.get_by_role("button", name="不知道")).to_be_visible()
    page.get_by_label("残疾人").check()
    page.get_by_label("登记失业满一年").check()
    none.check()
    expect(page.get_by_label("残疾人")).not_to_be_checked()
    page.get_by_label("残疾人").check()
    expect(none).not_to_be_checked()
    page.get_by_label("登记失业满一年").check()
    confirm.click()
    answered(page, 2)
    assert said(house)[-1] == "残疾人、登记失业满一年"


def test_number_money_and_date(page, house):
    say(page, "人数")
    number = page.get_by_label("填个数")
    assert number.get_attribute("inputmode") == "numeric"
    number.fill("28")
    page.get_by_role("button", name="确定").click()
    answered(page, 2)
    say(page, "多少钱")
    assert page.get_by_label("填个数").get_attribute("inputmode") == "decimal"
    page.get_by_label("填个数").fill("12万")
    page.keyboard.press("Enter")
    answered(page, 4)
    say(page, "日期")
    page.get_by_label("选个日期").fill("2020-11-05")
    page.get_by_role("button", name="确定").click()
    answered(page, 6)
    assert said(house) == ["人数", "28人", "多少钱", "12万", "日期", "2020年11月5日"]


def test_free_text_beside_the_choices(page, house):
    say(page, "是不是")
    say(page, "为什么问这个")
    expect(page.get_by_role("button", name="不是", exact=True)).to_have_count(0)
    assert said(house) == ["是不是", "为什么问这个"]


def test_counter_stops_at_three_hundred(page, house):
    send = page.get_by_role("button", name="发送", exact=True)
    expect(send).to_be_disabled()
    box(page).fill("长" * 300)
    expect(page.locator(".count")).to_have_text("300/300")
    expect(send).to_be_enabled()
    box(page).fill("👍" * 301)
    expect(page.locator(".count")).to_have_text("多了 1 个字，请分几次说")
    expect(send).to_be_disabled()
    page.keyboard.press("Enter")
    assert said(house) == [] and faults(page) == []


# ── beginning anew, privacy, feedback ──


def test_beginning_anew_is_asked_for_and_said(page, house):
    say(page, "你好")
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="重新开始").click()
    expect(page.get_by_role("heading", name="重新开始？")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="菜单")).to_be_focused()
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="重新开始").click()
    page.get_by_role("button", name="重新开始").click()
    answered(page, 2)
    assert said(house) == ["你好", "重新开始"]


def open_privacy(page):
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="隐私与删除").click()


def test_the_conversation_can_be_erased_and_the_server_proves_it(page, house):
    say(page, "你好")
    say(page, "结论")
    open_privacy(page)
    expect(page.locator(".sheet")).to_contain_text("90 天")
    page.get_by_role("button", name="删除这段对话").click()
    expect(page.get_by_role("button", name="不删")).to_be_focused()
    page.get_by_role("button", name="确定删除").click()
    expect(page.locator(".sheet [role=status]")).to_contain_text("还剩 0 条")
    page.get_by_role("button", name="返回对话").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator(".examples")).to_be_visible()
    page.reload()
    expect(page.locator(".examples")).to_be_visible()
    say(page, "你好")
    assert len({call["sender"] for call in house.assistant.calls}) == 2
    open_privacy(page)


def test_an_answer_can_be_judged(page):
    say(page, "结论")
    sent = []
    page.on("request", lambda one: sent.append(one.post_data_json) if one.url.endswith("/api/feedback") else None)
    page.get_by_role("button", name="没用").click()
    page.get_by_role("button", name="没看懂").click()
    expect(page.get_by_text("谢谢，记下了。")).to_be_visible()
    assert (
        [one["useful"] for one in sent] == [False, False] and sent[1]["reason"] and sent[0]["turn"] == sent[1]["turn"]
    )
    say(page, "条文")
    page.get_by_role("button", name="有用").click()
    expect(page.get_by_text("谢谢，记下了。")).to_have_count(2)
    say(page, "单位")
    assert last(page).get_by_role("group", name="这个回答有用吗").count() == 0  # a question is not an answer


def test_reading_aloud(open_page, house):
    page = open_page("about:blank")
    page.add_init_script(
        "window.spoken = []; Object.defineProperty(window, 'speechSynthesis', {value: {speaking: false, "
        "speak: (one) => window.spoken.push([one.lang, one.text]), cancel: () => {}}})"
    )
    page.goto(house.url)
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="朗读回答").click()
    page.keyboard.press("Escape")
    say(page, "结论")
    [[lang, words]] = page.evaluate("window.spoken")
    assert lang == "zh-CN" and words.startswith("您能回答的条件都符合") and "**" not in words
    page.reload()
    answered(page, 1)
    assert page.evaluate("window.spoken") == []  # what was said before is not read again


def test_without_speech_nothing_offers_to_read(open_page, house):
    page = open_page("about:blank")
    page.add_init_script("delete window.speechSynthesis; delete Window.prototype.speechSynthesis")
    page.goto(house.url)
    page.get_by_role("button", name="菜单").click()
    expect(page.get_by_role("button", name="朗读回答")).to_have_count(0)


# ── what can go wrong ──


def test_reload_keeps_the_conversation(page, house):
    say(page, "单位")
    page.reload()
    expect(page.locator(".said")).to_contain_text("单位")
    expect(page.get_by_role("button", name="企业", exact=True)).to_be_visible()
    say(page, "企业")
    assert len({call["sender"] for call in house.assistant.calls}) == 1
    expect(page.locator(".turn")).to_have_count(2)


def test_two_tabs_of_one_conversation(open_page, house):
    first = open_page()
    say(first, "单位")
    second = first.context.new_page()
    second.goto(house.url)
    expect(second.get_by_role("button", name="企业", exact=True)).to_be_visible()
    second.get_by_role("button", name="企业", exact=True).click()
    answered(second, 2)
    answered(first, 2)  # the other tab hears of it by itself
    expect(first.get_by_role("button", name="企业", exact=True)).to_have_count(0)
    say(first, "结论")
    answered(second, 3)
    assert said(house) == ["单位", "企业", "结论"] and len({call["sender"] for call in house.assistant.calls}) == 1


def test_erasing_in_one_tab_empties_the_other(open_page, house):
    first = open_page()
    say(first, "单位")
    second = first.context.new_page()
    second.goto(house.url)
    answered(second, 1)
    open_privacy(first)
    first.get_by_role("button", name="删除这段对话").click()
    first.get_by_role("button", name="确定删除").click()
    expect(first.locator(".sheet [role=status]")).to_contain_text("还剩 0 条")
    expect(second.locator(".turn")).to_have_count(0)


def test_offline_and_back(open_page, house):
    page = open_page()
    say(page, "你好")
    page.context.set_offline(True)
    expect(page.locator(".state")).to_contain_text("网络断开了")
    for words in ("单位", "企业"):
        box(page).fill(words)
        page.keyboard.press("Enter")
    expect(page.get_by_text("还没发出去，网络恢复后自动发")).to_have_count(2)
    assert faults(page) == []
    page.context.set_offline(False)
    answered(page, 3)
    expect(page.locator(".state")).to_be_hidden()
    expect(page.locator(".trouble")).to_have_count(0)
    assert said(house) == ["你好", "单位", "企业"]
    page.reload()
    answered(page, 3)
    assert said(house) == ["你好", "单位", "企业"]
    open_page.complaints.clear()  # the browser reports the connection that was cut


@pytest.mark.parametrize("first", [True, False], ids=["first message", "later message"])
def test_lost_answer_runs_one_turn(open_page, house, first):
    page = open_page()
    if not first:
        say(page, "你好")
    lose = {"answer": True}

    def arrives_but_the_answer_is_lost(route):
        if lose.pop("answer", False):
            before = page.context.cookies()
            route.fetch()
            page.context.clear_cookies()  # what came with the answer is lost, too
            page.context.add_cookies(before)
            route.abort()
        else:
            route.continue_()

    page.route("**/api/messages", arrives_but_the_answer_is_lost)
    box(page).fill("结论")
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_be_visible()  # by itself
    expect(page.locator(".trouble")).to_have_count(0)
    say(page, "单位")
    assert len({call["sender"] for call in house.assistant.calls}) == 1
    page.reload()
    answered(page, 2 if first else 3)
    assert said(house).count("结论") == 1 and page.locator(".said", has_text="结论").count() == 1
    open_page.complaints.clear()


def test_a_stream_that_breaks_off_is_taken_up_again(open_page, house):
    page = open_page()
    say(page, "你好")
    cut = {"once": True}

    def half(route):
        if cut.pop("once", False):
            answer = route.fetch()
            route.fulfill(response=answer, body=answer.text().split("event: done")[0])
        else:
            route.continue_()

    page.route("**/api/messages", half)
    box(page).fill("两条")
    page.keyboard.press("Enter")
    expect(page.get_by_text("第二条")).to_have_count(1)
    expect(page.locator(".trouble")).to_have_count(0)
    expect(page.get_by_text("第一条")).to_have_count(1)
    assert said(house) == ["你好", "两条"]


def test_without_streams_the_answer_comes_whole(open_page, house):
    page = open_page()

    def plainly(route):
        route.continue_(headers={**route.request.headers, "accept": "application/json"})

    page.route("**/api/messages", plainly)
    say(page, "两条")
    expect(page.get_by_text("第二条")).to_be_visible()


def test_message_that_was_under_way_at_a_reload_arrives_once(open_page, house):
    page = open_page()
    say(page, "你好")
    page.route("**/api/messages", lambda route: None)
    box(page).fill("结论")
    page.keyboard.press("Enter")
    expect(page.locator(".typing")).to_be_visible()
    page.unroute("**/api/messages")
    page.reload()
    expect(page.locator(".card")).to_be_visible()
    assert said(house) == ["你好", "结论"]
    open_page.complaints.clear()


def test_server_error_is_told_kindly(open_page, house):
    page = open_page()
    house.assistant.fail = RuntimeError("no")
    try:
        box(page).fill("结论")
        page.keyboard.press("Enter")
        expect(page.locator(".trouble")).to_contain_text("系统出了点问题")
    finally:
        house.assistant.fail = None
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".card")).to_be_visible()
    open_page.complaints.clear()


def test_a_crowded_house_is_tried_again_by_itself(open_page, house):
    page = open_page()
    busy = {"once": True}

    def crowded(route):
        if busy.pop("once", False):
            told = '{"error": {"message": "这会儿问的人多，请稍候几秒再发。", "field": null}}'
            route.fulfill(status=503, headers={"Retry-After": "1", "Content-Type": "application/json"}, body=told)
        else:
            route.continue_()

    page.route("**/api/messages", crowded)
    box(page).fill("结论")
    page.keyboard.press("Enter")
    expect(page.get_by_text("这会儿问的人多")).to_be_visible()
    expect(page.locator(".card")).to_be_visible()
    assert said(house) == ["结论"]
    open_page.complaints.clear()


def test_spoilt_storage_is_survived(page):
    for spoilt in ("{broken", "[]", '"x"', '{"queue": 7}', "null"):
        page.evaluate("words => sessionStorage.setItem('wengang-chat', words)", spoilt)
        page.reload()
        expect(page.locator(".examples")).to_be_visible()
    say(page, "你好")


def test_text_is_never_markup(page):
    say(page, "攻击")
    box(page).fill("<img src=x onerror=\"document.title='xss'\">")
    page.keyboard.press("Enter")
    answered(page, 2)
    for fold in page.locator("summary").all():
        fold.click()
    for edit in page.get_by_role("button", name="改“").all():
        edit.click()
    page.reload()
    answered(page, 2)
    assert page.title() == "稳岗 · 本溪就业政策助手"
    assert page.locator(".log :is(img, script, svg, b, i, iframe, a[href^='javascript'])").count() == 0
    expect(page.locator(".log")).to_contain_text("<svg onload")
    leads = page.locator(".log a").evaluate_all("all => all.map((one) => one.protocol + one.host)")
    assert set(leads) <= {page.evaluate("location.protocol + location.host"), "tel:"}
