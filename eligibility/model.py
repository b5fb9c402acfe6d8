"""A programme as the engine sees it, and the decision it returns. Data only; what is done with it stands beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from eligibility.expression import Comparison, Env, Evaluate, Expression

ELIGIBLE = "eligible"
INELIGIBLE = "ineligible"
NEEDS_INFO = "needs_info"
CONDITIONAL = "conditional"
NOT_IN_NOTICE = "not_in_notice"
DUTY = "duty"
INFORMATIONAL = "informational"
VERDICTS = (ELIGIBLE, INELIGIBLE, NEEDS_INFO, CONDITIONAL, NOT_IN_NOTICE, DUTY, INFORMATIONAL)
AMOUNT_KINDS = ("at_most", "exactly", "months_at_most", "not_in_notice")
BENEFIT, CITATION = "benefit", "citation"
KINDS = (BENEFIT, INFORMATIONAL, DUTY, CITATION)  # of programme files
ASPECTS: tuple[str, ...] = ("what", "who", "amount", "deadline", "duration", "frequency", "materials")
ASPECTS += ("how", "where", "fund", "decider", "basis", "progress")


@dataclass(frozen=True)
class Assumption:
    """A named reading of an ambiguous text (``packs/common/interpretations.yml``).

    Attributes:
        otherwise: the value under the other reading; the assumption matters where the two differ. None: everywhere.
        applies: it only matters where this is true. None: everywhere.
    """

    id: str
    otherwise: Expression | None = None
    applies: Expression | None = None

    def matters(self, env: Env, value: Any) -> bool:
        """Whether the other reading could say something else here, where this one says ``value``."""
        if self.applies is not None and not self.applies.evaluate(env):
            return False
        return self.otherwise is None or self.otherwise.evaluate(env) != value


FLOOR = Assumption("floor_to_fen")


@dataclass(frozen=True)
class Ask:
    """Facts to ask for, unless the value they are for is known in another way.

    Attributes:
        value: the derived value; None for a plain fact.
    """

    facts: tuple[str, ...]
    value: Evaluate | None = None

    def open_facts(self, env: Env) -> list[str]:
        """Those still to be asked."""
        if self.value is not None and self.value(env) is not None:
            return []
        return [name for name in self.facts if name not in env]


@dataclass(frozen=True, eq=False)
class Leaf:
    """One condition of the notice, with the clauses that state it and how it is spoken when met or not met.

    Attributes:
        asks: what is worth asking for it. reads: everything its truth may depend on, ``as_of`` included.
        inner: comparisons inside the derived values it uses, at which these change their formula.
    """

    id: str
    expression: Expression
    asks: tuple[Ask, ...]
    reads: frozenset[str]
    inner: tuple[Comparison, ...]
    cite: tuple[str, ...]
    assumption: Assumption | None = None
    met: str | None = None
    unmet: str | None = None

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts worth asking for, in the order of the text."""
        return _facts(self.asks)


@dataclass(frozen=True, eq=False)
class Group:
    """``all``, ``any`` or ``not`` of other nodes; ``reads``: everything their truth may depend on."""

    kind: str
    children: tuple[Node, ...]
    reads: frozenset[str]
    id: str | None = None


Node = Leaf | Group


@dataclass(frozen=True, eq=False)
class Guarded:
    """A value with the condition under which it holds; the first that holds wins. ``condition`` None: otherwise.

    ``each``: the value is the list of these, once all of them are known.
    """

    condition: Expression | None
    value: Expression | Sequence[Any] | str | None
    cite: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()
    assumption: Assumption | None = None
    says: str | None = None
    each: tuple[Expression, ...] = ()

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts worth asking for, in the order of the text."""
        return _facts(self.asks)

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """Everything it evaluates."""
        return (*(part for part in (self.condition, self.value) if isinstance(part, Expression)), *self.each)

    def holds(self, env: Env) -> bool | None:
        """Whether its condition does."""
        return True if self.condition is None else self.condition.evaluate(env)

    def worth(self, env: Env) -> Any:
        """Its value over ``env``, whatever its condition; None while that is open."""
        if self.each:
            values = [one.evaluate(env) for one in self.each]
            return None if None in values else values
        return self.value.evaluate(env) if isinstance(self.value, Expression) else self.value


@dataclass(frozen=True, eq=False)
class Derived:
    """One way to work out a derived value.

    Attributes:
        given_only: used when its facts are given, but never asked for.
        condition: when it holds (``if:``; worked into ``expression``); the next way is there for the other cases.
    """

    expression: Expression
    facts: tuple[str, ...]
    given_only: bool = False
    condition: Expression | None = None
    assumption: Assumption | None = None


@dataclass(frozen=True, eq=False)
class Exceptional:
    """A clause that is looked at before the conditions: the transition, or a case the notice leaves to another text."""

    id: str
    expression: Expression
    asks: tuple[Ask, ...]
    reads: frozenset[str]
    inner: tuple[Comparison, ...]
    verdict: str
    cite: tuple[str, ...]
    depends_on: tuple[str, ...] = ()
    refer_to: tuple[str, ...] = ()
    given_only: tuple[str, ...] = ()
    results: Mapping[str, Expression] = field(default_factory=dict)
    assumption: Assumption | None = None

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts worth asking for, in the order of the text."""
        return _facts(self.asks)


Condition = Leaf | Exceptional


@dataclass(frozen=True, eq=False)
class Amount:
    """``at_most`` (a cap, floored to the fen), ``exactly``, ``months_at_most`` or ``not_in_notice``.

    A sum of money is written as base × rate, or as ``values`` (yuan; the first that holds), or as ``parts`` (yuan; the
    sum of those that hold: subsidies that are paid beside each other).
    """

    kind: str
    base: Expression | None = None
    base_facts: tuple[str, ...] = ()
    base_cite: tuple[str, ...] = ()
    base_assumption: Assumption | None = None
    rates: tuple[Guarded, ...] = ()
    values: tuple[Guarded, ...] = ()
    parts: tuple[Guarded, ...] = ()
    refer_to: tuple[str, ...] = ()
    says: str | None = None


@dataclass(frozen=True, eq=False)
class Delegated:
    """Something people ask that the notices leave to another text or do not state at all; ``condition``: then only."""

    question: str
    cite: tuple[str, ...]
    refer_to: tuple[str, ...]
    says: str
    condition: Expression | None = None


@dataclass(frozen=True, eq=False)
class Duty:
    """What one clause obliges an authority to do (``packs/*/duties.yml``); words verbatim from the notice.

    Attributes:
        verdict: duty, or informational where nothing to do is printed.
        due: a date over the facts. results: who, to, fund, when, copies, every, date, what: those that are written.
        document: whose issue date bounds ``due`` while ``issued_on`` is unknown.
    """

    clause: str
    document: str
    verdict: str
    cite: tuple[str, ...]
    results: Mapping[str, Any]
    due: Expression | None = None
    assumption: Assumption | None = None


@dataclass(frozen=True, eq=False)
class Aspect:
    """Where the notice answers one aspect of a programme: ``stated``, ``delegated`` or ``not_stated``."""

    state: str
    cite: tuple[str, ...]
    refer_to: tuple[str, ...] = ()
    says: str | None = None


@dataclass(frozen=True, eq=False)
class Overlay:
    """Where and from when a further notice (``extends:``) speaks, and the facts it settles there.

    Whatever else it says is worked into ``Programme.localised``.
    """

    document: str
    place: str
    since: date
    facts: Mapping[str, Any]
    fact_cites: Mapping[str, tuple[str, ...]]

    def speaks(self, as_of: date, places: Sequence[str]) -> bool:
        """Whether it is in force on this day, in one of these places."""
        return self.place in places and as_of >= self.since


@dataclass(frozen=True, eq=False)
class Programme:
    """One programme of the notices, compiled from ``packs/*/programmes/{id}.yml``.

    Attributes:
        overlays: the further notices that may speak on it; in a localised programme, those that do.
        localised: the programme as it stands where some of them speak, for every set of them that can be in force
            together, by their positions in ``overlays``.
        says, cite: of kind informational.
    """

    id: str
    title: str
    document: str
    item: str
    subject: str
    place: str
    summary: str
    held_by: Mapping[str, str]
    exceptions: tuple[Exceptional, ...]
    when: Node
    amount: Amount | None
    results: Mapping[str, tuple[Guarded, ...]]
    result_verdicts: Mapping[str, tuple[str, ...]]
    windows: tuple[Guarded, ...]
    may_change: tuple[str, ...]
    delegated: Mapping[str, tuple[Delegated, ...]]
    aspects: Mapping[str, Aspect]
    derived: Mapping[str, tuple[Derived, ...]]
    overlays: tuple[Overlay, ...]
    next_step: str | None
    leaves: tuple[Leaf, ...] = ()
    kind: str = BENEFIT
    says: str | None = None
    cite: tuple[str, ...] = ()
    duties: Mapping[str, Duty] = field(default_factory=dict)
    localised: Mapping[tuple[int, ...], Programme] = field(default_factory=dict)

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """Everything that can be asked for the verdict, in the order in which it is looked at."""
        return (*self.exceptions, *self.leaves)

    def at(self, as_of: date, places: Sequence[str]) -> Programme:
        """The programme as the notices in force have it, on this day and in these places."""
        if not self.localised:
            return self
        speaking = tuple(i for i, overlay in enumerate(self.overlays) if overlay.speaks(as_of, places))
        return self.localised[speaking] if speaking else self


@dataclass(frozen=True)
class Reason:
    """One clause behind a decision. ``role``: decides | open | amount | result | supports."""

    clause: str
    role: str


@dataclass(frozen=True)
class Window:
    """A programme in time as of a date. ``state``: open | closed | not_yet | undated | replaced.

    ``unsettled``: what is still open may turn out to have no last day at all.
    """

    state: str
    until: date | None = None
    note: str | None = None
    source: str | None = None
    unsettled: bool = False


@dataclass(frozen=True)
class Money:
    """An amount: ``fen`` when exact, ``low_fen`` and ``high_fen`` while the rate is open; ``months`` of a period."""

    kind: str
    fen: int | None = None
    low_fen: int | None = None
    high_fen: int | None = None
    months: int | None = None
    base_fen: int | None = None
    rates: tuple[Fraction | int, ...] = ()
    says: str | None = None
    refer_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Branch:
    """What the verdict would be, were a declined fact in this range: spoken when the user cannot tell.

    ``low`` / ``high`` None: no bound on that side.
    """

    fact: str
    low: Any
    high: Any
    verdict: str


@dataclass(frozen=True)
class NextQuestion:
    """The question worth asking next, with its facts that are still open. ``purpose``: verdict | amount | result."""

    id: str
    facts: tuple[str, ...]
    purpose: str


@dataclass(frozen=True)
class Later:
    """How to work out what a decision holds but few who ask for one read: see the properties of ``Decision``."""

    decision_id: Callable[[], str]
    next_question: Callable[[], NextQuestion | None] = lambda: None
    would_change: Callable[[], Mapping[str, Any]] = dict
    branches: Callable[[], tuple[Branch, ...]] = tuple


@dataclass(frozen=True)
class Decision:
    """The engine's answer for one programme, one set of facts, one date and one place.

    Attributes:
        missing: the facts on which the verdict still turns and which the applicant can give, in the order of the text.
        missing_for_amount, missing_for_results: further facts that only the amount, only a named result needs.
        leaves: truth of every condition; deciding: those on which the verdict rests.
        later: works out the properties, each when it is first read.
    """

    programme: str
    verdict: str
    as_of: date
    place: str
    window: Window
    facts: Mapping[str, Any]
    later: Later = field(repr=False, compare=False)
    amount: Money | None = None
    missing: tuple[str, ...] = ()
    missing_for_amount: tuple[str, ...] = ()
    missing_for_results: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    refer_to: tuple[str, ...] = ()
    results: Mapping[str, Any] = field(default_factory=dict)
    because: tuple[Reason, ...] = ()
    leaves: Mapping[str, bool | None] = field(default_factory=dict)
    deciding: tuple[str, ...] = ()

    @cached_property
    def decision_id(self) -> str:
        """Hash of everything that was asked and of the packs: the same question, the same id."""
        return self.later.decision_id()

    @cached_property
    def next_question(self) -> NextQuestion | None:
        """The question to ask now: first for the verdict, then for what only the amount or a result needs."""
        return self.later.next_question()

    @cached_property
    def would_change(self) -> Mapping[str, Any]:
        """What would turn a "no": the nearest boundary of each fact that the applicant could change."""
        return self.later.would_change()

    @cached_property
    def branches(self) -> tuple[Branch, ...]:
        """What the verdict would be for each range of a fact that was declined."""
        return self.later.branches()


def _facts(asks: Sequence[Ask]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for ask in asks for name in ask.facts))
