"""Whom a pseudonym stands for: the OpenIDs of those who follow the account. Nothing else in the house knows them.

An OpenID is needed to push something to its owner, and for nothing else: it is in no log, no turn and no push. It goes
when its owner unsubscribes or is erased, and when they have not been heard of for as long as a conversation is kept.
"""

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from bot.store.models import WechatPerson, now


class People:
    """The people of a migrated database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def openid(self, sender: str) -> str | None:
        """Return the OpenID of a sender; None: they have unsubscribed, were erased, or never wrote."""
        wanted = sa.select(WechatPerson.openid).where(WechatPerson.sender == sender)
        with self._engine.connect() as connection:
            return connection.execute(wanted).scalar_one_or_none()


def seen(connection: Connection, sender: str, openid: str) -> None:
    """Keep who it is, in a transaction of the caller's. Raises IntegrityError when somebody else just did."""
    same = sa.update(WechatPerson).where(WechatPerson.sender == sender)
    if not connection.execute(same.values(openid=openid, seen_at=now())).rowcount:
        connection.execute(sa.insert(WechatPerson), {"sender": sender, "openid": openid, "seen_at": now()})


def left(connection: Connection, sender: str) -> None:
    """They have unsubscribed: nothing may be pushed to them any longer."""
    connection.execute(sa.delete(WechatPerson).where(WechatPerson.sender == sender))
