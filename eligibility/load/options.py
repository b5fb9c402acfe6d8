"""Values with the conditions under which they hold (``if:``, ``value:``): rates, results, windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eligibility.expression import Expression
from eligibility.load.reader import Place, Reader
from eligibility.model import Guarded


def read_options(
    reader: Reader, place: Place, data: Any, value_key: str = "value", wanted: Sequence[str] = ()
) -> tuple[Guarded, ...]:
    """A list of options, a single one, or a bare value.

    Args:
        wanted: the types a value may have; none: any, also a list of texts.

    Raises:
        PackError: an option that cannot be used.
    """
    if data is None:
        return ()
    if isinstance(data, list):
        return tuple(_option(reader, (*place, i), option, value_key, wanted) for i, option in enumerate(data))
    return (_option(reader, place, data, value_key, wanted),)


def _option(reader: Reader, place: Place, data: Any, value_key: str, wanted: Sequence[str]) -> Guarded:
    option = data if isinstance(data, dict) else {value_key: data}
    fields = reader.fields(place, option, "if", value_key, "each", "cite", "assume", "says")
    listed = [reader.fields(place, {"each": one}, "each") for one in fields.get("each", list, [])]
    each = tuple(reader.expression(one, "each", *wanted) for one in listed)
    if value_key not in option and not each:
        raise reader.error(place, "missing_key", key=value_key)
    condition = reader.expression(fields, "if", "bool") if "if" in option else None
    value: Expression | Sequence[Any] | None = option.get(value_key)
    assumption = None
    if value is not None and (wanted or not isinstance(value, list)):
        value, assumption = reader.reading(fields, reader.expression(fields, value_key, *wanted))
    parts = [*(part for part in (condition, value) if isinstance(part, Expression)), *each]
    return Guarded(
        condition=condition,
        value=value,
        cite=reader.cite(fields, needed=False),
        asks=tuple(ask for part in parts for ask in reader.names.asks_of(part)),
        assumption=assumption,
        says=fields.get("says", str, "") or None,
        each=each,
    )
