"""The offered answers of a question: chosen by label, by number, by yes or no, or by other words for one of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from actions.assign import words_for
from actions.reading import Reading
from knowledge import Question
from knowledge.text import normalise

_ORDINAL = re.compile(r"^(?:选|第)?\s*([1-9][0-9]?|[一二三四五六七八九十])\s*(?:个|项|类|种)?$")
_CHINESE_DIGITS = "一二三四五六七八九十"
_LONGEST_ANSWER = 20  # characters of a message in which one word may stand for an offered answer
_BARE_NO = 3  # characters
_LIST_BORDER = re.compile(r"[、,，;；]|\s+")


def choice_of_the_question(reading: Reading) -> None:
    """A label, its number, yes or no, “都不是”: an answer to the question that is open."""
    question, text = reading.question, _bare(reading.state.text)
    if question is None or not text:
        return
    labels = {_bare(choice.label): choice for choice in question.choices}
    if question.kind == "multi":
        _multi(reading, question, text, labels)
        return
    chosen = labels.get(text) or _by_number(question, text) or _yes_or_no_first(reading, question)
    reading.chosen = chosen is not None
    if chosen is None and (by_words := _by_words(reading, question)):
        reading.chosen = True
        for fact, value in by_words.sets.items():
            reading.record(fact, value, reading.state.text)
        return  # what else the sentence says stays to be read
    if chosen is None and question.kind == "yes_no" and not reading.state.named("programme"):
        # “还没呢” to a question that asks two things at once denies which of them? Only a plain 不是 is a no to both.
        no = False if len(question.facts) == 1 else None
        no_by_correction = no if len(text) <= _BARE_NO else None  # a bare “不对” is this question's no
        wanted = {"affirm": True, "deny": no, "correct": no_by_correction}.get(reading.state.intent)
        asked = question.facts[0]  # what else a choice settles says nothing of its being the yes or the no
        chosen = next((c for c in question.choices if wanted is not None and c.sets.get(asked) is wanted), None)
    if chosen is not None:
        for fact, value in chosen.sets.items():
            reading.record(fact, value, reading.state.text)
        if text in labels or _by_number(question, text):
            reading.values = []
    elif question.kind == "number" and reading.state.intent == "deny" and not reading.values:
        for fact in question.facts:  # “没有” to “裁了多少人”; never to “一共多少人”
            if words_for(reading.state.room, fact).get("zero"):
                reading.record(fact, 0, reading.state.text)


def _multi(reading: Reading, question: Question, text: str, labels: Mapping[str, Any]) -> None:
    """A submitted choice settles every box of the list; words in between settle only what they say."""
    said = reading.state.text
    pieces = [_bare(piece) for piece in _LIST_BORDER.split(said) if _bare(piece)]
    nothing_more = [_bare(word) for word in reading.state.room.knowledge.lexicon.get("nothing_more", ())]
    nothing = text in (_bare(question.none_of_these), *nothing_more)
    nothing = nothing or (reading.state.intent == "deny" and not reading.values)
    if nothing and not any(found.get("entity") == "fact" for found in reading.state.entities):
        reading.chosen = text == _bare(question.none_of_these)
        for fact in question.facts:
            if fact not in reading.profile.facts(reading.programme or ""):
                reading.record(fact, False, said)
    elif pieces and all(piece in labels for piece in pieces):
        reading.chosen = True
        chosen = {fact: value for piece in pieces for fact, value in labels[piece].sets.items()}
        for fact in question.facts:
            reading.record(fact, chosen.get(fact, False), said)


def _by_number(question: Question, text: str) -> Any:
    """“2” or “第二个” of the offered choices; of a list with numbers as answers, never."""
    match = _ORDINAL.match(text)
    if match is None or not question.choices:
        return None
    word = match.group(1)
    index = int(word) if word.isdigit() else _CHINESE_DIGITS.index(word) + 1
    return question.choices[index - 1] if index <= len(question.choices) else None


def _yes_or_no_first(reading: Reading, question: Question) -> Any:
    """“是，28个人”: the answer to the open question, then more."""
    first, *more = _LIST_BORDER.split(reading.state.text.strip(), maxsplit=1)
    if not more or question.kind != "yes_no":
        return None
    words = reading.state.room.knowledge.lexicon.get("yes_no", {})
    said = next((value for value in (True, False) if _bare(first) in words.get(value, ())), None)
    return next(
        (choice for choice in question.choices if said is not None and choice.sets.get(question.facts[0]) is said), None
    )


def _by_words(reading: Reading, question: Question) -> Any:
    """“没人上班”, “在本溪”: another way to say one of the offered answers, and of no other."""
    state, text = reading.state, normalise(reading.state.text)
    asks = state.intent in ("ask", "why", "restart", "human", "summary", "what_else", "set_date", "resume")
    others = [word for word in question.other_things if _says(text, word)]
    if asks or others or len(text) > _LONGEST_ANSWER or state.named("programme") or state.named("aspect"):
        return None
    said = [(word, choice) for choice in question.choices for word in choice.words if _says(text, word)]
    longest = [(word, choice) for word, choice in said if not any(word != w and word in w for w, _ in said)]
    chosen = {choice.label: choice for _, choice in longest}
    return next(iter(chosen.values())) if len(chosen) == 1 else None


def _says(text: str, word: str) -> bool:
    """Whether a word stands in the text undenied."""
    return re.search(f"(?<![不没未非])(?<!没有){re.escape(word)}", text) is not None


def _bare(text: str) -> str:
    return re.sub(r"[^\w+]", "", normalise(text))
