"""Comparing and searching Chinese text. Quotes are never passed through here on their way to a user."""

import unicodedata
from collections.abc import Collection, Iterable
from datetime import date

_INVISIBLE = {"Cc", "Cf", "Cs"}  # control and zero-width characters, lone surrogates: typed by nobody, pasted by many


def normalise(text: str) -> str:
    """Return `text` for search and comparison: NFKC, lower case, without white space and invisible characters."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in _INVISIBLE)


def without(text: str, words: Iterable[str]) -> str:
    """Return what `text` says beside `words`; longer words are taken out first."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return text


def without_space(text: str) -> str:
    """Return `text` without any white space, otherwise as printed."""
    return "".join(text.split())


def same_ignoring_space(one: str, other: str) -> bool:
    """Tell whether two texts are the same but for white space: scans break lines inside words."""
    return without_space(one) == without_space(other)


def day(value: date) -> str:
    """2021年9月1日"""
    return f"{value.year}年{value.month}月{value.day}日"


def mentions(text: str, names: Collection[str]) -> list[str]:
    """Return the names that a text uses, in the order in which they turn up; of names inside one another, the longest.

    `names` are normalised.
    """
    rest, found = normalise(text), {}
    for name in sorted(filter(None, names), key=len, reverse=True):
        at = rest.find(name)
        while at >= 0:
            found[at] = name
            rest = rest[:at] + "\0" * len(name) + rest[at + len(name) :]
            at = rest.find(name)
    return list(dict.fromkeys(found[at] for at in sorted(found)))


class Spaceless:
    """A printed text that is searched without regard to white space and answers with offsets into the original."""

    def __init__(self, text: str) -> None:
        self.original = text
        self.offsets = [i for i, c in enumerate(text) if not c.isspace()]
        self.text = "".join(text[i] for i in self.offsets)

    def find(self, wanted: str, start: int = 0) -> tuple[int, int] | None:
        """Return (start, end) in the original of the first occurrence at or after `start`, or None."""
        needle = without_space(wanted)
        at = self.text.find(needle, self._index(start)) if needle else -1
        return (self.offsets[at], self.offsets[at + len(needle) - 1] + 1) if at >= 0 else None

    def _index(self, offset: int) -> int:
        return len(without_space(self.original[:offset]))
