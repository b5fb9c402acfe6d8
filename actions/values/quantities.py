"""Percentages, money and counts."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from actions.values.lexer import NUMBER, Symbols
from actions.values.not_values import FOREIGN_UNIT
from actions.values.numerals import Numeral
from actions.values.quantity import Dropped, Quantity, and_more, of
from actions.values.value import Exact
from actions.values.years import is_year

_N = NUMBER
_END = re.compile(r"$|[,。;!?:、\s)(吧呢啊呀嘛哈哦喔了的左上以多都也和呗没]")  # a word ends here, as far as can be seen

_PERCENT = re.compile(rf"{_N}(?:(?P<mille>‰)|%|个(?P<more>多)?(?:百分)?点(?![想要不没我疑])(?P<after>多(?!少))?)")
_OF_HUNDRED = re.compile(
    rf"(?P<base>[百千])分之(?:(?P<n>{_N})(?:点(?:(?P<decimals>{_N})|(?P<more>[多几])))?|(?P<all>百))"
)
_TENTHS = re.compile(rf"{_N}成(?P<half>半)?(?![员立功都人年为了本长绩果就交])")
_HALF = re.compile(rf"{_N}半(?![年月个天路生一])")
_FRACTION = re.compile(rf"{_N}(?:分之|/)(?P<top>{_N})")

_COUNTED = "[个人名年月天次%万千百块元岁家户]"
_YUAN = re.compile(
    rf"{_N}(?:元(?![旦月宵])|(?P<kuai>块)(?![地儿]))"
    rf"(?:(?P<jiao>{_N})[毛角](?:(?P<fen>{_N})分?)?|(?P<fen_only>{_N})分|(?P<short>{_N})(?!{_COUNTED}))?"
    rf"(?P<more>多(?!少))?来?(?:钱|整|人民币)?"
)
_JIAO = re.compile(rf"{_N}(?:[毛角](?![坯病利色落度])(?:(?P<fen>{_N})(?:分|(?!{_COUNTED})))?钱?|(?P<only>分)钱)")
_RENMINBI = re.compile(rf"{_N}(?:[rR][mM][bB]|[cC][nN][yY]|[yY][uU][aA][nN]|人民币)")

_PEOPLE = (
    r"个?(?:人(?!民币|社)|员工|职工|工人|同事)|名(?![字单额称下])(?:人员?|员工|职工|工人|学员|学生|同学)?"
    r"|位(?![置于])(?:员工|职工|同事)?|号人|口(?![气头碑岸罩])人?"
)
_MEASURE = re.compile(
    rf"{_N}(?:(?P<people>{_PEOPLE})|(?P<times>[次回遍趟](?![性事来去序]))|(?P<years_old>周?岁|虚岁)"
    r"|(?P<heads>号(?![楼文]))|(?P<other>个(?!亿)|[家项件份门期倍张种]|户(?![口籍])|所(?![以有])))"
)
_UNITS = {"people": "人", "heads": "人", "times": "次", "years_old": "岁"}
_ORDINAL = re.compile(rf"第{_N}(?:[次回遍趟])")
_NEGATIVE = re.compile(rf"[-负](?={_N})")
_NONE = re.compile(
    rf"{_N}(?:(?P<people>个人|个员工|个职工|[个人名位])|(?P<times>[次回])|(?P<money>(?:分|毛|块)钱?)|(?P<days>天))"
    rf"(?P<too>[都也])?(?:没(?!有|工作|上班|班上|活|事做)|没有(?=[裁辞减走离领交办]|$|[,。;!?]|吧)|未|(?(too)(?:[拿领得]?不|没有)|(?!)))"
)
_NOT_ONE = re.compile(
    rf"[没未](?:有|曾)?(?:裁|辞|减|开除)[过掉退了员]{{0,2}}(?P<n>{_N})(?:个(?:人|员工|职工)?|[人名位])"
)
_STANDS_ALONE_BEFORE = re.compile(r"(?:^|[,。;!?:\s是就有才共约了为裁收招剩到负-])$")
_NOTHING_ELSE = re.compile(r"[吧呢啊呀了]?[。!]?$")
_OPENING = re.compile(r"(?:^|[,。;!?:=(\s是为成])$")


def read_none(symbols: Symbols, at: int) -> Quantity | None:
    """一个都没裁, 没裁一个人, 一分钱没交, 一天没干: nothing at all."""
    sym, numerals = symbols.sym, symbols.numerals
    if (match := _NOT_ONE.match(sym, at)) and _is_one(numerals[match.start("n")]):
        return Quantity("number", 0, 0, 0, "人", at, match.end())
    match = _NONE.match(sym, at)
    if match is None or not _is_one(numerals[at]):
        return None
    if match["money"]:
        return Quantity("money", 0, 0, 0, "元", at, match.end())
    if match["days"]:
        return Quantity("duration", 0, 0, 0, "天", at, match.end())
    return Quantity("number", 0, 0, 0, "次" if match["times"] else "人", at, match.end())


def read_percent(symbols: Symbols, at: int) -> Quantity | None:
    """6%, 百分之六点五, 六个点, 三成, 一半: percent points."""
    sym, numerals = symbols.sym, symbols.numerals
    if match := _OF_HUNDRED.match(sym, at):
        factor = Fraction(1) if match["base"] == "百" else Fraction(1, 10)
        if match["all"]:
            return Quantity("percent", 100, 100, 100, "%", at, match.end())
        numeral = numerals[match.start("n")]
        if match["decimals"] and (figures := _figures(numerals[match.start("decimals")])):
            return _exactly("percent", (numeral.value + Fraction(int(figures), 10 ** len(figures))) * factor, at, match)
        percent = of(numeral, "percent", "%", at, match.end(), factor)
        return and_more(percent) if match["more"] else percent
    numeral_here = numerals.get(at)
    if numeral_here is None:
        return None
    if match := _PERCENT.match(sym, at):
        percent = of(numeral_here, "percent", "%", at, match.end(), Fraction(1, 10) if match["mille"] else 1)
        return and_more(percent) if match["more"] or match["after"] else percent
    if (match := _TENTHS.match(sym, at)) and 1 <= numeral_here.low <= 10:
        tenths = of(numeral_here, "percent", "%", at, match.end(), 10)
        half = 5 if match["half"] else 0
        return replace(tenths, low=tenths.low + half, high=tenths.high + half, value=tenths.value + half)
    if (match := _HALF.match(sym, at)) and numeral_here.text == "一":
        return Quantity("percent", 50, 50, 50, "%", at, match.end())
    return None


def read_money(symbols: Symbols, at: int) -> Quantity | None:
    """两万块, 三块五, 12,000元, ¥12000, 5000rmb: yuan."""
    sym, numerals = symbols.sym, symbols.numerals
    numeral = numerals.get(at)
    if numeral is None or (numeral.figures and numeral.chinese):
        return None
    start = at
    if sym[at - 1 : at] == "¥":
        start = at - 1
    elif sym[max(0, at - 3) : at].lower() in ("rmb", "cny") and sym[max(0, at - 4) : at - 3] != _N:
        start = at - 3
    if match := _YUAN.match(sym, at):
        return _yuan(match, numerals, start)
    if match := _RENMINBI.match(sym, at):
        return of(numeral, "money", "元", start, match.end())
    if start < at:
        return of(numeral, "money", "元", start, at + 1)
    if match := _JIAO.match(sym, at):
        money = of(numeral, "money", "元", at, match.end(), Fraction(1, 100 if match["only"] else 10))
        if match["fen"]:
            return _exactly("money", money.value + Fraction(numerals[match.start("fen")].value) / 100, at, match)
        return money
    return None


def _yuan(match: re.Match[str], numerals: dict[int, Numeral], start: int) -> Quantity:
    numeral = numerals[match.start()]
    money = of(numeral, "money", "元", start, match.end())
    small: Exact = 0
    if match["jiao"]:
        small = Fraction(numerals[match.start("jiao")].value) / 10
        if match["fen"]:
            small += Fraction(numerals[match.start("fen")].value) / 100
    elif match["fen_only"]:
        small = Fraction(numerals[match.start("fen_only")].value) / 100
    elif match["short"]:
        digit = numerals[match.start("short")]
        if not (match["kuai"] and digit.whole is not None and 0 < digit.whole < 10 and numeral.exact):
            return money.ending(match.start("short"))
        small = Fraction(digit.whole, 10)
    if small:
        return replace(_exactly("money", money.value + small, start, match), factor=money.factor)
    return and_more(money) if match["more"] else money


def read_number(symbols: Symbols, at: int) -> Quantity | Dropped | None:
    """28个人, 第三次, 52岁, 三分之一, -5, and figures standing alone. A numeral that is no value is Dropped."""
    sym, numerals = symbols.sym, symbols.numerals
    if match := _ORDINAL.match(sym, at):
        return of(numerals[at + 1], "number", "次", at, match.end())
    if sym[at] == "第" and at + 1 in numerals:
        return Dropped(at + 2)
    if _NEGATIVE.match(sym, at) and _opens(symbols, at):
        positive = read_number(symbols, at + 1)
        if isinstance(positive, Quantity):
            return replace(positive, low=-positive.high, high=-positive.low, value=-positive.value, start=at)
        return positive
    numeral = numerals.get(at)
    if numeral is None:
        return None
    if (match := _FRACTION.match(sym, at)) and (fraction := _fraction(match, numerals)):
        return _exactly("number", fraction, at, match)
    if (match := _MEASURE.match(sym, at)) and _may_be_counted(numeral, match, sym):
        unit = next((unit for group, unit in _UNITS.items() if match[group]), match["other"])
        return of(numeral, "number", unit, at, match.end())
    if sym.startswith("个亿", at + 1):
        return replace(of(numeral, "number", "", at, at + 3, 10**8), bare=True)
    if _stands_alone(numeral, sym, at):
        return replace(of(numeral, "number", "个" if numeral.counted else "", at, at + 1), bare=True)
    return Dropped(at + 1)


def _opens(symbols: Symbols, at: int) -> bool:
    """May a minus sign stand here? Behind a space, a stop or 是, not as a dash behind a word."""
    before = symbols.begin(at) - 1
    return _OPENING.search(symbols.sym[max(0, at - 1) : at]) is not None or symbols.raw[before].isspace()


def _may_be_counted(numeral: Numeral, match: re.Match[str], sym: str) -> bool:
    """一个 is mostly an article (一个问题, 一家公司): counted only when the word ends there or people are meant."""
    if numeral.figures and numeral.chinese or (match["heads"] and numeral.exact):
        return False
    if numeral.text != "一" or match["times"] or match["years_old"]:
        return True
    if match["people"] and match["people"] not in ("位", "名", "口"):
        return True
    return _END.match(sym, match.end()) is not None


def _stands_alone(numeral: Numeral, sym: str, at: int) -> bool:
    """Is a numeral without a measure word a number of its own?"""
    if numeral.counted:
        return True
    if FOREIGN_UNIT.match(sym, at + 1):
        return False
    if not numeral.chinese:
        return True
    before, text = sym[max(0, at - 1) : at], numeral.text
    if numeral.figures:
        return is_year(numeral.figures)
    if text == "零" and sym.startswith("裁员", at + 1):
        return True
    if text == "十一":  # the holiday, unless nothing else is said
        return not before and _NOTHING_ELSE.match(sym, at + 1) is not None
    if len(text) > 1 and (numeral.exact or any(unit in text for unit in "十百千万亿")):
        return True
    return (
        bool(_STANDS_ALONE_BEFORE.search(before))
        and _END.match(sym, at + 1) is not None
        and (sym[at + 1 : at + 2] not in ("、", "("))
    )


def _fraction(match: re.Match[str], numerals: dict[int, Numeral]) -> Exact | None:
    """三分之一 and 1/3."""
    first, second = numerals[match.start()].whole, numerals[match.start("top")].whole
    if first is None or second is None:
        return None
    top, bottom = (first, second) if "/" in match[0] else (second, first)
    return Fraction(top, bottom) if 0 < top < bottom <= 100 else None


def _is_one(numeral: Numeral) -> bool:
    return numeral.whole == 1


def _figures(numeral: Numeral) -> str:
    return numeral.figures or (str(numeral.whole) if numeral.whole is not None else "")


def _exactly(kind: str, number: Exact, start: int, match: re.Match[str]) -> Quantity:
    if kind == "money":
        return Quantity("money", number, number, number, "元", start, match.end())
    if kind == "percent":
        return Quantity("percent", number, number, number, "%", start, match.end())
    return Quantity("number", number, number, number, "", start, match.end())
