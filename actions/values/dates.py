"""Dates and spans of days, relative to an as-of date: 去年底, 7月31号, 上个月, 2021-7-1, 三天前, 下半年.

Every span has a first and a last day. 底 and 末 are the last day itself; 年初 is the first quarter; 月初, 上旬 the first ten days.
A month or day without a year belongs to the year of the as-of date; if it would begin more than half a year
ahead, or what happened then is told as past (11月失业的), to the year before; never when a deadline is meant (之前, 截止).
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from actions.values import durations
from actions.values.lexer import DATE, NUMBER, NumericDate, Symbols
from actions.values.numerals import Numeral
from actions.values.quantity import Quantity
from actions.values.value import Comparator, Precision, Value

_N = NUMBER
_NOT_A_DAY = r"(?![个人名位万千百%元块次岁多年月天来家口户号日点左以几.])"

_REL_YEAR = "大前年|前年|去年度?|今年度?|明年度?|后年|(?<!以)[上下]N?年度?(?!龄)|本年度?".replace("N", _N)
_YEARS_AWAY = {"大前": -3, "前": -2, "去": -1, "上": -1, "今": 0, "本": 0, "明": 1, "下": 1, "后": 2}
_YEAR_PART = (
    "年?(?:(?P<year_end>底(?![下薪层线数])|末|尾)|(?P<year_begin>初(?![中次期级步始衷二三]))"
    "|(?P<year_middle>中(?![专级职午秋标小央心国学等介断途毕]))|终)"
)
_PART_OF_MONTH = "(?P<part>[上中下]旬|初(?![中次期级步])|底(?![下薪])|末|尾|中(?![专级职午秋]))"
_MONTHS_AWAY = r"上上个?月|(?<!以)上个?月|这个?月|本月|当月|下下个?月|(?<!以)下个?月"

_WITH_YEAR = re.compile(
    rf"(?:(?P<rel>{_REL_YEAR})|(?P<year>{_N})(?P<year_word>年度?|届))的?(?P<rest>)"
)
_IN_YEAR = re.compile(
    rf"(?:(?P<half>[上下]半年)|第?(?P<quarter>{_N})季度|(?P<new_year>元旦)"
    rf"|(?P<month_from>{_N})[-~到至、](?P<month_to>{_N})月份?"
    rf"|(?P<month>{_N})月(?:份?的?{_PART_OF_MONTH}|份?的?(?P<day>{_N})[日号](?!人)|份的?|(?P<bare_day>{_N}){_NOT_A_DAY}|)"
    rf"|(?P<numeric>{DATE})|{_YEAR_PART})"
)
_YEAR_RANGE = re.compile(rf"(?P<from>{_N})年?[-~到至](?P<to>{_N})年度?(?!{_N}|底|初|末)")
_THIS_YEAR_PART = re.compile(rf"(?<![每N些几多少全一往历])(?<!每年)年(?:(?P<year_end>底(?![下薪])|末)|(?P<year_begin>初(?![中次]))|(?P<year_middle>中(?=[的,。就才]|$)))".replace("N", _N))
_REL_MONTH = re.compile(rf"(?P<rel>{_MONTHS_AWAY})份?的?(?:{_PART_OF_MONTH}|(?P<day>{_N})[日号](?!人))?")
_THIS_MONTH_PART = re.compile(rf"(?<![每个{_N}])月{_PART_OF_MONTH}")
_DAY_ALONE = re.compile(
    rf"(?P<day>{_N})(?:(?:日|号(?!人))(?=之?前(?!后)|以[前后]|之?后|那天|当天|起|开始|截止|到期|[上下]午|早|晚|离职|失业的|辞|被裁|去的|交的|办的))"
)
_REL_DAY = re.compile(
    "(?P<day>大前天|前天|昨天|昨日|今天|今日|明天|明日|大后天|后天(?![性残致失因环]))"
    "|(?P<week>上上|上|这|本|下下|下)(?:个?(?:周|星期|礼拜))"
    rf"(?:(?P<weekday>{_N})(?![个家次])|(?P<sunday>[日天])|(?P<weekend>末))?"
    "|(?P<quarter>上|这|本|下)个?季度"
)
_DAYS_AWAY = {"大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2, "大后天": 3}
_AWAY = {"上上": -2, "上": -1, "这": 0, "本": 0, "当": 0, "下": 1, "下下": 2}

_AGO = re.compile(r"[之以]?前(?![后任期提年天])")
_AHEAD = re.compile(r"(?:[之以]后|后(?![来续面天年]))")
_DEADLINE = re.compile("之?前|以[前内]|截止|为止|到期|止")
_HAPPENED = re.compile("[^,。;!?]{0,3}?(?:失业|失的业|没的?工作|离职|离的职|下岗|下的岗|裁|辞了|毕业的|[办领交]的|丢|停|黄了|倒闭)")
_OPENING = re.compile(r"(?:^|[,。;!?:\s过再等])$")

_BEFORE_DATE = re.compile(
    "(?:(?P<at_most>截[至止]到?|不[晚迟]于)|(?P<at_least>不早于)|(?P<less_than>早于)|(?P<more_than>晚于|迟于)"
    "|(?P<about>大概|大约|差不多|估计|可能|好像|应该|(?<![合节预签违契])约))[是在就得]{0,2}$"
)
_AFTER_DATE = re.compile(
    r"(?P<around>左右|前后|上下)?(?P<including>\((?:包?含|包括)[^)]{0,6}\))?"
    rf"(?:(?P<less_than>之前|以前|前(?![后{_N}几任期提途台往头面半年天月]))"
    r"|(?P<at_most>为止|截止|到期|止(?!步))|(?P<more_than>之后|以后|后(?![续来面勤年天]))|(?P<at_least>起(?![来码步])|以来|开始))?"
)
_COMPARATORS: tuple[Comparator, ...] = ("at_most", "at_least", "less_than", "more_than")
_INCLUSIVE: dict[Comparator, Comparator] = {"less_than": "at_most", "more_than": "at_least"}

# 20年 is the year 2020 or twenty years: what stands before or behind a length of time.
_LASTING_BEFORE = re.compile("[了满够足近约干缴交作龄共有差过续计达至少超]$")
_LASTING_BEHIND = re.compile("[了多半以内]|还?差|左右|工龄|教龄|社保|之?前|之?后|期")


@dataclass(frozen=True, slots=True)
class Span:
    """Symbols start..end name the days low..high."""

    low: date
    high: date
    value: date
    precision: Precision
    start: int
    end: int
    approx: bool = False
    year_given: bool = True


@dataclass(frozen=True, slots=True)
class Impossible:
    """Symbols start..end are written as a date that does not exist; `relative`: that depends on the as-of date."""

    start: int
    end: int
    relative: bool = False


def read_date(symbols: Symbols, at: int, as_of: date, year: int | None = None) -> Span | Impossible | None:
    """The date that begins at symbol `at`. `year`: the year of a date joined before it (去年七月到九月)."""
    sym = symbols.sym
    if years := _YEAR_RANGE.match(sym, at):
        first, last = (symbols.numerals[years.start(group)].figures for group in ("from", "to"))
        if len(first) == len(last) == 4 and 1900 <= int(first) < int(last) <= 2099:
            low = date(int(first), 1, 1)
            return Span(low, date(int(last), 12, 31), low, "year", at, years.end())
    if sym[at] == DATE:
        return _numeric(symbols, at, at, as_of, year)
    if match := _WITH_YEAR.match(sym, at):
        return _with_year(symbols, match, as_of)
    if match := _IN_YEAR.match(sym, at):
        if match["year_end"] or match["year_begin"] or match["year_middle"] or sym[at] in "底末尾初中终年":
            return _this_year(sym, at, as_of)
        return _in_year(symbols, match, at, as_of, year, given=False)
    return _this_year(sym, at, as_of) or _month_away(symbols, at, as_of) or _day_away(symbols, at, as_of)


def read_ago(symbols: Symbols, quantity: Quantity, as_of: date) -> Span | None:
    """三天前, 半年前, 两个月后: counted from the as-of date. Months give a month, years a year, weeks a week."""
    sym = symbols.sym
    match = _AGO.match(sym, quantity.end)
    sign = -1
    if match is None:
        match = _AHEAD.match(sym, quantity.end)
        sign = 1
        if match is None or not _OPENING.search(sym[max(0, quantity.start - 1) : quantity.start]):
            return None
    near, far, middle = durations.shift(quantity)
    if quantity.unit == durations.MONTHS:
        days = [shift_months(as_of, sign * months) for months in (near, far, middle)]
    else:
        days = [_shift_days(as_of, sign * count) for count in (near, far, middle)]
    if None in days:
        return None
    low, high, value = min(d for d in days if d), max(d for d in days if d), days[2]
    assert value
    precision: Precision = "day"
    if quantity.unit == durations.MONTHS:
        precision = "year" if quantity.factor == 12 and near % 12 == 0 else "month"
        low, high = _first(low, precision), _last(high, precision)
    elif quantity.factor == 7:
        precision = "week"
        low, high = _shift_days(low, -low.weekday()) or low, _shift_days(high, 6 - high.weekday()) or high
    elif quantity.factor == 15:
        low, high = _shift_days(low, -3) or low, _shift_days(high, 3) or high
    return Span(low, high, value, precision, quantity.start, match.end(), approx=low != high)


def dated(symbols: Symbols, floor: int, span: Span) -> Value:
    """The Value of a span with the words around it (之前, 左右, 大概)."""
    sym = symbols.sym
    start, end, low, high, approx = span.start, span.end, span.low, span.high, span.approx
    comparator: Comparator | None = None
    reach = max(floor, start - 8)
    if before := _BEFORE_DATE.search(sym[reach:start]):
        start = reach + before.start()
        comparator = next((c for c in _COMPARATORS if before[c]), None)
        approx = approx or bool(before["about"])
    after = _AFTER_DATE.match(sym, end)
    if after and after.end() > end:
        behind = next((c for c in _COMPARATORS if after[c]), None)
        if behind and after["including"]:
            behind = _INCLUSIVE.get(behind, behind)
        comparator = comparator or behind
        end = after.end() if behind or after["around"] or after["including"] else end
        if after["around"]:
            low, high, approx = *_around(low, high, span.precision), True
    raw_start, raw_end = symbols.begin(start), symbols.end(end)
    return Value(
        "date",
        low,
        high,
        span.value,
        approx,
        "",
        symbols.raw[raw_start:raw_end],
        raw_start,
        raw_end,
        comparator,
        span.precision,
    )


# -- with a year


def _with_year(symbols: Symbols, match: re.Match[str], as_of: date) -> Span | Impossible | None:
    sym, at = symbols.sym, match.start()
    year: int | None
    if match["rel"]:
        if _N in match["rel"] and symbols.numerals[at + 1].text != "一":
            return None
        year = as_of.year + _YEARS_AWAY[re.sub(f"{_N}?年度?$", "", match["rel"])]
    else:
        year = year_of(symbols, at, match.end(), as_of)
    if year is None or not 1 <= year <= 9999:
        return None
    rest = _IN_YEAR.match(sym, match.end())
    if rest:
        inner = _in_year(symbols, rest, at, as_of, year, given=True, relative=bool(match["rel"]))
        if inner:
            return inner
    end = match.end() - (1 if sym[match.end() - 1] == "的" else 0)
    return Span(date(year, 1, 1), date(year, 12, 31), date(year, 1, 1), "year", at, end)


def year_of(symbols: Symbols, at: int, end: int, as_of: date) -> int | None:
    """The year that a numeral before 年 names, or None when it counts years."""
    numeral, sym = symbols.numerals[at], symbols.sym
    figures = numeral.figures
    if len(figures) == 4 and 1900 <= int(figures) <= 2099:
        return int(figures)
    if len(figures) != 2:
        year = None
        if numeral.chinese and not numeral.exact and _NEIGHBOUR_YEAR.match(sym, end):  # 七八年三月
            year = _full_year("".join(str(n % 10) for n in (numeral.low, numeral.high)), as_of)
        return year
    if numeral.chinese or figures[0] == "0" or int(figures) > 60 or sym[end - 1] == "届":
        return _full_year(figures, as_of)
    if _DATING_BEHIND.match(sym, end):
        return _full_year(figures, as_of)
    if _LASTING_BEFORE.search(sym[max(0, at - 1) : at]) or _LASTING_BEHIND.match(sym, end):
        return None
    return _full_year(figures, as_of) if -6 <= int(figures) - as_of.year % 100 <= 5 else None


_DATING_BEHIND = re.compile(
    rf"年?[底末初]|的?{_N}月|的?[上下]半年|就?(?:毕业|出生|生人|参军|入伍|退伍|失业|下岗|离职|入职|参加|被?裁|那年|的时候)"
)
_NEIGHBOUR_YEAR = re.compile(rf"年?[底末初]|{_N}月|出生|生人|生的")


def _full_year(figures: str, as_of: date) -> int:
    """21 → 2021, 98 → 1998: at most ten years ahead."""
    year = as_of.year - as_of.year % 100 + int(figures)
    return year - 100 if year > as_of.year + 10 else year


# -- inside a year


def _in_year(
    symbols: Symbols,
    match: re.Match[str],
    start: int,
    as_of: date,
    year: int | None,
    *,
    given: bool,
    relative: bool = False,
) -> Span | Impossible | None:
    """A part of a year; `year` None: to be inferred."""
    numerals, end = symbols.numerals, match.end()
    chosen = as_of.year if year is None else year
    if match["half"]:
        first, last = (1, 6) if match["half"][0] == "上" else (7, 12)
        return _months(chosen, first, last, "half", start, end, given)
    if match["quarter"]:
        quarter = numerals[match.start("quarter")].whole
        if quarter is None or not 1 <= quarter <= 4:
            return None
        return _months(chosen, quarter * 3 - 2, quarter * 3, "quarter", start, end, given)
    if match["new_year"]:
        return _one_day(date(chosen, 1, 1), start, end, given)
    if match["numeric"]:
        return _numeric(symbols, match.start("numeric"), start, as_of, year)
    if match["month_from"]:
        first_month, last_month = (numerals[match.start(g)].whole for g in ("month_from", "month_to"))
        if first_month is None or last_month is None or not 1 <= first_month < last_month <= 12:
            return None
        chosen = _inferred(year, first_month, 1, as_of, symbols.sym, end)
        return _months(chosen, first_month, last_month, "month", start, end, given)
    if match["month"]:
        return _month(symbols, match, start, as_of, year, given=given, relative=relative)
    return _part_of_year(match, chosen, start, given)


def _month(
    symbols: Symbols, match: re.Match[str], start: int, as_of: date, year: int | None, *, given: bool, relative: bool
) -> Span | Impossible | None:
    """七月, 7月31号, 七月底, 七八月."""
    sym, numerals, end = symbols.sym, symbols.numerals, match.end()
    months = numerals[match.start("month")]
    if not _is_month_name(months) or (not given and _is_per_month(months, sym, match)):
        return None
    low, high = months.low, months.high
    assert isinstance(low, int) and isinstance(high, int)
    group = "day" if match["day"] else "bare_day" if match["bare_day"] else None
    days = numerals[match.start(group)].whole if group else None
    if group == "bare_day" and (days is None or not 1 <= days <= 31 or not numerals[match.start(group)].exact):
        end = match.start("bare_day")
        group = None
    if not 1 <= low <= high <= 12:
        if not months.exact or _LASTING_BEFORE.search(sym[max(0, start - 1) : start]) and not given:
            return None
        return Impossible(start, end)
    chosen = _inferred(year, low, days or 1, as_of, sym, end)
    if not 1 <= chosen <= 9999:
        return None
    if group:
        if days is None:
            return None
        if year is None and (low, days) == (2, 29):
            chosen = next((y for y in range(chosen, max(0, chosen - 9), -1) if _day(y, 2, 29)), chosen)
        day = _day(chosen, low, days)
        if day is None:
            return Impossible(start, end, relative and (low, days) == (2, 29))
        return _one_day(day, start, end, given)
    if match["part"] and end == match.end():
        return _part_of_month(match["part"], chosen, high, start, end, given)
    return _months(chosen, low, high, "month", start, end, given)


def _is_month_name(numeral: Numeral) -> bool:
    """二月 and 2月 name a month; 俩月 and 两月 count months; 十几月 is neither."""
    if numeral.counted or numeral.text[0] == "两" or (numeral.figures and numeral.chinese):
        return False
    return isinstance(numeral.value, int) and not any(c in numeral.text for c in "几多来余")


def _is_per_month(numeral: Numeral, sym: str, match: re.Match[str]) -> bool:
    """一月三百, 一月能领多少: a month, not January."""
    behind = match.end("month") + 1
    return numeral.text == "一" and bool(re.compile(rf"{_N}(?![日号])|[能补给领发才就挣多]").match(sym, behind))


def _inferred(year: int | None, month: int, day: int, as_of: date, sym: str, end: int) -> int:
    """The year of a month that was named without one."""
    if year is not None:
        return year
    begin = _day(as_of.year, month, day) or _day(as_of.year, month, 1)
    ahead = (begin - as_of).days if begin else 0
    if ahead > 0 and not _DEADLINE.match(sym, end) and (ahead > 183 or _HAPPENED.match(sym, end)):
        return max(1, as_of.year - 1)
    return as_of.year


def _numeric(symbols: Symbols, at: int, start: int, as_of: date, year: int | None) -> Span | Impossible | None:
    numeric: NumericDate = symbols.dates[at]
    if numeric.year is None:
        chosen = _inferred(year, numeric.month, numeric.day or 1, as_of, symbols.sym, at + 1)
        given = year is not None
    else:
        chosen = _full_year(f"{numeric.year:02}", as_of) if numeric.short_year else numeric.year
        given = True
    if not 1 <= chosen <= 9999:
        return None
    if numeric.day is None:
        return _months(chosen, numeric.month, numeric.month, "month", start, at + 1, given)
    day = _day(chosen, numeric.month, numeric.day)
    return Impossible(start, at + 1) if day is None else _one_day(day, start, at + 1, given)


# -- relative to the as-of date


def _this_year(sym: str, at: int, as_of: date) -> Span | None:
    match = _THIS_YEAR_PART.match(sym, at)
    return _part_of_year(match, as_of.year, at, given=False) if match else None


def _month_away(symbols: Symbols, at: int, as_of: date) -> Span | Impossible | None:
    sym = symbols.sym
    if match := _REL_MONTH.match(sym, at):
        away = _AWAY[re.sub("个?月", "", match["rel"])]
    elif match := _THIS_MONTH_PART.match(sym, at):
        away = 0
    elif match := _DAY_ALONE.match(sym, at):
        days = symbols.numerals[at].whole
        if days is None or not 1 <= days <= 31:
            return None
        away = 0
    else:
        return None
    month = shift_months(as_of.replace(day=1), away)
    if month is None:
        return None
    groups = match.groupdict()
    if groups.get("day"):
        days = symbols.numerals[match.start("day")].whole
        day = _day(month.year, month.month, days) if days is not None else None
        return Impossible(at, match.end(), relative=True) if day is None else _one_day(day, at, match.end(), True)
    if groups.get("part"):
        return _part_of_month(match["part"], month.year, month.month, at, match.end(), True)
    return _months(month.year, month.month, month.month, "month", at, match.end(), True)


def _day_away(symbols: Symbols, at: int, as_of: date) -> Span | None:
    match = _REL_DAY.match(symbols.sym, at)
    if match is None:
        return None
    end = match.end()
    if match["day"]:
        day = _shift_days(as_of, _DAYS_AWAY[match["day"]])
        return day and _one_day(day, at, end, True)
    if match["quarter"]:
        month = shift_months(as_of.replace(month=(as_of.month - 1) // 3 * 3 + 1, day=1), 3 * _AWAY[match["quarter"]])
        return month and _months(month.year, month.month, month.month + 2, "quarter", at, end, True)
    monday = _shift_days(as_of, 7 * _AWAY[match["week"]] - as_of.weekday())
    sunday = monday and _shift_days(monday, 6)
    if monday is None or sunday is None:
        return None
    if match["weekday"]:
        weekday = symbols.numerals[match.start("weekday")].whole
        if weekday is not None and 1 <= weekday <= 6:
            return _one_day(monday + timedelta(weekday - 1), at, end, True)
        end = match.start("weekday")
    if match["sunday"]:
        return _one_day(sunday, at, end, True)
    if match["weekend"]:
        return Span(sunday - timedelta(1), sunday, sunday - timedelta(1), "day", at, end)
    return Span(monday, sunday, monday, "week", at, end)


# -- calendar


def shift_months(day: date, months: int) -> date | None:
    """The same day some months away (31 → the last of a short month); None outside the calendar."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _shift_days(day: date, days: int) -> date | None:
    ordinal = day.toordinal() + days
    return date.fromordinal(ordinal) if 1 <= ordinal <= date.max.toordinal() else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None


def _one_day(day: date, start: int, end: int, given: bool) -> Span:
    return Span(day, day, day, "day", start, end, year_given=given)


def _months(year: int, first: int, last: int, precision: Precision, start: int, end: int, given: bool) -> Span:
    low = date(year, first, 1)
    return Span(low, date(year, last, monthrange(year, last)[1]), low, precision, start, end, year_given=given)


def _part_of_year(match: re.Match[str], year: int, start: int, given: bool) -> Span:
    end = match.end()
    if match["year_begin"]:
        low, high = date(year, 1, 1), date(year, 3, 31)
    elif match["year_middle"]:
        low, high = date(year, 6, 1), date(year, 7, 31)
    else:
        return _one_day(date(year, 12, 31), start, end, given)
    return Span(low, high, low, "quarter", start, end, approx=True, year_given=given)


def _part_of_month(part: str, year: int, month: int, start: int, end: int, given: bool) -> Span:
    last = monthrange(year, month)[1]
    if part in ("底", "末", "尾"):
        return _one_day(date(year, month, last), start, end, given)
    first, to = {"初": (1, 10), "上": (1, 10), "中": (11, 20), "下": (21, last)}[part[0]]
    low = date(year, month, first)
    return Span(low, date(year, month, to), low, "month", start, end, approx=len(part) == 1, year_given=given)


def _first(day: date, precision: Precision) -> date:
    return day.replace(month=1, day=1) if precision == "year" else day.replace(day=1)


def _last(day: date, precision: Precision) -> date:
    return day.replace(month=12, day=31) if precision == "year" else day.replace(day=monthrange(day.year, day.month)[1])


def _around(low: date, high: date, precision: Precision) -> tuple[date, date]:
    """左右 widens by one unit to either side; a single day by three days."""
    if precision in ("day", "week"):
        margin = 3 if precision == "day" else 7
        return _shift_days(low, -margin) or low, _shift_days(high, margin) or high
    months = {"month": 1, "quarter": 3, "half": 6, "year": 12}[precision]
    wider_low, wider_high = shift_months(low, -months), shift_months(high, months)
    return wider_low or low, _last(wider_high, "month") if wider_high else high
