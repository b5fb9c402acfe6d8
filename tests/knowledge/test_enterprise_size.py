"""The estimate of an enterprise's size: right on every threshold, and never surer than what is known."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from slips import complaint

from knowledge import load
from knowledge.enterprise_size import METRICS, Industry, read_enterprise_sizes

SIZES = load().enterprise_sizes
FILE = load().root / "common" / "enterprise_size.yml"
PLAIN = yaml.safe_load(FILE.read_text(encoding="utf-8"))
REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "enterprise_size.yml"
CUTS = {
    metric: sorted({0} | {n for row in PLAIN["industries"] for n in [row["large"].get(metric)] if n is not None})
    for metric in METRICS
}
"""One value out of each cell that the thresholds of `large` cut, over all industries."""


def by_hand(row: dict[str, Any], values: dict[str, int]) -> str:
    """The class by the words of the standard: medium, small and micro are what falls below the line in any metric."""
    if all(values[metric] >= least for metric, least in row["large"].items()):
        return "large"
    if all(values[metric] >= least for metric, least in row["medium"].items()):
        return "medium"
    return "small" if all(values[metric] >= least for metric, least in row["small"].items()) else "micro"


@pytest.mark.parametrize("example", PLAIN["examples"], ids=lambda each: f"{each['industry']}-{each['expect']}")
def test_the_worked_examples(example: dict[str, Any]) -> None:
    given_ = {key: example[key] for key in METRICS if key in example}
    estimate = SIZES.estimate_size(example["industry"], **given_)
    expect = example["expect"]
    if expect in ("medium", "small", "micro"):
        assert (estimate.size, estimate.classes) == ("medium_small_micro", {expect})
    else:
        assert estimate.size == expect
    assert list(estimate.missing) == example.get("missing", [])


@pytest.mark.parametrize("row", PLAIN["industries"], ids=lambda row: row["name"])
def test_on_and_just_below_every_threshold(row: dict[str, Any]) -> None:
    for name in ("large", "medium", "small"):
        reached = dict(row[name])
        assert SIZES.estimate_size(row["name"], **reached).classes == {name}
        for metric in reached:
            below = reached | {metric: reached[metric] - 1}
            estimate = SIZES.estimate_size(row["name"], **below)
            assert estimate.classes == {by_hand(row, below)} != {name}
            assert estimate.size == "medium_small_micro"


@pytest.mark.skipif(
    not REFERENCE.exists(), reason="the reference lies beside the repository only where it is developed"
)
def test_the_thresholds_are_those_of_the_reference() -> None:
    rows = yaml.safe_load(REFERENCE.read_text(encoding="utf-8"))["industries"]
    assert [(row["name"], row["sme_upper"], row["medium"], row["small"]) for row in rows] == [
        (row["name"], row["large"], row["medium"], row["small"]) for row in PLAIN["industries"]
    ]


partly = st.fixed_dictionaries(
    {metric: st.none() | st.sampled_from(CUTS[metric]) | st.integers(0, 300_000) for metric in METRICS}
)
an_industry = st.none() | st.sampled_from([row["name"] for row in PLAIN["industries"]])


def completions(industry: str | None, known: dict[str, int | None]) -> dict[tuple[Any, ...], bool]:
    """Every way to fill in what is open (one value a cell) → whether that enterprise is large."""
    rows = [row for row in PLAIN["industries"] if industry in (None, row["name"])]
    open_values = [CUTS[metric] if known[metric] is None else [known[metric]] for metric in METRICS]
    return {
        (row["name"], *values): by_hand(row, dict(zip(METRICS, values, strict=True))) == "large"
        for row, values in product(rows, product(*open_values))
    }


@given(an_industry, partly)
def test_sure_just_when_every_completion_agrees(industry: str | None, known: dict[str, int | None]) -> None:
    results = completions(industry, known)
    estimate = SIZES.estimate_size(industry, **known)
    sizes = set(results.values())
    assert estimate.size == ("unknown" if len(sizes) == 2 else "large" if sizes == {True} else "medium_small_micro")
    assert estimate.provisional
    assert "经办机构认定为准" in estimate.text


@given(an_industry, partly)
def test_missing_is_exactly_what_can_still_turn_it(industry: str | None, known: dict[str, int | None]) -> None:
    results = completions(industry, known)
    names = ("industry", *METRICS)
    turns = tuple(
        name
        for at, name in enumerate(names)
        if any(
            len({large for filled, large in results.items() if filled[:at] + filled[at + 1 :] == rest}) == 2
            for rest in {filled[:at] + filled[at + 1 :] for filled in results}
        )
    )
    assert SIZES.estimate_size(industry, **known).missing == turns


@given(an_industry, partly, st.sampled_from(METRICS), st.integers(0, 300_000))
def test_one_more_number_never_turns_a_sure_answer(
    industry: str | None, known: dict[str, int | None], metric: str, value: int
) -> None:
    before = SIZES.estimate_size(industry, **known)
    if before.size != "unknown" and known[metric] is None:
        assert SIZES.estimate_size(industry, **known | {metric: value}).size == before.size


def test_industries_as_people_call_them() -> None:
    assert [SIZES.find(word) for word in ("饭店", "餐饮", " 餐 馆 ")] == [SIZES.industries["餐饮业"]] * 3
    assert SIZES.find("炼金术") is None
    assert SIZES.estimate_size("饭店", 300).missing == ("revenue",)
    assert SIZES.estimate_size("炼金术", 300).missing == SIZES.estimate_size(None, 300).missing


def test_a_tiny_one_is_sure_whatever_its_industry() -> None:
    assert SIZES.estimate_size(None, employees=20, revenue=100, assets=50).size == "medium_small_micro"
    assert SIZES.estimate_size(None).missing == ("industry", *METRICS)


def test_what_is_missing_is_said_by_name() -> None:
    assert "营业收入" in SIZES.estimate_size("工业", employees=3200).text
    assert "从业人员" not in SIZES.estimate_size("工业", employees=3200).text


def test_no_negative_numbers() -> None:
    with pytest.raises(ValueError, match="negative"):
        SIZES.estimate_size("工业", employees=-1)


def test_micro_is_possible_until_a_number_rules_it_out() -> None:
    assert isinstance(SIZES.industries["工业"], Industry)
    assert SIZES.industries["工业"].classes({"employees": 299}) == {"small", "micro"}
    assert SIZES.industries["工业"].classes({}) == {"large", "medium", "small", "micro"}


BROKEN = [
    ("    large: {employees: 300}\n", "    large: {employees: 100}\n", "不低于“large”的"),
    ("    medium: {employees: 100}\n", "    medium: {revenue: 100}\n", "指标不一样"),
    ("    small: {employees: 10}\n", "", "应为“键: 值”的表"),
    ("    small: {employees: 10}\n", "    small: {people: 10}\n", "不认识的字段“people”"),
    ("    small: {employees: 10}\n", "    small: {employees: 十}\n", "应为整数"),
    ("name: 餐饮业", "name: 住宿业", "用了两次"),
    ("aliases: [餐饮, ", "aliases: [住 宿, ", "用了两次"),
    ("  and: 、\n", "", "缺少字段“and”"),
    ("还不知道{missing}", "还不知道{things}", "大括号对不上"),
    ("  verified: true", "  verified: false", "没有核实过的出处"),
    ("  revenue: {zh: 营业收入, unit: 万元}", "  revenue: {zh: 营业收入}", "缺少字段“unit”"),
]


@pytest.mark.parametrize(("old", "new", "what"), BROKEN)
def test_one_clear_complaint(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert what in complaint(read_enterprise_sizes, FILE, tmp_path, old, new)
