"""Programme files (``packs/*/programmes/*.yml``) compiled into the model; every fault is a PackError with its line."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any, TypeVar

from eligibility.duties import load_duties
from eligibility.errors import FactError, message
from eligibility.expression import Env, Expression, ExpressionError, either, parse
from eligibility.facts import read_fact
from eligibility.kleene import leaves_of, truth
from eligibility.model import (
    AMOUNT_KINDS,
    ASPECTS,
    BENEFIT,
    DUTY,
    FLOOR,
    INFORMATIONAL,
    KINDS,
    VERDICTS,
    Amount,
    Aspect,
    Assumption,
    Delegated,
    Derived,
    Exceptional,
    Group,
    Guarded,
    Leaf,
    Node,
    Overlay,
    Programme,
)
from eligibility.names import Names
from knowledge import Knowledge, PackError, SourceFile
from knowledge.fields import Fields, typed

Place = tuple[str | int, ...]
S = TypeVar("S", dict[Any, Any], list[Any])
_ABOUT = ("id", "kind", "title", "source", "subject", "summary", "next_step", "delegated", "aspects")
_RULE = ("held_by_agency", "derive", "exceptions", "when", "amount", "results", "window", "what_if")
_STATEMENT = ("cite", "says")
_OVERLAY: tuple[str, ...] = (
    "extends",
    "since",
    "set",
    "cites",
    "conditions",
    "also",
    "held_by_agency",
    "derive",
    "results",
    "amount",
)
_OVERLAY += ("window", "next_step", "aspects", "delegated")
_NOTHING = Group("all", (), frozenset())
_EXCEPTION = ("id", "if", "assume", "verdict", "cite", "depends_on", "refer_to", "given_only", "results")
_STATES = ("stated", "delegated", "not_stated")


def load_programmes(knowledge: Knowledge) -> dict[str, Programme]:
    """Every programme of the packs, by id, with the overlays of the notices that extend it.

    Raises:
        PackError: a file that cannot be used, with the line and how to mend it.
    """
    files = [_File(knowledge, source) for source in knowledge.programme_files]
    base: dict[str, _File] = {}
    for file in files:
        if "extends" not in file.data and base.setdefault(file.named("id"), file) is not file:
            raise file.error(("id",), "taken_id", id=file.named("id"))
    further: dict[str, list[_File]] = {name: [] for name in base}
    for file in files:
        if "extends" in file.data:
            target = file.named("extends")
            if target not in base:
                raise file.error(("extends",), "unknown_extends", id=target)
            further[target].append(file)
    return {name: _whole(base[name], further[name]) for name in sorted(base)}


def _whole(base: _File, further: Sequence[_File]) -> Programme:
    """A programme with every way in which further notices may speak on it."""
    plain = base.programme()
    read = [(file.overlay(), file) for file in further]
    read.sort(key=lambda one: (one[0].since, one[1].source.path))  # the later word stands above
    overlays, further = tuple(overlay for overlay, _ in read), [file for _, file in read]
    localised = {}
    for size in range(1, len(further) + 1):
        for chosen in combinations(range(len(further)), size):
            files = [base.again(), *(further[i].again() for i in chosen)]
            localised[chosen] = replace(files[0].programme(files[1:]), overlays=tuple(overlays[i] for i in chosen))
    return replace(plain, overlays=overlays, localised=localised)


class _File:
    """One programme file while it is being read: knows where it is, so that errors can say it."""

    def __init__(self, knowledge: Knowledge, source: SourceFile) -> None:
        self.knowledge, self.source = knowledge, source
        self.data: Mapping[Any, Any] = typed(source, (), source.data, dict)
        self.names = Names(knowledge.facts)
        self.derived: dict[str, tuple[Derived, ...]] = {}
        self.taken: set[str] = set()
        self.patches: dict[str, tuple[_File, Place]] = {}

    def again(self) -> _File:
        """The same file, to be read once more."""
        return _File(self.knowledge, self.source)

    # --- the file ----------------------------------------------------------------------------------------------
    def named(self, key: str) -> str:
        """The programme's id, which is also the file's name."""
        name = Fields(self.source, (), self.data, tuple(self.data)).need(key)
        if self.source.path.stem != name:
            raise self.error((key,), "wrong_file_name", id=name)
        return name

    def programme(self, further: Sequence[_File] = ()) -> Programme:
        """The programme, as this file and the ``further`` ones that extend it have it; a later word stands above."""
        top = self.fields((), self.data, *_ABOUT, *_RULE, *_STATEMENT)
        origin = self.fields(("source",), top.data.get("source"), "document", "item")
        document = origin.one_of("document", tuple(self.knowledge.notices))
        kind = top.one_of("kind", KINDS) if "kind" in top.data else BENEFIT
        for file in further:
            file.names, file.taken = self.names, self.taken
            self.patches |= {str(name): (file, ("conditions", name)) for name in file.section("conditions", dict)}
        ways = {str(name): file for file in (self, *further) for name in file.section("derive", dict)}
        for name, file in ways.items():
            self.derived[name] = file.derive(name, file.data["derive"][name])
        when = self.node(("when",), top.data.get("when")) if kind == BENEFIT else _NOTHING
        also = [file.node(("also", i), n) for file in further for i, n in enumerate(file.section("also", list))]
        if also:
            when = Group("all", (when, *also), frozenset().union(when.reads, *(node.reads for node in also)))
        if self.patches:
            file, place = next(iter(self.patches.values()))
            raise file.unknown(place, "unknown_condition", place[-1], self.taken)
        results: dict[str, tuple[Guarded, ...]] = {}
        verdicts: dict[str, tuple[str, ...]] = {}
        exceptions: list[Any] = top.get("exceptions", list, [])
        for file in (self, *further):
            file.results(file.section("results", dict), results, verdicts)
        files = [*reversed(further), self]
        speaking: dict[str, _File] = {}
        for key in ("amount", "window", "next_step"):
            speaking[key] = next((file for file in files if file.data.get(key) is not None), self)
        return Programme(
            id=top.need("id"),
            title=top.need("title"),
            document=document,
            item=origin.need("item"),
            subject=top.one_of("subject", ("unit", "person")),
            place=self.knowledge.notices[document].place,
            summary=top.need("summary"),
            held_by={n: w for file in (self, *further) for n, w in file.held_by().items()},
            exceptions=tuple(self.exceptional(i, item) for i, item in enumerate(exceptions)),
            when=when,
            amount=self.cited(speaking["amount"].amount(), further),
            results=results,
            result_verdicts=verdicts,
            windows=speaking["window"].windows(),
            may_change=self.may_change(top.data.get("what_if")),
            delegated={n: d for file in (self, *further) for n, d in file.delegated().items()},
            aspects={n: a for file in (self, *further) for n, a in file.aspects().items()},
            derived=self.derived,
            overlays=(),
            next_step=speaking["next_step"].next_step(),
            leaves=tuple(leaves_of(when)),
            kind=kind,
            says=top.need("says") if kind == INFORMATIONAL else None,
            cite=self.cite(top) if kind == INFORMATIONAL else (),
            duties=load_duties(self.knowledge) if kind == DUTY else {},
        )

    def section(self, key: str, kind: type[S]) -> S:
        """A part of the file; empty where it is not written."""
        data = self.data.get(key)
        return kind() if data is None else typed(self.source, (key,), data, kind)

    def overlay(self) -> Overlay:
        top = self.fields((), self.data, *_OVERLAY)
        notice = self.knowledge.notice_of(self.source.path)
        since = top.date("since") or notice.date_not_after
        if since is None:
            raise self.error((), "missing_key", key="since")
        facts, fact_cites = {}, {}
        for name, entry in top.get("set", dict, {}).items():
            fields = self.fields(("set", name), entry, "value", "cite")
            facts[name] = self.settled(fields, name)
            fact_cites[name] = self.cite(fields)
        return Overlay(document=notice.id, place=notice.place, since=since, facts=facts, fact_cites=fact_cites)

    def cited(self, amount: Amount | None, further: Sequence[_File]) -> Amount | None:
        """The amount with the clauses that further notices add to its base."""
        for file in further:
            cites = file.fields(("cites",), file.section("cites", dict), "amount.base")
            if amount is not None and cites.data:
                amount = replace(amount, base_cite=(*file.cite(cites, "amount.base"), *amount.base_cite))
        return amount

    def next_step(self) -> str | None:
        return typed(self.source, ("next_step",), self.data.get("next_step") or "", str) or None

    def windows(self) -> tuple[Guarded, ...]:
        return self.guarded_list(("window",), self.data.get("window"), value_key="until", wanted=("date",))

    def settled(self, fields: Fields, name: str) -> Any:
        """The value a city's notice gives to a fact."""
        if name not in self.knowledge.facts:
            raise self.unknown(fields.place, "unknown_fact_here", name, self.knowledge.facts)
        if fields.data.get("value") is None:
            raise self.error(fields.place, "missing_key", key="value")
        try:
            return read_fact(self.knowledge.facts[name], fields.data["value"])
        except FactError as error:
            raise fields.error("value", str(error).rstrip("。"), message("mend_wrong_shape")) from None

    def held_by(self) -> Mapping[str, str]:
        place: Place = ("held_by_agency",)
        data = self.section("held_by_agency", dict)
        self.known_facts(place, data)
        return {name: typed(self.source, (*place, name), words, str) for name, words in data.items()}

    def may_change(self, data: Any) -> tuple[str, ...]:
        fields = self.fields(("what_if",), data or {}, "may_change")
        return self.known_facts(("what_if", "may_change"), fields.texts("may_change"))

    # --- conditions --------------------------------------------------------------------------------------------
    def node(self, place: Place, data: Any) -> Node:
        if data is None:
            raise self.error(place, "missing_condition")
        kind = next((key for key in ("all", "any", "not") if key in typed(self.source, place, data, dict)), None)
        if kind is None:
            return self.leaf(place, data)
        fields = self.fields(place, data, kind, "id")
        members: list[Any] = [data[kind]] if kind == "not" else fields.get(kind, list, [])
        if not members:
            raise self.error((*place, kind), "missing_condition")
        places = [(*place, kind)] if kind == "not" else [(*place, kind, i) for i in range(len(members))]
        children = tuple(self.node(at, member) for at, member in zip(places, members, strict=True))
        reads = frozenset[str]().union(*(child.reads for child in children))
        group = Group(kind, children, reads, fields.get("id", str, "") or None)
        if group.id:
            self.name((*place, "id"), group.id, group)
        return group

    def leaf(self, place: Place, data: Mapping[Any, Any]) -> Leaf:
        if self.patches and str(data.get("id")) in self.patches:
            file, there = self.patches.pop(str(data["id"]))
            return file.leaf(there, {"id": data["id"], **typed(file.source, there, _at(file.data, there), dict)})
        fields = self.fields(place, data, "id", "if", "cite", "assume", "met", "unmet")
        expression, assumption = self.reading(fields, self.expression(fields, "if", "bool"))
        leaf = Leaf(
            id=fields.need("id"),
            expression=expression,
            asks=self.names.asks_of(expression),
            reads=self.names.reads_of(expression),
            inner=self.names.inner_of(expression),
            cite=self.cite(fields),
            assumption=assumption,
            met=fields.get("met", str, "") or None,
            unmet=fields.get("unmet", str, "") or None,
        )
        self.name((*place, "id"), leaf.id, leaf)
        return leaf

    def name(self, place: Place, name: str, node: Node) -> None:
        """Let later expressions (results, window) speak of a condition by its id."""
        self.take(place, name)
        asked = [fact for leaf in leaves_of(node) for fact in leaf.facts]
        self.names.learn(name, "bool", lambda env: truth(node, env), asked, node.reads)

    def take(self, place: Place, name: str) -> None:
        """Claim a name: of a fact, a derived value, a condition, a result or an exception, each once in a file."""
        if name in self.taken or name in self.names or name in VERDICTS:
            raise self.error(place, "taken_name", name=name)
        self.taken.add(name)

    def derive(self, name: str, ways: Any) -> tuple[Derived, ...]:
        place: Place = ("derive", name)
        self.take(place, name)
        found = []
        for i, way in enumerate(typed(self.source, place, ways, list)):
            fields = self.fields((*place, i), way, "if", "value", "assume", "given_only")
            expression = self.expression(fields, "value")
            condition = self.expression(fields, "if", "bool") if "if" in fields.data else None
            if condition is not None:
                expression = _guarded(condition, expression)
            assumption = self.assumption(fields)
            if assumption and not self.knowledge.reading(assumption.id):
                continue  # then this way is not open, and the next one is taken
            given_only = fields.get("given_only", bool, False)
            found.append(Derived(expression, self.names.facts_of(expression), given_only, condition, assumption))
        if not found:
            raise self.error(place, "missing_key", key="value")
        if all(way.condition is not None for way in found):
            raise self.error(place, "always_conditional", name=name)
        for i, way in enumerate(found):
            if way.expression.type != found[0].expression.type:
                raise self.error((*place, i), "mixed_types", name=name)
        self.names.learn_derived(name, found)
        return tuple(found)

    # --- outcomes ----------------------------------------------------------------------------------------------
    def exceptional(self, i: int, data: Any) -> Exceptional:
        place: Place = ("exceptions", i)
        fields = self.fields(place, data, *_EXCEPTION)
        condition, assumption = self.reading(fields, self.expression(fields, "if", "bool"))
        self.take((*place, "id"), fields.need("id"))
        results = self.fields((*place, "results"), fields.get("results", dict, {}), *fields.get("results", dict, {}))
        return Exceptional(
            id=fields.need("id"),
            expression=condition,
            asks=self.names.asks_of(condition),
            reads=self.names.reads_of(condition),
            inner=self.names.inner_of(condition),
            verdict=fields.one_of("verdict", VERDICTS),
            cite=self.cite(fields),
            depends_on=fields.texts("depends_on"),
            refer_to=fields.texts("refer_to"),
            given_only=self.known_facts((*place, "given_only"), fields.texts("given_only")),
            results={key: self.expression(results, key) for key in results.data},
            assumption=assumption,
        )

    def amount(self) -> Amount | None:
        data = self.data.get("amount")
        if data is None:
            return None
        fields = self.fields(("amount",), data, "kind", "base", "rate", "value", "parts", "refer_to", "says")
        kind = fields.one_of("kind", AMOUNT_KINDS)
        direct = bool({"value", "parts"} & {*data})
        needed = {"at_most": ("base", "rate"), "exactly": ("base", "rate"), "months_at_most": ("rate",)}
        for key in () if direct else needed.get(kind, ()):
            if fields.data.get(key) is None:
                raise self.error(("amount",), "missing_key", key=key)
        if kind == "at_most" and not self.knowledge.reading(FLOOR.id):
            raise self.error(("amount", "kind"), "no_other_reading", name=FLOOR.id)
        amount = Amount(
            kind=kind,
            rates=self.guarded_list(("amount", "rate"), data.get("rate"), wanted=("number",)),
            values=self.guarded_list(("amount", "value"), data.get("value"), wanted=("number",)),
            parts=self.guarded_list(("amount", "parts"), data.get("parts"), wanted=("number",)),
            refer_to=fields.texts("refer_to"),
            says=fields.get("says", str, "") or None,
        )
        if fields.data.get("base") is None:
            return amount
        inner = self.fields(("amount", "base"), data["base"], "value", "cite", "assume")
        base, assumption = self.reading(inner, self.expression(inner, "value", "number"))
        return replace(
            amount,
            base=base,
            base_facts=self.names.facts_of(base),
            base_cite=self.cite(inner),
            base_assumption=assumption,
        )

    def results(
        self, data: Mapping[Any, Any], known: dict[str, tuple[Guarded, ...]], verdicts: dict[str, tuple[str, ...]]
    ) -> None:
        """Read the results into ``known``; options of a further notice come before those already there."""
        for name, entry in data.items():
            place: Place = ("results", name)
            if name not in known:
                self.take(place, str(name))
            if isinstance(entry, dict) and not {"if", "cite", "each"} & {*entry}:
                fields = self.fields(place, entry, "verdicts", "value")
                verdicts[name] = fields.texts("verdicts")
                for verdict in verdicts[name]:
                    if verdict not in VERDICTS:
                        choices = "、".join(VERDICTS)
                        raise self.error((*place, "verdicts"), "unknown_verdict", name=verdict, choices=choices)
                place, entry = (*place, "value"), entry.get("value")
            options = self.guarded_list(place, entry)
            if not options:
                raise self.error(place, "missing_key", key="value")
            known[name] = (*options, *known.get(name, ()))
            self.learn_result(place, name, known[name])

    def learn_result(self, place: Place, name: str, options: tuple[Guarded, ...]) -> None:
        values = [option.value for option in options if isinstance(option.value, Expression)]
        if len({value.type for value in values}) > 1:
            raise self.error(place, "mixed_types", name=name)
        kind = values[0].type if values else "symbol"
        words = [value.text.strip("'") for value in values] if kind == "symbol" else []
        expressions = [expression for option in options for expression in option.expressions]
        reads = [fact for expression in expressions for fact in self.names.reads_of(expression)]
        asked = [fact for option in options for fact in option.facts]
        self.names.learn(name, kind, lambda env: first_value(options, env), asked, reads, words)

    def guarded_list(
        self, place: Place, data: Any, value_key: str = "value", wanted: Sequence[str] = ()
    ) -> tuple[Guarded, ...]:
        """Values with their conditions: a list of them, a single one, or a bare value."""
        if data is None:
            return ()
        many = data if isinstance(data, list) else [data]
        places = [(*place, i) for i in range(len(many))] if isinstance(data, list) else [place]
        return tuple(self.guarded(at, option, value_key, wanted) for at, option in zip(places, many, strict=True))

    def guarded(self, place: Place, data: Any, value_key: str, wanted: Sequence[str]) -> Guarded:
        option = data if isinstance(data, dict) else {value_key: data}
        fields = self.fields(place, option, "if", value_key, "each", "cite", "assume", "says")
        listed = [self.fields(place, {"each": one}, "each") for one in fields.get("each", list, [])]
        each = tuple(self.expression(one, "each", *wanted) for one in listed)
        if value_key not in option and not each:
            raise self.error(place, "missing_key", key=value_key)
        condition = self.expression(fields, "if", "bool") if "if" in option else None
        value: Expression | Sequence[Any] | None = option.get(value_key)
        assumption = None
        if value is not None and (wanted or not isinstance(value, list)):
            value, assumption = self.reading(fields, self.expression(fields, value_key, *wanted))
        parts = [*(part for part in (condition, value) if isinstance(part, Expression)), *each]
        return Guarded(
            condition=condition,
            value=value,
            cite=self.cite(fields, needed=False),
            asks=tuple(ask for part in parts for ask in self.names.asks_of(part)),
            assumption=assumption,
            says=fields.get("says", str, "") or None,
            each=each,
        )

    def delegated(self) -> dict[str, tuple[Delegated, ...]]:
        found: dict[str, tuple[Delegated, ...]] = {}
        for i, item in enumerate(self.section("delegated", list)):
            fields = self.fields(("delegated", i), item, "question", "if", "cite", "refer_to", "says")
            name = fields.need("question")
            condition = self.expression(fields, "if", "bool") if "if" in fields.data else None
            one = Delegated(name, self.cite(fields), fields.texts("refer_to"), fields.need("says"), condition)
            found[name] = (*found.get(name, ()), one)
        return found

    def aspects(self) -> dict[str, Aspect]:
        found = {}
        for name, entry in self.fields(("aspects",), self.section("aspects", dict), *ASPECTS).data.items():
            fields = self.fields(("aspects", name), entry, *_STATES, "refer_to", "says")
            states = [key for key in _STATES if key in fields.data]
            if len(states) != 1:
                raise self.error(fields.place, "one_state", choices="、".join(_STATES))
            says = fields.get("says", str, "") or None
            found[name] = Aspect(states[0], self.cite(fields, states[0]), fields.texts("refer_to"), says)
        return found

    # --- parts -------------------------------------------------------------------------------------------------
    def fields(self, place: Place, data: Any, *allowed: str) -> Fields:
        if isinstance(data, dict):
            for key in data:
                if isinstance(key, bool):  # on, yes, no, off: YAML reads them as true and false
                    raise self.error((*place, key), "yaml_word")
        return Fields(self.source, place, data, allowed)

    def error(self, place: Place, what: str, **details: Any) -> PackError:
        return self.source.error(place, message(what, **details), message(f"mend_{what}", **details))

    def unknown(self, place: Place, what: str, name: Any, known: Collection[str]) -> PackError:
        near = difflib.get_close_matches(str(name), list(known), 1)
        return self.error(place, what, name=name, suggestion=message("did_you_mean", value=near[0]) if near else "")

    def expression(self, fields: Fields, key: str, *wanted: str) -> Expression:
        place, raw = (*fields.place, key), fields.data.get(key)
        if raw is None:
            raise self.error(fields.place if key not in fields.data else place, "missing_key", key=key)
        if isinstance(raw, (dict, list)):
            raise self.error(place, "not_an_expression", key=key)
        try:
            return parse(raw, self.names.vocabulary, *wanted)
        except ExpressionError as error:
            raise self.source.error(place, error.what, error.mend) from None

    def cite(self, fields: Fields, key: str = "cite", needed: bool = True) -> tuple[str, ...]:
        """The clauses at ``key``, a list or a single one, each of which must exist."""
        raw = fields.data.get(key)
        clauses = (raw,) if isinstance(raw, str) else fields.texts(key)
        if needed and not clauses:
            raise self.error(fields.place, "missing_cite", key=key)
        for i, clause in enumerate(clauses):
            if clause not in self.knowledge.clauses:
                raise self.unknown((*fields.place, key, i), "unknown_clause", clause, self.knowledge.clauses)
        return clauses

    def assumption(self, fields: Fields) -> Assumption | None:
        """The named reading behind a condition or a value: a bare name, or with what it would be otherwise."""
        data = fields.data.get("assume")
        if data is None:
            return None
        entry = {"id": data} if isinstance(data, str) else data
        inner = self.fields((*fields.place, "assume"), entry, "id", "otherwise", "if")
        name = inner.need("id")
        if name not in self.knowledge.interpretations:
            raise self.unknown((*inner.place, "id"), "unknown_assumption", name, self.knowledge.interpretations)
        otherwise = self.expression(inner, "otherwise") if "otherwise" in inner.data else None
        applies = self.expression(inner, "if", "bool") if "if" in inner.data else None
        return Assumption(name, otherwise, applies)

    def reading(self, fields: Fields, expression: Expression) -> tuple[Expression, Assumption | None]:
        """The expression in force: as written, with its assumption, or under the other reading where that is chosen."""
        assumption = self.assumption(fields)
        if assumption is None or self.knowledge.reading(assumption.id):
            return expression, assumption
        if assumption.otherwise is None:
            raise self.error((*fields.place, "assume"), "no_other_reading", name=assumption.id)
        inner = Fields(self.source, (*fields.place, "assume"), fields.data["assume"], ("id", "otherwise", "if"))
        return self.expression(inner, "otherwise", expression.type), None

    def known_facts(self, place: Place, names: Collection[Any]) -> tuple[str, ...]:
        for name in names:
            if name not in self.knowledge.facts:
                raise self.unknown((*place, name), "unknown_fact_here", name, self.knowledge.facts)
        return tuple(names)


def _guarded(condition: Expression, value: Expression) -> Expression:
    """``value`` where ``condition`` holds; unknown elsewhere."""

    def evaluate(env: Env) -> Any:
        return value.evaluate(env) if condition.evaluate(env) else None

    names = either(condition.names, value.names)
    return replace(value, evaluate=evaluate, names=names, comparisons=(*condition.comparisons, *value.comparisons))


def first_value(options: Sequence[Guarded], env: Env) -> Any:
    """The value of the first option whose condition holds; None while that is open."""
    for option in options:
        holds = True if option.condition is None else option.condition.evaluate(env)
        if holds is None:
            return None
        if holds:
            return option.worth(env)
    return None


def _at(data: Any, place: Place) -> Any:
    for key in place:
        data = data[key]
    return data
