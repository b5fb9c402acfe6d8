"""What can be known about a person, a unit or an application (facts), and how it is asked (questions).

Both are written in packs/common: facts.yml and questions.yml.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from knowledge.fields import Fields, typed
from knowledge.yaml_source import Place, SourceFile

C = TypeVar("C", str, bool)
V = TypeVar("V", str, dict[str, Any])

TYPES = ("bool", "count", "months", "days", "percent", "yuan", "date", "year", "choice")
SCOPES = ("unit", "person", "programme")
KINDS = ("choice", "multi", "yes_no", "number", "percent", "money", "date", "text")


@dataclass(frozen=True)
class Fact:
    """One entry of the fact catalogue.

    `type` is one of TYPES, `scope` one of SCOPES; `zh` is its name to the user and `unit` the word after a number.
    `values` maps the codes of a choice to their names, `says` how true and false are spoken.
    `agency`: held by an authority, never asked of a user. `implies`: what a bool fact's true or false settles for
    other facts (of a choice: each of its values), so that nobody is asked twice. `until`: a date on which something
    ends; of a month, its last day.
    """

    id: str
    type: str
    scope: str
    zh: str
    unit: str
    values: Mapping[str, str]
    agency: bool
    note: str
    says: Mapping[bool, str]
    implies: Mapping[bool | str, Mapping[str, bool | str | int]]
    until: bool = False


@dataclass(frozen=True)
class Choice:
    """One quick answer: the `label` shown, and the value each fact takes when it is picked (bool, code or int).

    `words`: other ways to say it, which count only as an answer to this very question.
    """

    label: str
    sets: Mapping[str, bool | str | int]
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """One question to the user, which settles `facts` (ids).

    `kind` is the input, one of KINDS; `ask` is the wording, `why` the reason given when the user wonders, `remind`
    the hint after an answer that was not understood. `none_of_these` is the label that denies every fact of a `multi`
    question; `unsure`: whether "I do not know" is offered. `other_things`: words for what is easily taken for what is
    asked; an answer with one of them is about something else.
    """

    id: str
    facts: tuple[str, ...]
    ask: str
    why: str
    kind: str
    choices: tuple[Choice, ...]
    unsure: bool
    remind: str
    none_of_these: str
    other_things: tuple[str, ...] = ()


def read_facts(source: SourceFile) -> dict[str, Fact]:
    """Return the facts of facts.yml in its order. Raises PackError, also for an implied fact or value unknown."""
    entries: dict[str, object] = typed(source, (), source.data, dict)
    facts = {name: _fact(source, name, value) for name, value in entries.items()}
    for fact in facts.values():
        for state, implied in fact.implies.items():
            if fact.type == "choice" and state not in fact.values:
                raise source.error(
                    (fact.id, "implies", state), f"“{fact.id}”没有“{state}”这个值", "可选：" + "、".join(fact.values)
                )
            _check_values(source, (fact.id, "implies", state), implied, facts)
    return facts


def _fact(source: SourceFile, name: str, value: object) -> Fact:
    allowed = ("type", "scope", "zh", "unit", "values", "agency", "note", "says", "implies", "until")
    fields = Fields(source, (name,), value, allowed)
    return Fact(
        id=name,
        type=fields.one_of("type", TYPES),
        scope=fields.one_of("scope", SCOPES),
        zh=fields.need("zh"),
        unit=fields.get("unit", str, ""),
        values=_table(fields, "values", str, str),
        agency=fields.get("agency", bool, False),
        note=fields.get("note", str, ""),
        says=_table(fields, "says", bool, str),
        implies=_implies(fields),
        until=fields.get("until", bool, False),
    )


def _implies(fields: Fields) -> Mapping[bool | str, Mapping[str, bool | str | int]]:
    """What each value settles: true and false of a bool, the codes of a choice."""
    settled: dict[Any, Mapping[str, bool | str | int]] = {}
    codes = str if fields.data.get("type") == "choice" else bool
    settled |= _table(fields, "implies", codes, dict)  # type: ignore[type-var]
    return settled


def _table(fields: Fields, key: str, codes: type[C], values: type[V]) -> dict[C, V]:
    table: dict[C, V] = fields.get(key, dict, {})
    for code, value in table.items():
        place = (*fields.place, key, code)
        typed(fields.source, place, code, codes)
        typed(fields.source, place, value, values)
    return table


def read_questions(source: SourceFile, facts: Mapping[str, Fact]) -> dict[str, Question]:
    """Return the questions of questions.yml in its order. Raises PackError, also for an id or a value unknown."""
    questions: dict[str, Question] = {}
    for index, entry in enumerate(typed(source, (), source.data, list)):
        question = _question(source, index, entry, facts)
        if question.id in questions:
            raise source.error((index, "id"), f"问题编号“{question.id}”用了两次", "给其中一个换个编号")
        questions[question.id] = question
    return questions


def _question(source: SourceFile, index: int, value: object, facts: Mapping[str, Fact]) -> Question:
    allowed = ("id", "facts", "kind", "ask", "why", "remind", "choices", "none_of_these", "unsure", "other_things")
    fields = Fields(source, (index,), value, allowed)
    asked = fields.texts("facts")
    for at, fact in enumerate(asked):
        _known(source, (index, "facts", at), fact, facts)
    choices = fields.get("choices", list, [])
    return Question(
        id=fields.need("id"),
        facts=asked,
        ask=fields.need("ask"),
        why=fields.get("why", str, ""),
        kind=fields.one_of("kind", KINDS),
        choices=tuple(_choice(source, (index, "choices", at), each, asked, facts) for at, each in enumerate(choices)),
        unsure=fields.get("unsure", bool, False),
        remind=fields.get("remind", str, ""),
        none_of_these=fields.get("none_of_these", str, ""),
        other_things=fields.texts("other_things"),
    )


def _choice(
    source: SourceFile, place: Place, value: object, asked: tuple[str, ...], facts: Mapping[str, Fact]
) -> Choice:
    fields = Fields(source, place, value, ("label", "sets", "words"))
    sets = fields.get("sets", dict, {})
    for name in sets:
        if name not in asked:
            raise source.error((*place, "sets", name), f"“{name}”不在这个问题的 facts 里", "补进 facts，或改正名字")
    _check_values(source, (*place, "sets"), sets, facts)
    return Choice(fields.need("label"), sets, fields.texts("words"))


def _check_values(source: SourceFile, place: Place, values: Mapping[str, object], facts: Mapping[str, Fact]) -> None:
    """Raise PackError unless every key is a fact and every value one that the fact can take."""
    for name, value in values.items():
        at = (*place, name)
        _known(source, at, name, facts)
        fact = facts[name]
        kind = {"bool": bool, "choice": str}.get(fact.type, int)
        if typed(source, at, value, kind) not in fact.values and kind is str:
            raise source.error(at, f"“{name}”没有“{value}”这个值", "可选：" + "、".join(fact.values))


def _known(source: SourceFile, place: Place, name: str, facts: Mapping[str, Fact]) -> None:
    if name not in facts:
        raise source.error(place, f"没有“{name}”这个事实", "改成 facts.yml 里已有的名字")
