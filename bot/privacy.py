"""Personal numbers taken out of what people write, before the dialogue, the log or the database sees them.

What is recognised: identity cards (15 or 18 characters, a wrong check digit included), mobile and landline numbers,
bank cards, e-mail addresses — in full-width or other digits, in the usual groups, in the middle of a Chinese sentence.
What must stay: amounts, years, dates, document numbers, hotlines such as 12333.
"""

import re
import unicodedata
from collections.abc import Callable, Collection

from actions.reply import Reply
from bot.messages import say

_GAP = r"[ \t\u00a0\u2000-\u200a\u202f\u3000\-\u2010-\u2015\u2212\uff0d._\u00b7]{1,2}"  # between groups of digits
_GAPS = f"(?:{_GAP})?"
_MONEY = r"(?!\d|\.?\d*\s*(?:元|万元|亿元))"  # what must not follow: more digits, or the number is an amount
_ALONE = r"(?<!\d)"

_TAKEN = "\x00"
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_SPOKEN = str.maketrans("零〇○一幺二三四五六七八九", "00011" + "23456789")
_SPOKEN_RUN = re.compile(r"[零〇○一幺二三四五六七八九]{11,19}")


def _groups(*lengths: int) -> str:
    """Digits in groups of these lengths, with a gap between every two."""
    return _GAP.join(rf"\d{{{length}}}" for length in lengths)


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(doubled)) % 10 == 0


def _identity_card(digits: str) -> bool:
    """The birth date fits: of 18 characters years 1800–2099, of 15 any year."""
    month, day = (digits[10:12], digits[12:14]) if len(digits) == 18 else (digits[8:10], digits[10:12])
    century = len(digits) == 15 or digits[6:8] in ("18", "19", "20")
    return digits[0] != "0" and century and "01" <= month <= "12" and "01" <= day <= "31"


def _check_digit(digits: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False))
    return "10X98765432"[total % 11] == digits[-1].upper()


def _any(digits: str) -> bool:
    return True


# In this order; each takes what the ones before left. (kind, pattern on the normalised text, test of its digits)
_RULES: list[tuple[str, re.Pattern[str], Callable[[str], bool]]] = [
    ("email", re.compile(r"[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9\-]{1,63}[.。]){1,8}[A-Za-z]{2,24}"), _any),
    ("id_card", re.compile(rf"{_ALONE}\d{{17}}[Xx]"), _any),
    ("id_card", re.compile(rf"{_ALONE}\d{{18}}{_MONEY}"), _identity_card),
    (
        "id_card",
        re.compile(
            rf"{_ALONE}(?:{_groups(6, 8)}|{_groups(6, 4, 4)}|{_groups(3, 3, 4, 4)}|{_groups(3, 3, 8)}"
            rf"|{_groups(4, 4, 4, 2)}|{_groups(6, 4, 2, 2)}){_GAPS}\d{{3}}[\dXx]{_MONEY}"
        ),
        _identity_card,
    ),
    (
        "id_card",
        re.compile(rf"{_ALONE}\d(?:{_GAPS}\d){{16}}{_GAPS}[\dXx]{_MONEY}"),
        lambda digits: _identity_card(digits) and _check_digit(digits),
    ),
    ("id_card", re.compile(rf"{_ALONE}\d(?:{_GAP}\d){{16}}{_GAP}[\dXx]{_MONEY}"), _identity_card),
    ("id_card", re.compile(rf"{_ALONE}(?:\d{{15}}|{_groups(6, 6, 3)}){_MONEY}"), _identity_card),
    (
        "bank_card",
        re.compile(
            rf"{_ALONE}(?:[3-9]\d{{3}}(?:{_GAP}\d{{4}}){{3}}(?:{_GAPS}\d{{1,3}})?|[3-9]\d{{5}}{_GAP}\d{{10,13}}){_MONEY}"
        ),
        lambda digits: _luhn(digits) or digits.startswith("62"),
    ),
    (
        "phone",
        re.compile(
            rf"(?:\+{_GAPS}86{_GAPS}|{_ALONE}0086{_GAPS}|{_ALONE}86{_GAPS}|{_ALONE})1[3-9]"
            rf"(?:\d{{9}}|\d{_GAP}(?:{_groups(4, 4)}|{_groups(3, 5)}|\d{{8}})|\d{{5}}{_GAP}\d{{4}}"
            rf"|(?:{_GAP}\d){{9}}){_MONEY}"
        ),
        _any,
    ),
    ("phone", re.compile(rf"{_ALONE}1{_GAP}[3-9](?:{_GAP}\d){{9}}{_MONEY}"), _any),
    (
        "phone",  # landline with its area code
        re.compile(
            rf"(?:\+{_GAPS}86{_GAPS}[1-9]\d{{1,2}}|[(（]0\d{{2,3}}[)）]|{_ALONE}(?<!\d-)0(?:10|2\d|[3-9]\d{{2}})){_GAPS}"
            rf"(?:[2-9]\d{{6,7}}|[2-9]\d{{2,3}}{_GAP}\d{{4}}){_MONEY}"
        ),
        _any,
    ),
    (
        "phone",  # landline without one: only where the writer says it is a telephone
        re.compile(rf"(?<=[话机式码L])(?:[是为:：]|\s){{0,3}}(?P<number>[2-9]\d{{2,3}}{_GAPS}\d{{4}}){_MONEY}"),
        _any,
    ),
    ("bank_card", re.compile(rf"{_ALONE}\d{{16,19}}{_MONEY}"), _any),
    ("bank_card", re.compile(rf"{_ALONE}\d{{13,15}}{_MONEY}"), _luhn),
    ("bank_card", re.compile(rf"{_ALONE}[3-9]\d{{3}}(?:{_GAPS}\d){{12,15}}{_MONEY}"), _luhn),
]

_KINDS = tuple(dict.fromkeys(kind for kind, _, _ in _RULES))


def mask(text: str) -> tuple[str, frozenset[str]]:
    """Return `text` with every personal number replaced by its name, and the kinds that were found.

    Kinds: ``id_card``, ``phone``, ``bank_card``, ``email``. Masking a masked text changes nothing.
    """
    plain, places = _normalised(text)
    found: list[tuple[int, int, str]] = []
    for kind, pattern, fits in _RULES:
        spans = [match.span(match.lastgroup or 0) for match in pattern.finditer(plain)]
        spans = [span for span in spans if fits("".join(c for c in plain[slice(*span)] if c.isdigit() or c in "Xx"))]
        found += [(start, end, kind) for start, end in spans]
        plain = _without(plain, spans)
    for match in _SPOKEN_RUN.finditer(plain):
        kinds = mask(match[0].translate(_SPOKEN))[1]
        found += [(*match.span(), kind) for kind in sorted(kinds)[:1]]
    masked, at = [], 0
    for start, end, kind in sorted(found):
        masked += [text[at : places[start]], say(f"privacy.{kind}")]
        at = places[end - 1] + 1
    return "".join([*masked, text[at:]]), frozenset(kind for *_, kind in found)


def named_in(masked: str) -> frozenset[str]:
    """Return the kinds of numbers that a text was freed of: their names stand in it."""
    return frozenset(kind for kind in _KINDS if say(f"privacy.{kind}") in masked)


def masked_notice(kinds: Collection[str]) -> Reply:
    """The reply that tells, in one sentence, that these kinds of numbers were taken out; it says so in ``masked``."""
    named = [say(f"privacy.told_{kind}") for kind in sorted(kinds)]
    return {"kind": "text", "text": say("privacy.told", kinds="、".join(named)), "masked": sorted(kinds)}


def _without(plain: str, spans: list[tuple[int, int]]) -> str:
    """Return the text with the spans (in order) blanked out, so that no later rule finds them again."""
    parts, at = [], 0
    for start, end in spans:
        parts += [plain[at:start], _TAKEN * (end - start)]
        at = end
    return "".join([*parts, plain[at:]])


def _normalised(text: str) -> tuple[str, list[int]]:
    """Return the text with plain digits and letters, without invisible characters, and where each character stood."""
    chars, places = [], []
    for index, char in enumerate(text):
        if _INVISIBLE.match(char):
            continue
        digit = unicodedata.decimal(char, None)
        wide = "\uff01" <= char <= "\uff5e"
        chars.append(str(digit) if digit is not None else chr(ord(char) - 0xFEE0) if wide else char)
        places.append(index)
    return "".join(chars), places
