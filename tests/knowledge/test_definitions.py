"""Definitions, local standards and later documents: what is said has a source, and what has none is not said."""

import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge import Knowledge, PackError, load
from knowledge.definitions import read_glossary, read_successors
from knowledge.parameters import Parameter, Parameters, read_parameters
from knowledge.yaml_source import load_yaml

K = load()
TODAY = date(2026, 11, 23)
COMMON = K.root / "common"
CONTRACT = yaml.safe_load((Path(__file__).parent.parent / "contract" / "facts.yml").read_text(encoding="utf-8"))
PLACES = {name for city, parts in K.gazetteer["liaoning"].items() if city != "本溪" for name in (city, *parts)}
PROVINCES = {
    "山东",
    "广东",
    "江西",
    "重庆",
    "吉林",
    "宁夏",
    "浙江",
    "四川",
    "天津",
    "江苏",
    "福建",
    "湖北",
    "海南",
    "河北",
}
ADDRESS = re.compile(r"https?:|www\.|\.(com|cn|net|org)\b")
days = st.dates(date(2000, 1, 1), date(2040, 12, 31))


ASKED = [
    "裁员率", "毕业年度", "毕业学年", "离校2年内", "零就业家庭", "就业困难人员", "参照人员", "免申即享", "备付期限",
    "统筹地区", "法定退休年龄", "两后生", "脱贫人口", "农村低收入人口", "以工代训", "公益性岗位", "二次安置",
    "见习", "登记失业", "灵活就业", "稳定就业", "专账资金", "上年度", "职业技能等级证书", "X证书", "大型企业",
    "中小微企业", "家庭成员", "失业保险金", "失业补助金", "一次性求职创业补贴", "有效培训天数", "预备制培训",
    "展翅行动",
]  # fmt: skip


@lru_cache
def raw(name: str) -> Any:
    return yaml.safe_load((COMMON / f"{name}.yml").read_text(encoding="utf-8"))


# ── the glossary ──


def test_every_word_people_stumble_over_is_explained() -> None:
    assert [word for word in ASKED if K.glossary.find(word) is None] == []


@pytest.mark.parametrize(
    ("said", "term"),
    [
        ("4050人员", "forty_fifty"),
        ("1+x证书", "x_certificate"),
        ("１＋Ｘ", "x_certificate"),
        ("公岗", "public_post"),
        ("失业金", "unemployment_benefit"),
        ("离校 两年内", "two_years_since_graduation"),
        ("劳动预备制培训", "preparatory_training"),
    ],
)
def test_words_as_people_say_them(said: str, term: str) -> None:
    found = K.glossary.find(said)
    assert found is not None
    assert found.id == term


def test_unknown_words_find_nothing() -> None:
    assert K.glossary.find("住房公积金") is None
    assert K.glossary.mentioned("住房公积金怎么提") == ()


def test_of_names_inside_one_another_the_longest_counts() -> None:
    ids = [term.id for term in K.glossary.mentioned("失业保险金和失业补助金有啥区别，零就业家庭成员呢？失业金呢")]
    assert ids == ["unemployment_benefit", "unemployment_aid", "zero_employment_family"]


@given(st.lists(st.sampled_from(sorted(K.glossary.terms)), max_size=6), st.data())
def test_a_text_made_of_names_mentions_just_these(ids: list[str], data: st.DataObject) -> None:
    terms = [K.glossary.terms[each] for each in ids]
    names = [data.draw(st.sampled_from((term.term, *term.aliases))) for term in terms]
    assert K.glossary.mentioned("请问，" + "；".join(names)) == tuple(dict.fromkeys(terms))


@pytest.mark.parametrize("term", K.glossary.terms)
def test_an_explanation_says_where_it_comes_from(term: str) -> None:
    for meaning in K.glossary.terms[term].meanings:
        spoken = K.glossary.speak(term, meaning.period.first if meaning.period.start else date(2021, 8, 1))
        assert meaning.says in spoken.text
        assert not spoken.figure
        assert spoken.not_in_notice == ("不在本通知" in spoken.text)
        assert ADDRESS.search(spoken.text) is None
        if meaning.source:
            assert spoken.source
            assert spoken.source in spoken.text
        elif not meaning.cite:
            assert meaning.says.startswith("通知没有写")
            assert spoken.source == ""
            assert spoken.near, "where do the notices come closest?"


def test_what_the_notice_defines_is_cited_from_it() -> None:
    for term in ("zero_employment_family", "family_member", "insured_unit", "special_account_fund", "reference_people"):
        assert not K.glossary.speak(term, TODAY).not_in_notice
    assert K.glossary.speak("family_member", TODAY).cite == ("LN/附2/一1c",)
    for term in ("layoff_rate", "reserve_period", "stable_employment", "second_placement", "two_after_student"):
        spoken = K.glossary.speak(term, TODAY)
        assert (spoken.not_in_notice, spoken.source) == (True, "")


def test_the_retirement_age_changes_with_the_year_2025() -> None:
    before, after = (K.glossary.speak("retirement_age", day).text for day in (date(2024, 12, 31), date(2025, 1, 1)))
    assert "延迟" not in before.split("（")[0]
    assert "每 4 个月延迟 1 个月" in after


def test_entries_are_frozen() -> None:
    for entry in (K.glossary.terms["layoff_rate"], K.parameters.parameters["dibao_urban_benxi"], K.retirement):
        with pytest.raises(FrozenInstanceError):
            entry.id = "x"  # type: ignore[misc, union-attr]


# ── local standards ──


def day_of(bound: date | int | None, *, end: bool) -> date:
    if isinstance(bound, int):
        return date(bound, 12, 31) if end else date(bound, 1, 1)
    return bound or (date.max if end else date.min)


def in_file(parameter: str, day: date) -> dict[str, Any]:
    """The entry of the plain file that holds on the day, found without our reader; empty if its value is."""
    entry = next(each for each in raw("parameters")["parameters"] if each["id"] == parameter)
    for value in entry.get("values", [entry]):
        holds = day_of(value.get("from"), end=False) <= day <= day_of(value.get("until"), end=True)
        if holds and value["value"] is not None:
            return value
    return {}


parameters = pytest.mark.parametrize("parameter", K.parameters.parameters)
some_days = [date(year, month, 1) for year in range(2018, 2029) for month in (1, 8)] + [TODAY, date(2031, 1, 1)]


@parameters
def test_a_figure_is_told_just_when_one_is_on_file(parameter: str) -> None:
    for day in some_days:
        spoken, value = K.parameters.speak(parameter, day), in_file(parameter, day)
        assert spoken.figure == bool(value)
        if value:
            assert str(value["value"]) in spoken.text
            assert value["source"]["verified"] is True
            assert value["source"]["title"] in spoken.text
            assert "不在本通知" in spoken.text
        else:
            assert spoken.text == f"{K.parameters.parameters[parameter].title}：未核到，请向经办机构确认。"
            assert re.search(r"\d", spoken.text) is None


@parameters
def test_what_is_not_in_force_for_sure_is_called_historic_and_dated(parameter: str) -> None:
    entry = K.parameters.parameters[parameter]
    for day in some_days:
        spoken, value = K.parameters.speak(parameter, day), in_file(parameter, day)
        if value and value.get("as_of_today") != "yes":
            assert "历史标准" in spoken.text
            assert re.search(r"\d{4}年", spoken.text)
        assert ("本市标准" in spoken.text) <= (entry.level == "city" and value.get("as_of_today") == "yes")
        assert not any(place in spoken.text for place in PLACES | PROVINCES)
        assert ADDRESS.search(spoken.text) is None


def test_nothing_local_is_known_today_but_the_national_tax_limit_and_the_internship_allowance() -> None:
    known = {each for each in K.parameters.parameters if K.parameters.speak(each, TODAY).figure}
    internship = {"internship_subsidy_low_liaoning", "internship_subsidy_high_liaoning"}
    assert known == {"tax_self_employed_limit"} | internship
    assert "国家规定" in K.parameters.speak("tax_self_employed_limit", TODAY).text
    assert all("历史标准" in K.parameters.speak(each, TODAY).text for each in internship)
    to_fill = {entry.id for entry in K.parameters.to_fill}
    assert {
        "dibao_urban_benxi",
        "work_for_training_benxi",
        "min_wage_benxi_urban",
        "key_assistance_counties",
    } <= to_fill
    assert "tax_self_employed_limit" not in to_fill


@pytest.mark.parametrize(
    ("day", "figure"),
    [("2019-10-31", None), ("2019-11-01", "1610"), ("2021-10-31", "1610"), ("2021-11-01", "1710"),
     ("2023-07-31", "1710"), ("2023-08-01", None)],
)  # fmt: skip
def test_the_minimum_wage_around_its_dates(day: str, figure: str | None) -> None:
    spoken = K.parameters.speak("min_wage_benxi_urban", date.fromisoformat(day))
    assert spoken.figure == (figure is not None)
    assert figure is None or f"{figure}元/月" in spoken.text


def made(tmp_path: Path, entries: list[dict[str, Any]]) -> Parameters:
    path = tmp_path / "parameters.yml"
    data = {"wording": raw("parameters")["wording"], "parameters": entries}
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return read_parameters(load_yaml(path), [])


@given(
    figures=st.lists(st.none() | st.integers(10_000_000, 99_999_999), min_size=1, max_size=5, unique=True),
    level=st.sampled_from(["city", "province", "nation"]),
    kind=st.sampled_from(["exactly", "at_most", "at_least"]),
    today=st.sampled_from(["yes", "no", "unknown"]),
    day=days,
)
def test_no_figure_leaks_from_another_time(
    tmp_path_factory: pytest.TempPathFactory,
    figures: list[int | None],
    level: str,
    kind: str,
    today: str,
    day: date,
) -> None:
    """One period of four years for each figure, None where nothing is known."""
    source = {"title": "某文件", "grade": "official", "verified": True}
    values: list[dict[str, Any]] = [
        {"value": figure, "from": 2010 + 4 * at, "until": 2013 + 4 * at, "kind": kind, "as_of_today": today}
        | ({} if figure is None else {"source": source})
        for at, figure in enumerate(figures)
    ]
    entry = {"id": "p", "title": "某标准", "unit": "元", "level": level, "scope": "某地", "values": values}
    spoken = made(tmp_path_factory.mktemp("made"), [entry]).speak("p", day)
    at = (day.year - 2010) // 4
    right = figures[at] if 0 <= at < len(figures) else None
    assert spoken.figure == (right is not None)
    assert [each for each in figures if each is not None and str(each) in spoken.text] == ([right] if right else [])
    if right is not None:
        assert ("历史标准" in spoken.text) == (today != "yes")
        assert ("本市标准" in spoken.text) == (today == "yes" and level == "city")


def test_an_officer_who_fills_in_a_figure_gets_it_spoken(tmp_path: Path) -> None:
    source = {"title": "某市公告", "number": "某发〔2026〕1号", "grade": "official", "verified": True}
    entry = {"id": "p", "title": "某标准", "unit": "元/月", "level": "city", "scope": "全市", "value": 700,
             "from": date(2026, 7, 1), "source": source, "as_of_today": True}  # fmt: skip
    spoken = made(tmp_path, [entry]).speak("p", TODAY)
    assert spoken.figure
    assert "700元/月（本市标准" in spoken.text
    assert "2026年7月1日起" in spoken.text
    assert "某市公告（某发〔2026〕1号）" in spoken.text


def test_the_example_in_the_guide_works(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
    example = re.findall(r"```yaml\n(.*?)```", guide, re.S)
    assert len(example) == 1
    standards = made(tmp_path, yaml.safe_load(example[0]))
    assert not standards.speak("dibao_urban_benxi", date(2026, 6, 30)).figure
    assert "1234元/人/月（本市标准" in standards.speak("dibao_urban_benxi", date(2026, 7, 1)).text


def test_an_unknown_id_is_an_error_not_a_sentence() -> None:
    with pytest.raises(KeyError):
        K.parameters.speak("dibao_beijing", TODAY)
    with pytest.raises(KeyError):
        K.glossary.speak("nothing", TODAY)


def test_parameter_is_known_by_its_id() -> None:
    entry = K.parameters.parameters["min_wage_benxi_urban"]
    assert isinstance(entry, Parameter)
    value = entry.value(date(2021, 8, 1))
    assert value is not None
    assert (value.value, value.period.last) == (1610, date(2021, 10, 31))


# ── what came after ──


def later(programme: str, day: date) -> Any:
    entries = [entry for entry in K.successors.get(programme, ()) if entry["from"] <= day]
    return entries[-1] if entries else None


def test_every_programme_tells_what_came_after() -> None:
    nothing_to_tell = {"duty", "transition", "citation", "conflict"}
    assert set(K.successors) == set(CONTRACT["programmes"]) - nothing_to_tell
    assert all(later(programme, TODAY) for programme in K.successors)


@pytest.mark.parametrize("programme", K.successors)
def test_a_later_document_is_named_or_said_to_be_unknown(programme: str) -> None:
    for entry in K.successors[programme]:
        says = entry["says"]
        assert "没有核到" in says or entry["status"] == "known"
        if re.search(r"〔\d{4}〕|第\d+号", says):
            assert "不在这两份通知里" in says
        if entry["status"] == "known" and "〔" in entry["number"]:
            assert any(number in says for number in re.findall(r"\w+〔\d{4}〕\d+号", entry["number"]))
        assert ADDRESS.search(says + (entry["source"] or "")) is None
        assert not any(place in says for place in PLACES | PROVINCES)


@pytest.mark.parametrize(
    ("day", "number"),
    [
        ("2022-06-01", "辽人社发〔2022〕10号"),
        ("2024-06-01", "人社部发〔2024〕40号"),
        ("2025-12-31", "人社部发〔2025〕18号"),
    ],
)
def test_the_refund_went_on_year_by_year(day: str, number: str) -> None:
    entry = later("stabilisation_refund", date.fromisoformat(day))
    assert number in entry["number"]
    assert number in entry["says"]
    assert entry["until"].year == date.fromisoformat(day).year


def test_2026_is_not_known_and_no_figure_is_told_for_it() -> None:
    assert later("stabilisation_refund", date(2021, 12, 31)) is None
    for programme in ("stabilisation_refund", "skill_upgrade_subsidy", "unemployment_aid", "work_for_training_subsidy"):
        says = later(programme, TODAY)["says"]
        assert "没有核到" in says
        assert "%" not in says
        assert "元" not in says


def test_the_tax_relief_was_replaced_not_ended() -> None:
    assert later("startup_tax_relief", date(2022, 12, 31)) is None
    for day in (date(2023, 1, 1), TODAY, date(2027, 12, 31)):
        entry = later("startup_tax_relief", day)
        assert (entry["state"], entry["until"]) == ("replaced", date(2027, 12, 31))
        assert "2027年12月31日" in entry["says"]
    assert later("startup_tax_relief", date(2028, 1, 1))["state"] == "unknown"


@given(st.sampled_from(sorted(K.successors)), days)
def test_a_sentence_is_told_only_while_its_document_holds(programme: str, day: date) -> None:
    entry = later(programme, day)
    if entry is not None and entry.get("until"):
        assert entry["from"] <= day <= entry["until"]


# ── whatever is wrong with a file ──

GLOSSARY = """\
wording:
  in_notice: "{term}：{says}。"
  elsewhere: "{term}：{says}（{source}）。"
  undefined: "{term}：{says}。"
  not_then: "{term}。"
terms:
  - id: a
    term: 甲
    aliases: [阿甲]
    says: 甲就是甲
    cite: [LN/一]
  - id: b
    term: 乙
    says: 乙就是乙
    not_in_notice: true
    source: {title: 某法, grade: law, verified: true}
  - id: c
    term: 丙
    meanings:
      - until: 2024
        says: 旧丙
        not_in_notice: true
      - from: 2025-01-01
        says: 新丙
        not_in_notice: true
"""
PARAMETERS = """\
parameters:
  - id: p
    title: 某标准
    unit: 元
    level: city
    scope: 全市
    values:
      - value: 100
        from: 2021
        until: 2021-12-31
        source: {title: 某公告, grade: official, verified: true, page: 'https://www.example.gov.cn/'}
      - value:
        from: 2022-01-01
"""
SUCCESSORS = """\
p:
  - from: 2022-01-01
    state: unknown
    status: unknown
    says: 没有核到
    source:
  - from: 2023-01-01
    until: 2023-12-31
    state: replaced
    status: known
    number: 某发〔2023〕1号
    says: 换了文件
    source: 某发〔2023〕1号
"""
SOUND = {"glossary": GLOSSARY, "successors": SUCCESSORS}
READERS: dict[str, Callable[[Any], object]] = {
    "glossary": lambda source: read_glossary(source, ["LN/一"]),
    "parameters": lambda source: read_parameters(source, ["LN/一"]),
    "successors": read_successors,
}


def sound(name: str) -> str:
    if name == "parameters":
        return PARAMETERS + yaml.safe_dump({"wording": raw("parameters")["wording"]}, allow_unicode=True)
    return SOUND[name]


def read(tmp_path: Path, name: str, text: str) -> object:
    (tmp_path / "common").mkdir()
    path = tmp_path / "common" / f"{name}.yml"
    path.write_text(text, encoding="utf-8")
    return READERS[name](load_yaml(path))


@pytest.mark.parametrize("name", READERS)
def test_the_sound_file_reads(tmp_path: Path, name: str) -> None:
    assert read(tmp_path, name, sound(name))


BROKEN = [
    ("glossary", "cite: [LN/一]", "cite: [LN/二]", 11, "没有“LN/二”这一条"),
    ("glossary", "cite: [LN/一]", "near: [LN/一]", 7, "没有写这个解释从哪里来"),
    ("glossary", "cite: [LN/一]", "cite: [LN/一]\n    not_in_notice: true", 11, "通知自己解释了的"),
    ("glossary", "says: 甲就是甲", "says: 甲就是甲。", 10, "末尾不用标点"),
    ("glossary", "says: 甲就是甲", "say: 甲", 10, "不认识的字段“say”"),
    ("glossary", "id: b", "id: a", 12, "用了两次"),
    ("glossary", "term: 乙", "term: 阿 甲", 13, "已是词条“a”的说法"),
    ("glossary", "grade: law", "grade: gossip", 16, "“grade”不能写“gossip”"),
    ("glossary", "grade: law", "grade: secondary", 16, "级的出处不能说给市民"),
    ("glossary", "verified: true", "verified: false", 16, "没有核实过的出处"),
    ("glossary", ", verified: true", "", 16, "没有核实过的出处"),
    ("glossary", "{title: 某法, ", "{", 16, "缺少字段“title”"),
    ("glossary", "law, verified: true", "edu, verified: true, page: 'http://a.b'", 16, "只有政府网站的网址"),
    ("glossary", "until: 2024", "until: 2023", 23, "有空当"),
    ("glossary", "until: 2024", "until: 2025", 23, "重叠"),
    ("glossary", "      - until: 2024\n        says", "      - says", 22, "重叠"),
    ("glossary", "until: 2024", "until: 二四年", 20, "应为日期或年份"),
    ("glossary", "until: 2024", "until: 2024\n        from: 2025", 20, "止期比起期还早"),
    ("glossary", "    meanings:", "    says: 丙\n    meanings:", 19, "要写在 meanings 的每一段里"),
    ("glossary", "{term}：{says}（{source}）", "{term}：{said}", 3, "大括号对不上"),
    ("glossary", "{term}。", "{term。", 5, "大括号对不上"),
    ("glossary", '  not_then: "{term}。"\n', "", 1, "缺少字段“not_then”"),
    ("glossary", "terms:\n", "words:\n", 6, "不认识的字段“words”"),
    ("parameters", "value: 100", "value: 1.5", 8, "应为不小于 0 的整数"),
    ("parameters", "value: 100", "value: -1", 8, "应为不小于 0 的整数"),
    ("parameters", "value: 100", "value: true", 8, "应为不小于 0 的整数"),
    ("parameters", "value: 100", "value:", 11, "没有数值，却写了出处"),
    ("parameters", "verified: true", "verified: false", 11, "没有核实过的出处"),
    ("parameters", "grade: official", "grade: secondary", 11, "级的出处不能说给市民"),
    ("parameters", "grade: official", "grade: official_mirror", 11, "只有政府网站的网址"),
    ("parameters", "        from: 2021\n", "", 8, "没有写从什么时候起"),
    ("parameters", "until: 2021-12-31", "until: 2021-12-30", 12, "有空当"),
    ("parameters", "until: 2021-12-31", "until: 2022-01-01", 12, "重叠"),
    ("parameters", "        until: 2021-12-31\n", "", 11, "重叠"),
    ("parameters", "until: 2021-12-31", "until_at_least: true", 10, "没有写 until"),
    ("parameters", "level: city", "level: town", 5, "“level”不能写“town”"),
    ("parameters", "      - value:\n        from: 2022-01-01", "      - from: 2022-01-01", 12, "缺少字段“value”"),
    ("parameters", "value: 100", "value: 100\n        as_of_today: perhaps", 9, "as_of_today"),
    ("parameters", "value: 100", "value: 100\n        kind: about", 9, "“kind”不能写“about”"),
    ("parameters", "scope: 全市", "area: 全市", 6, "不认识的字段“area”"),
    ("successors", "from: 2023-01-01", "from: 2021-01-01", 7, "没有排在上一段之后"),
    ("successors", "from: 2023-01-01", "from: 2022-01-01", 7, "没有排在上一段之后"),
    ("successors", "  - from: 2022-01-01\n    state", "  - state", 2, "没有写从哪天起"),
    ("successors", "from: 2022-01-01", "from: 2022", 2, "应为日期"),
    ("successors", "until: 2023-12-31", "until: 2022-12-31", 8, "止期比起期还早"),
    ("successors", "state: replaced", "state: gone", 9, "“state”不能写“gone”"),
    ("successors", "    number: 某发〔2023〕1号\n", "", 10, "却没有文号或出处"),
    ("successors", "says: 换了文件", "says: 换了文件。", 12, "末尾不用标点"),
    ("successors", "p:\n", "p: 1\nq:\n", 1, "应为列表"),
]


@pytest.mark.parametrize(("name", "old", "new", "line", "what"), BROKEN)
def test_one_clear_complaint(tmp_path: Path, name: str, old: str, new: str, line: int, what: str) -> None:
    text = sound(name)
    assert old in text
    with pytest.raises(PackError) as caught:
        read(tmp_path, name, text.replace(old, new, 1))
    assert caught.value.line == line
    assert f"common/{name}.yml 第{line}行：" in str(caught.value)
    assert what in caught.value.what
    assert "。改法：" in str(caught.value)


def test_the_packs_in_the_house_are_read_through_knowledge() -> None:
    fresh = load()
    assert isinstance(fresh, Knowledge)
    assert fresh.glossary.terms == K.glossary.terms
    assert fresh.parameters.parameters == K.parameters.parameters
    assert fresh.successors == K.successors


def test_periods_leave_no_day_out() -> None:
    for entry in K.parameters.parameters.values():
        for before, after in zip(entry.values, entry.values[1:], strict=False):
            assert after.period.first - before.period.last == timedelta(days=1)
