"""Reading one mapping of a pack file field by field, with a complaint that names file and line."""

import datetime
from collections.abc import Collection
from typing import Any, TypeVar

from knowledge.errors import PackError
from knowledge.yaml_source import Place, SourceFile

T = TypeVar("T")

_NAMES = {
    str: "文字",
    bool: "true 或 false",
    int: "整数",
    datetime.date: "日期（如 2021-07-20）",
    list: "列表（每行以 - 开头）",
    dict: "“键: 值”的表",
}


def typed(source: SourceFile, place: Place, value: Any, kind: type[T]) -> T:
    """Return `value` if it is exactly of `kind`. Raises PackError pointing at `place`."""
    if type(value) is kind:
        return value
    name = f"“{place[-1]}”" if place else "文件内容"
    mend = "写成" + _NAMES[kind] + ("，必要时加引号" if kind is str else "")
    raise source.error(place, f"{name}应为{_NAMES[kind]}", mend)


class Fields:
    """The mapping at `place`; every key must be among `allowed`. All methods raise PackError."""

    def __init__(self, source: SourceFile, place: Place, value: Any, allowed: Collection[str]) -> None:
        self.source, self.place = source, place
        self.data: dict[Any, Any] = typed(source, place, value, dict)
        for key in self.data:
            if key not in allowed:
                raise self.error(key, f"不认识的字段“{key}”", "可用的字段：" + "、".join(allowed))

    def error(self, key: str | None, what: str, mend: str) -> PackError:
        """Return (not raise) the PackError that points at `key`, or at the mapping itself."""
        return self.source.error(self.place if key is None else (*self.place, key), what, mend)

    def get(self, key: str, kind: type[T], default: T) -> T:
        """Return the value of `key`, or `default` when it is absent or left empty."""
        value = self.data.get(key)
        return default if value is None else typed(self.source, (*self.place, key), value, kind)

    def date(self, key: str) -> datetime.date | None:
        """Return the date at `key`, or None when it is absent or left empty."""
        value = self.data.get(key)
        return None if value is None else typed(self.source, (*self.place, key), value, datetime.date)

    def need(self, key: str) -> str:
        """Return the text at `key`, which must be there and not empty."""
        if key not in self.data:
            raise self.error(None, f"缺少字段“{key}”", f"补上“{key}: …”")
        text = self.get(key, str, "").strip()
        if not text:
            raise self.error(key, f"“{key}”是空的", "填上内容")
        return text

    def one_of(self, key: str, allowed: Collection[str]) -> str:
        """Return the text at `key`, which must be one of `allowed`."""
        text = self.need(key)
        if text not in allowed:
            raise self.error(key, f"“{key}”不能写“{text}”", "可选：" + "、".join(allowed))
        return text

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of texts at `key`, empty when absent."""
        values: list[Any] = self.get(key, list, [])
        return tuple(typed(self.source, (*self.place, key, i), value, str) for i, value in enumerate(values))
