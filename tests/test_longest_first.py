"""The order of the test files in CI."""

from pathlib import Path

from longest_first import LONGEST, longest_first

TESTS = Path(__file__).parent


def test_long_files_come_first_then_those_of_many_tests() -> None:
    first, second = LONGEST[:2]
    assert longest_first(["few.py", "many.py", "many.py", second, first]) == [first, second, "many.py", "few.py"]


def test_the_long_files_are_there() -> None:
    assert [file for file in LONGEST if not (TESTS / file).is_file()] == []
    assert len(set(LONGEST)) == len(LONGEST)
