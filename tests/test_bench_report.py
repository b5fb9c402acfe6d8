"""What a report of figures says: which targets are met, and what is kept of the run before."""

import pytest
from figure import Row
from report import merged


@pytest.mark.parametrize(
    ("row", "target", "sign"),
    [
        (Row("p95", 30.0, "ms", 30), "≤ 30 ms", "✓"),
        (Row("p95", 30.1, "ms", 30), "≤ 30 ms", "✗"),
        (Row("吞吐", 4.0, "倍", 4, at_least=True), "≥ 4 倍", "✓"),
        (Row("吞吐", 3.9, "倍", 4, at_least=True), "≥ 4 倍", "✗"),
        (Row("p95", 30.1, "ms"), "", ""),
    ],
)
def test_a_target_stands_beside_the_figure_and_whether_it_is_met(row: Row, target: str, sign: str) -> None:
    assert row.cells()[2:4] == [target, sign]
    assert row.met == (sign != "✗")


def test_a_section_that_is_not_measured_again_keeps_its_words() -> None:
    before = "# 报告\n\n## 慢\n\n旧的\n\n## 快\n\n旧的\n\n## 没有了\n\n旧的\n"
    after = merged(["快", "新", "慢", "没量过"], {"慢": "## 慢\n\n新的\n", "新": "## 新\n"}, before)
    assert after == ["## 快\n\n旧的\n", "## 新\n", "## 慢\n\n新的\n"]
    assert merged(["快", "慢"], {}, "\n".join(after)) == [after[0], after[2]]
