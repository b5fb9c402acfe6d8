"""The offered answers of a question: chosen by label, by number, by yes or no, or by other words for one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from actions.asked import nothing_but
from actions.assign import covers, is_cue
from actions.reading import Reading
from actions.room import words_for
from actions.state import State
from knowledge import Question
from knowledge.text import normalise

_ORDINAL = re.compile(r"^(?:选|第)?\s*([1-9][0-9]?|[一二三四五六七八九十])\s*(?:个|项|类|种)?$")
_CHINESE_DIGITS = "一二三四五六七八九十"
_LONGEST_ANSWER = 20  # characters of a message in which one word may stand for an offered answer
_BARE_NO = 3  # characters
_SHORT_PART = 6  # characters
_ANSWERS = ("inform", "affirm", "deny", "nlu_fallback")
_AND = re.compile(r"[、和]")
_PART_BORDER = re.compile(r"[,，;；。]|\s+")
_HAVE_NOT = re.compile("没有(?=.{1,2}过)")  # “没有领过” is “没领过”
_LIST_BORDER = re.compile(r"[、,，;；。]|\s+")


def choice_of_the_question(reading: Reading) -> None:
    """A label, its number, yes or no, “都不是”: an answer to the question that is open."""
    said = answer_said(reading)
    question, text = reading.question, _bare(said)
    if question is None or not text:
        return
    labels = {_bare(choice.label): choice for choice in question.choices}
    if question.kind == "multi":
        _multi(reading, question, said, labels)
        return
    chosen = labels.get(text) or _by_number(question, text) or _first_part(reading, question, said, labels)
    reading.chosen = chosen is not None
    if chosen is None and (by_words := _by_words(reading, question, said) or _by_a_later_part(reading, question, said)):
        reading.chosen = True
        for fact, value in by_words.sets.items():
            reading.record(fact, value, reading.state.text)
        return  # what else the sentence says stays to be read
    if chosen is None and question.kind == "yes_no" and not reading.state.named("programme"):
        # “还没呢” to a question that asks two things at once denies which of them? Only a plain 不是 is a no to both.
        no = False if len(question.facts) == 1 else None
        no_by_correction = no if len(text) <= _BARE_NO else None  # a bare “不对” is this question's no
        wanted = {"affirm": True, "deny": no, "correct": no_by_correction}.get(reading.state.intent)
        wanted = None if _only_states_another(reading, question) else wanted
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


def _only_states_another(reading: Reading, question: Question) -> bool:
    """“是省级的”, “没裁人”: a fact and nothing beside it, and not the one that was asked."""
    stated = {name.partition("=")[0] for name in reading.state.named("fact")}
    return bool(stated) and not stated.intersection(question.facts) and nothing_but(reading.state, "fact", more=0)


def answer_to_another_question(reading: Reading) -> None:
    """“领过” while something else is asked: what one question alone offers as an answer, told before it is asked."""
    if reading.state.intent not in _ANSWERS or reading.recorded or reading.answered or reading.values:
        return
    said, missing = _bare(reading.state.text), reading.missing
    questions = [one for one in reading.state.room.knowledge.questions.values() if missing & {*one.facts}]
    found = [
        choice
        for question in questions
        for choice in question.choices
        if question is not reading.question and said in map(_bare, (choice.label, *choice.words))
    ]
    if len(found) == 1:
        for fact, value in found[0].sets.items():
            reading.record(fact, value, reading.state.text)


def answer_said(reading: Reading) -> str:
    """The message without a “嗯” in front of an answer: of “嗯，没办” the “没办”; before other words it is a yes."""
    text, words = reading.state.text.strip(), reading.state.room.knowledge.lexicon["hesitation"]
    first, rest = first_part(text), _LIST_BORDER.split(text, maxsplit=1)[-1]
    no_yes = reading.question is not None and reading.question.kind != "yes_no"
    return rest if first in words["or_yes"] and (no_yes or _answers(reading, rest)) else text


def _answers(reading: Reading, text: str) -> bool:
    """Whether a text answers the open question by itself."""
    question = reading.question
    if question is None or not _bare(text):
        return False
    first = first_part(text) or _bare(text)
    words = reading.state.room.knowledge.lexicon
    plain = {*words["cannot_tell"], *(one for listed in words["yes_no"].values() for one in listed)}
    labelled = first in {*plain, *(_bare(choice.label) for choice in question.choices)}
    return labelled or _by_words(reading, question, text) is not None or _states(reading, question, text)


def _states(reading: Reading, question: Question, text: str) -> bool:
    """Whether the words state by themselves what is asked."""
    start = len(reading.state.text.rstrip()) - len(text.rstrip())
    facts = [one for one in reading.state.entities if one["entity"] == "fact" and one["start"] >= start]
    return any(str(one["value"]).partition("=")[0] in question.facts for one in facts)


def _multi(reading: Reading, question: Question, said: str, labels: Mapping[str, Any]) -> None:
    """A submitted choice settles every box of the list; words in between settle only what they say."""
    pieces = [_bare(piece) for piece in _LIST_BORDER.split(said) if _bare(piece)]
    words = reading.state.room.knowledge.lexicon["nothing_more"]
    listed = [_bare(piece) for piece in _AND.split(_PART_BORDER.split(said.strip(), maxsplit=1)[0]) if _bare(piece)]
    nothing = pieces[0] in (_bare(question.none_of_these), *map(_bare, words))
    stated = {name.partition("=")[0] for name in reading.state.named("fact")}
    known = reading.profile.facts(reading.programme or "")
    if nothing or (reading.state.intent == "deny" and not reading.values and not stated):
        reading.chosen = nothing
        for fact in reading.asked:
            if fact not in stated and fact not in known:
                reading.record(fact, False, pieces[0] if nothing else said)
        return
    if stated and len(pieces) > 1 and pieces[-1] in map(_bare, words):  # “单亲带娃，就这些”
        for fact in reading.asked:
            if fact not in stated and fact not in known:
                reading.record(fact, False, pieces[-1])
        return
    submitted = pieces if all(piece in labels for piece in pieces) else listed if len(listed) > 1 else []
    if submitted and all(piece in labels for piece in submitted):  # what is said behind them is read like anything else
        reading.chosen = True
        chosen = {fact: value for piece in submitted for fact, value in labels[piece].sets.items()}
        for fact in dict.fromkeys([*reading.asked, *chosen]):
            if fact in chosen or (fact not in known and fact not in stated):
                reading.record(fact, chosen.get(fact, False), said)


def _by_number(question: Question, text: str) -> Any:
    """“2” or “第二个” of the offered choices; of a list with numbers as answers, never."""
    match = _ORDINAL.match(text)
    if match is None or not question.choices:
        return None
    word = match.group(1)
    index = int(word) if word.isdigit() else _CHINESE_DIGITS.index(word) + 1
    return question.choices[index - 1] if index <= len(question.choices) else None


def first_part(text: str) -> str:
    """What stands before the first border of a message that goes on behind it, bare; else nothing."""
    first, *more = _LIST_BORDER.split(text.strip(), maxsplit=1)
    return _bare(first) if more and _bare(more[0]) else ""


def _first_part(reading: Reading, question: Question, said: str, labels: Mapping[str, Any]) -> Any:
    """“是，28个人”, “律师事务所，28个人”: the answer to the open question, then more."""
    text = _bare(said)
    first = first_part(said) or (text if said != reading.state.text.strip() else "")
    if not first:
        return None
    spelled_out = [label for label in labels if len(label) > _BARE_NO and text.startswith(label)]
    if first in labels or spelled_out:
        return labels.get(first) or labels[max(spelled_out, key=len)]
    words = reading.state.room.knowledge.lexicon["yes_no"] if question.kind == "yes_no" else {}
    yes = next((value for value, listed in words.items() if first in listed), None)
    asked = question.facts[0]
    return next((choice for choice in question.choices if yes is not None and choice.sets.get(asked) is yes), None)


def _by_words(reading: Reading, question: Question, said: str) -> Any:
    """“没人上班”, “在本溪”: another way to say one of the offered answers, and of no other."""
    state, first = reading.state, first_part(said)
    text = first or normalise(said)
    asks = state.intent in ("why", "restart", "human", "summary", "what_else", "resume")
    hesitates = said != state.text.strip()  # “那个，还没找着” looks like a wish to go back to 那个
    if (asks and not hesitates) or state.asks_in_words(_without_lengthening(normalise(said))):
        return None
    ends = state.text.find(said) + len(first)
    here = [one for one in state.entities if not first or one["end"] <= ends]  # the rest is no answer to it
    named = {one["value"] for one in here if one["entity"] == "programme"} - {reading.programme}
    stated = {str(one["value"]).partition("=")[0] for one in here if one["entity"] == "fact"}  # read as a whole
    if named or stated.intersection(question.facts):
        return None
    if _tells_another(reading, question, here):
        return None
    aspects = _spoken(state, here, "aspect") if state.intent == "ask" else []
    return choice_in_words(question, text, aspects)


def _by_a_later_part(reading: Reading, question: Question, said: str) -> Any:
    """“企业 辽宁的” to “是在辽宁交的吗”: the answer stands behind something else that was told."""
    state = reading.state
    if state.asks or state.named("programme") or not state.named("fact"):
        return None
    for part in _LIST_BORDER.split(said.strip())[1:]:
        if 0 < len(part) <= _SHORT_PART and (choice := choice_in_words(question, normalise(part))):
            return choice
    return None


def _without_lengthening(text: str) -> str:
    """“在职呢”, “没稳定呢” answer; “那在职的呢” asks."""
    return text if text.startswith("那") else text.rstrip("呢")


def choice_in_words(question: Question, text: str, within: Iterable[str] = ()) -> Any:
    """The one offered answer that a normalised text says in other words, if it says just one; of a short text only.

    ``within``: words that must be a part of it, such as the aspect in “在规定范围内”; “截止日期” is none.
    """
    text = _HAVE_NOT.sub("没", text)
    if len(text) > _LONGEST_ANSWER or any(_says(text, word) for word in question.other_things):
        return None
    said = [(word, choice) for choice in question.choices for word in choice.words if _says(text, word)]
    if not all(any(one in word for word, _ in said) for one in within):
        return None
    longest = [(word, choice) for word, choice in said if not any(word != w and word in w for w, _ in said)]
    chosen = {choice.label: choice for _, choice in longest}
    return next(iter(chosen.values())) if len(chosen) == 1 else None


def _spoken(state: State, entities: Iterable[Mapping[str, Any]], kind: str) -> list[str]:
    """The words of one kind of entity."""
    return [normalise(state.text[one["start"] : one["end"]]) for one in entities if one["entity"] == kind]


def _tells_another(reading: Reading, question: Question, here: Iterable[Mapping[str, Any]]) -> bool:
    """“原来批到2021年7月31号” to “是2020年受理的吗”: the day has a cue of its own."""
    if reading.current is None:
        return False
    others = covers(reading.current).difference(question.facts)
    spans = [(one["start"], one["end"]) for one in here if one["entity"] == "quantity"]
    values = [value for value in reading.values if any(s <= value.start < e for s, e in spans)]
    return is_cue(reading.state.room, reading.state.text, values, others)


def _says(text: str, word: str) -> bool:
    """Whether a word stands in the text undenied."""
    return re.search(f"(?<![不没未非])(?<!没有)(?<![不没]在)(?<!不是){re.escape(word)}", text) is not None


def _bare(text: str) -> str:
    return re.sub(r"[^\w+]", "", normalise(text))
