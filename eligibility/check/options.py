"""Lists of options (rates, sums, windows, results): each can be reached, an amount has one for everybody."""

from __future__ import annotations

from collections.abc import Iterator

from eligibility.check.finding import Finding, Report, at
from eligibility.check.packs import Packs
from eligibility.check.worlds import Worlds, joined, negated, worlds_of
from eligibility.model import Guarded, Programme
from knowledge import SourceFile
from knowledge.yaml_source import Place

_COMPLETE = ("amount.rate", "amount.value")


def options(packs: Packs) -> Report:
    """Try every option over all cells: is an earlier one always first, is anybody left without one."""
    findings: list[Finding] = []
    total = 0
    for name in packs.rules.benefits:
        files = packs.programme_files[name]
        alive: dict[tuple[str, str], bool] = {}
        gaps: list[str] = []
        for world in worlds_of(packs, name):
            for label, many in option_lists(world.programme):
                for i, option in enumerate(many):
                    key = (label, _text(option))
                    alive[key] = alive.get(key, False) or len(many) == 1 or _reached(world, many[: i + 1])
                if label in _COMPLETE and _leaves_out(world, many):
                    gaps.append(label)
        total += len(alive)
        for (label, text), lives in alive.items():
            if not lives:
                source, place = _place(files, label)
                findings.append(at(source, place, "never_reached", f"{name} {label} {text}", text=text))
        for label in dict.fromkeys(gaps):
            source, place = _place(files, label)
            findings.append(at(source, place, "gap_in_options", f"{name} {label}", name=label))
    return Report("options", tuple(findings), {"options": total})


def option_lists(programme: Programme) -> Iterator[tuple[str, tuple[Guarded, ...]]]:
    """The lists of which the first option that holds counts, by their place in the file."""
    if programme.amount is not None:
        yield "amount.rate", programme.amount.rates
        yield "amount.value", programme.amount.values
    yield "window", programme.windows
    for name, many in programme.results.items():
        yield f"results.{name}", many


def _reached(world: Worlds, many: tuple[Guarded, ...]) -> bool:
    *before, last = [world.leaf(option) for option in many]
    return world.may_hold(joined(last, *(negated(one) for one in before)))


def _leaves_out(world: Worlds, many: tuple[Guarded, ...]) -> bool:
    """Whether somebody who is entitled meets none of the options."""
    if not many or any(option.condition is None for option in many):
        return False
    none_holds = [negated(world.leaf(option)) for option in many]
    return world.may_hold(joined(world.programme.when, *none_holds))


def _text(option: Guarded) -> str:
    condition = option.condition.text if option.condition else "else"
    value = getattr(option.value, "text", option.value)
    return f"{condition}: {value if not option.each else [one.text for one in option.each]}"


def _place(files: tuple[SourceFile, ...], label: str) -> tuple[SourceFile, Place]:
    """Where the list stands: in the last file that writes it."""
    place: Place = tuple(label.split("."))
    for file in reversed(files):
        if place in file.lines:
            return file, place
    return files[0], place
