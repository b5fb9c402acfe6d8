"""The legal retirement age as a dated rule (retirement.yml): who retires when, as the law stood on a given day."""

import calendar
import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.fields import Fields, typed
from knowledge.sources import Period, Source, check_sequence, read_period, read_source
from knowledge.yaml_source import SourceFile

KINDS = ("male", "female_cadre", "female_worker")


@dataclass(frozen=True)
class Delay:
    """Who is born on or after `born_from` retires later: one month for each begun `every_months`, `at_most_months`."""

    born_from: datetime.date
    every_months: int
    at_most_months: int

    def months(self, birth: datetime.date) -> int:
        """The delay in months of someone born on the day; only the month of birth counts."""
        since = (birth.year - self.born_from.year) * 12 + birth.month - self.born_from.month
        return 0 if since < 0 else min(since // self.every_months + 1, self.at_most_months)


@dataclass(frozen=True)
class Rule:
    """The law of one `period`: the retirement age in whole years by kind of person, and by how much it is delayed."""

    period: Period
    age: Mapping[str, int]
    delay: Mapping[str, Delay]
    source: Source


@dataclass(frozen=True)
class Retirement:
    """When someone reaches the legal retirement age: the day, and that age in `years` and `months`."""

    on: datetime.date
    years: int
    months: int


@dataclass(frozen=True)
class RetirementLaw:
    """The rules in order of time, and the kinds of person (id → name to the user).

    Whether a woman belongs to `female_cadre` (55) or `female_worker` (50) is not for us to decide: ask, never guess.
    """

    kinds: Mapping[str, str]
    rules: tuple[Rule, ...]

    def rule(self, as_of: datetime.date | None = None) -> Rule:
        """The rule in force on the day; without one, the latest. Raises ValueError before the first."""
        if as_of is None:
            return self.rules[-1]
        for rule in self.rules:
            if rule.period.holds(as_of):
                return rule
        raise ValueError(f"no retirement rule on file for {as_of}")

    def retirement(self, birth: datetime.date, kind: str, as_of: datetime.date | None = None) -> Retirement:
        """When someone of this kind, born on `birth`, retires under the rule in force on `as_of` (default: the latest).

        Early and special retirement are not considered. Raises KeyError for a kind unknown, ValueError where a date
        does not exist.
        """
        rule = self.rule(as_of)
        delay = rule.delay[kind].months(birth) if kind in rule.delay else 0
        months = rule.age[kind] * 12 + delay
        return Retirement(plus_months(birth, months), *divmod(months, 12))

    def retirement_date(self, birth: datetime.date, kind: str, as_of: datetime.date | None = None) -> datetime.date:
        """The day of `retirement`; a month without that day gives its last. Raises as `retirement` does."""
        return self.retirement(birth, kind, as_of).on

    def last_birth_month(self, kind: str, as_of: datetime.date, years: int = 5) -> datetime.date:
        """The first day of the latest month of birth of those who retire within `years` years of the month of `as_of`.

        Counted in whole months, as such limits are published (1970-06: born in June 1970 or earlier). Raises as
        `retirement` does.
        """
        limit = plus_months(as_of.replace(day=1), years * 12)
        birth = plus_months(limit, -self.rule(as_of).age[kind] * 12)
        while self.retirement_date(birth, kind, as_of) > limit:
            birth = plus_months(birth, -1)
        return birth


def plus_months(day: datetime.date, months: int) -> datetime.date:
    """Return the same day of the month `months` later, or that month's last day where there is no such day.

    Raises ValueError outside the years 1 to 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def read_retirement(source: SourceFile) -> RetirementLaw:
    """Return the law of retirement.yml. Raises PackError."""
    top = Fields(source, (), source.data, ("kinds", "rules"))
    names = Fields(source, ("kinds",), top.data.get("kinds"), KINDS)
    kinds = {kind: names.need(kind) for kind in KINDS}
    entries = typed(source, ("rules",), top.data.get("rules"), list)
    if not entries:
        raise top.error("rules", "一条规则也没有", "写上法定退休年龄和它的依据")
    rules = tuple(_rule(source, at, entry) for at, entry in enumerate(entries))
    check_sequence(source, [("rules", at) for at in range(len(rules))], [rule.period for rule in rules])
    return RetirementLaw(kinds, rules)


def _rule(source: SourceFile, at: int, entry: object) -> Rule:
    fields = Fields(source, ("rules", at), entry, ("from", "until", "age", "delay", "source"))
    age = Fields(source, (*fields.place, "age"), fields.data.get("age"), KINDS)
    delay = Fields(source, (*fields.place, "delay"), fields.data.get("delay", {}), KINDS)
    return Rule(
        period=read_period(fields),
        age={kind: _whole(age, kind) for kind in KINDS},
        delay={kind: _delay(delay, kind) for kind in delay.data},
        source=read_source(fields),
    )


def _delay(parent: Fields, kind: str) -> Delay:
    place = (*parent.place, kind)
    fields = Fields(parent.source, place, parent.data[kind], ("born_from", "every_months", "at_most_months"))
    born_from = fields.date("born_from")
    if born_from is None:
        raise fields.error(None, "缺少字段“born_from”", "补上“born_from: 1965-01-01”")
    return Delay(born_from, _whole(fields, "every_months"), _whole(fields, "at_most_months"))


def _whole(fields: Fields, key: str) -> int:
    value = fields.get(key, int, 0)
    if value <= 0:
        raise fields.error(key if key in fields.data else None, f"“{key}”要写一个大于 0 的整数", f"补上“{key}: …”")
    return value
