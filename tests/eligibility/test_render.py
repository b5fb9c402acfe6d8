"""Rules in words: every programme, on the days and at the places that make a difference, whole, quoted, readable."""

from __future__ import annotations

import re
import shutil
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_third_notice import packs

from eligibility import DecisionError, Rulebook
from eligibility.asked import may_be_asked
from eligibility.check.written import citations, expressions, programme_of
from eligibility.expression import parse
from eligibility.kleene import leaves_of
from eligibility.names import Names
from eligibility.render import Sheet, sheet_of
from eligibility.render.mermaid import as_mermaid
from eligibility.render.names import writer_of
from eligibility.render.svg import as_svg
from eligibility.render.text import as_text
from knowledge import Knowledge, load
from knowledge.pack import PACKS
from knowledge.text import day, without_space

DAYS = (date(2021, 3, 1), date(2021, 7, 19), date(2021, 7, 20), date(2021, 12, 31), date(2022, 1, 1), date(2026, 11, 1))
PLACES = ("本溪", "桓仁", "辽宁", "沈阳", "北京")
PROGRAMMES = sorted(path.stem for path in PACKS.glob("ln-2021-7/programmes/*.yml"))
OWN = re.compile(r"(?:写在|符合时说|为什么问|可选)：.*")  # file names; and words that are the pack's own


@cache
def sheets(rules: Rulebook, programme: str) -> tuple[Sheet, ...]:
    return tuple(sheet_of(rules, programme, as_of, place) for as_of in DAYS for place in PLACES)


def cited(sheet: Sheet) -> set[str]:
    return {clause for section in sheet.sections for line in section.walk() for clause in line.cite}


def ids(rules: Rulebook) -> set[str]:
    """Everything that has a name in the packs which nobody but the engine should see."""
    known = rules.knowledge
    found = {*known.facts, *known.clauses, *known.interpretations, *rules.programmes, *known.questions}
    found |= {value for fact in known.facts.values() for value in fact.values}
    for one in rules.programmes.values():
        found |= {*one.derived, *one.results, *one.delegated, *one.aspects, *(leaf.id for leaf in one.leaves)}
    return found


# ── every programme, every day, every place ──


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_every_cited_clause_is_quoted_to_the_letter(rules: Rulebook, programme: str) -> None:
    for sheet in sheets(rules, programme):
        text = as_text(sheet, rules.knowledge)
        for name in cited(sheet):
            clause = rules.knowledge.clauses[name]
            number = rules.knowledge.notices[clause.document].number
            assert f"依据：{number} {clause.item}“{without_space(clause.quote)}”" in text, (
                name,
                sheet.as_of,
                sheet.place,
            )


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_whatever_the_files_cite_is_on_the_sheet(rules: Rulebook, programme: str) -> None:
    for source in rules.knowledge.programme_files:
        if programme_of(source) == programme:
            place = rules.knowledge.notice_of(source.path).place
            sheet = sheet_of(rules, programme, date(2021, 9, 1), place)
            missing = {clause for _, clause in citations(source)} - cited(sheet)
            assert not missing, (source.path, missing)


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_every_condition_is_there_once_in_order_and_numbered(rules: Rulebook, programme: str) -> None:
    for sheet in sheets(rules, programme):
        here = rules.programme_at(programme, sheet.as_of, sheet.place)
        lines = [*sheet.tree.walk()] if sheet.tree else []
        shown = [line for line in lines if line.kind == "leaf"]
        assert [line.key for line in shown] == [leaf.id for leaf in leaves_of(here.when)]
        assert [line.cite for line in shown] == [leaf.cite for leaf in leaves_of(here.when)]
        assert all(line.words for line in lines)
        numbers = [line.number for line in lines if line.number]
        assert len({*numbers}) == len(numbers)
        assert numbers == sorted(numbers, key=lambda number: [int(part) for part in number.split(".")])
        text = as_text(sheet, rules.knowledge)
        assert all(f"{line.number} {line.mark}{line.words}\n" in text for line in shown)


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_no_id_and_no_placeholder_is_left(rules: Rulebook, programme: str) -> None:
    hidden = ids(rules)
    for sheet in sheets(rules, programme):
        text = OWN.sub("", as_text(sheet, rules.knowledge))
        told = {*re.findall(r"[A-Za-z][\w/]*", text, re.ASCII), *re.findall(r"(?:LN|BX)/[^\s，、“]+", text)}
        assert not told & hidden
        assert not re.search(r"[{}]|None|True|False|\ball\b|\bany\b|\bnot\b|==|<=|>=", text)
        assert "另外一项" not in text


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_no_figure_of_an_expression_is_lost(rules: Rulebook, programme: str) -> None:
    """Every number and date that the engine compares with or pays is on the sheet as it is written in the file."""
    for source in rules.knowledge.programme_files:
        if programme_of(source) != programme:
            continue
        place = rules.knowledge.notice_of(source.path).place
        text = as_text(sheet_of(rules, programme, date(2021, 9, 1), place), rules.knowledge)
        for one in expressions(source):
            for figure in re.findall(r"\d{4}-\d\d-\d\d|\d[\d.]*%?", one.text):
                said = day(date.fromisoformat(figure)) if "-" in figure else figure
                share = figure == "100" and f"_pct / {figure}" in one.text  # a share said as such
                assert share or said in text.replace(",", ""), (one.where, figure)


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_what_may_be_asked_and_what_never(rules: Rulebook, programme: str) -> None:
    for sheet in sheets(rules, programme):
        here, known = rules.programme_at(programme, sheet.as_of, sheet.place), rules.knowledge
        parts = {section.id: section for section in sheet.sections}
        asks = {line.words for line in parts["questions"].lines} if "questions" in parts else set()
        by_words = {question.ask: question for question in known.questions.values()}
        covered = {fact for words in asks if words in by_words for fact in by_words[words].facts}
        assert {*may_be_asked(here, known.facts)} <= covered
        for fact, words in here.held_by.items():
            if fact not in {name for overlay in here.overlays for name in overlay.facts}:
                assert words in {line.words for line in parts["held"].lines}


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_every_day_worth_a_look_changes_something(rules: Rulebook, programme: str) -> None:
    moments = sheet_of(rules, programme, DAYS[0], "本溪").moments
    assert [moment.day for moment in moments] == sorted({moment.day for moment in moments})
    for moment in moments:
        if moment.words in ("期限的最后一天", "有的情形期限过了") or "最晚这天" in moment.words:
            continue  # the last day before a change; of one case among several; by which a notice is known to exist
        before, then = (sheet_of(rules, programme, moment.day - timedelta(days=n), "本溪") for n in (1, 0))
        assert (before.standing, before.sections) != (then.standing, then.sections), moment


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_the_chart_and_the_drawing_are_sound_and_whole(rules: Rulebook, programme: str) -> None:
    for sheet in sheets(rules, programme):
        lines = [*sheet.tree.walk()] if sheet.tree else []
        check_mermaid(as_mermaid([sheet]), 1 + len(lines))
        check_svg(as_svg([sheet]), [sheet.title, *(f"{line.number} {line.words}".strip() for line in lines)])


def check_mermaid(chart: str, nodes: int) -> None:
    head, *rows = chart.splitlines()
    assert head == "flowchart LR"
    named: list[str] = []
    for row in rows:
        edge = re.fullmatch(r"    (\w+) --> (\w+)", row)
        node = re.fullmatch(r"    (\w+)(?:\[|\(\[|\{\{|>)\"([^\"<>]*)\"(?:\]|\]\)|\}\})", row)
        assert edge or node, row
        if edge:
            assert edge[1] in named and edge[2] == named[-1]
        elif node:
            assert node[1] not in named and node[2]
            named.append(node[1])
    assert len(named) == nodes


def check_svg(drawing: str, wanted: list[str]) -> None:
    space = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(drawing)
    width, height = (float(root.attrib[side]) for side in ("width", "height"))
    said = ["".join(row.text or "" for row in text.iter(f"{space}tspan")) for text in root.iter(f"{space}text")]
    assert sorted(map(without_space, said)) == sorted(map(without_space, wanted))
    boxes = [[float(r.attrib[k]) for k in ("x", "y", "width", "height")] for r in root.findall(f"{space}g/{space}rect")]
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)
    for i, (x, y, w, h) in enumerate(boxes):
        for u, v, s, t in boxes[:i]:
            assert x >= u + s or u >= x + w or y >= v + t or v >= y + h, "two boxes overlap"


def test_all_programmes_in_one_chart_and_one_drawing(rules: Rulebook) -> None:
    every = [sheet_of(rules, name, DAYS[3], "本溪") for name in rules.programmes]
    lines = [line for sheet in every if sheet.tree for line in sheet.tree.walk()]
    check_mermaid(as_mermaid(every), len(every) + len(lines))
    words = [f"{line.number} {line.words}".strip() for line in lines]
    check_svg(as_svg(every), [*(sheet.title for sheet in every), *words])


def test_the_same_again(rules: Rulebook, knowledge: Knowledge) -> None:
    again = Rulebook(knowledge)
    for name in rules.programmes:
        for as_of, place in ((DAYS[0], "辽宁"), (DAYS[3], "本溪")):
            first, second = sheet_of(rules, name, as_of, place), sheet_of(again, name, as_of, place)
            assert first == second
            assert as_text(first, knowledge) == as_text(second, knowledge)


# ── words ──

WORDS = {
    "insured_count <= 30": "参保职工人数不超过 30 人",
    "not insured_count <= 30": "参保职工人数超过 30 人",
    "30 < insured_count": "参保职工人数超过 30 人",
    "insured_count != 30": "参保职工人数不是 30 人",
    "ui_months >= 12": "失业保险累计缴费月数不少于 12 个月",
    "layoff_rate_pct / 100 <= 5.5%": "上年度裁员率不高于 5.5%",
    "layoff_count / insured_count > 20%": "上年度裁员人数 ÷ 参保职工人数超过 20%",
    "layoff_count > insured_count * 20%": "上年度裁员人数超过参保职工人数的 20%",
    "(insured_count - layoff_count) * 3 < insured_count": "（参保职工人数 − 上年度裁员人数） × 3 少于参保职工人数",
    "insured_count - (layoff_count - 1) > 2": "参保职工人数 − （上年度裁员人数 − 1 人）超过 2 人",
    "age >= 16": "年龄已满 16 岁",
    "accepted_year == 2020": "受理年度是 2020年",
    "accepted_year > 2020": "受理年度晚于 2020年",
    "premium_paid_prev_year_yuan >= 1200000": "上年度单位和职工实缴失业保险费不少于 1,200,000 元",
    "application_date <= 2021-12-31": "申请日期不晚于 2021年12月31日",
    "application_date - event_date > 30": "失业时间到申请日期的天数超过 30 天",
    "retires_on <= as_of + 5 years": "法定退休日期不晚于办理当天之后 5 年",
    "unit_kind == law_firm": "单位类型是“律师事务所”",
    "unit_kind in [law_firm]": "单位类型是“律师事务所”",
    "not unit_kind in [law_firm, other]": "单位类型不是“律师事务所”“其他”",
    "unit_kind in [law_firm, other]": "单位类型是“律师事务所”“其他”中的一种",
    "not insured_in_liaoning": "失业保险不在辽宁交",
    "insured_in_liaoning == false": "失业保险不在辽宁交",
    "insured_in_liaoning == orphan": "“失业保险在辽宁交”与“是孤儿”要么都是、要么都不是",
    "insured_in_liaoning and orphan": "失业保险在辽宁交，并且是孤儿",
    "not (insured_in_liaoning or orphan)": "并非（失业保险在辽宁交，或者是孤儿）",
    "insured_in_liaoning and (orphan or not disabled)": "失业保险在辽宁交，并且（是孤儿，或者没有残疾）",
    "orphan and disabled and martyr_child": "这几样都占：是孤儿；有残疾；是烈士子女",
    "true": "这里不设限制",
    "false": "这里一律不满足",
}


@pytest.mark.parametrize(("text", "words"), WORDS.items())
def test_an_expression_in_words(rules: Rulebook, text: str, words: str) -> None:
    writer = writer_of(rules.knowledge, rules.programmes["citation"])
    assert writer.condition(parse(text, Names(rules.knowledge.facts).vocabulary)) == words


@pytest.mark.parametrize(
    ("programme", "as_of", "place", "words"),
    [
        ("stabilisation_refund", date(2021, 9, 1), "本溪", "期限内，到 2021年12月31日为止"),
        ("stabilisation_refund", date(2021, 12, 31), "沈阳", "期限内，到 2021年12月31日为止"),
        ("stabilisation_refund", date(2022, 1, 1), "本溪", "已于 2021年12月31日截止"),
        ("stabilisation_refund", date(2021, 9, 1), "北京", "这两份通知不管北京"),
        ("unemployment_aid", date(2021, 9, 1), "本溪", "期限内；分几种情形，最晚的到 2021年12月31日为止"),
        ("unemployment_aid", date(2022, 9, 1), "本溪", "已截止；分几种情形，最晚的到 2021年12月31日"),
        ("living_allowance_in_training", date(2022, 9, 1), "本溪", "写了期限的情形已于 2021年12月31日截止"),
        ("flexible_employment_subsidy_extension", date(2021, 9, 1), "本溪", "期限因人而异，怎么算见“到什么时候”"),
        ("job_seeking_subsidy_category", date(2021, 9, 1), "本溪", "通知没有写截止日期"),
        ("startup_tax_relief", date(2024, 1, 1), "本溪", "已被后来的文件取代"),
        ("conflict", date(2024, 1, 1), "本溪", "通知里的规定，没有写止期"),
    ],
)
def test_the_programme_in_time(rules: Rulebook, programme: str, as_of: date, place: str, words: str) -> None:
    assert words in sheet_of(rules, programme, as_of, place).standing.words


def test_unknown_programme_and_place(rules: Rulebook) -> None:
    with pytest.raises(DecisionError):
        sheet_of(rules, "no_such_programme", DAYS[0], "本溪")
    with pytest.raises(DecisionError):
        sheet_of(rules, "citation", DAYS[0], "火星")


# ── further notices, other readings ──


def lines(sheet: Sheet, section: str) -> list[str]:
    found = next(one for one in sheet.sections if one.id == section)
    return [f"{line.mark}{line.label}：{line.words} {' '.join(line.notes)}" for line in found.walk()]


def test_what_the_city_settles_is_marked_from_its_date_and_in_its_place_only(rules: Rulebook) -> None:
    def marked(as_of: date, place: str) -> list[str]:
        sheet = sheet_of(rules, "flexible_employment_subsidy_extension", as_of, place)
        assert any("定下：所在市允许延长" in line for line in lines(sheet, "overlays")), "told in any case"
        assert any("不适用" in line for line in lines(sheet, "overlays")) is not (place == "桓仁" and as_of == DAYS[2])
        return [line.words for line in (sheet.tree.walk() if sheet.tree else ()) if line.mark]

    assert marked(date(2021, 7, 20), "桓仁") == ["所在市允许延长"]
    assert marked(date(2021, 7, 19), "桓仁") == marked(date(2021, 7, 20), "沈阳") == []


def test_what_the_city_adds_and_replaces(rules: Rulebook) -> None:
    sheet = sheet_of(rules, "work_for_training_subsidy", DAYS[2], "本溪")
    marks = {line.mark for line in (sheet.tree.walk() if sheet.tree else ()) if line.mark}
    assert marks == {"〔本溪市转发通知改写〕", "〔本溪市转发通知加上〕"}
    told = lines(sheet, "overlays")
    assert any(line.startswith("条件 3（加上）：培训日期不早于 2021年1月1日") for line in told)
    assert any("原来：" in line for line in told) and any("话没有变" in line for line in told)


def test_a_third_notice_by_data_alone(tmp_path: Path) -> None:
    rules = Rulebook(load(packs(tmp_path)))
    before, after = (sheet_of(rules, "stabilisation_refund", date(2022, 5, 31) + timedelta(n), "本溪") for n in (0, 1))
    words = [{line.words for line in (sheet.tree.walk() if sheet.tree else ())} for sheet in (before, after)]
    assert "上年度裁员率不高于 6%" in words[0] and "上年度裁员率不高于 5.5%" in words[1]
    assert after.standing.words == "期限内，到 2022年12月31日为止"
    told = "\n".join(lines(after, "overlays"))
    for change in ("条件 3.1（改写）：上年度裁员率不高于 5.5%", "条件 6（加上）：失业保险累计缴费月数不少于 12 个月"):
        assert change in told
    assert "给多少（改写）：其他情况：90% 原来：其他情况：60%" in told
    assert "给多少（去掉）：如果单位类型不是“企业”：60%" in told
    assert after.files[-1] == "demo-2022-1/programmes/stabilisation_refund.yml"
    assert date(2022, 6, 1) in [moment.day for moment in before.moments]


def test_a_notice_that_never_speaks_alone_is_told_by_what_it_changes_itself(tmp_path: Path) -> None:
    """The province's further notice came first: wherever the city's speaks, it speaks too."""
    root = packs(tmp_path)
    for path in (root / "demo-2022-1").glob("*.*"):
        text = path.read_text(encoding="utf-8").replace("2022-06-01", "2021-06-01")
        path.write_text(text.replace("2022年6月1日", "2021年6月1日"), encoding="utf-8")
    rules = Rulebook(load(root))
    overlays = next(
        section
        for section in sheet_of(rules, "stabilisation_refund", DAYS[3], "本溪").sections
        if section.id == "overlays"
    )
    province, city = overlays.lines
    assert province.words.startswith("演示〔2022〕1号：辽宁，2021年6月1日起")
    assert any("5.5%" in line.words for line in province.children)
    assert city.words.startswith("本人社〔2021〕43号：本溪，2021年7月20日起")
    assert {clause for line in city.children for clause in line.cite} & {"BX/一/缴费依据"}
    assert not any("5.5%" in line.words or "90%" in line.words for line in city.children)


def test_the_other_reading_of_a_clause(rules: Rulebook, tmp_path: Path) -> None:
    def condition(rules: Rulebook) -> tuple[str, list[str]]:
        sheet = sheet_of(rules, "stabilisation_refund", DAYS[3], "本溪")
        found = next(line for line in (sheet.tree.walk() if sheet.tree else ()) if line.key == "in_time")
        return found.words, lines(sheet, "readings")

    words, readings = condition(rules)
    assert words == "申请日期不晚于 2021年12月31日"
    assert any("换另一种读法就是：申请日期早于 2021年12月31日" in line for line in readings)
    shutil.copytree(PACKS, tmp_path / "packs")
    path = tmp_path / "packs" / "common" / "interpretations.yml"
    text = path.read_text(encoding="utf-8")
    head, name, tail = text.partition("before_date_inclusive:\n")
    path.write_text(head + name + tail.replace("in_force: true", "in_force: false", 1), encoding="utf-8")
    words, readings = condition(Rulebook(load(tmp_path / "packs")))
    assert words == "申请日期早于 2021年12月31日"
    assert not any("含不含当天" in line for line in readings)


def test_where_a_condition_is_written(rules: Rulebook) -> None:
    """The line that is named holds the condition."""
    for programme in PROGRAMMES:
        sheet = sheet_of(rules, programme, DAYS[3], "本溪")
        for line in sheet.tree.walk() if sheet.tree else ():
            if line.kind == "leaf":
                file, number = re.fullmatch(r"写在：(\S+) 第 (\d+) 行", line.more[-1]).groups()  # type: ignore[union-attr]
                written = (PACKS / file).read_text(encoding="utf-8").splitlines()[int(number) - 1]
                assert line.key in written


def test_levels_of_the_text_follow_the_tree(rules: Rulebook) -> None:
    text = as_text(sheet_of(rules, "stabilisation_refund", DAYS[3], "本溪"), rules.knowledge)
    numbered = [re.match(r"( *)([\d.]+) ", row) for row in text.splitlines()]
    for above, below in pairwise(match for match in numbered if match):
        if below[2].startswith(f"{above[2]}."):
            assert len(below[1]) == len(above[1]) + 4
