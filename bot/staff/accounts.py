"""Who may sign in, and as what."""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from bot.inputs import InputError, brief, clean
from bot.staff.passwords import check_new, hashed
from bot.store.audit_chain import AuditChain
from bot.store.staff_tables import Account, StaffSession

OPERATOR, OFFICER, ADMIN = ROLES = ("operator", "officer", "admin")
_NAME = re.compile(r"[\w.\-]{1,40}")


@dataclass(frozen=True)
class Member:
    """An account, as the rest of the console knows it."""

    id: str
    name: str
    role: str
    disabled: bool = False


class Accounts:
    """The accounts of a migrated database. `by`: the id of whoever does it; None: the terminal."""

    def __init__(self, engine: Engine, chain: AuditChain) -> None:
        self._engine, self._chain = engine, chain

    def any(self) -> bool:
        """Whether anybody has an account: without one there is no console."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(Account.id).limit(1)).first() is not None

    def all(self) -> list[Member]:
        """Return every account, by name."""
        with self._engine.connect() as connection:
            return [_member(row) for row in connection.execute(sa.select(Account.__table__).order_by(Account.name))]

    def names(self) -> dict[str, str]:
        """Return id → name."""
        return {member.id: member.name for member in self.all()}

    def named(self, name: str) -> tuple[Member, str] | None:
        """Return the account of this name with what is kept of its password."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(Account.__table__).where(Account.name == tidy(name))).one_or_none()
        return (_member(row), row.password) if row else None

    def add(self, name: str, role: str, password: str, by: str | None = None) -> Member:
        """Raises InputError: name, role or password that cannot be used."""
        name = tidy(name)
        if not _NAME.fullmatch(name):
            raise InputError("staff.name", "name", value=brief(name))
        member = Member(secrets.token_hex(8), name, _role(role))
        row = {"id": member.id, "name": name, "role": role, "password": hashed(check_new(password, name))}
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(Account).values(**row))
                self._chain.append(connection, by, "account_added", member.id, {"role": role})
        except IntegrityError:
            raise InputError("staff.name_taken", "name", value=name) from None
        return member

    def disable(self, name: str, by: str | None = None) -> None:
        """Whoever is disabled is signed out everywhere. Raises InputError."""
        self._change(name, by, "account_off", disabled=True)

    def enable(self, name: str, by: str | None = None) -> None:
        """Raises InputError."""
        self._change(name, by, "account_on", disabled=False)

    def reset(self, name: str, password: str, by: str | None = None) -> None:
        """Give a new password; whoever was signed in with the old one no longer is. Raises InputError."""
        self._change(name, by, "password_reset", password=hashed(check_new(password, tidy(name))))

    def _change(self, name: str, by: str | None, event: str, **values: Any) -> None:
        with self._engine.begin() as connection:
            id = connection.execute(sa.select(Account.id).where(Account.name == tidy(name))).scalar()
            if id is None:
                raise InputError("staff.nobody", "name", value=brief(name))
            connection.execute(sa.update(Account).where(Account.id == id).values(**values))
            sign_out(connection, id)
            self._chain.append(connection, by, event, id)


def sign_out(connection: Connection, account: str) -> int:
    """End every session of an account; return how many."""
    lasting = (StaffSession.account == account, StaffSession.ended.is_(False))
    return int(connection.execute(sa.update(StaffSession).where(*lasting).values(ended=True)).rowcount)


def tidy(name: str) -> str:
    """A name as it is kept and looked for: one spelling of each, without what cannot be stored."""
    return unicodedata.normalize("NFKC", clean(name)).strip()


def _role(role: str) -> str:
    if role not in ROLES:
        raise InputError("staff.role", "role", value=brief(role), roles="、".join(ROLES))
    return role


def _member(row: Any) -> Member:
    return Member(row.id, row.name, row.role, bool(row.disabled))
