"""A programme laid out for the terminal or a file: ``wengang render``."""

from collections.abc import Callable
from datetime import date

from bot.inputs import InputError, brief
from eligibility import Rulebook
from eligibility.render import Sheet, sheet_of
from eligibility.render.mermaid import as_mermaid
from eligibility.render.svg import as_svg
from eligibility.render.text import as_text
from knowledge import Knowledge

FORMATS: dict[str, Callable[[list[Sheet], Knowledge], str]] = {
    "text": lambda sheets, knowledge: "\n".join(as_text(sheet, knowledge) for sheet in sheets),
    "mermaid": lambda sheets, knowledge: as_mermaid(sheets),
    "svg": lambda sheets, knowledge: as_svg(sheets),
}


def rendered(rules: Rulebook, programme: str | None, form: str, as_of: date, place: str) -> str:
    """One programme, or every one, in one of FORMATS.

    Raises:
        DecisionError: unknown programme or place. InputError: unknown format.
    """
    if form not in FORMATS:
        raise InputError("cli.no_format", value=brief(form), formats="、".join(FORMATS))
    names = rules.programmes if programme is None else [programme]
    return FORMATS[form]([sheet_of(rules, name, as_of, place) for name in names], rules.knowledge)
