"""Is an enterprise large, or medium, small or micro? A provisional estimate by the published standard.

The standard is not in the notices (enterprise_size.yml holds it); the agency's own classification decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from knowledge.fields import Fields, typed
from knowledge.sources import Source, Wording, read_source
from knowledge.text import normalise
from knowledge.yaml_source import SourceFile

METRICS = ("employees", "revenue", "assets")
CLASSES = ("large", "medium", "small", "micro")
Size = Literal["large", "medium_small_micro", "unknown"]
Number = int | Fraction


@dataclass(frozen=True)
class Metric:
    """What is measured: `zh` is its name to the user, `unit` the word after the number (people, ten thousand yuan)."""

    zh: str
    unit: str


@dataclass(frozen=True)
class Industry:
    """One industry of the standard: what it `covers`, how people call it, and what each class takes.

    `least` maps large, medium and small to the least value of every metric that counts in this industry; an enterprise
    belongs to the first class all of whose values it reaches, else it is micro.
    """

    name: str
    covers: str
    aliases: tuple[str, ...]
    least: Mapping[str, Mapping[str, int]]

    def classes(self, known: Mapping[str, Number]) -> frozenset[str]:
        """The classes that are still possible, whatever the metrics not `known` may be."""
        possible = set()
        for name in CLASSES[:-1]:
            open_metrics = [metric for metric, least in self.least[name].items() if metric not in known]
            if any(known[metric] < least for metric, least in self.least[name].items() if metric in known):
                continue
            possible.add(name)
            if not open_metrics:
                return frozenset(possible)
        return frozenset(possible | {CLASSES[-1]})


@dataclass(frozen=True)
class SizeEstimate:
    """What can be said: `size`, the `classes` still possible, what is `missing` to decide, and the sentence to say.

    `missing` holds industry and ids of METRICS; it is empty unless the size is unknown. Always `provisional`.
    """

    size: Size
    classes: frozenset[str]
    missing: tuple[str, ...]
    text: str
    provisional: bool = True


_TEMPLATES = {
    "large": (),
    "medium_small_micro": (),
    "unknown": ("missing",),
    "industry": (),
    "and": (),
}


@dataclass(frozen=True)
class EnterpriseSizes:
    """The standard: its metrics and its industries (by name, in printed order)."""

    metrics: Mapping[str, Metric]
    industries: Mapping[str, Industry]
    source: Source
    words: Wording

    def find(self, words: str) -> Industry | None:
        """The industry called exactly so, by its name or one of its aliases; white space and width aside."""
        wanted = normalise(words)
        for industry in self.industries.values():
            if wanted in map(normalise, (industry.name, *industry.aliases)):
                return industry
        return None

    def estimate_size(
        self,
        industry: str | None,
        employees: Number | None = None,
        revenue: Number | None = None,
        assets: Number | None = None,
    ) -> SizeEstimate:
        """Estimate the size of an enterprise.

        `industry` is a name or an alias (None, or a word that `find` does not know: unknown), `employees` a number of
        people, `revenue` and `assets` are in ten thousand yuan (万元), as the standard prints them; None: unknown.
        Raises ValueError for a negative number.
        """
        given = {"employees": employees, "revenue": revenue, "assets": assets}
        known = {metric: value for metric, value in given.items() if value is not None}
        if any(value < 0 for value in known.values()):
            raise ValueError("employees, revenue and assets cannot be negative")
        found = self.find(industry) if industry else None
        candidates = [found] if found else list(self.industries.values())
        possible = {each.name: each.classes(known) for each in candidates}
        classes = frozenset().union(*possible.values())
        if "large" not in classes:
            return SizeEstimate("medium_small_micro", classes, (), self.words.say("medium_small_micro"))
        if classes == {"large"}:
            return SizeEstimate("large", classes, (), self.words.say("large"))
        could_be_large = [each for each in candidates if "large" in possible[each.name]]
        open_metrics = {metric for each in could_be_large for metric in each.least["large"] if metric not in known}
        missing = (() if found else ("industry",)) + tuple(metric for metric in METRICS if metric in open_metrics)
        return SizeEstimate("unknown", classes, missing, self.words.say("unknown", missing=self._names(missing)))

    def _names(self, missing: tuple[str, ...]) -> str:
        names = [self.words.say("industry") if each == "industry" else self.metrics[each].zh for each in missing]
        return self.words.say("and").join(names)


def read_enterprise_sizes(source: SourceFile) -> EnterpriseSizes:
    """Return the standard of enterprise_size.yml. Raises PackError, also for thresholds that do not fall."""
    top = Fields(source, (), source.data, ("source", "wording", "metrics", "industries", "examples"))
    metrics = Fields(source, ("metrics",), top.data.get("metrics"), METRICS)
    industries: dict[str, Industry] = {}
    called: dict[str, str] = {}
    for at, entry in enumerate(typed(source, ("industries",), top.data.get("industries"), list)):
        fields = Fields(source, ("industries", at), entry, ("name", "covers", "aliases", *CLASSES[:-1]))
        industry = _industry(fields)
        for name in (industry.name, *industry.aliases):
            if called.setdefault(normalise(name), industry.name) != industry.name or industry.name in industries:
                raise fields.error("name", f"“{name}”用了两次", "每个叫法只归一个行业")
        industries[industry.name] = industry
    if not industries:
        raise top.error("industries", "一个行业也没有", "照划型标准补上")
    return EnterpriseSizes(
        metrics={metric: _metric(metrics, metric) for metric in METRICS},
        industries=industries,
        source=read_source(top),
        words=Wording(source, top.data.get("wording"), _TEMPLATES),
    )


def _metric(parent: Fields, metric: str) -> Metric:
    fields = Fields(parent.source, (*parent.place, metric), parent.data.get(metric), ("zh", "unit"))
    return Metric(fields.need("zh"), fields.need("unit"))


def _industry(fields: Fields) -> Industry:
    least = {name: _least(fields, name) for name in CLASSES[:-1]}
    for above, below in zip(CLASSES, CLASSES[1:-1], strict=False):
        if least[above].keys() != least[below].keys():
            raise fields.error(below, "三档用的指标不一样", "三档写同样的指标")
        if any(least[above][metric] <= least[below][metric] for metric in least[above]):
            raise fields.error(below, f"“{below}”的下限不低于“{above}”的", "核对数字，档次越低下限越小")
    return Industry(fields.need("name"), fields.get("covers", str, ""), fields.texts("aliases"), least)


def _least(parent: Fields, name: str) -> dict[str, int]:
    fields = Fields(parent.source, (*parent.place, name), parent.data.get(name), METRICS)
    if not fields.data:
        raise fields.error(None, "没有写指标的下限", "照划型标准补上，如 {employees: 300}")
    return {metric: fields.get(metric, int, 0) for metric in fields.data}
