"""The plain pages of the console, from templates; escaped throughout, without scripts of their own."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.settings import CHINA
from bot.staff.accounts import ADMIN, OFFICER, OPERATOR
from bot.store.models import aware


class Layout:
    """Fills ``pages/``. `alarm`: what every page tells an administrator first; None: nothing."""

    def __init__(self, alarm: Callable[[], Any] = lambda: None) -> None:
        self._alarm = alarm
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
        role = session.member.role if session is not None else ""
        shared = {"matters": role in (OPERATOR, OFFICER), "alarm": self._alarm() if role == ADMIN else None}
        return self._templates.get_template(template).render(session=session, **shared, **values)


def moment(value: datetime | str | None) -> str:
    """2026-11-28 09:05, in Benxi."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return aware(value).astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if value else ""
