"""Numerals: from the characters of one numeral to exact bounds.

`NUMERAL` finds where a numeral may stand, `read_numeral` interprets it. Regular Chinese numerals are converted by
cn2an; what it does not do is done here: 十几, 三十来, 五六十, 一百多, 3w, decimals as Fractions, 一亿二.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import cn2an

from actions.values.value import Exact

MAX_LENGTH = 24  # characters of a Chinese numeral; a longer run is not a value
MAX_DIGITS = 10  # Arabic figures; 11 and more are telephone or identity numbers

DIGIT = "一二两三四五六七八九"
FIGURE = "零" + DIGIT
UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8, "w": 10**4, "k": 1000}
FIGURE_VALUE = {figure: str(n) for n, figure in enumerate("零一二三四五六七八九")} | {"两": "2"}
FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")

# What may follow 来 so that it means "about" and is not the verb.
_ABOUT_BEFORE = "[个号人名位块元万亿年天岁家口户次%月]|$|[,。;!?]"
_MORE = rf"(?:[多余](?![少久大长])|来(?={_ABOUT_BEFORE}))[万亿]?"
_ARABIC = rf"(?:[0-9]{{1,3}}(?:,[0-9]{{3}}| 000){{1,3}}(?![0-9])|[0-9]{{1,{MAX_DIGITS}}}(?![0-9]))(?:\.[0-9]{{1,8}})?"
_ARABIC_UNITS = (
    rf" ?(?:[十百千万亿]{{1,2}}(?:零?(?:[0-9]{{1,4}}|[{DIGIT}])[百千万]?){{0,3}}"
    r"|[wWkK](?:[1-9](?![0-9.%]))?(?![A-Za-z]))"
)

NUMERAL = re.compile(
    rf"(?P<arabic>{_ARABIC})(?P<units>{_ARABIC_UNITS})?(?P<arabic_more>几|{_MORE})?"
    rf"|(?P<formal>[壹贰叁肆伍陆柒捌玖][零壹贰叁肆伍陆柒捌玖拾佰仟万亿]{{1,{MAX_LENGTH}}})"
    rf"|(?P<chinese>(?!零(?:[{FIGURE}]{{0,8}}[十百千万]|[0-9俩仨]))"
    rf"[几十{FIGURE}][几{FIGURE}十百千万亿]{{0,{MAX_LENGTH - 1}}})"
    rf"(?P<decimals>点[{FIGURE}]{{1,8}}(?![十分刻险{FIGURE}])[万亿]?)?(?P<more>{_MORE})?"
    rf"|(?P<vague>百八十(?=[个号人名块])|[近上]?[百千万](?:十?来|把)?(?=[个号人名块元口家])|小[{DIGIT}]?[十百千]?[十百千万](?![{FIGURE}几十百千万分]))"
    r"|(?P<counted>[俩仨])",
    re.A,
)

_SECTION = (
    rf"(?:[{DIGIT}]千(?:零?[{DIGIT}]百)?(?:零?[{DIGIT}]?十)?(?:零?[{DIGIT}])?"
    rf"|[{DIGIT}]百(?:零?[{DIGIT}]?十)?(?:零?[{DIGIT}])?|[{DIGIT}]?十[{DIGIT}]?|[{DIGIT}])"
)
_INTEGER = re.compile(rf"(?=[^零])(?:{_SECTION}亿)?(?:零?{_SECTION}万)?(?:零?{_SECTION})?|零")
_SHORTENED = re.compile(rf"(.+)([百千万亿])([{DIGIT}])")  # 一万二 = 12 000
_SPELT = re.compile(rf"[{FIGURE}]{{2,}}")
_BARE_TEN = re.compile("(?<=[亿万])十")
_NEIGHBOURS = re.compile("一两|一二|两三|二三|三四|三五|四五|五六|六七|七八|八九")
_MIXED = re.compile(rf"([0-9]+|[{DIGIT}])([十百千万亿]*)")
_TRAILING_ONE = re.compile("(?:个|年|天|月|次|人(?!民币)|位|名)")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A numeral with its bounds. `text` is as written.

    step      worth of the last place that was said: what 多 stays below (三十多: 10, 3万多: 10 000)
    scale     the multiplier written last (3万: 10 000); a range takes it over (3到5万)
    figures   the Arabic figures when the numeral was written figure by figure (2021, 08, 二零二一), else ""
    counted   俩 and 仨, which include their measure word
    """

    low: Exact
    high: Exact
    value: Exact
    text: str
    step: Exact = 1
    scale: int = 1
    figures: str = ""
    counted: bool = False

    @property
    def exact(self) -> bool:
        """True when one number was named."""
        return self.low == self.high

    @property
    def whole(self) -> int | None:
        """The number when it is exact and whole, else None."""
        return self.value if self.exact and isinstance(self.value, int) else None

    @property
    def chinese(self) -> bool:
        """Written in Chinese characters."""
        return not self.text[0].isascii()


def simplify(number: Fraction) -> Exact:
    """An int when the fraction is whole."""
    return number.numerator if number.denominator == 1 else number


def about(number: Exact) -> tuple[Exact, Exact]:
    """The blur of 来, 左右, 大概: a tenth to either side, whole numbers at least one (30 → 27..33)."""
    if isinstance(number, int):
        margin = max(1, -(-abs(number) // 10))
        return number - margin if number < 0 else max(0, number - margin), number + margin
    return number - abs(number) / 10, number + abs(number) / 10


def middle(low: Exact, high: Exact) -> Exact:
    """The middle, rounded down for whole numbers."""
    return (low + high) // 2 if isinstance(low, int) and isinstance(high, int) else simplify(Fraction(low + high) / 2)


def read_numeral(match: re.Match[str]) -> Numeral | None:
    """Interpret a match of NUMERAL. The numeral may use fewer characters than were matched: see `Numeral.text`."""
    if match["arabic"]:
        return _read_arabic(match)
    if match["chinese"]:
        following = match.string[match.end("chinese") : match.end("chinese") + 4]
        return _read_chinese(match["chinese"], match["decimals"] or "", match["more"] or "", following)
    if match["formal"]:
        text = match["formal"]
        found = _readable(text.translate(FORMAL))
        return found and replace(found, text=text[: len(found.text)])
    if match["vague"]:
        return _read_vague(match["vague"])
    number = 2 if match["counted"] == "俩" else 3
    return Numeral(number, number, number, match["counted"], counted=True)


# -- Arabic figures


def _read_arabic(match: re.Match[str]) -> Numeral:
    figures, units, more = match["arabic"], match["units"] or "", match["arabic_more"] or ""
    plain = figures.replace(",", "").replace(" ", "")
    text = figures
    number: Exact = simplify(Fraction(plain)) if "." in plain else int(plain)
    scale = 1
    if units:
        number, scale, used = _with_units(number, units)
        text += units[:used]
        if used < len(units):
            more = ""
    if "." in plain:
        step = simplify(Fraction(scale, 10 ** len(plain.split(".")[1])))
    elif isinstance(number, int) and number:
        step = 10 ** _trailing_zeros(number)
    else:
        step = 1
    numeral = Numeral(number, number, number, text, step, scale, plain if plain.isdigit() and not units else "")
    return _add_more(numeral, more)


def _with_units(number: Exact, units: str) -> tuple[Exact, int, int]:
    """12 with "万3千5" is 123 500: (number, multiplier written first, characters of `units` used)."""
    blank = len(units) - len(units.lstrip())
    units = units.lstrip().lower()
    head = re.match("[十百千万亿wk]+", units)
    assert head
    scale = 1
    for unit in head[0]:
        scale *= UNITS[unit]
    total: Exact = simplify(Fraction(number) * scale)
    used, last = head.end(), scale
    for part in _MIXED.finditer(units, used) if isinstance(number, int) else ():
        figure = int(part[1] if part[1].isdigit() else FIGURE_VALUE[part[1]])
        worth = UNITS.get(part[2], 0)
        after_zero = units[part.start() - 1] == "零"
        if worth:  # … 3千
            if figure > 9 or worth >= last:
                break
        elif part[2]:
            break
        elif len(part[1]) == 1 and last > 10 and not after_zero:  # … 5 = 5 of the next unit
            worth = last // 10
        elif figure < last and (after_zero or len(part[1]) > 2 or last <= 1000):  # … 3500
            worth = 1
        else:
            break
        total += figure * worth
        used, last = part.end(), worth
        if not part[2]:
            break
    return total, scale, used + blank


def _trailing_zeros(number: int) -> int:
    text = str(number)
    return len(text) - len(text.rstrip("0"))


# -- Chinese characters


def _read_chinese(run: str, decimals: str, more: str, following: str) -> Numeral | None:
    if decimals:
        whole = _regular(run)
        if whole:
            return _decimal(whole, decimals)
        more = ""
    if len(run) > 1 and run[-1] == "一" and run[-2] in "百千万亿" and not more and _TRAILING_ONE.match(following):
        shorter = _any(run[:-1])  # 三百一个月: 300 a month
        if shorter:
            return shorter
    found = _readable(run)
    if found is None:
        return None
    return _add_more(found, more) if len(found.text) == len(run) else found


def _decimal(whole: Numeral, decimals: str) -> Numeral:
    """六点五, 一点二万."""
    scale = UNITS.get(decimals[-1], 1)
    figures = "".join(FIGURE_VALUE[c] for c in decimals[1:] if c in FIGURE_VALUE)
    number = simplify((Fraction(whole.value) + Fraction(int(figures), 10 ** len(figures))) * scale)
    return Numeral(number, number, number, whole.text + decimals, simplify(Fraction(scale, 10 ** len(figures))), scale)


def _readable(run: str) -> Numeral | None:
    """The run as a numeral, at most without its last figure (三千五一个月: 3500 a month); 三百五万 is none."""
    return _any(run) or (_any(run[:-1]) if run[-1] in DIGIT and len(run) > 2 else None)


@lru_cache(maxsize=4096)
def _any(run: str) -> Numeral | None:
    return _regular(run) or _several(run) or _spelt(run) or _neighbours(run)


@lru_cache(maxsize=4096)
def _regular(run: str) -> Numeral | None:
    """三十, 一百二十万, 十二万三千五."""
    if not _INTEGER.fullmatch(run):
        return None
    shortened = _SHORTENED.fullmatch(run)
    if shortened:
        step = UNITS[shortened[2]] // 10
        number = _convert(shortened[1] + shortened[2])
        if number is None:
            return None
        number += int(FIGURE_VALUE[shortened[3]]) * step
        return Numeral(number, number, number, run, step)
    number = _convert(run)
    if number is None:
        return None
    step = UNITS.get(run[-1], 1)
    return Numeral(number, number, number, run, step, step if run[-1] in "百千万亿" else 1)


def _convert(run: str) -> int | None:
    """A regular numeral by cn2an, which raises on what is shortened inside (三百五万) and misreads 十 behind 亿."""
    try:
        return int(cn2an.cn2an(_BARE_TEN.sub("一十", run), "smart"))
    except (ValueError, KeyError):
        return None


def _several(run: str) -> Numeral | None:
    """十几 = 11..19, 几十 = 20..99, 十几万 = 110 000..199 999, 十几二十 = 11..20."""
    if run.count("几") != 1:
        return None
    head, tail = run.split("几")
    if head and (next_ten := _regular(tail)) and (low := _regular(head + "一")) and next_ten.value == low.value + 9:
        return Numeral(low.low, next_ten.high, middle(low.low, next_ten.high), run)
    if not (head or tail) or (head and head[-1] not in UNITS) or not set(tail) <= set("十百千万亿"):
        return None
    low, high = _regular(head + ("一" if head else "两") + tail), _regular(head + "九" + tail)
    if low is None or high is None:
        return None
    if head and not tail and head[-1] != "十":  # 三百几: 310 or 301?
        return None
    worth = 1
    for unit in tail:
        worth *= UNITS[unit]
    top = high.high + worth - 1
    return Numeral(low.low, top, middle(low.low - worth, top + 1), run, scale=low.scale)


def _spelt(run: str) -> Numeral | None:
    """二零二一, 零八: figure by figure. Two neighbours (两三) are a range instead."""
    if not _SPELT.fullmatch(run) or _NEIGHBOURS.fullmatch(run):
        return None
    figures = "".join(FIGURE_VALUE[c] for c in run)
    return Numeral(int(figures), int(figures), int(figures), run, figures=figures)


def _neighbours(run: str) -> Numeral | None:
    """两三 = 2..3, 五六十 = 50..60, 十五六 = 15..16, 一千二三百 = 1200..1300."""
    pair = _NEIGHBOURS.search(run)
    if pair is None:
        return None
    head, tail = run[: pair.start()], run[pair.end() :]
    if head and head[-1] not in UNITS:
        return None
    low, high = _regular(head + pair[0][0] + tail), _regular(head + pair[0][1] + tail)
    if low is None or high is None:
        return None
    return Numeral(low.low, high.high, middle(low.low, high.high), run, scale=low.scale)


def _read_vague(text: str) -> Numeral | None:
    """百来(个) ≈ 100, 百八十 = 80..100, 百十来 = 100..120, 近百 = 90..100, 上百 = 100..999, 小三十 = 27..30."""
    if text[0] == "小":
        number = _regular(text[1:] if text[1] in FIGURE + "十" else "一" + text[1:])
        return number and replace(number, low=about(number.value)[0], text=text)
    if text == "百八十":
        return Numeral(80, 100, 90, text)
    unit = UNITS[text[1] if text[0] in "近上" else text[0]]
    if text[0] == "上":
        return Numeral(unit, unit * 10 - 1, unit, text)
    if text[0] == "近":
        return Numeral(unit - unit // 10, unit, unit, text)
    if "十" in text:
        return Numeral(unit, unit + 20, unit + 10, text)
    low, high = about(unit)
    return Numeral(low, high, unit, text)


def _add_more(numeral: Numeral, more: str) -> Numeral:
    """三十多 = 31..39, 三十来 = 27..33, 三十多万 = 300 001..399 999, 20几 = 21..29."""
    if not more or not numeral.exact:
        return numeral
    scale = UNITS.get(more[-1], 1)
    base, text = simplify(Fraction(numeral.value) * scale), numeral.text + more
    if more[0] == "来":
        if numeral.step == 1 and numeral.value != 10:
            return numeral
        low, high = about(base)
        return Numeral(low, high, base, text, scale=scale)
    step = 10 if more[0] == "几" else numeral.step
    if step == 1 or (more[0] == "几" and numeral.step == 1):
        return numeral
    step = simplify(Fraction(step) * scale)
    if isinstance(base, int) and isinstance(step, int):
        return Numeral(base + 1, base + step - 1, base + step // 2, text, scale=scale)
    return Numeral(base, base + step, simplify(base + Fraction(step) / 2), text, scale=scale)
