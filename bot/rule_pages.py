"""The rules and the notices as pages, and a programme laid out for the terminal or a file (``wengang render``)."""

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bot.inputs import InputError, brief
from bot.messages import say
from eligibility import Rulebook
from eligibility.check.written import citations, programme_of
from eligibility.model import BENEFIT, DUTY
from eligibility.render import Sheet, sheet_of, standing_of
from eligibility.render.mermaid import as_mermaid
from eligibility.render.sheet import Moment
from eligibility.render.svg import as_svg
from eligibility.render.text import as_text
from knowledge.printed import blocks
from knowledge.text import day, without_space

_HERE = Path(__file__).parent
_STYLES = ("base.css", "pages.css")  # of bot/web
_SHORT = ("delegated", "aspects", "overlays", "documents")  # sections that name a clause without its words


class Pages:
    """Fills the templates of ``pages/`` from one set of rules.

    Args:
        today, place: what an address without a day or a place means.
        alone: each page is a file of its own: no links to other pages, and its style inside.
    """

    def __init__(self, rules: Rulebook, today: Callable[[], date], place: str, alone: bool = False) -> None:
        self._rules, self._today, self._place = rules, today, place
        notices = rules.knowledge.notices.values()
        style = "\n".join((_HERE / "web" / name).read_text(encoding="utf-8") for name in _STYLES)
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._templates.filters |= {"day": day, "one_line": without_space, "anchor": anchor}
        self._templates.globals |= {
            "style": Markup(style if alone else ""),
            "notices": list(notices),
            "numbers": {notice.id: notice.number for notice in notices},
            "clauses": rules.knowledge.clauses,
            "short": _SHORT,
            "address": self._address,
            "drawing": lambda sheet: Markup(as_svg([sheet])),
        }

    def rules(self, as_of: date, place: str) -> str:
        """The list of all programmes. Raises DecisionError for an unknown place."""
        groups: dict[str, list[dict[str, Any]]] = {"unit": [], "person": [], "other": []}
        for name, one in self._rules.programmes.items():
            standing = standing_of(self._rules, one, as_of, place)
            group = groups[one.subject if one.kind == BENEFIT else "other"]
            group.append({"id": name, "title": one.title, "summary": one.summary, "standing": standing})
        notices = self._rules.knowledge.notices.values()
        issued: dict[date, list[str]] = {}
        for notice in notices:
            issued.setdefault(notice.date_not_after, []).append(notice.short)
        moments = [Moment(on, say("page.issued", notices="、".join(shorts))) for on, shorts in issued.items()]
        places = [notice.place for notice in notices]
        return self._fill("rules.html", groups=groups, **self._choice("/rules", as_of, place, moments, places))

    def rule(self, programme: str, as_of: date, place: str) -> str:
        """One programme. Raises DecisionError: unknown programme or place."""
        sheet = sheet_of(self._rules, programme, as_of, place)
        path = f"/rules/{programme}"
        choice = self._choice(path, as_of, place, sheet.moments, sheet.places)
        return self._fill("rule.html", sheets=[sheet], **choice)

    def sheets(self, sheets: list[Sheet]) -> str:
        """Programmes one below the other, in a file of its own."""
        return self._fill("rule.html", sheets=sheets)

    def notice(self, document: str, cited: str | None = None, highlight: tuple[int, int] | None = None) -> str:
        """The whole text of a notice, each paragraph with the programmes that use it. Raises KeyError.

        `cited`: a clause to be marked, `highlight`: only these characters of its quote.
        """
        notice, users = self._rules.knowledge.notices[document], citing(self._rules)
        quote = next((clause.quote for clause in notice.clauses if clause.id == cited), "")
        marks, rows = _Marks(quote, *(highlight or (0, len(quote)))), []
        for block in blocks(notice):
            owned = [piece.clause for line in block.lines for piece in line if piece.clause]
            names = dict.fromkeys(name for clause in owned for name in users.get(clause, ()))
            lines = [
                [(piece, marks.parts(piece.text) if piece.clause == cited else [(piece.text, False)]) for piece in line]
                for line in block.lines
            ]
            rows.append({"level": block.level, "lines": lines, "users": [self._rules.programme(n) for n in names]})
        return self._fill("notice.html", notice=notice, blocks=rows)

    def problem(self, message: str) -> str:
        """What went wrong."""
        return self._fill("problem.html", message=message)

    def _fill(self, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(**values)

    def _choice(
        self, path: str, as_of: date, place: str, moments: Iterable[Moment], places: Iterable[str]
    ) -> dict[str, Any]:
        """The days and places that a page offers, with today and those it is for."""
        days = {as_of: "", **{moment.day: moment.words for moment in moments}}
        days.setdefault(self._today(), "")
        return {
            "path": path,
            "as_of": as_of,
            "today": self._today(),
            "place": place,
            "moments": [Moment(one, words) for one, words in sorted(days.items())],
            "places": list(dict.fromkeys([*places, self._place, place])),
        }

    def _address(self, path: str, as_of: date, place: str) -> str:
        """A page of this site; what an address means anyhow is left out."""
        asked = {"as_of": as_of.isoformat()} if as_of != self._today() else {}
        asked |= {"place": place} if place != self._place else {}
        return f"{path}?{urlencode(asked)}" if asked else path


class _Marks:
    """Which characters of a clause are marked, told for its printed pieces one after the other.

    Those are the words of the quote without its line breaks; `start` and `end` count characters of the quote.
    """

    def __init__(self, quote: str, start: int, end: int) -> None:
        self._marked = iter([start <= place < end for place, char in enumerate(quote) if not char.isspace()])

    def parts(self, text: str) -> list[tuple[str, bool]]:
        """The next piece, cut where marking begins and ends."""
        parts: list[tuple[str, bool]] = []
        for char in text:
            before = parts[-1][1] if parts else False
            marked = before if char.isspace() else next(self._marked, False)
            if parts and marked == before:
                parts[-1] = (parts[-1][0] + char, marked)
            else:
                parts.append((char, marked))
        return parts


def anchor(clause: str) -> str:
    """The id of a clause inside a page: LN/一/裁员率 → LN-一-裁员率."""
    return clause.replace("/", "-")


def citing(rules: Rulebook) -> dict[str, list[str]]:
    """Clause → the programmes that cite it."""
    found: dict[str, list[str]] = {}
    for source in (*rules.knowledge.programme_files, *rules.knowledge.files("*/duties.yml")):
        listed = isinstance(source.data, list)
        names = [one.id for one in rules.programmes.values() if one.kind == DUTY] if listed else [programme_of(source)]
        for _, clause in citations(source):
            found.setdefault(clause, []).extend(names)
    return found


FORMATS: dict[str, Callable[[Rulebook, list[Sheet]], str]] = {
    "text": lambda rules, sheets: "\n".join(as_text(sheet, rules.knowledge) for sheet in sheets),
    "mermaid": lambda rules, sheets: as_mermaid(sheets),
    "svg": lambda rules, sheets: as_svg(sheets),
    "html": lambda rules, sheets: Pages(rules, date.today, "", alone=True).sheets(sheets),
}


def rendered(rules: Rulebook, programme: str | None, form: str, as_of: date, place: str) -> str:
    """One programme, or every one, in one of FORMATS.

    Raises:
        DecisionError: unknown programme or place. InputError: unknown format.
    """
    if form not in FORMATS:
        raise InputError("cli.no_format", value=brief(form), formats="、".join(FORMATS))
    names = rules.programmes if programme is None else [programme]
    return FORMATS[form](rules, [sheet_of(rules, name, as_of, place) for name in names])
