"""From text to symbols: one character per symbol, a whole numeral or numeric date is a single symbol."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from actions.values.not_values import BEGINNING, NOT_VALUE
from actions.values.numerals import NUMERAL, Numeral, read_numeral

NUMBER, DATE, OPAQUE = "\ue000", "\ue001", "\ue002"
"""Symbols: a numeral, a numeric date (2021-07-01), something that is no value."""

# Same length, so that offsets stay true: full-width forms, a few traditional characters.
_FOLD = (
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | {0x3007: "零", 0x3000: " ", 0xA0: " ", 0x2009: " ", 0x2212: "-", 0x301C: "~", 0xFFE5: "¥", 0x20: " "}
    | dict.fromkeys(range(0xE000, 0xE003), "\ufffd")
    | str.maketrans("個幾來萬億兩倆號歲塊後點週錢倆圓週", "个几来万亿两俩号岁块后点周钱俩元周")
)

_ISO = re.compile(
    r"(?P<y>(?:19|20)[0-9]{2})(?P<sep>[-/.])(?P<m>[0-9]{1,2})(?:(?P=sep)(?P<d>[0-9]{1,2}))?(?![0-9]|\.[0-9])"
    r"|(?P<yy>[0-9]{2})(?P<sep2>[-/.])(?P<m2>[0-9]{1,2})(?P=sep2)(?P<d2>[0-9]{1,2})(?![0-9.])"
    r"|(?P<y8>(?:19|20)[0-9]{2})(?P<m8>[01][0-9])(?P<d8>[0-3][0-9])(?![0-9.元块万人个])"
    r"|(?P<m3>[0-9]{1,2})(?P<sep3>[-/.])(?P<d3>[0-9]{1,2})(?:[日号](?!人)|(?=之?前(?!后)|以[前后]|之后|截止|到期))"
    r"|(?P<m5>0[1-9]|1[0-2])-(?P<d5>0[1-9])(?![0-9-])|(?P<m6>0[1-9])-(?P<d6>[0-3][0-9])(?![0-9-])"
    r"|(?P<m4>[0-9]{1,2})/(?P<d4>1[1-9]|[23][0-9])(?![0-9/])"
)
_DASHED = re.compile(r"[0-9]{1,10}(?:[-/.][0-9]{1,10}){2,6}")  # telephone, version, address: no value
_ADDRESS = re.compile(r"https?://\S{0,300}", re.I)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:-[0-9]+)?", re.A)
_GLUED = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,10})?[A-Za-z_][A-Za-z0-9_]*", re.A)  # 5G, 3D
_AMOUNT = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,10})?(?:rmb|cny|yuan|w[1-9]?|k[1-9]?)(?![A-Za-z0-9])", re.I)
_POINT = re.compile(r"([0-9]{1,3})点([0-9]{1,4})(?=%|个点|个百分点)")  # 6点5%
_LIST_MARK = re.compile(r"(?:(?<=\s)|(?<=[;。,!?])|^)[1-9][、.)](?![0-9])")
_CANDIDATE = re.compile(rf"[ A-Za-z_{BEGINNING}]")


@dataclass(slots=True)
class NumericDate:
    """The parts of 2021-07-01, 7.31号 …; a part is None when it was not written."""

    year: int | None
    month: int
    day: int | None
    short_year: bool = False


@dataclass(slots=True)
class Symbols:
    """The symbols of a text. `sym[i]` covers the raw characters begin(i) … end(i)."""

    raw: str
    sym: str = ""
    numerals: dict[int, Numeral] = field(default_factory=dict)
    dates: dict[int, NumericDate] = field(default_factory=dict)
    _first: list[int] = field(default_factory=list)  # first symbol of each run …
    _raw_start: list[int] = field(default_factory=list)  # … its raw offset …
    _raw_length: list[int] = field(default_factory=list)  # … and its length if it is one symbol, else 0

    def begin(self, index: int) -> int:
        """Raw offset where symbol `index` begins."""
        if index >= len(self.sym):
            return len(self.raw)
        run = bisect_right(self._first, index) - 1
        return self._raw_start[run] + (0 if self._raw_length[run] else index - self._first[run])

    def end(self, index: int) -> int:
        """Raw offset behind symbol `index - 1`: the end of a match that ends at `index`."""
        if index == 0:
            return 0
        run = bisect_right(self._first, index - 1) - 1
        return self._raw_start[run] + (self._raw_length[run] or index - self._first[run])


def lex(raw: str) -> Symbols:
    """Read numerals, numeric dates and opaque runs; drop spaces, copy all other characters."""
    text = raw.translate(_FOLD)
    symbols = Symbols(raw)
    parts: list[str] = []
    length = 0

    def copy(start: int, stop: int) -> None:
        nonlocal length
        if stop > start:
            symbols._first.append(length)
            symbols._raw_start.append(start)
            symbols._raw_length.append(0)
            parts.append(text[start:stop])
            length += stop - start

    def put(symbol: str, start: int, stop: int) -> None:
        nonlocal length
        symbols._first.append(length)
        symbols._raw_start.append(start)
        symbols._raw_length.append(stop - start)
        parts.append(symbol)
        length += 1

    numbered = _is_list(text)
    copied = pos = 0
    while found := _CANDIDATE.search(text, pos):
        at = found.start()
        if found[0] == " ":
            stop = at + 1
            copy(copied, at)
            copied = pos = stop
            continue
        stop, what = _token(text, at, numbered)
        if what is None:
            pos = stop
            continue
        copy(copied, at)
        if isinstance(what, Numeral):
            symbols.numerals[length] = what
            put(NUMBER, at, stop)
        elif isinstance(what, NumericDate):
            symbols.dates[length] = what
            put(DATE, at, stop)
        else:
            put(OPAQUE, at, stop)
        copied = pos = stop
    copy(copied, len(text))
    symbols.sym = "".join(parts)
    return symbols


def _token(text: str, at: int, numbered: bool) -> tuple[int, Numeral | NumericDate | str | None]:
    """The token at `at` and where it ends; None = ordinary characters."""
    char = text[at]
    if char.isascii() and (char.isalpha() or char == "_"):
        if address := _ADDRESS.match(text, at):
            return address.end(), OPAQUE
        word = _WORD.match(text, at)
        assert word
        if re.fullmatch(r"(?:rmb|cny)[0-9]+", word[0], re.I):
            return at + 3, None
        return word.end(), OPAQUE if any(c.isdigit() for c in word[0]) else None
    if numbered and (mark := _LIST_MARK.match(text, at)):
        return mark.end(), OPAQUE
    if opaque := NOT_VALUE.match(text, at):
        return opaque.end(), OPAQUE
    if char.isdigit():
        if iso := _ISO.match(text, at):
            numeric = _numeric_date(iso)
            if numeric:
                return iso.end(), numeric
        if point := _POINT.match(text, at):
            numeral = read_numeral(_matched(f"{point[1]}.{point[2]}"))
            return point.end(), numeral
        if dashed := _DASHED.match(text, at):
            return dashed.end(), OPAQUE
        if (glued := _GLUED.match(text, at)) and not _AMOUNT.match(text, at):
            return glued.end(), OPAQUE
    match = NUMERAL.match(text, at)
    if match is None or match[0] == "几":
        return at + 1, None
    if numeral := read_numeral(match):
        return at + len(numeral.text), numeral
    return match.end(), OPAQUE


def _matched(text: str) -> re.Match[str]:
    match = NUMERAL.match(text)
    assert match
    return match


def _is_list(text: str) -> bool:
    """Does the text number its sentences (1、… 2、…)?"""
    return re.search(r"(?:^|\s)1[、.)](?![0-9])", text) is not None and re.search(r"2[、.)](?![0-9])", text) is not None


def _numeric_date(iso: re.Match[str]) -> NumericDate | None:
    if iso["y"]:
        if iso["d"] is None and not 1 <= int(iso["m"]) <= 12:
            return None  # 2021.50, 2020-21
        if iso["d"] is None and re.match(" ?[元块万亿%]", iso.string[iso.end() : iso.end() + 2]):
            return None
        return NumericDate(int(iso["y"]), int(iso["m"]), int(iso["d"]) if iso["d"] else None)
    if iso["yy"]:
        numeric = NumericDate(int(iso["yy"]), int(iso["m2"]), int(iso["d2"]), short_year=True)
        return numeric if 1 <= numeric.month <= 12 and 1 <= (numeric.day or 0) <= 31 else None
    if iso["y8"]:
        numeric = NumericDate(int(iso["y8"]), int(iso["m8"]), int(iso["d8"]))
        return numeric if 1 <= numeric.month <= 12 and 1 <= (numeric.day or 0) <= 31 else None
    month, day = (int(iso[f"{part}3"] or iso[f"{part}4"] or iso[f"{part}5"] or iso[f"{part}6"]) for part in "md")
    return NumericDate(None, month, day) if 1 <= month <= 12 and 1 <= day <= 31 else None
