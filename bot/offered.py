"""What a reply offers to be answered with, and a number read as one of it, for doors where people type."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from actions.reply import Reply
from bot.messages import say

_BY_VALUE = ("number", "percent", "money", "date")  # a digit is the answer itself
_NUMBER = re.compile(r"(?:选|第)?\s*(\d{1,2})\s*(?:个|项|号)?")
_BETWEEN = re.compile(r"[\s、,，;；.和及/]+")
_ENDS = " 。.!！~、,，"


def question_of(replies: Sequence[Reply]) -> dict[str, Any]:
    """The question that is open behind these replies; {} if there is none."""
    return next((reply["question"] for reply in reversed(replies) if reply.get("question")), {})


def offered(replies: Sequence[Reply]) -> list[str]:
    """The answers that a number may stand for; none where the question itself asks for a number or a day."""
    question = question_of(replies)
    if question.get("input") in _BY_VALUE:
        return []
    found = [*question.get("choices", ())]
    found += [say("offered.unsure")] if question.get("unsure") else []
    found += [suggestion for reply in replies for suggestion in reply.get("suggestions", ())]
    return list(dict.fromkeys(found))


def picked(text: str, replies: Sequence[Reply]) -> str:
    """The words that a message means: those of the answer whose number it is (of a list: “1、3”), else its own."""
    answers, plain = offered(replies), unicodedata.normalize("NFKC", text).strip(_ENDS)
    if not answers or not any(char.isdigit() for char in plain):
        return text
    several = question_of(replies).get("input") == "multi"
    parts = [part for part in _BETWEEN.split(plain) if part] if several else [plain]
    if several and len(parts) == 1 and plain.isdigit() and len(answers) < 10:
        parts = list(plain)  # “13” of a short list
    numbers = [_number(part) for part in parts]
    if not all(1 <= number <= len(answers) for number in numbers):
        return text
    return say("offered.between").join(dict.fromkeys(answers[number - 1] for number in numbers))


def _number(text: str) -> int:
    match = _NUMBER.fullmatch(text)
    return int(match.group(1)) if match else 0
