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

    def cells(self) -> list[str]:
        """The row as it is printed."""
        if self.value is None:
            return [self.what, "", "", "", self.note]
        digits = 0 if self.value >= 100 else 1 if self.value >= 10 else 2
        met = "" if self.limit is None else "✓" if self.value <= self.limit else "✗"
        target = "" if self.limit is None else f"≤ {self.limit:.4g} {self.unit}"
        return [self.what, f"{self.value:.{digits}f} {self.unit}", target, met, self.note]
