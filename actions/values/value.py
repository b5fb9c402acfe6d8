"""The result of the grammar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

Exact = int | Fraction
Kind = Literal["number", "percent", "money", "duration", "date"]
Comparator = Literal["at_most", "less_than", "at_least", "more_than"]
Precision = Literal["day", "week", "month", "quarter", "half", "year"]


@dataclass(frozen=True)
class Value:
    """One value found in a text.

    kind, and what `value`, `low`, `high` then are:
      number    int or Fraction; unit: 人 个 次 岁 倍 … or "" when none was written
      percent   Fraction, percent points (6 for 6 %); unit "%"
      money     Fraction, yuan; unit "元"
      duration  int; unit "月" when said in years or months, else "天" or "工作日"
      date      date; unit "", `precision` set, low and high are the first and last day of the span

    low, high   what the words admit; None = unbounded on that side
    value       the best single reading, always between low and high
    approx      the words do not fix one value (三十来个, 左右, 不到, 以上, 年初, 半年前).
                A quantity is approx exactly when low != high; a plain month or year ("去年七月") is not approx.
    comparator  for a quantity, already applied to low and high: whole numbers and durations step by one
                (不到30人: 0..29), money and percent keep the bound that was named and the comparator says
                whether it belongs.
                For a date it is *not* applied: less_than = before `low`, at_most = not after `high`,
                more_than = after `high`, at_least = not before `low`.
    text        the raw characters text[start:end], words such as 不到 or 之前 included
    """

    kind: Kind
    low: Exact | date | None
    high: Exact | date | None
    value: Exact | date
    approx: bool
    unit: str
    text: str
    start: int
    end: int
    comparator: Comparator | None = None
    precision: Precision | None = None
