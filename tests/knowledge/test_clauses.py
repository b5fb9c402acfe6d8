"""The two notices are cut into clauses completely, verbatim and under the ids of the contract."""

import datetime
import re
from pathlib import Path

import pytest

from knowledge import Knowledge, Notice, load
from knowledge.text import same_ignoring_space
from knowledge.yaml_source import load_yaml

CONTRACT = load_yaml(Path(__file__).resolve().parent.parent / "contract" / "clauses.yml").data
MARKS_BETWEEN_CLAUSES = re.compile(r"[\s#*。，；：、,;:]*")


@pytest.fixture(scope="module")
def k() -> Knowledge:
    return load()


@pytest.fixture(params=["BX", "LN"])
def notice(k: Knowledge, request: pytest.FixtureRequest) -> Notice:
    return k.notices[request.param]


@pytest.mark.parametrize("id", CONTRACT)
def test_contract_clause_is_there_with_its_text(k: Knowledge, id: str) -> None:
    assert same_ignoring_space(k.clauses[id].quote, CONTRACT[id])


def test_every_quote_is_a_verbatim_slice(notice: Notice) -> None:
    for clause in notice.clauses:
        assert clause.quote == notice.source[clause.start : clause.end]
        assert clause.quote.strip() == clause.quote


def test_the_whole_text_is_claimed_once(notice: Notice) -> None:
    end = 0
    for clause in notice.clauses:
        assert MARKS_BETWEEN_CLAUSES.fullmatch(notice.source[end : clause.start]), clause.id
        end = clause.end
    assert MARKS_BETWEEN_CLAUSES.fullmatch(notice.source[end:])


def test_scan_faults_are_kept(k: Knowledge) -> None:
    assert "起\n\n起30日内" in k.clauses["LN/十六/三十日"].quote
    assert "保\n\n障标准" in k.clauses["LN/三/标准"].quote
    assert "职业能教育培训" in k.clauses["LN/九/目录"].quote


def test_headings_above_a_clause(k: Knowledge) -> None:
    assert k.clauses["LN/一/裁员率"].path == (
        "一、统筹抓好延续实施政策落实",
        "(一)延续实施并扩大普惠性失业保险稳岗返还受益面",
    )
    assert k.clauses["LN/附2/二1"].path == (
        "调整后辽宁省就业困难人员及参照享受相关政策人员范围",
        "二、可参照就业困难人员享受相关政策人员",
    )
    assert k.clauses["LN/末/施行"].path == k.clauses["LN/开头"].path == ()


@pytest.mark.parametrize(
    ("id", "item"),
    [
        ("BX/一/缴费依据", "一"),
        ("LN/一/裁员率", "一（一）"),
        ("LN/八/X标准", "二（八）"),
        ("LN/十二/延长", "三（十二）"),
        ("LN/十三/移除", "四（十三）"),
        ("LN/十八/考核", "五（十八）"),
        ("LN/附1/6", "附件1第6类"),
        ("LN/附2/一1b", "附件2第一部分第1类"),
        ("LN/附2/一3", "附件2第一部分第3类"),
        ("LN/附2/二1", "附件2第二部分第1类"),
        ("LN/末/过渡", "结尾段"),
        ("LN/开头", "开头"),
    ],
)
def test_item_as_spoken(k: Knowledge, id: str, item: str) -> None:
    assert k.clauses[id].item == item


def test_titles_are_told_apart(k: Knowledge) -> None:
    titles = [clause.title for clause in k.clauses.values() if clause.kind != "heading"]
    assert len(titles) == len(set(titles))


def test_lay_questions_belong_to_one_clause(k: Knowledge) -> None:
    asked = [question for clause in k.clauses.values() for question in clause.questions]
    assert len(asked) == len(set(asked))


def test_dates_of_issue(k: Knowledge) -> None:
    city, province = k.notices["BX"], k.notices["LN"]
    assert city.date == city.date_not_before == city.date_not_after == datetime.date(2021, 7, 20)
    assert province.date is None
    assert city.issued_by(datetime.date(2021, 7, 20)) is True
    assert city.issued_by(datetime.date(2021, 7, 19)) is False
    assert province.issued_by(datetime.date(2021, 3, 1)) is None
    assert province.issued_by(datetime.date(2020, 12, 31)) is False


def test_a_notice_finds_text_in_spite_of_line_breaks(notice: Notice, k: Knowledge) -> None:
    clause = k.clauses["LN/三/标准"]
    assert k.notices["LN"].find("当地农村最低生活保障标准的1.5倍") is not None
    assert k.notices["LN"].find(CONTRACT["LN/三/标准"]) == (clause.start, clause.end)
    assert notice.find("没有写过的话") is None
    assert notice.find("  ") is None
