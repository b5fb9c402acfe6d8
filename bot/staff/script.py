"""A decision as it is read aloud to a caller: short pieces, numbers as they are spoken (the words: script.yml)."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import cn2an
import yaml

from actions.decision_reply import reasons
from actions.reply import Reply
from actions.room import Room
from actions.speak import fill
from bot.staff.sheet import counts
from eligibility import Rulebook
from eligibility.model import CONDITIONAL, INELIGIBLE, Decision
from knowledge import Knowledge

BREATH = 60
"""Characters that are read in one breath."""

_WORDS = Path(__file__).with_name("script.yml")
_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")
_BRACKET_YEAR = re.compile(r"[〔\[(（](\d{4})[〕\])）]\s*(\d+)\s*号")
_DATE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_YEAR = re.compile(r"(\d{4}) ?年")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")
_NUMBER = re.compile(r"(?<![A-Za-z\d])\d[\d,]*(?:\.\d+)?")
_READ_DIGITS = re.compile(r"12333|1\d{4}|(?<!\d)0\d{9,}")  # hotlines, telephones
_ITEM = re.compile(r"^([一二三四五六七八九十]+)(?:（([一二三四五六七八九十]+)）)?$")
_IDLE_SPACE = re.compile(r"(?<=[\u4e00-\u9fff〇]) +| +(?=[\u4e00-\u9fff〇])")
_CUTS = ("。；！？", "，、：", "")
_MARKS = re.compile(r"\*\*|[“”]")
_SIGNS = str.maketrans({"÷": "除以", "=": "等于", "≈": "约", "×": "乘以"})
_PAIR = re.compile(r"(?<![零一二三四五六七八九十百千万亿点第])二(?=[件个人位项份家次元天])")


def pieces(room: Room, decision: Decision, reply: Reply, today: date) -> list[dict[str, str]]:
    """Return [{head, text}] in the order verdict → amount → deadline → basis → next step; no text beyond BREATH.

    `reply`: what the dialogue says of this decision; `today`: the day it is read on, whatever day it is of.
    """
    words, said = _words(), []
    standing = _standing(room.rules, decision)
    more = {
        "reason": "；".join(reasons(room, decision)) if decision.verdict == INELIGIBLE else "",
        "missing": counts(room.rules, decision)["verdict"],  # questions: one may ask for several facts
    }
    for name, sentence in _sentences(reply["decision"], standing, reply["card"], room.knowledge, words, **more):
        spoken = aloud(sentence, today)
        said += [{"head": words["heads"][name], "text": piece} for piece in breaths(spoken)]
    return said


def left(rules: Rulebook, decision: Decision) -> str:
    """How many questions are left, told apart by what they are asked for. Empty: none."""
    return fill(_words()["left"], **counts(rules, decision)).strip()


def _standing(rules: Rulebook, decision: Decision) -> str:
    """The verdict, told apart where one word for it would say too much."""
    if decision.verdict == INELIGIBLE and not decision.facts and decision.window.state in _words()["past"]:
        return "over"
    if decision.verdict != CONDITIONAL:
        return decision.verdict
    if decision.branches:
        return "unsure"
    if "continue_until" in decision.results:
        return "transition"
    facts = rules.knowledge.facts
    leaves = rules.programme_at(decision.programme, decision.as_of, decision.place).leaves
    asks = any(not facts[name].agency for leaf in leaves for name in leaf.facts if name in facts)
    return CONDITIONAL if asks else "informational"


def _sentences(
    decision: Mapping[str, Any], standing: str, card: Mapping[str, Any], knowledge: Knowledge,
    words: Mapping[str, Any], **more: Any,
) -> Iterator[tuple[str, str]]:  # fmt: skip
    window, verdict = decision["window"], decision["verdict"]
    until = _day(window["until"])
    then = ""
    if window["state"] in words["past"] and verdict != "not_in_notice":  # what says nothing of it has no last day
        yield "verdict", fill(words["past"][window["state"]], until=until)
        if window["state"] == "not_yet" or standing == "over":  # the day alone decides: nobody was found not to fit
            return
        then = words["then"]
    values = {"depends_on": decision["depends_on"], "refer_to": decision["refer_to"], **more}
    yield "verdict", then + fill(words["verdict"][standing], **values)
    if decision["amount"] and (amount := _amount(decision["amount"], words["amount"])):
        yield "amount", amount
    if verdict in ("eligible", "conditional", "needs_info") and window["state"] in ("open", "undated"):
        yield from (("deadline", one) for one in _deadline(decision, until, words["deadline"]))
    if basis := _basis(decision, knowledge, words["basis"]):
        yield "basis", basis
    if verdict == "needs_info" and decision["next_question"]:
        yield "next", fill(words["next"]["ask"], ask=decision["next_question"]["ask"])
    elif card["next_step"]:
        yield "next", fill(words["next"]["step"], step=card["next_step"].partition("：")[2].rstrip("。"))
    elif decision["refer_to"] and verdict != "not_in_notice":
        yield "next", fill(words["next"]["refer"], refer_to=decision["refer_to"])


def _amount(amount: Mapping[str, Any], words: Mapping[str, str]) -> str:
    rates = [f"{rate:g}%" for rate in amount.get("rates_pct", ())]
    if "months" in amount:
        return fill(words["months"], months=amount["months"])
    if "yuan" in amount:
        rate = rates[0] if len(rates) == 1 else ""
        return fill(
            words["at_most" if amount["kind"] == "at_most" else "exactly"], yuan=_plain(amount["yuan"]), rate=rate
        )
    if "low_yuan" in amount:
        return fill(words["range"], low=_plain(amount["low_yuan"]), high=_plain(amount["high_yuan"]))
    if rates:
        return fill(words["rate"], rates=rates)
    return fill(words["says"], says=amount["says"].rstrip("。")) if amount.get("says") else ""


def _deadline(decision: Mapping[str, Any], until: str, words: Mapping[str, str]) -> Iterator[str]:
    results, window = decision["results"], decision["window"]
    if decision["route"] == "no_application":
        yield words["no_application"]
    elif "apply_by" in results:
        yield fill(words["until"], until=_day(results["apply_by"]))
    elif until:
        yield fill(words["in_force"], until=until)
    elif window["state"] == "undated":
        yield fill(words["undated"], note=(window["note"] or "").rstrip("。"))


def _basis(decision: Mapping[str, Any], knowledge: Knowledge, words: Mapping[str, str]) -> str:
    """The first clause that decides, by its notice's number and its place in it."""
    first = next((one for one in decision["because"] if one["role"] in ("decides", "amount")), None)
    first = first or next(iter(decision["because"]), None)
    if first is None:
        return ""
    notice = knowledge.notices[knowledge.clauses[first["clause"]].document]
    key = "city" if notice.place in _cities(knowledge) else "province"
    number = _BRACKET_YEAR.search(notice.number)
    said = fill(words["number"], year=number[1], number=number[2]) if number else notice.number
    return fill(words[key], number=said, item=_item(first["item"], words))


def _cities(knowledge: Knowledge) -> Collection[str]:
    places: Mapping[str, Collection[str]] = knowledge.gazetteer.get("liaoning", {})
    return places


def _item(item: str, words: Mapping[str, str]) -> str:
    """一（一） as 第一部分第一条; other labels as they are."""
    found = _ITEM.match(item)
    if not found:
        return item
    part, within = found.groups()
    return fill(words["part"], part=part, item=within) if within else fill(words["item"], item=part)


# ── spoken ──


def aloud(text: str, today: date) -> str:
    """The text with its numbers, dates and percentages as they are read."""
    text = _MARKS.sub("", text).translate(_SIGNS)
    text = _BRACKET_YEAR.sub(lambda m: f"{m[1].translate(_DIGITS)}年{_count(m[2])}号", text)
    text = _DATE.sub(lambda m: _spoken_day(m, today), text)
    text = _YEAR.sub(lambda m: f"{m[1].translate(_DIGITS)}年", text)
    text = _PERCENT.sub(lambda m: f"百分之{_count(m[1])}", text)
    text = _READ_DIGITS.sub(lambda m: m[0].translate(_DIGITS).replace("一", "幺"), text)
    return _PAIR.sub("两", _IDLE_SPACE.sub("", _NUMBER.sub(lambda m: _count(m[0]), text)))


def breaths(text: str) -> list[str]:
    """The text cut where one may breathe, no piece longer than BREATH."""
    return [piece for piece in _cut(text.strip(), _CUTS) if piece]


def _cut(text: str, cuts: tuple[str, ...]) -> Iterator[str]:
    if len(text) <= BREATH:
        yield text
        return
    if not cuts[0]:
        yield from (text[at : at + BREATH] for at in range(0, len(text), BREATH))
        return
    piece = ""
    for part in re.findall(f"[^{cuts[0]}]*[{cuts[0]}]|[^{cuts[0]}]+", text):
        if len(piece) + len(part) > BREATH:
            yield from _cut(piece, cuts[1:]) if piece else ()
            piece = ""
        piece += part
    yield from _cut(piece, cuts[1:]) if piece else ()


def _spoken_day(found: "re.Match[str]", today: date) -> str:
    year, month, day = found.groups()
    said = _words()["years"].get(int(year) - today.year, f"{year.translate(_DIGITS)}年")
    return f"{said}{_count(month)}月{_count(day)}日"


def _count(number: str) -> str:
    """72,000 → 七万二千."""
    return re.sub("^一十", "十", str(cn2an.an2cn(number.replace(",", ""), "low")))


def _plain(yuan: float) -> str:
    return f"{yuan:.2f}".rstrip("0").rstrip(".")


def _day(iso: str | None) -> str:
    if not iso:
        return ""
    day = date.fromisoformat(iso)
    return f"{day.year}年{day.month}月{day.day}日"


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Any]:
    return dict(yaml.safe_load(_WORDS.read_text(encoding="utf-8")))
