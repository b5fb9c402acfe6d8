"""The one error of the packs: it tells a policy officer the file, the line, what is wrong and how to mend it."""

from pathlib import Path

_HOUSE = Path(__file__).resolve().parent.parent


def shown(path: Path) -> str:
    """Return `path` as it is shown to people: from the repository, or its last three parts; never absolute."""
    full = path.resolve()
    return (full.relative_to(_HOUSE) if full.is_relative_to(_HOUSE) else Path(*full.parts[-3:])).as_posix()


class PackError(ValueError):
    """A pack file cannot be used as it stands.

    `path` and `line` (from 1; None when the file itself is missing or no line applies) say where,
    `what` and `mend` are Chinese clauses without final punctuation.
    """

    def __init__(self, path: Path, line: int | None, what: str, mend: str) -> None:
        super().__init__(path, line, what, mend)
        self.path, self.line, self.what, self.mend = path, line, what, mend

    def __str__(self) -> str:
        where = f" 第{self.line}行" if self.line else ""
        return f"{shown(self.path)}{where}：{self.what}。改法：{self.mend}。"
