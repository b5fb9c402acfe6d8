"""The order of the test files where several processes share them: what is begun last must not be long.

Left to itself pytest-xdist begins with the files of the most tests and ends with those of few, which are the longest.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

# A quarter of a minute and more, about in this order. `make test` ends with the list of what lasted longest.
LONGEST = (
    "eligibility/test_check_mutation.py",
    "bot/staff/test_handoff_browsers.py",
    "faults/test_emulated_wechat_killed.py",
    "faults/test_deployment.py",
    "faults/test_workers_under_load.py",
    "faults/test_services_that_go_away.py",
    "faults/test_handing_over.py",
    "faults/test_wechat_killed.py",
    "conversations/test_browser.py",
    "conversations/test_dialogues.py",
    "eligibility/test_decision_properties.py",
    "bot/staff/test_operator_screen.py",
    "bot/staff/test_openid.py",
    "bot/test_cli.py",
    "bot/staff/test_handoff_windows.py",
    "bot/staff/test_screen_for_everybody.py",
    "bot/staff/test_console_pages.py",
    "bot/test_plain_page.py",
    "bot/test_widget_for_everybody.py",
    "eligibility/test_check.py",
    "conversations/test_remembered.py",
)


def longest_first(files: Sequence[str]) -> list[str]:
    """The files of these tests, each once, in the order in which they are to be begun."""
    tests = Counter(files)
    place = {file: number for number, file in enumerate(LONGEST)}
    return sorted(tests, key=lambda file: (place.get(file, len(place)), -tests[file], file))


def put_in_order(items: list[Any], root: Any) -> None:
    """Sort collected tests so; those of a file stay as they are."""
    files = [item.path.relative_to(root).as_posix() for item in items]
    order = {file: number for number, file in enumerate(longest_first(files))}
    items[:] = [item for _, item in sorted(zip(files, items, strict=True), key=lambda pair: order[pair[0]])]
