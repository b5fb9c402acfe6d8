"""The legal retirement age: the published tables and cases, and what must hold for every date of birth."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slips import complaint

from knowledge import PackError, load
from knowledge.retirement import KINDS, plus_months, read_retirement
from knowledge.yaml_source import load_yaml

LAW = load().retirement
FILE = load().root / "common" / "retirement.yml"
OLD, NEW = date(2024, 12, 31), date(2025, 1, 1)
MOST = {"male": (60, 63), "female_cadre": (55, 58), "female_worker": (50, 55)}
births = st.dates(date(1940, 1, 1), date(2015, 12, 31))
kinds = st.sampled_from(KINDS)


@pytest.mark.parametrize(
    ("kind", "birth", "age", "month"),
    [
        # published cases
        ("male", "1967-05", (60, 8), "2028-01"),
        ("female_cadre", "1974-10", (56, 3), "2031-01"),
        # the published tables: the last who are not delayed, the first steps, the last step and who comes after
        ("male", "1964-12", (60, 0), "2024-12"),
        ("male", "1965-01", (60, 1), "2025-02"),
        ("male", "1965-04", (60, 1), "2025-05"),
        ("male", "1965-05", (60, 2), "2025-07"),
        ("male", "1965-12", (60, 3), "2026-03"),
        ("male", "1966-01", (60, 4), "2026-05"),
        ("male", "1976-08", (62, 11), "2039-07"),
        ("male", "1976-09", (63, 0), "2039-09"),
        ("male", "1990-06", (63, 0), "2053-06"),
        ("female_cadre", "1969-12", (55, 0), "2024-12"),
        ("female_cadre", "1970-01", (55, 1), "2025-02"),
        ("female_cadre", "1981-08", (57, 11), "2039-07"),
        ("female_cadre", "1981-09", (58, 0), "2039-09"),
        ("female_worker", "1974-12", (50, 0), "2024-12"),
        ("female_worker", "1975-01", (50, 1), "2025-02"),
        ("female_worker", "1975-02", (50, 1), "2025-03"),
        ("female_worker", "1975-03", (50, 2), "2025-05"),
        ("female_worker", "1984-10", (54, 11), "2039-09"),
        ("female_worker", "1984-11", (55, 0), "2039-11"),
        ("female_worker", "2000-01", (55, 0), "2055-01"),
    ],
)
def test_the_published_ages(kind: str, birth: str, age: tuple[int, int], month: str) -> None:
    for day in ("01", "15", "28"):
        found = LAW.retirement(date.fromisoformat(f"{birth}-{day}"), kind)
        assert (found.years, found.months) == age
        assert found.on.isoformat() == f"{month}-{day}"


@pytest.mark.parametrize(
    ("as_of", "kind", "last"),
    [
        ("2026-11-23", "male", "1970-06"),
        ("2026-11-23", "female_cadre", "1975-06"),
        ("2026-11-23", "female_worker", "1979-07"),
        ("2021-08-01", "male", "1966-08"),
        ("2021-08-01", "female_cadre", "1971-08"),
        ("2021-08-01", "female_worker", "1976-08"),
    ],
)
def test_who_is_within_five_years(as_of: str, kind: str, last: str) -> None:
    day = date.fromisoformat(as_of)
    found = LAW.last_birth_month(kind, day)
    assert found.isoformat() == f"{last}-01"
    limit = plus_months(day, 60)
    assert LAW.retirement_date(found, kind, day) <= limit
    assert LAW.retirement_date(plus_months(found, 1), kind, day) > limit


def test_within_five_years_to_the_day() -> None:
    limit = date(2031, 11, 23)  # five years after 2026-11-23
    assert LAW.retirement_date(date(1970, 6, 23), "male") == limit
    assert LAW.retirement_date(date(1970, 6, 24), "male") == limit + timedelta(days=1)


def test_the_law_of_the_day_decides() -> None:
    birth = date(1970, 6, 15)
    assert LAW.retirement_date(birth, "male", OLD) == LAW.retirement_date(birth, "male", date(2021, 8, 1))
    assert LAW.retirement_date(birth, "male", OLD) == date(2030, 6, 15)
    assert LAW.retirement_date(birth, "male", NEW) == date(2031, 11, 15)
    assert LAW.retirement_date(birth, "male") == LAW.retirement_date(birth, "male", NEW)


def test_a_month_without_that_day_gives_its_last() -> None:
    assert LAW.retirement_date(date(1965, 1, 31), "male") == date(2025, 2, 28)
    assert LAW.retirement_date(date(1964, 2, 29), "female_worker", OLD) == date(2014, 2, 28)
    assert LAW.retirement_date(date(1964, 2, 29), "male", OLD) == date(2024, 2, 29)


@given(births, births, kinds, st.sampled_from([OLD, NEW]))
def test_the_younger_never_retires_earlier(one: date, other: date, kind: str, as_of: date) -> None:
    one, other = sorted((one, other))
    assert LAW.retirement_date(one, kind, as_of) <= LAW.retirement_date(other, kind, as_of)


@given(births, kinds)
def test_the_delay_stays_between_nothing_and_the_most(birth: date, kind: str) -> None:
    least, most = MOST[kind]
    found = LAW.retirement(birth, kind)
    assert least * 12 <= found.years * 12 + found.months <= most * 12
    assert plus_months(birth, least * 12) <= found.on <= plus_months(birth, most * 12)
    if plus_months(birth.replace(day=1), least * 12) < NEW:
        assert (found.years, found.months) == (least, 0)
    else:
        assert found.years * 12 + found.months > least * 12


@given(births, kinds)
def test_the_old_law_knows_whole_years_only(birth: date, kind: str) -> None:
    found = LAW.retirement(birth, kind, OLD)
    assert (found.years, found.months) == (MOST[kind][0], 0)


@given(births, kinds)
def test_only_the_month_of_birth_moves_the_month(birth: date, kind: str) -> None:
    one, other = (LAW.retirement_date(birth.replace(day=day), kind) for day in (1, 28))
    assert (one.year, one.month) == (other.year, other.month)


@given(st.dates(date(2021, 1, 1), date(2060, 12, 31)), kinds, st.integers(0, 10))
def test_the_limit_month_is_the_last_one(as_of: date, kind: str, years: int) -> None:
    last = LAW.last_birth_month(kind, as_of, years)
    limit = plus_months(as_of.replace(day=1), years * 12)
    assert LAW.retirement_date(last, kind, as_of) <= limit < LAW.retirement_date(plus_months(last, 1), kind, as_of)


def test_who_is_unknown_is_an_error_and_every_kind_has_a_name() -> None:
    with pytest.raises(KeyError):
        LAW.retirement_date(date(1970, 1, 1), "female")
    assert set(LAW.kinds) == set(KINDS)
    assert all(rule.source.shown for rule in LAW.rules)


BROKEN = [
    ("until: 2024-12-31", "until: 2024-12-30", "有空当"),
    ("  - until: 2024-12-31\n    age", "  - age", "重叠"),
    ("age: {male: 60, ", "age: {", "要写一个大于 0 的整数"),
    ("every_months: 2", "every_months: 0", "要写一个大于 0 的整数"),
    ("at_most_months: 60", "at_most: 60", "不认识的字段“at_most”"),
    ("born_from: 1975-01-01", "born_from: 1975-01", "应为日期"),
    ("{born_from: 1965-01-01, ", "{", "缺少字段“born_from”"),
    ("verified: true", "verified: false", "没有核实过的出处"),
    ("  male: 男职工\n", "", "缺少字段“male”"),
    ("delay:\n      male:", "delay:\n      men:", "不认识的字段“men”"),
]


@pytest.mark.parametrize(("old", "new", "what"), BROKEN)
def test_one_clear_complaint(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert what in complaint(read_retirement, FILE, tmp_path, old, new)


def test_no_rules_at_all(tmp_path: Path) -> None:
    path = tmp_path / "retirement.yml"
    path.write_text("kinds: {male: 男, female_cadre: 女一, female_worker: 女二}\nrules: []\n", encoding="utf-8")
    with pytest.raises(PackError, match="一条规则也没有"):
        read_retirement(load_yaml(path))
