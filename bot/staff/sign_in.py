"""Signing in and staying so.

A session is a random token in a cookie; only its digest is kept. It ends after an hour of silence, after twelve hours
anyhow, and everywhere at once when the password is changed. Wrong passwords are counted per name and address, per
address, and per name from addresses where that name never signed in: guessing is slow. A browser where a name has
signed in has a mark of that, in a cookie, and is counted for itself: nobody, though they share its address, can lock a
colleague out of the browser they use. Names and addresses are counted under pseudonyms.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from bot.api.errors import ApiError
from bot.staff.accounts import Accounts, Member, sign_out, tidy
from bot.staff.passwords import fits
from bot.store.audit_chain import AuditChain
from bot.store.models import aware, now
from bot.store.staff_tables import Account, FailedSignIn, StaffSession

MARK = "wengang_staff_known"
IDLE, LONGEST = timedelta(minutes=60), timedelta(hours=12)
_NOTED = timedelta(seconds=60)  # how exactly it is kept when somebody was last seen
_WINDOW = timedelta(minutes=15)
_MOST_HERE, _MOST_ADDRESS, _MOST_STRANGERS = 5, 30, 20  # wrong passwords within the window


class TooOften(Exception):
    """Too many wrong passwords; `seconds`: when to try again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Wrong(Exception):
    """Name or password is wrong, or the account is disabled: which, nobody is told."""


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in. `csrf`: what their page has to show with every change."""

    member: Member
    csrf: str
    digest: str


class SignIn:
    """Sessions of a migrated database. `key`: the secret of the house; `clock`: for tests."""

    def __init__(
        self, engine: Engine, accounts: Accounts, chain: AuditChain, key: bytes, clock: Callable[[], datetime] = now
    ) -> None:
        self._engine, self._accounts, self._chain, self._clock = engine, accounts, chain, clock
        self._key = hmac.new(key, b"staff", hashlib.sha256).digest()

    def attempt(self, name: str, address: str, mark: str = "") -> None:
        """Count an attempt, until it turns out to be right; `mark`: what the browser shows of this name.

        Raises TooOften: this name, or address, has had enough.
        """
        self._check_pace(name, address, mark)
        row = {"name": self._mac("name", tidy(name)), "address": self._where(name, address, mark), "at": self._clock()}
        with self._engine.begin() as connection:
            connection.execute(sa.insert(FailedSignIn).values(**row))
        self._check_pace(name, address, mark, 1)  # of many at the same moment only as many as may

    def _check_pace(self, name: str, address: str, mark: str, more: int = 0) -> None:
        who, where, since = self._mac("name", tidy(name)), self._where(name, address, mark), self._clock() - _WINDOW
        theirs = sa.select(StaffSession.token).join(Account, Account.id == StaffSession.account)
        from_here = theirs.where(Account.name == tidy(name), StaffSession.address == where).limit(1)
        with self._engine.connect() as connection:
            known = self._is_mark(name, mark) or connection.execute(from_here).first()
            counts = [
                ((FailedSignIn.name == who, FailedSignIn.address == where), _MOST_HERE),
                ((FailedSignIn.address == where,), _MOST_ADDRESS),
                *([] if known else [((FailedSignIn.name == who,), _MOST_STRANGERS)]),
            ]
            for whose, most in counts:
                times = connection.execute(
                    sa.select(FailedSignIn.at)
                    .where(*whose, FailedSignIn.at > since)
                    .order_by(FailedSignIn.at.desc())
                    .limit(most + more)
                ).scalars().all()  # fmt: skip
                if len(times) == most + more:
                    raise TooOften(max(1, ceil((aware(times[-1]) + _WINDOW - self._clock()).total_seconds())))

    async def verified(self, name: str, password: str) -> Member:
        """Return whose password this is. Raises Wrong; takes as long for a name that does not exist."""
        found = await asyncio.to_thread(self._accounts.named, name)
        right = await fits(found[1] if found else None, password)
        if not (found and right) or found[0].disabled:
            raise Wrong
        return found[0]

    def failed(self, name: str, by: str | None = None) -> None:
        """Write down that a password was wrong; `by`: the id of whoever was signed in as it was given."""
        with self._engine.begin() as connection:
            self._chain.append(connection, by, "sign_in_failed", f"staff name {tidy(name)}")

    def right(self, name: str, address: str, mark: str = "") -> None:
        """The attempt was none to be counted, nor are those before it."""
        with self._engine.begin() as connection:
            self._forgive(connection, name, address, mark)

    def _forgive(self, connection: Connection, name: str, address: str, mark: str) -> None:
        who, where = self._mac("name", tidy(name)), self._where(name, address, mark)
        connection.execute(sa.delete(FailedSignIn).where(FailedSignIn.name == who, FailedSignIn.address == where))

    # ── the marks of browsers ──

    def mark(self, name: str, shown: str = "") -> str:
        """The mark of a browser where this name has signed in: the one it shows, if it is one, else a new one."""
        one = secrets.token_urlsafe(16)
        return shown if self._is_mark(name, shown) else f"{one}.{self._mac('mark', tidy(name), one)}"

    def mark_cookie(self, name: str) -> str:
        """The cookie that has it: one for each name, for several may use one browser."""
        return f"{MARK}_{self._mac('mark cookie', tidy(name))[:16]}"

    def _is_mark(self, name: str, shown: str) -> bool:
        one, _, mac = shown.partition(".")
        return hmac.compare_digest(mac.encode(), self._mac("mark", tidy(name), one).encode())

    def _where(self, name: str, address: str, mark: str) -> str:
        """Under what an attempt is counted."""
        return self._mac("browser", mark) if self._is_mark(name, mark) else self._mac("address", address)

    # ── sessions ──

    def begin(
        self, member: Member, address: str, before: Collection[str] = (), vouched: str | None = None, mark: str = ""
    ) -> str:
        """Return the token of a new session; those the browser showed before (their digests) end.

        `vouched`: the token for somebody whom the identity provider vouched for. Raises Wrong when it was used before.
        """
        token, moment = vouched or secrets.token_urlsafe(32), self._clock()
        row = {"account": member.id, "address": self._mac("address", address), "created_at": moment, "seen_at": moment}
        with self._engine.begin() as connection:
            connection.execute(_ended(StaffSession.token.in_(list(before))))
            try:
                connection.execute(sa.insert(StaffSession).values(token=digest(token), **row))
            except IntegrityError:
                raise Wrong from None
            self._forgive(connection, member.name, address, mark)
            self._chain.append(connection, member.id, "signed_in", None, {"by": "oidc"} if vouched else {})
        return token

    def session(self, token: str | None, noted: bool = True) -> Session | None:
        """Return whose token this is, if it still counts. `noted`: somebody did something, the session lasts on."""
        if not token:
            return None
        shown, moment = digest(token), self._clock()
        wanted = sa.select(StaffSession.seen_at, StaffSession.created_at, Account.id, Account.name, Account.role,
                           Account.disabled).join(Account, Account.id == StaffSession.account)  # fmt: skip
        with self._engine.connect() as connection:
            row = connection.execute(
                wanted.where(StaffSession.token == shown, StaffSession.ended.is_(False))
            ).one_or_none()
        if row is None or row.disabled:
            return None
        seen, begun = aware(row.seen_at), aware(row.created_at)
        if moment - seen > IDLE or moment - begun > LONGEST:
            self._forget(StaffSession.token == shown)
            return None
        if noted and moment - seen > _NOTED:
            self._note(shown, seen_at=moment)
        return Session(Member(row.id, row.name, row.role), self._mac("csrf", shown), shown)

    def check(self, session: Session) -> None:
        """Raises ApiError 401 when it was ended meanwhile."""
        lasting = (StaffSession.token == session.digest, StaffSession.ended.is_(False))
        with self._engine.connect() as connection:
            if connection.execute(sa.select(StaffSession.token).where(*lasting)).first() is None:
                raise ApiError(401, "staff.sign_in_first")

    def at_desk(self, session: Session, there: bool = True) -> None:
        """Note that somebody is there to take conversations, or no longer."""
        self._note(session.digest, at_desk_at=self._clock() if there else None)

    def still_at_desk(self, session: Session) -> None:
        """Note it again of somebody who said so, and has not said otherwise since."""
        self._note(session.digest, StaffSession.at_desk_at.is_not(None), at_desk_at=self._clock())

    def here(self, session: Session) -> bool:
        """Whether they said last that they are there, however long ago: a page that is opened again goes by that."""
        with self._engine.connect() as connection:
            at = sa.select(StaffSession.at_desk_at).where(StaffSession.token == session.digest)
            return connection.execute(at).scalar() is not None

    def end(self, session: Session) -> None:
        """Sign out here."""
        self._forget(StaffSession.token == session.digest)

    def end_everywhere(self, session: Session) -> int:
        """Sign out on every machine; return from how many sessions."""
        with self._engine.begin() as connection:
            count = sign_out(connection, session.member.id)
            self._chain.append(connection, session.member.id, "signed_out", None, {"sessions": count})
        return count

    def _note(self, digest: str, *still: Any, **values: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.update(StaffSession).where(StaffSession.token == digest, *still).values(**values))

    def _forget(self, which: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(_ended(which))

    def _mac(self, *parts: str) -> str:
        return hmac.new(self._key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:32]


def _ended(which: Any) -> Any:
    return sa.update(StaffSession).where(which).values(ended=True, at_desk_at=None)


def digest(token: str) -> str:
    """By what the session of a token is known here."""
    return hashlib.sha256(token.encode()).hexdigest()
