"""Ready-made texts: those of everybody (text_modules.yml) and an operator's own."""

import re
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
import yaml
from sqlalchemy.engine import Engine

from bot.inputs import InputError, clean
from bot.staff.cases import written
from bot.store.case_tables import TextModule

_MOST = 200  # of one operator


@lru_cache(maxsize=1)
def everybodys() -> dict[str, str]:
    """Short name → text."""
    listed = yaml.safe_load(Path(__file__).with_name("text_modules.yml").read_text(encoding="utf-8"))
    return {one["short"]: one["text"] for one in listed}


def texts(engine: Engine, owner: str) -> list[dict[str, str | bool]]:
    """Everybody's, then their own, which come before everybody's of the same name."""
    with engine.connect() as connection:
        own = connection.execute(sa.select(TextModule.short, TextModule.text).where(TextModule.owner == owner)).all()
    found = {short: {"short": short, "text": text, "own": False} for short, text in everybodys().items()}
    return list((found | {row.short: {"short": row.short, "text": row.text, "own": True} for row in own}).values())


def expanded(engine: Engine, owner: str, text: str) -> str:
    """The same with each `::short name` that there is replaced by its text, the longest name first."""
    known = {str(one["short"]): str(one["text"]) for one in texts(engine, owner)}
    if not known:
        return text
    names = "|".join(re.escape(short) for short in sorted(known, key=len, reverse=True))
    return re.sub(f"[:：]{{2}}({names})", lambda found: known[found[1]], text)


def keep(engine: Engine, owner: str, short: str, text: str) -> None:
    """Keep one of their own, in place of an earlier one of that name. Raises InputError."""
    short, text = written(short, 20), written(text, 1000)
    if not short or not text or ":" in short or " " in short:
        raise InputError("staff.short", "short")
    mine = (TextModule.owner == owner,)
    with engine.begin() as connection:
        connection.execute(sa.delete(TextModule).where(*mine, TextModule.short == short))
        if connection.execute(sa.select(sa.func.count()).where(*mine)).scalar() >= _MOST:
            raise InputError("staff.many_texts", "short", most=_MOST)
        connection.execute(sa.insert(TextModule).values(owner=owner, short=short, text=text))


def drop(engine: Engine, owner: str, short: str) -> None:
    """Forget one of their own."""
    with engine.begin() as connection:
        connection.execute(sa.delete(TextModule).where(TextModule.owner == owner, TextModule.short == clean(short)))
