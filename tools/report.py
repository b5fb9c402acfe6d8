"""A generated report whose sections are made at different times."""

from collections.abc import Iterable, Mapping


def merged(titles: Iterable[str], fresh: Mapping[str, str], before: str) -> list[str]:
    """Return the sections in the order of their titles.

    A section is Markdown that begins with `## title`. It is taken from `fresh` (title: section), or else as it stands
    in `before`, the former report. What is in neither is left out, as is what has no title here.
    """
    former = {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in f"\n{before}".split("\n## ")[1:]}
    sections = {**former, **fresh}
    return [sections[title] for title in titles if title in sections]
