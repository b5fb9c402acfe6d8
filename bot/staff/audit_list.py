"""The lines of ``wengang staff audit``."""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from bot.messages import say
from bot.staff.layout import moment
from bot.store.models import Audit
from bot.store.staff_tables import Account

_LAST = 50


def lines(engine: Engine) -> Iterator[str]:
    """The latest rows of the chain, the oldest of them first, each with the name of who did it."""
    columns = Audit.__table__.c
    wanted = sa.select(Audit.__table__).where(columns.number.is_not(None)).order_by(columns.number.desc()).limit(_LAST)
    with engine.connect() as connection:
        names = dict(connection.execute(sa.select(Account.id, Account.name)).all())
        rows = connection.execute(wanted).all()
    for row in reversed(rows):
        yield say(
            "staff.audit_line",
            number=row.number,
            at=moment(row.created_at),
            who=names.get(row.actor, row.actor or "-"),
            event=row.event,
            subject=(row.pseudonym or "")[:8],
            detail=json.dumps(row.detail, ensure_ascii=False) if row.detail else "",
        ).rstrip()
