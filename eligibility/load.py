"""Programme files (``packs/*/programmes/*.yml``) compiled into the model. Every fault is a PackError with file and line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eligibility.errors import message
from eligibility.expression import Env, Evaluate, Expression, ExpressionError, Vocabulary, parse
from eligibility.kleene import truth
from eligibility.model import (
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
from knowledge import Knowledge, PackError, SourceFile

_TYPES = {
    "bool": "bool",
    "count": "number",
    "months": "number",
    "days": "number",
    "year": "number",
    "percent": "number",
    "yuan": "number",
    "date": "date",
    "choice": "symbol",
}
_PROGRAMME_KEYS = frozenset(
    ["id", "title", "source", "subject", "summary", "held_by_agency", "derive", "exceptions", "when", "amount", "results", "window", "what_if", "delegated", "aspects", "next_step"]
)
_OVERLAY_KEYS = frozenset(["extends", "since", "set", "cites", "aspects", "delegated"])
_LEAF_KEYS = frozenset(["id", "if", "cite", "assume", "met", "unmet"])
Path = tuple[str | int, ...]


def load_programmes(knowledge: Knowledge) -> dict[str, Programme]:
    """Every programme of the packs, by id, with the overlays of the notices that extend it."""
    files = [_File(knowledge, source) for source in knowledge.programme_files]
    overlays: dict[str, list[Overlay]] = {}
    base = {str(file.data.get("id")): file for file in files if "extends" not in file.data}
    for file in files:
        if "extends" in file.data:
            target = str(file.data["extends"])
            if target not in base:
                raise file.error(("extends",), "unknown_extends", id=target)
            overlays.setdefault(target, []).append(file.overlay())
    return {name: file.programme(tuple(overlays.get(name, ()))) for name, file in sorted(base.items())}


class _File:
    """One programme file while it is being read: knows where it is, so that errors can say it."""

    def __init__(self, knowledge: Knowledge, source: SourceFile) -> None:
        self.knowledge, self.source = knowledge, source
        self.data: Mapping[str, Any] = source.data if isinstance(source.data, dict) else {}
        if not self.data:
            raise self.error((), "wrong_shape", wanted="id: …")
        self.leaves: list[Leaf] = []
        self.derived: dict[str, tuple[Derived, ...]] = {}
        self.node_facts: dict[str, tuple[str, ...]] = {}
        self.vocabulary = Vocabulary(
            types={"as_of": "date", **{name: _TYPES[fact.type] for name, fact in knowledge.facts.items()}},
            values={name: tuple(fact.values) for name, fact in knowledge.facts.items() if fact.values},
        )

    # --- errors ------------------------------------------------------------------------------------------------
    def error(self, path: Path, what: str, mend: str | None = None, **details: Any) -> PackError:
        return PackError(
            self.source.path,
            self.source.line_of(path),
            message(what, **details),
            message(mend or f"mend_{what}", **details),
        )

    def check_keys(self, path: Path, data: Any, allowed: frozenset[str], required: Sequence[str] = ()) -> None:
        if not isinstance(data, dict):
            raise self.error(path, "wrong_shape", wanted="、".join(sorted(allowed)))
        for key in data:
            if key not in allowed:
                raise self.error((*path, key), "unknown_key", key=key, choices="、".join(sorted(allowed)))
        for key in required:
            if key not in data:
                raise self.error(path, "missing_key", key=key)

    # --- the file ----------------------------------------------------------------------------------------------
    def programme(self, overlays: tuple[Overlay, ...]) -> Programme:
        data = self.data
        self.check_keys((), data, _PROGRAMME_KEYS, ("id", "title", "source", "subject", "summary", "when"))
        self.check_keys(("source",), data["source"], frozenset(("document", "item")), ("document", "item"))
        if self.source.path.stem != data["id"]:
            raise self.error(("id",), "wrong_file_name", id=data["id"])
        document = data["source"]["document"]
        for name, ways in (data.get("derive") or {}).items():
            self.derive(name, ways)
        when = self.node(("when",), data["when"])
        results, verdicts = self.results(data.get("results") or {})
        return Programme(
            id=data["id"],
            title=data["title"],
            document=document,
            item=data["source"]["item"],
            subject=data["subject"],
            place=self.knowledge.notices[document].place,
            summary=data["summary"],
            held_by=data.get("held_by_agency") or {},
            exceptions=tuple(self.exceptional(i, item) for i, item in enumerate(data.get("exceptions") or ())),
            when=when,
            amount=self.amount(data.get("amount")),
            results=results,
            result_verdicts=verdicts,
            windows=self.guarded_list(("window",), data.get("window") or (), value_key="until"),
            may_change=tuple((data.get("what_if") or {}).get("may_change") or ()),
            delegated=self.delegated(),
            aspects=self.aspects(),
            derived=self.derived,
            overlays=overlays,
            next_step=data.get("next_step"),
            leaves=tuple(self.leaves),
        )

    def overlay(self) -> Overlay:
        data = self.data
        self.check_keys((), data, _OVERLAY_KEYS, ("extends",))
        notice = self.knowledge.notice_of(self.source.path)
        facts, fact_cites = {}, {}
        for name, entry in (data.get("set") or {}).items():
            self.check_keys(("set", name), entry, frozenset(("value", "cite")), ("value", "cite"))
            facts[name] = entry["value"]
            fact_cites[name] = self.cite(("set", name, "cite"), entry["cite"])
        cites = {key: self.cite(("cites", key), value) for key, value in (data.get("cites") or {}).items()}
        since = data.get("since") or notice.date_not_after
        return Overlay(notice.place, since, facts, fact_cites, cites, self.aspects(), self.delegated())

    # --- conditions --------------------------------------------------------------------------------------------
    def node(self, path: Path, data: Any) -> Node:
        if not isinstance(data, dict):
            raise self.error(path, "wrong_shape", wanted="all / any / not / if")
        kind = next((key for key in ("all", "any", "not") if key in data), None)
        if kind is None:
            return self.leaf(path, data)
        self.check_keys(path, data, frozenset((kind, "id")))
        before = len(self.leaves)
        members = data[kind] if isinstance(data[kind], list) else [data[kind]]
        children = tuple(self.node((*path, kind, i), member) for i, member in enumerate(members))
        group = Group(kind, children, data.get("id"))
        if group.id:
            self.name(group.id, group, tuple(f for leaf in self.leaves[before:] for f in leaf.facts))
        return group

    def leaf(self, path: Path, data: Mapping[str, Any]) -> Leaf:
        self.check_keys(path, data, _LEAF_KEYS, ("id", "if", "cite"))
        assumption = self.assumption((*path, "assume"), data.get("assume"))
        expression = self.expression((*path, "if"), data["if"])
        if assumption and not self.knowledge.reading(assumption.id) and "otherwise" in data["assume"]:
            expression = self.expression((*path, "assume", "otherwise"), data["assume"]["otherwise"])
            assumption = None
        leaf = Leaf(
            id=data["id"],
            expression=expression,
            facts=self.facts_of(expression),
            cite=self.cite((*path, "cite"), data["cite"]),
            assumption=assumption,
            met=data.get("met"),
            unmet=data.get("unmet"),
        )
        self.leaves.append(leaf)
        self.name(leaf.id, leaf, leaf.facts)
        return leaf

    def name(self, name: str, node: Node, facts: tuple[str, ...]) -> None:
        """Let later expressions (results, window) speak of a condition by its id."""
        if name in self.knowledge.facts:
            return
        evaluate: Evaluate = lambda env: truth(node, env)  # noqa: E731
        self.learn(name, "bool", evaluate)
        self.node_facts[name] = tuple(dict.fromkeys(facts))

    def learn(self, name: str, kind: str, evaluate: Evaluate, values: Sequence[str] = ()) -> None:
        self.vocabulary = Vocabulary(
            {**self.vocabulary.types, name: kind},
            {**self.vocabulary.values, name: tuple(values)} if values else self.vocabulary.values,
            {**self.vocabulary.resolve, name: evaluate},
        )

    def derive(self, name: str, ways: Any) -> None:
        path: Path = ("derive", name)
        if not isinstance(ways, list):
            raise self.error(path, "wrong_shape", wanted="- value: …")
        found = []
        for i, way in enumerate(ways):
            self.check_keys((*path, i), way, frozenset(("value", "assume", "given_only")), ("value",))
            expression = self.expression((*path, i, "value"), way["value"])
            if way.get("assume"):
                self.assumption((*path, i, "assume"), way["assume"])
            if not self.knowledge.reading(way.get("assume")):
                continue
            found.append(
                Derived(expression, self.facts_of(expression), bool(way.get("given_only")), way.get("assume"))
            )
        self.derived[name] = tuple(found)
        evaluations = tuple(way.expression.evaluate for way in found)

        def evaluate(env: Env) -> Any:
            for one in evaluations:
                value = one(env)
                if value is not None:
                    return value
            return None

        self.learn(name, found[0].expression.type, evaluate)

    # --- outcomes ----------------------------------------------------------------------------------------------
    def exceptional(self, i: int, data: Any) -> Exceptional:
        path: Path = ("exceptions", i)
        allowed = frozenset(["id", "if", "verdict", "cite", "depends_on", "refer_to", "given_only", "results"])
        self.check_keys(path, data, allowed, ("id", "if", "verdict", "cite"))
        condition = self.expression((*path, "if"), data["if"])
        return Exceptional(
            id=data["id"],
            expression=condition,
            facts=self.facts_of(condition),
            verdict=data["verdict"],
            cite=self.cite((*path, "cite"), data["cite"]),
            depends_on=tuple(data.get("depends_on") or ()),
            refer_to=tuple(data.get("refer_to") or ()),
            given_only=tuple(data.get("given_only") or ()),
            results={
                key: self.expression((*path, "results", key), value)
                for key, value in (data.get("results") or {}).items()
            },
        )

    def amount(self, data: Any) -> Amount | None:
        if data is None:
            return None
        path: Path = ("amount",)
        self.check_keys(path, data, frozenset(("kind", "base", "rate", "refer_to", "says")), ("kind",))
        base, base_data = None, data.get("base")
        if base_data:
            self.check_keys((*path, "base"), base_data, frozenset(("value", "cite", "assume")), ("value", "cite"))
            base = self.expression((*path, "base", "value"), base_data["value"])
        return Amount(
            kind=data["kind"],
            base=base,
            base_facts=self.facts_of(base) if base else (),
            base_cite=self.cite((*path, "base", "cite"), base_data["cite"]) if base_data else (),
            base_assumption=self.assumption((*path, "base", "assume"), (base_data or {}).get("assume")),
            rates=self.guarded_list((*path, "rate"), data.get("rate") or ()),
            refer_to=tuple(data.get("refer_to") or ()),
            says=data.get("says"),
        )

    def results(self, data: Mapping[str, Any]) -> tuple[dict[str, tuple[Guarded, ...]], dict[str, tuple[str, ...]]]:
        results, verdicts = {}, {}
        for name, entry in data.items():
            if isinstance(entry, dict):
                self.check_keys(("results", name), entry, frozenset(("verdicts", "value")), ("value",))
                verdicts[name] = tuple(entry.get("verdicts") or ())
                results[name] = self.guarded_list(("results", name, "value"), entry["value"])
            else:
                results[name] = self.guarded_list(("results", name), entry)
            values = [option.value.text.strip("'") for option in results[name] if isinstance(option.value, Expression)]
            kind = next((o.value.type for o in results[name] if isinstance(o.value, Expression)), "symbol")
            options = results[name]
            self.learn(name, kind, lambda env, options=options: first_value(options, env), values)  # type: ignore[misc]
            self.node_facts[name] = tuple(dict.fromkeys(f for option in options for f in option.facts))
        return results, verdicts

    def guarded_list(self, path: Path, data: Any, value_key: str = "value") -> tuple[Guarded, ...]:
        options = data if isinstance(data, list) else [data] if data not in ((), None) else []
        guarded = []
        for i, option in enumerate(options):
            here: Path = (*path, i) if isinstance(data, list) else path
            if not isinstance(option, dict):
                option = {value_key: option}
            self.check_keys(here, option, frozenset(("if", value_key, "cite", "assume", "says")), (value_key,))
            condition = self.expression((*here, "if"), option["if"]) if "if" in option else None
            raw = option[value_key]
            value = raw if isinstance(raw, (list, type(None))) else self.expression((*here, value_key), raw)
            facts = self.facts_of(condition) if condition else ()
            facts += self.facts_of(value) if isinstance(value, Expression) else ()
            guarded.append(
                Guarded(
                    condition=condition,
                    value=value,
                    cite=self.cite((*here, "cite"), option.get("cite") or []),
                    facts=tuple(dict.fromkeys(facts)),
                    assumption=self.assumption((*here, "assume"), option.get("assume")),
                    says=option.get("says"),
                )
            )
        return tuple(guarded)

    def delegated(self) -> dict[str, Delegated]:
        found = {}
        for i, item in enumerate(self.data.get("delegated") or ()):
            path: Path = ("delegated", i)
            allowed = frozenset(("question", "cite", "refer_to", "says"))
            self.check_keys(path, item, allowed, ("question", "cite", "says"))
            found[item["question"]] = Delegated(
                item["question"],
                self.cite((*path, "cite"), item["cite"]),
                tuple(item.get("refer_to") or ()),
                item["says"],
            )
        return found

    def aspects(self) -> dict[str, Aspect]:
        found = {}
        for name, entry in (self.data.get("aspects") or {}).items():
            path: Path = ("aspects", name)
            self.check_keys(path, entry, frozenset(("stated", "delegated", "not_stated", "refer_to", "says")))
            state = next((key for key in ("stated", "delegated", "not_stated") if key in entry), None)
            if state is None:
                raise self.error(path, "missing_key", key="stated")
            found[name] = Aspect(
                state, self.cite((*path, state), entry[state]), tuple(entry.get("refer_to") or ()), entry.get("says")
            )
        return found

    # --- parts -------------------------------------------------------------------------------------------------
    def expression(self, path: Path, text: Any) -> Expression:
        try:
            return parse(text, self.vocabulary)
        except ExpressionError as error:
            raise PackError(self.source.path, self.source.line_of(path), error.what, error.mend) from None

    def facts_of(self, expression: Expression) -> tuple[str, ...]:
        """The facts worth asking for an expression: of a derived name, those of its first way that may be asked."""
        return tuple(dict.fromkeys(fact for name in sorted(expression.names) for fact in self._asked_for(name)))

    def _asked_for(self, name: str) -> Iterator[str]:
        if name in self.derived:
            ways = [way for way in self.derived[name] if not way.given_only] or list(self.derived[name])
            yield from ways[0].facts
        elif name in self.node_facts:
            yield from self.node_facts[name]
        elif name != "as_of":
            yield name

    def cite(self, path: Path, clauses: Any) -> tuple[str, ...]:
        clauses = [clauses] if isinstance(clauses, str) else clauses
        for i, clause in enumerate(clauses):
            if clause not in self.knowledge.clauses:
                near = difflib.get_close_matches(str(clause), list(self.knowledge.clauses), 1)
                suggestion = message("did_you_mean", value=near[0]) if near else ""
                raise self.error((*path, i), "unknown_clause", clause=clause, suggestion=suggestion)
        return tuple(clauses)

    def assumption(self, path: Path, data: Any) -> Assumption | None:
        if data is None:
            return None
        entry = {"id": data} if isinstance(data, str) else data
        self.check_keys(path, entry, frozenset(("id", "otherwise", "if")), ("id",))
        if entry["id"] not in self.knowledge.interpretations:
            raise self.error(path, "unknown_assumption", name=entry["id"])
        otherwise = self.expression((*path, "otherwise"), entry["otherwise"]) if "otherwise" in entry else None
        applies = self.expression((*path, "if"), entry["if"]) if "if" in entry else None
        return Assumption(
            entry["id"], otherwise.evaluate if otherwise else None, applies.evaluate if applies else None
        )


def first_value(options: Sequence[Guarded], env: Env) -> Any:
    """The value of the first option whose condition holds; None while that is open."""
    for option in options:
        holds = True if option.condition is None else option.condition.evaluate(env)
        if holds is None:
            return None
        if holds:
            return option.value.evaluate(env) if isinstance(option.value, Expression) else option.value
    return None

