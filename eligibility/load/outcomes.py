"""What follows from a rule: the exceptional clauses before it, the amount, the named results, the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eligibility.expression import Expression, unless_known
from eligibility.load.options import read_options
from eligibility.load.reader import Place, Reader
from eligibility.model import AMOUNT_KINDS, FLOOR, VERDICTS, Amount, Exceptional, Guarded
from eligibility.options import first_value

_EXCEPTION = ("id", "if", "assume", "verdict", "cite", "depends_on", "refer_to", "given_only", "results")


def read_exceptions(reader: Reader) -> tuple[Exceptional, ...]:
    """The exceptional clauses, in their order. Raises PackError."""
    return tuple(_exception(reader, i, data) for i, data in enumerate(reader.section("exceptions", list)))


def _exception(reader: Reader, i: int, data: Any) -> Exceptional:
    place: Place = ("exceptions", i)
    fields = reader.fields(place, data, *_EXCEPTION)
    condition, assumption = reader.reading(fields, reader.expression(fields, "if", "bool"))
    reader.take((*place, "id"), fields.need("id"))
    results = reader.fields((*place, "results"), fields.get("results", dict, {}), *fields.get("results", dict, {}))
    return Exceptional(
        id=fields.need("id"),
        expression=condition,
        asks=reader.names.asks_of(condition),
        reads=reader.names.reads_of(condition),
        inner=reader.names.inner_of(condition),
        verdict=fields.one_of("verdict", VERDICTS),
        cite=reader.cite(fields),
        depends_on=fields.texts("depends_on"),
        refer_to=fields.texts("refer_to"),
        given_only=reader.known_facts((*place, "given_only"), fields.texts("given_only")),
        results={key: reader.expression(results, key) for key in results.data},
        assumption=assumption,
    )


def read_amount(reader: Reader) -> Amount | None:
    """The amount; None where the file gives none. Raises PackError."""
    data = reader.data.get("amount")
    if data is None:
        return None
    fields = reader.fields(("amount",), data, "kind", "base", "rate", "value", "parts", "refer_to", "says")
    kind = fields.one_of("kind", AMOUNT_KINDS)
    direct = bool({"value", "parts"} & {*data})
    needed = {"at_most": ("base", "rate"), "exactly": ("base", "rate"), "months_at_most": ("rate",)}
    for key in () if direct else needed.get(kind, ()):
        if fields.data.get(key) is None:
            raise reader.error(("amount",), "missing_key", key=key)
    if kind == "at_most" and not reader.knowledge.reading(FLOOR.id):
        raise reader.error(("amount", "kind"), "no_other_reading", name=FLOOR.id)
    amount = Amount(
        kind=kind,
        rates=read_options(reader, ("amount", "rate"), data.get("rate"), wanted=("number",)),
        values=read_options(reader, ("amount", "value"), data.get("value"), wanted=("number",)),
        parts=read_options(reader, ("amount", "parts"), data.get("parts"), wanted=("number",)),
        refer_to=fields.texts("refer_to"),
        says=fields.get("says", str, "") or None,
    )
    if fields.data.get("base") is None:
        return amount
    inner = reader.fields(("amount", "base"), data["base"], "value", "cite", "assume")
    base, assumption = reader.reading(inner, reader.expression(inner, "value", "number"))
    return replace(
        amount,
        base=base,
        base_facts=reader.names.facts_of(base),
        base_cite=reader.cite(inner),
        base_assumption=assumption,
    )


def with_further_clauses(amount: Amount | None, further: Sequence[Reader]) -> Amount | None:
    """The amount with the clauses that further notices add to its base (``cites:``). Raises PackError."""
    for reader in further:
        cites = reader.fields(("cites",), reader.section("cites", dict), "amount.base")
        if amount is not None and cites.data:
            amount = replace(amount, base_cite=(*reader.cite(cites, "amount.base"), *amount.base_cite))
    return amount


def read_windows(reader: Reader) -> tuple[Guarded, ...]:
    """Until when: the last day, or several with their conditions. Raises PackError."""
    return read_options(reader, ("window",), reader.data.get("window"), value_key="until", wanted=("date",))


@dataclass
class Results:
    """The named results, file by file: options of a later file come before those already there."""

    options: dict[str, tuple[Guarded, ...]] = field(default_factory=dict)
    verdicts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def read(self, reader: Reader) -> None:
        """Add those of one file. Raises PackError."""
        for name, entry in reader.section("results", dict).items():
            self._read(reader, name, entry)

    def _read(self, reader: Reader, name: str, entry: Any) -> None:
        place: Place = ("results", name)
        if name not in self.options:
            reader.take(place, str(name))
        if isinstance(entry, dict) and not {"if", "cite", "each"} & {*entry}:
            fields = reader.fields(place, entry, "verdicts", "value")
            self.verdicts[name] = fields.texts("verdicts")
            for verdict in self.verdicts[name]:
                if verdict not in VERDICTS:
                    choices = "、".join(VERDICTS)
                    raise reader.error((*place, "verdicts"), "unknown_verdict", name=verdict, choices=choices)
            place, entry = (*place, "value"), entry.get("value")
        options = read_options(reader, place, entry)
        if not options:
            raise reader.error(place, "missing_key", key="value")
        self.options[name] = (*options, *self.options.get(name, ()))
        _learn(reader, place, name, self.options[name])


def _learn(reader: Reader, place: Place, name: str, options: tuple[Guarded, ...]) -> None:
    """Let later expressions speak of a result."""
    values = [option.value for option in options if isinstance(option.value, Expression)]
    if len({value.type for value in values}) > 1:
        raise reader.error(place, "mixed_types", name=name)
    kind = values[0].type if values else "symbol"
    words = [value.text.strip("'") for value in values] if kind == "symbol" else []
    expressions = [expression for option in options for expression in option.expressions]
    reads = [fact for expression in expressions for fact in reader.names.reads_of(expression)]
    asked = [fact for option in options for fact in option.facts]
    value = unless_known(name, lambda env: first_value(options, env))
    reader.names.learn(name, kind, value, asked, reads, words)
