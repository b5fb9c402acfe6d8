"""The plain pages of the console, from templates; escaped throughout, without scripts of their own."""

from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.settings import CHINA
from bot.staff.accounts import OFFICER, OPERATOR
from bot.store.models import aware


class Layout:
    """Fills ``pages/``."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("pages")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["moment"] = moment

    def page(self, template: str, session: Any = None, **values: Any) -> str:
        """One page; `session`: of whoever looks at it."""
        matters = session is not None and session.member.role in (OPERATOR, OFFICER)
        return self._templates.get_template(template).render(session=session, matters=matters, **values)


def moment(value: datetime | str | None) -> str:
    """2026-11-28 09:05, in Benxi."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return aware(value).astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if value else ""
