"""Local standards (parameters.yml): figures that the notices leave to others, each with scope, dates and source.

A figure that nobody has verified is not in the file, and so cannot be spoken: the entry then stands with an empty value
for the policy officer to fill in.
"""

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from knowledge.fields import Fields, typed
from knowledge.sources import (
    DATES,
    Period,
    Source,
    Spoken,
    Wording,
    check_sequence,
    read_clauses,
    read_period,
    read_source,
    say_period,
    sentence,
    several,
)
from knowledge.text import mentions, normalise
from knowledge.yaml_source import SourceFile

LEVELS = ("city", "province", "nation")
KINDS = ("exactly", "at_most", "at_least")
TODAY = ("yes", "no", "unknown")


@dataclass(frozen=True)
class Value:
    """What a parameter was in one `period`.

    `value` is a whole number (of the parameter's unit) or a text such as 60%; None: not verified. `kind`: one of KINDS.
    `as_of_today` (one of TODAY): whether it may be called the standard in force; `note` is for the policy officer.
    """

    value: int | str | None
    kind: str
    period: Period
    source: Source | None
    as_of_today: str
    note: str


@dataclass(frozen=True)
class Parameter:
    """One local standard.

    `title` is its name to the user and `unit` what follows the value; `level` (one of LEVELS) says whose standard it is
    and `scope` for whom or where it holds, in words. `values` stand in order of time, without gap or overlap.
    `aliases` are the ways to ask for it, `near` the clauses that leave it open, `programme` whose amount it is.
    """

    id: str
    title: str
    unit: str
    level: str
    scope: str
    values: tuple[Value, ...]
    aliases: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    programme: str = ""

    def value(self, as_of: datetime.date) -> Value | None:
        """The verified value of that day, if there is one."""
        return next((value for value in self.values if value.value is not None and value.period.holds(as_of)), None)


_SAID = ("title", "value", "unit", "scope", "period", "source")
_TEMPLATES = {
    "unknown": ("title",),
    **{f"{level}_{when}": _SAID for level in LEVELS for when in ("current", "historic")},
    **dict.fromkeys(KINDS, ("value",)),
    **DATES,
}


class Parameters:
    """The parameters by id, in the order of the file."""

    def __init__(self, parameters: Mapping[str, Parameter], words: Wording) -> None:
        self.parameters = parameters
        self._words = words
        self._by_name: dict[str, list[Parameter]] = defaultdict(list)
        for one in parameters.values():
            for name in one.aliases:
                self._by_name[normalise(name)].append(one)

    def mentioned(self, text: str) -> tuple[Parameter, ...]:
        """The parameters that a text asks for by name; one name may stand for several (urban and rural)."""
        found = [one for name in mentions(text, self._by_name) for one in self._by_name[name]]
        return tuple(dict.fromkeys(found))

    def of_programme(self, programme: str) -> tuple[Parameter, ...]:
        """The parameters that an amount of this programme is left to."""
        return tuple(one for one in self.parameters.values() if one.programme == programme)

    def speak_all(self, parameters: Iterable[Parameter], as_of: datetime.date) -> list[str]:
        """Tell several: one sentence for all that are not known on the day, then one for each of the others."""
        unknown = [one.title for one in parameters if one.value(as_of) is None]
        told = [self.speak(one.id, as_of).text for one in parameters if one.value(as_of) is not None]
        return [*([self._words.say("unknown", title="、".join(unknown))] if unknown else []), *told]

    def speak(self, parameter: str, as_of: datetime.date) -> Spoken:
        """Tell the parameter with this id as of a day.

        Without a verified value for that day: that it is not known, and no figure. A value that may not be called the
        standard in force is called a historic one, with its dates. Raises KeyError.
        """
        entry = self.parameters[parameter]
        value = entry.value(as_of)
        if value is None or value.source is None:
            return Spoken(self._words.say("unknown", title=entry.title), False)
        when = "current" if value.as_of_today == "yes" else "historic"
        text = self._words.say(
            f"{entry.level}_{when}",
            title=entry.title,
            value=self._words.say(value.kind, value=value.value),
            unit=entry.unit,
            scope=entry.scope,
            period=say_period(self._words, value.period),
            source=value.source.shown,
        )
        return Spoken(text, True, source=value.source.shown)

    @property
    def to_fill(self) -> tuple[Parameter, ...]:
        """The parameters whose latest value is missing or out of date: the officer's list."""
        return tuple(entry for entry in self.parameters.values() if entry.values[-1].value is None)


_COMMON = ("id", "title", "unit", "level", "scope", "aliases", "near", "programme")
_VALUE = ("value", "kind", "from", "until", "until_at_least", "source", "as_of_today", "note")


def read_parameters(source: SourceFile, clauses: Collection[str]) -> Parameters:
    """Return the parameters. Raises PackError, also for a figure without verified source or start, and for a gap."""
    top = Fields(source, (), source.data, ("wording", "parameters"))
    words = Wording(source, top.data.get("wording"), _TEMPLATES)
    parameters: dict[str, Parameter] = {}
    for at, entry in enumerate(typed(source, ("parameters",), top.data.get("parameters"), list)):
        fields = Fields(source, ("parameters", at), entry, (*_COMMON, "values", *_VALUE))
        parameter = _parameter(fields, clauses)
        if parameter.id in parameters:
            raise fields.error("id", f"参数编号“{parameter.id}”用了两次", "给其中一个换个编号")
        parameters[parameter.id] = parameter
    return Parameters(parameters, words)


def _parameter(fields: Fields, clauses: Collection[str]) -> Parameter:
    parts = several(fields, "values", _VALUE, _COMMON)
    values = tuple(_value(part) for part in parts)
    check_sequence(fields.source, [part.place for part in parts], [value.period for value in values])
    return Parameter(
        id=fields.need("id"),
        title=sentence(fields, "title"),
        unit=fields.get("unit", str, ""),
        level=fields.one_of("level", LEVELS),
        scope=fields.need("scope"),
        values=values,
        aliases=fields.texts("aliases"),
        near=read_clauses(fields, "near", clauses),
        programme=fields.get("programme", str, ""),
    )


def _value(fields: Fields) -> Value:
    value = _figure(fields)
    if value is None and "source" in fields.data:
        raise fields.error("source", "没有数值，却写了出处", "查到的情况写进 note；核实了数值再写 value 和 source")
    if value is not None and "from" not in fields.data:
        raise fields.error(None, "有数值，却没有写从什么时候起", "补上 from: 日期或年份")
    return Value(
        value=value,
        kind=fields.one_of("kind", KINDS) if "kind" in fields.data else KINDS[0],
        period=read_period(fields),
        source=None if value is None else read_source(fields),
        as_of_today=_as_of_today(fields),
        note=fields.get("note", str, ""),
    )


def _figure(fields: Fields) -> int | str | None:
    if "value" not in fields.data:
        raise fields.error(None, "缺少字段“value”", "补上“value:”；没核到就让它空着")
    value = fields.data["value"]
    if value is None or (type(value) is int and value >= 0) or (type(value) is str and value.strip()):
        return value
    raise fields.error("value", "“value”应为不小于 0 的整数，或带引号的文字", "如 1610，或 '60%'；没核到就让它空着")


def _as_of_today(fields: Fields) -> str:
    value = fields.data.get("as_of_today", "unknown")
    if isinstance(value, bool):  # YAML reads a bare yes or no so
        return "yes" if value else "no"
    if value not in TODAY:
        raise fields.error("as_of_today", f"“as_of_today”不能写“{value}”", "可选：" + "、".join(TODAY))
    return str(value)
