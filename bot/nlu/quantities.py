"""The numbers, sums, durations and dates that a message states: what the grammar of values finds, but for a bare “one”.

“一个月补多少” means each month, “一个人拉扯孩子” alone, “一次说全” at once, “再说一遍” again, “换一个” any, and
“一个没裁” none: no quantities.
"""

from __future__ import annotations

import re
from datetime import date

from actions.values import Value, find_values

_ANY_DAY = date(2021, 9, 1)  # what a relative date means does not matter here, only where it stands
_ONE = re.compile(r"[一1] ?(?:个?(?:[月年天人次回遍趟项家户口]|季度)|个)")
_BORDER = re.compile(r"[,，。;；!！?？、\s]")
_HOW_MUCH = re.compile("多少|多钱|多久|几|咋|怎么")
_COUNTED = re.compile("[了过满够差延停续交缴干做学才就有共是到]$")  # “交了一年能领几个月” tells how long
_PRICE = re.compile("(?:多少|多|几)[钱块元百千万]*$")  # “多少钱一人”
_ALONE = re.compile("带|养|领|拉扯|抚养|照顾|过日子|过活|生活|扛|撑")
_ANY = re.compile(r"(?:[这那哪换选挑改讲问找]|再\w{0,2}|重新?\w{0,2}|从头\w{0,2})$")
_AT_ONCE = re.compile(".{1,3}(?:全|齐|清|完|够|明白)")


def quantities(text: str) -> list[Value]:
    """Return the values stated in a normalised text, left to right."""
    return [value for value in find_values(text, _ANY_DAY) if not _none(value) and not _bare_one(text, value)]


def _none(value: Value) -> bool:
    return value.value == 0 and re.search("[0零〇]", value.text) is None


def _bare_one(text: str, value: Value) -> bool:
    if _ONE.fullmatch(value.text) is None:
        return False
    before, after = _BORDER.split(text[: value.start])[-1], _BORDER.split(text[value.end :])[0]
    if value.text.endswith("人") and _ALONE.match(after):
        return True
    if value.text[-1] in "次回遍趟项个" and (_ANY.search(before) or _AT_ONCE.match(after)):
        return True
    return _PRICE.search(before) is not None or (
        _COUNTED.search(before) is None and _HOW_MUCH.search(after) is not None
    )
