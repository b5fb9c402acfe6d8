import datetime
from pathlib import Path

from knowledge.yaml_source import load_yaml

RULE = """\
# a comment
when:
  all:
    - id: rate
      if: layoff_rate <= 6%
    - any:
        - {id: in_time, if: today <= 2021-12-31}
limit: 6%
until: 2021-12-31
words: &words [稳岗, 返还]
again: *words
"""


def read(tmp_path: Path, text: str):
    path = tmp_path / "rule.yml"
    path.write_bytes(text.encode())
    return load_yaml(path)


def test_values(tmp_path: Path) -> None:
    data = read(tmp_path, RULE).data
    assert data["limit"] == "6%"
    assert data["until"] == datetime.date(2021, 12, 31)
    assert data["again"] == ["稳岗", "返还"]
    assert data["when"]["all"][0] == {"id": "rate", "if": "layoff_rate <= 6%"}


def test_lines(tmp_path: Path) -> None:
    source = read(tmp_path, RULE)
    assert source.line_of(("when", "all", 0, "if")) == 5
    assert source.line_of(("when", "all", 1, "any", 0, "id")) == 7
    assert source.line_of(("limit",)) == 8
    assert source.line_of(("when", "all", 0, "missing", "deeper")) == 4
    assert source.line_of(("nothing",)) == source.line_of() == 1


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    source = read(tmp_path, "\ufeffa: 1\r\nb:\r\n  c: 2\r\n")
    assert source.data == {"a": 1, "b": {"c": 2}}
    assert source.line_of(("b", "c")) == 3


def test_empty(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing yet\n").data is None
