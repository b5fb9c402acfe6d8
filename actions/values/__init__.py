"""Untyped values in raw colloquial Chinese: numbers, percentages, money, durations, dates.

`find_values` says what is written, not what it is about: typing a value to a fact is the caller's job.
The grammar works in two steps: `lexer` turns the text into symbols (a whole numeral is one symbol), then
`dates`, `durations`, `quantities` match short patterns over the symbols and `bounds` adds what stands
around them (不到, 以上, 左右 …). README.md lists the choices made where the language is vague.
"""

from actions.values.find import find_values, invalid_dates
from actions.values.value import Value

__all__ = ["Value", "find_values", "invalid_dates"]
