"""One measured figure, as the report prints it."""

from dataclasses import dataclass


@dataclass
class Row:
    """One measured figure; `limit` is the target it is held against; without a value only its note is printed."""

    what: str
    value: float | None = None
    unit: str = ""
    limit: float | None = None
    note: str = ""
    at_least: bool = False  # the target is reached from below

    @property
    def met(self) -> bool:
        """Whether it is within its target; true without one."""
        if self.limit is None or self.value is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def cells(self) -> list[str]:
        """The row as it is printed."""
        if self.value is None:
            return [self.what, "", "", "", self.note]
        digits = 0 if abs(self.value) >= 100 else 1 if abs(self.value) >= 10 else 2
        met = "" if self.limit is None else "✓" if self.met else "✗"
        sign = "≥" if self.at_least else "≤"
        target = "" if self.limit is None else f"{sign} {self.limit:.4g} {self.unit}"
        return [self.what, f"{self.value:.{digits}f} {self.unit}", target, met, self.note]


def table(rows: list[Row]) -> list[str]:
    """The rows as a table in Markdown."""
    lines = ["| 项目 | 数值 | 目标 | | 说明 |", "|---|---:|---:|---|---|"]
    return lines + ["| " + " | ".join(row.cells()) + " |" for row in rows]
