"""The sections of a programme, for one set of notices that speak together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from eligibility.asked import may_be_asked, options
from eligibility.expression import Expression
from eligibility.kleene import leaves_of
from eligibility.model import BENEFIT, CITATION, DUTY, FLOOR, Assumption, Guarded, Leaf, Node, Programme
from eligibility.render.duties import duty_lines
from eligibility.render.names import members, numbered, result_named, writer_of
from eligibility.render.sheet import Line, Section
from eligibility.render.wording import listed, say, wording
from eligibility.render.words import Named
from eligibility.rulebook import Rulebook
from knowledge.documents import cited_documents

Words = Mapping[str, str]
_NOTHING = Named("")
_UNITS = {"at_most": "yuan", "exactly": "yuan", "months_at_most": "months"}  # of amounts


class Variant:
    """One programme as it stands where certain notices speak.

    Args:
        written: condition id → where it is written.
        marks: id of a condition, or of a fact it turns on → what a further notice did to it.
    """

    def __init__(self, rules: Rulebook, programme: Programme, written: Words, marks: Words | None = None) -> None:
        self.rules, self.knowledge, self.programme = rules, rules.knowledge, programme
        self.written, self.marks = written, marks or {}
        self.writer = writer_of(self.knowledge, programme)
        self.numbers = {node.id: number for number, node in numbered(programme.when) if node.id}

    def sections(self) -> tuple[Section, ...]:
        """Those that have something to say, in the order to be read."""
        one = self.programme
        parts: dict[str, Iterable[Line]] = {}
        if one.kind == BENEFIT:
            parts |= {
                "exceptions": self._exceptions(),
                "conditions": [self._condition("", one.when)],
                "amount": self._amount(),
                "windows": self._options(one.windows, "window"),
                "results": self._results(),
                "questions": self._questions(),
                "held": self._held(),
                "readings": self._readings(),
                "derived": self._derived(),
                "may_change": [Line(self._label(fact)) for fact in one.may_change],
            }
        elif one.kind == DUTY:
            parts["duties"] = duty_lines(self.knowledge, one)
        elif one.kind == CITATION:
            documents = cited_documents(self.knowledge).items()
            parts["documents"] = (Line(number, cite=clauses) for number, clauses in documents)
        else:
            parts["says"] = [Line(one.says or "", cite=one.cite)]
        parts |= {"delegated": self._delegated(), "aspects": self._aspects()}
        parts["next_step"] = [Line(one.next_step, key="next_step")] if one.next_step else []
        heads, leads = wording()["head"], wording()["lead"]
        found = (Section(name, heads[name], tuple(lines), leads.get(name, "")) for name, lines in parts.items())
        return tuple(section for section in found if section.lines)

    # --- conditions --------------------------------------------------------------------------------------------
    def _condition(self, number: str, node: Node) -> Line:
        if isinstance(node, Leaf):
            return self._leaf(number or "1", node)
        prefix = f"{number}." if number else ""
        children = (self._condition(f"{prefix}{i}", child) for i, child in enumerate(members(node), 1))
        return Line(wording()["group"][node.kind], number=number, kind=node.kind, children=tuple(children))

    def _leaf(self, number: str, leaf: Leaf) -> Line:
        facts = self._facts_in(leaf.expression.names)
        held = (self._held_words(fact) for fact in facts if self._is_held(fact))
        told = {"met": leaf.met, "unmet": leaf.unmet}
        spoken = (say("note", key, words=self._spoken(words)) for key, words in told.items() if words)
        return Line(
            self.writer.condition(leaf.expression),
            number=number,
            kind="leaf",
            cite=leaf.cite,
            mark=next((self.marks[name] for name in (leaf.id, *facts) if name in self.marks), ""),
            notes=(*(say("note", "held", words=one) for one in held), *self._reading(leaf.assumption)),
            more=(*spoken, self.written[leaf.id]),
            key=leaf.id,
        )

    def _spoken(self, words: str) -> str:
        """The sentence to the applicant, its {facts} by their names."""
        for name, named in self.writer.names.items():
            words = words.replace("{" + name + "}", say("value", "slot", a=named.label))
        return words

    def _exceptions(self) -> Iterator[Line]:
        for one in self.programme.exceptions:
            notes = [say("note", "verdict", verdict=wording()["verdict"][one.verdict])]
            notes += [say("note", "depends_on", things=listed(one.depends_on))] if one.depends_on else []
            notes += _refer_to(one.refer_to)
            for name, value in one.results.items():
                label = result_named(self.knowledge, name).label
                notes.append(say("value", "equals", a=label, b=self._words(value)))
            if one.given_only:
                notes.append(say("note", "volunteered", facts=listed(self._label(fact) for fact in one.given_only)))
            words = say("note", "if", words=self.writer.condition(one.expression))
            yield Line(words, cite=one.cite, notes=(*notes, *self._reading(one.assumption)), key=one.id)

    def _derived(self) -> Iterator[Line]:
        for name, ways in self.programme.derived.items():
            lines = []
            for way in ways:
                notes = (wording()["note"]["given_only"],) if way.given_only else ()
                words = self._words(way.expression)
                words = say("value", "given", a=words) if words == self._label(name) else words
                words = self._in_case(way.condition, words)
                lines.append(Line(words, notes=(*notes, *self._reading(way.assumption))))
            yield Line(self._label(name), children=tuple(lines), key=name)

    # --- outcomes ----------------------------------------------------------------------------------------------
    def _amount(self) -> Iterator[Line]:
        amount = self.programme.amount
        if amount is None:
            return
        yield Line(wording()["amount"][amount.kind], key="kind")
        unit = wording()["value"]["units"].get(_UNITS.get(amount.kind, ""), "")
        if amount.base is not None:
            base = say("note", "base", base=self._words(amount.base))
            yield Line(base, cite=amount.base_cite, notes=self._reading(amount.base_assumption), key="base")
            unit = ""
        priced = amount.rates or amount.values or amount.parts
        if len(priced) > 1:
            yield Line(wording()["note"]["sum_of" if amount.parts else "first_of"], key="order")
        yield from self._options(priced, "option", Named("", unit))
        if amount.says:
            yield Line(amount.says, notes=_refer_to(amount.refer_to), key="says")

    def _results(self) -> Iterator[Line]:
        for name, guarded in self.programme.results.items():
            named, verdicts = result_named(self.knowledge, name), self.programme.result_verdicts.get(name, ())
            only = listed(wording()["verdict"][verdict] for verdict in verdicts)
            notes = (say("note", "only_verdicts", words=only),) if only else ()
            yield Line(named.label, notes=notes, children=tuple(self._options(guarded, f"{name}.", named)))

    def _options(self, guarded: Sequence[Guarded], key: str, named: Named = _NOTHING) -> Iterator[Line]:
        """Guarded values, of the same condition the first; ``named``: what they are values of."""
        cases = {option.condition.text if option.condition else "": option for option in reversed(guarded)}
        for case, option in reversed(cases.items()):
            words = self._in_case(option.condition, self._worth(option, named), otherwise=len(cases) > 1)
            notes = (option.says,) if option.says else ()
            yield Line(words, cite=option.cite, notes=(*notes, *self._reading(option.assumption)), key=key + case)

    def _worth(self, option: Guarded, named: Named) -> str:
        if option.each:
            return listed(self._words(one, named) for one in option.each)
        if isinstance(option.value, Expression):
            return self._words(option.value, named)
        if option.value is None:
            return str(wording()["value"]["none"])
        return option.value if isinstance(option.value, str) else listed(map(str, option.value))

    def _in_case(self, condition: Expression | None, words: str, otherwise: bool = False) -> str:
        if condition is not None:
            return say("value", "equals", a=say("note", "if", words=self.writer.condition(condition)), b=words)
        return say("value", "equals", a=wording()["note"]["otherwise"], b=words) if otherwise else words

    # --- what is said around it --------------------------------------------------------------------------------
    def _questions(self) -> Iterator[Line]:
        """The questions that may be asked, in the order of the text; then the facts that are only volunteered."""
        asked = may_be_asked(self.programme, self.knowledge.facts)
        for facts in self.rules.questions_for(self.programme.id, asked):
            asking = [one for one in self.knowledge.questions.values() if {*facts} <= {*one.facts}]
            question = min(asking, key=lambda one: len(one.facts))
            choices = listed(choice.label for choice in question.choices)
            notes = (say("note", "choices", words=choices),) if choices else ()
            more = (say("note", "why", words=question.why),) if question.why else ()
            yield Line(question.ask, notes=notes, more=more)
        silent = [fact for fact in self._all_facts() if fact not in asked and not self._is_held(fact)]
        if silent:
            yield Line(say("note", "volunteered", facts=listed(map(self._label, silent))))

    def _held(self) -> Iterator[Line]:
        """What an authority holds, with the conditions that turn on it."""
        leaves = leaves_of(self.programme.when)
        for fact in self._all_facts():
            if self._is_held(fact):
                using = [self._place(leaf.id) for leaf in leaves if fact in self._facts_in(leaf.expression.names)]
                notes = (say("note", "used_in", places=listed(using)),) if using else ()
                yield Line(self._held_words(fact), notes=notes, key=fact)

    def _readings(self) -> Iterator[Line]:
        """The named readings of the text, with what would stand there under the other one."""
        lines: dict[str, dict[Line, None]] = {}
        for place, one in self._assumptions():
            notes = []
            if one.otherwise is not None:
                notes.append(say("note", "otherwise_reading", words=self._words(one.otherwise)))
            if one.applies is not None:
                notes.append(say("note", "applies", words=self.writer.condition(one.applies)))
            lines.setdefault(one.id, {})[Line(say("note", "used_in", places=place), notes=tuple(notes))] = None
        for name, uses in lines.items():
            yield Line(str(self.knowledge.interpretations[name]["says"]), children=tuple(uses), key=name)

    def _assumptions(self) -> Iterator[tuple[str, Assumption]]:
        """Every use of a named reading: where, and which."""
        one, heads = self.programme, wording()["head"]
        found = [(self._place(leaf.id), leaf.assumption) for leaf in leaves_of(one.when)]
        found += [(heads["exceptions"], exception.assumption) for exception in one.exceptions]
        found += [(self._label(name), way.assumption) for name, ways in one.derived.items() for way in ways]
        if one.amount is not None:
            priced = (*one.amount.rates, *one.amount.values, *one.amount.parts)
            found += [(heads["amount"], one.amount.base_assumption)]
            found += [(heads["amount"], option.assumption) for option in priced]
            found += [(heads["amount"], FLOOR)] if one.amount.kind in ("at_most", "exactly") else []
        found += [(heads["windows"], option.assumption) for option in one.windows]
        found += [(self._label(name), option.assumption) for name, many in one.results.items() for option in many]
        yield from ((place, reading) for place, reading in found if reading is not None)

    def _delegated(self) -> Iterator[Line]:
        """What people ask and the notices leave to others."""
        labels = {**wording()["aspect"], **self.knowledge.names.get("asked", {})}
        for name, entries in self.programme.delegated.items():
            for i, one in enumerate(entries):
                words, label = self._in_case(one.condition, one.says), labels.get(name, wording()["value"]["unnamed"])
                yield Line(words, label, cite=one.cite, notes=_refer_to(one.refer_to), key=f"{name}{i}")

    def _aspects(self) -> Iterator[Line]:
        """What is answered to each kind of question."""
        for name, label in wording()["aspect"].items():
            if name in self.programme.aspects:
                one = self.programme.aspects[name]
                state, notes = wording()["state"][one.state], _refer_to(one.refer_to)
                yield Line(one.says or "", label, cite=one.cite, mark=state, notes=notes, key=name)

    # --- names -------------------------------------------------------------------------------------------------
    def _words(self, expression: Expression, named: Named = _NOTHING) -> str:
        return self.writer.words(expression, named.unit, named.values)

    def _label(self, name: str) -> str:
        return self.writer.names[name].label

    def _place(self, condition: str) -> str:
        return say("note", "condition", number=self.numbers[condition] or "1")

    def _reading(self, assumption: Assumption | None) -> tuple[str, ...]:
        says = self.knowledge.interpretations[assumption.id]["says"] if assumption else ""
        return (say("note", "reading", says=says),) if assumption else ()

    def _is_held(self, fact: str) -> bool:
        return fact in self.programme.held_by or self.knowledge.facts[fact].agency

    def _held_words(self, fact: str) -> str:
        return self.programme.held_by.get(fact) or self._label(fact)

    # --- facts -------------------------------------------------------------------------------------------------
    def _all_facts(self) -> tuple[str, ...]:
        """Every fact that the rule looks at."""
        one = self.programme
        expressions = [e for exception in one.exceptions for e in (exception.expression, *exception.results.values())]
        expressions += [leaf.expression for leaf in leaves_of(one.when)]
        expressions += [one.amount.base] if one.amount and one.amount.base else []
        expressions += [part for option in options(one) for part in option.expressions]
        expressions += [entry.condition for entries in one.delegated.values() for entry in entries if entry.condition]
        return self._facts_in([name for expression in expressions for name in expression.names])

    def _facts_in(self, names: Iterable[str]) -> tuple[str, ...]:
        """The facts behind names, through derived values."""
        found: list[str] = []
        for name in names:
            found += [name] if name in self.knowledge.facts else []
            for way in self.programme.derived.get(name, ()):
                found += self._facts_in(way.expression.names)
        return tuple(dict.fromkeys(found))


def _refer_to(documents: Sequence[str]) -> tuple[str, ...]:
    return (say("note", "refer_to", documents=listed(documents)),) if documents else ()
