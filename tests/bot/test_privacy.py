"""Personal numbers go, everything else stays."""

import time
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.messages import say
from bot.privacy import mask

CHINESE = st.text(alphabet="我的身份证电话是号码请问一直不通，。：（）在本溪和还有", max_size=12)
GAPS = st.sampled_from(["", " ", "-", "　", "－", "—", "·", "."])
WIDE = str.maketrans("0123456789Xx@.-", "０１２３４５６７８９Ｘｘ＠．－")


def digits(count):
    return st.text(alphabet="0123456789", min_size=count, max_size=count)


@st.composite
def identity_cards(draw):
    """18 characters, with a right or a wrong check digit, or 15."""
    region = draw(st.sampled_from(["210502", "210504", "110101", "440305"]))
    born = draw(st.dates(date(1930, 1, 1), date(2020, 12, 31)))
    if draw(st.booleans()):
        return [region, f"{born:%y%m%d}", draw(digits(3))]
    return [region, f"{born:%Y}", f"{born:%m%d}", draw(digits(3)) + draw(st.sampled_from("0123456789Xx"))]


@st.composite
def mobiles(draw):
    prefix = draw(st.sampled_from(["", "+86", "86 ", "0086-"]))
    return prefix, ["1" + draw(st.sampled_from("3456789")) + draw(digits(1)), draw(digits(4)), draw(digits(4))]


@st.composite
def landlines(draw):
    area = draw(st.sampled_from(["024", "0414", "010", "0755"]))
    number = draw(st.sampled_from("23456789")) + draw(digits(7 if len(area) == 3 else draw(st.sampled_from([6, 7]))))
    return draw(st.sampled_from([f"{area}{number}", f"{area}-{number}", f"({area}){number}", f"（{area}） {number}"]))


@st.composite
def bank_cards(draw):
    number = "62" + draw(digits(draw(st.sampled_from([14, 15, 16, 17]))))
    return [number[at : at + 4] for at in range(0, len(number), 4)]


def gone(text, number, kind):
    """The number is masked as this kind, the rest of the sentence is untouched."""
    before, after = text
    masked, kinds = mask(before + number + after)
    assert masked == before + say(f"privacy.{kind}") + after
    assert kinds == {kind}
    assert mask(masked) == (masked, frozenset())


@given(CHINESE, CHINESE, identity_cards(), GAPS, st.booleans())
def test_identity_cards(before, after, parts, gap, wide):
    number = gap.join(parts)
    gone((before, after), number.translate(WIDE) if wide else number, "id_card")


@given(CHINESE, CHINESE, mobiles(), GAPS, st.booleans())
def test_mobiles(before, after, mobile, gap, wide):
    prefix, parts = mobile
    number = prefix + gap.join(parts)
    gone((before, after), number.translate(WIDE) if wide else number, "phone")


@given(CHINESE, CHINESE, landlines(), st.booleans())
def test_landlines(before, after, number, wide):
    assume(not before.endswith(("(", "（")))
    gone((before, after), number.translate(WIDE) if wide else number, "phone")


@given(CHINESE, CHINESE, bank_cards(), st.sampled_from(["", " ", "-"]), st.booleans())
def test_bank_cards(before, after, parts, gap, wide):
    number = gap.join(parts)
    masked, kinds = mask(before + (number.translate(WIDE) if wide else number) + after)
    assert masked in {before + say(f"privacy.{kind}") + after for kind in ("bank_card", "id_card")}
    assert kinds


@given(
    CHINESE,
    CHINESE,
    st.from_regex(r"[a-z0-9][a-z0-9._\-]{0,10}@[a-z0-9]{1,8}(\.com|\.cn|\.com\.cn)", fullmatch=True),
    st.booleans(),
)
def test_emails(before, after, address, wide):
    gone((before, after), address.translate(WIDE) if wide else address, "email")


@given(
    st.integers(0, 10**9), st.sampled_from(["元", "万元", "块", "人", "个月", "%", "年", "", "块钱"]), CHINESE, CHINESE
)
def test_amounts_and_counts_stay(number, unit, before, after):
    for shown in (str(number), f"{number:,}", f"{number / 100:.2f}", str(number).translate(WIDE)):
        text = f"{before}交了{shown}{unit}{after}"
        assert mask(text) == (text, frozenset())


@given(st.integers(10**9, 10**17), st.sampled_from(["元", " 元", "万元", ".50元"]))
def test_even_enormous_amounts_stay_when_they_say_so(number, unit):
    text = f"一共{number}{unit}"
    assert mask(text) == (text, frozenset())


@given(st.dates(date(1950, 1, 1), date(2030, 1, 1)), st.dates(date(1950, 1, 1), date(2030, 1, 1)))
def test_dates_and_years_stay(one, two):
    for form in ("%Y-%m-%d", "%Y年%m月%d日", "%Y.%m.%d", "%Y%m%d", "%Y/%m/%d", "%Y"):
        text = f"从{one.strftime(form)} 到 {two.strftime(form)}，{one.strftime(form)} {two.strftime(form)}"
        assert mask(text) == (text, frozenset())


@pytest.mark.parametrize(
    "text",
    [
        "打12333还是12345",
        "辽人社发〔2021〕7号、本人社〔2021〕43号",
        "人社部发〔2021〕29号",
        "交了1200000元，欠120万",
        "2018 2019 2020 2021 2022",
        "28人，裁了5个，12万",
        "裁员率5.5%，6%，20%",
        "30 28 5 120000 2021 9 1",
        "邮编117000",
        "二〇二一年十二月三十一日",
        "一二三四五六七八九",
        "3000 4000 5000 6000",
        "13800138000元",
        "",
        "👍😀",
        "@ 你好 @所有人",
    ],
)
def test_what_is_no_personal_number_stays(text):
    assert mask(text) == (text, frozenset())


@pytest.mark.parametrize(
    ("text", "masked", "kinds"),
    [
        ("打13812345678一直不通", "打〔电话号码〕一直不通", {"phone"}),
        ("电话43234567", "电话〔电话号码〕", {"phone"}),
        ("1.13812345678 2.13912345678", "1.〔电话号码〕 2.〔电话号码〕", {"phone"}),
        ("1 3 8 1 2 3 4 5 6 7 8", "〔电话号码〕", {"phone"}),
        ("138\u200b1234\u200b5678", "〔电话号码〕", {"phone"}),
        ("𝟏𝟑𝟖𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "〔电话号码〕", {"phone"}),
        ("一三八一二三四五六七八", "〔电话号码〕", {"phone"}),
        ("幺三八零零幺三八零零零", "〔电话号码〕", {"phone"}),
        ("210502199003071234 13812345678", "〔身份证号〕 〔电话号码〕", {"id_card", "phone"}),
        ("13812345678@qq.com", "〔邮箱〕", {"email"}),
        ("a.b@qq。com您好", "〔邮箱〕您好", {"email"}),
        ("1101 0519 4912 3100 2X", "〔身份证号〕", {"id_card"}),
        ("2 1 0 5 0 2 1 9 4 9 1 2 3 1 0 0 2 X", "〔身份证号〕", {"id_card"}),
    ],
)
def test_as_people_write_them(text, masked, kinds):
    assert mask(text) == (masked, kinds)


@given(st.text(max_size=80))
def test_any_text_is_survived_and_masking_twice_changes_nothing(text):
    masked, kinds = mask(text)
    assert mask(masked)[0] == masked
    assert kinds or masked == text


@pytest.mark.parametrize(
    "unit", ["1", "1 ", "13812345678 ", "a.", "a", "a@", "0", "6222 ", "一", "电话 ", "+ ", "（024"]
)
def test_long_texts_cost_linear_time(unit):
    started = time.perf_counter()
    mask(unit * (64000 // len(unit)))
    assert time.perf_counter() - started < 2
