"""The cases: made, seen by whom they concern, changed step by step, decided again.

Nothing that tells who a person is, is kept: a telephone number becomes a pseudonym, by which the same caller's earlier
cases are found (and erased); what is written down is masked.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from bot import shapes
from bot.api.errors import ApiError
from bot.inputs import InputError, clean
from bot.privacy import mask
from bot.staff.accounts import OFFICER, OPERATOR, Accounts, Member
from bot.staff.case_states import ANSWERED, OPEN, after, may
from bot.staff.packs_kept import PacksKept, PacksLost
from bot.store.audit_chain import AuditChain
from bot.store.case_tables import Case, CaseNote
from bot.store.models import aware, now
from eligibility import Rulebook

_COLUMNS = Case.__table__.c
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_SHOWN = ("id", "version", "status", "caller", "topic", "subject", "as_of", "place", "pack_hash", "decision_id",
          "outcome", "follow_up")  # fmt: skip
_LISTED = [_COLUMNS[name] for name in (*_SHOWN, "owner", "forwarded_to", "sender", "created_at", "updated_at")]
MOST = 200


@dataclass(frozen=True)
class Matter:
    """What a case is about, as it is given."""

    subject: str
    caller: str = ""
    sender: str | None = None
    topic: str | None = None
    facts: Any = None
    declined: tuple[str, ...] = ()
    as_of: date | None = None
    place: str = ""
    follow_up: date | None = None
    decision_id: str = ""  # of the decision that was told, if one was


class Cases:
    """The cases of a migrated database; decisions are made by `rules`."""

    def __init__(
        self, engine: Engine, rules: Rulebook, packs: PacksKept, chain: AuditChain, accounts: Accounts
    ) -> None:
        self._engine, self._rules, self._packs, self._chain, self._accounts = engine, rules, packs, chain, accounts

    # ── making ──

    def make(self, matter: Matter, by: Member, client_id: str = "", note: str = "", answered: bool = False) -> int:
        """Keep a new case, its maker's; return its number. `client_id`: the same again is the same case.

        Raises DecisionError, InputError; ApiError 409 when the decision is another than was told.
        """
        made_as = f"{by.id}:{client_id}" if client_id else None
        try:
            with self._engine.begin() as connection:
                if known := _made(connection, made_as):
                    return known
                number = self.put(connection, matter, by.id, made_as)
                self._chain.append(connection, by.id, "case_made", f"case {number}", {"topic": matter.topic})
                self._told(connection, number, by, written(note, 2000), answered)
            return number
        except IntegrityError:  # the same request at the same moment was quicker
            with self._engine.connect() as connection:
                if known := _made(connection, made_as):
                    return known
            raise

    def _told(self, connection: Connection, number: int, by: Member, note: str, answered: bool) -> None:
        """What was said about a case as it was made."""
        if answered:
            _write(connection, _seen(connection, by, number), 1, {"status": ANSWERED})
            self._chain.append(connection, by.id, "case_changed", f"case {number}", {"action": "answer"})
        if answered or note:
            put_note(connection, number, by.id, "answer" if answered else "note", note)

    def put(self, connection: Connection, matter: Matter, owner: str | None, made_as: str | None = None) -> int:
        """Keep a new case in a transaction of the caller's; nobody's if `owner` is None. Raises as `make` does."""
        subject = written(matter.subject, 300)
        if not subject:
            raise InputError("staff.empty", "subject")
        row = {
            "made_as": made_as, "version": 1, "status": OPEN, "owner": owner, "sender": matter.sender,
            "subject": subject, "caller": written(matter.caller, 80), "topic": matter.topic, "facts": {},
            "declined": [], "follow_up": matter.follow_up.isoformat() if matter.follow_up else None,
            "created_at": now(), "updated_at": now(), **self._decided(connection, matter),
        }  # fmt: skip
        number = int(connection.execute(sa.insert(Case).values(**row)).inserted_primary_key[0])
        put_note(connection, number, owner, "made", "")
        return number

    def _decided(self, connection: Connection, matter: Matter) -> dict[str, Any]:
        if matter.topic is None or matter.as_of is None:
            return {}
        given = matter.facts or {}
        decision = shapes.decided(
            self._rules, matter.topic, given, as_of=matter.as_of, place=matter.place, declined=matter.declined
        )
        if matter.decision_id not in ("", decision["decision_id"]):
            raise ApiError(409, "staff.decision_changed", "decision_id")
        return {
            "facts": {name: value for name, value in given.items() if value is not None},
            "declined": list(matter.declined),
            "as_of": decision["as_of"],
            "place": decision["place"],
            "pack_hash": self._packs.keep(connection),
            "decision_id": decision["decision_id"],
            "decision": _CANONICAL.encode(decision),
            "outcome": decision["verdict"],
        }

    # ── seeing ──

    def found(
        self, member: Member, words: str = "", status: str = "", mine: bool = False, due: date | None = None,
        sender: str | None = None, most: int = MOST,
    ) -> list[Any]:  # fmt: skip
        """Return the cases that somebody may see and that have these words, the latest first; without what is long
        (decision, facts, declined).

        `due`: those to be followed up by then; `sender`: those of one caller.
        """
        which = [_visible(member)]
        if words := clean(words).strip():
            noted = sa.select(CaseNote.case_id).where(CaseNote.text.contains(words, autoescape=True))
            texts = (_COLUMNS.subject, _COLUMNS.caller, _COLUMNS.topic)
            by_number = [_COLUMNS.id == int(words)] if words.isascii() and words.isdigit() and len(words) < 10 else []
            which.append(sa.or_(*(one.contains(words, autoescape=True) for one in texts), _COLUMNS.id.in_(noted),
                                *by_number))  # fmt: skip
        which += [_COLUMNS.status == status] if status else []
        which += [_COLUMNS.owner == member.id] if mine else []
        which += [_COLUMNS.follow_up <= due.isoformat(), _COLUMNS.status != "closed"] if due else []
        which += [_COLUMNS.sender == sender] if sender else []
        with self._engine.connect() as connection:
            return connection.execute(
                sa.select(*_LISTED).where(*which).order_by(_COLUMNS.id.desc()).limit(most)
            ).all()  # fmt: skip

    def one(self, member: Member, number: int) -> Any:
        """The case, as far as it concerns this member. Raises ApiError 404, also for one that does not."""
        with self._engine.connect() as connection:
            return _seen(connection, member, number)

    def notes(self, member: Member, number: int) -> list[Any]:
        """What happened to it, oldest first. Raises ApiError."""
        with self._engine.connect() as connection:
            _seen(connection, member, number)
            wanted = sa.select(CaseNote.__table__).where(CaseNote.case_id == number).order_by(CaseNote.id)
            return connection.execute(wanted).all()

    # ── changing ──

    def act(
        self, member: Member, number: int, action: str, version: int, text: str = "", to: str = "",
        follow_up: date | None = None,
    ) -> None:  # fmt: skip
        """Do something to a case as it was seen (`version`). `to`: the name of whoever is to have it.

        Raises ApiError: not to be seen (404), changed meanwhile or not possible now (409); InputError.
        """
        target = self._accounts.named(to) if action == "forward" else None  # before: each has a connection of its own
        with self._engine.begin() as connection:
            case = _seen(connection, member, number)
            if not may(member, action, case):
                raise ApiError(409, "staff.case_not_now", action)
            values: dict[str, Any] = {"status": after(action, case), "forwarded_to": None}
            if action in ("take", "accept"):
                values["owner"] = member.id
            if action == "forward":
                values["forwarded_to"] = _target(target[0] if target else None, case.owner)
            if action in ("forward", "return") and not text.strip():
                raise InputError("staff.why", "text")
            if follow_up:
                values["follow_up"] = follow_up.isoformat()
            _write(connection, case, version, values)
            put_note(connection, number, member.id, action, written(text, 2000))
            self._chain.append(connection, member.id, "case_changed", f"case {number}", {"action": action})

    def note(self, member: Member, number: int, text: str, follow_up: date | None = None) -> None:
        """Write something down about a case. Raises ApiError, InputError."""
        text = written(text, 2000)
        if not text:
            raise InputError("staff.empty", "text")
        with self._engine.begin() as connection:
            case = _seen(connection, member, number)
            values = {"follow_up": follow_up.isoformat()} if follow_up else {}
            _write(connection, case, case.version, values)
            put_note(connection, number, member.id, "note", text)
            self._chain.append(connection, member.id, "case_noted", f"case {number}")

    # ── deciding again ──

    def replay(self, member: Member, number: int) -> dict[str, Any]:
        """Decide twice of the stored facts, day and place: with the packs of then, {same, decision_id, decision}, and
        with those of today, {now, differs, packs_changed}.

        `same`: whether id and bytes are those that were told; `now`: the verdict, None if today's packs cannot tell;
        `differs`: the parts of the decision in which the two are not the same. Raises ApiError.
        """
        case = self.one(member, number)
        if case.decision is None:
            raise ApiError(409, "staff.no_decision")
        try:
            again = self._again(self._packs.rules(case.pack_hash), case)
        except PacksLost:
            raise ApiError(409, "staff.packs_lost") from None
        try:
            today = self._again(self._rules, case)
        except ValueError:  # a programme or a fact that is no more
            today = {}
        differs = [part for part in today if part != "decision_id" and today[part] != again.get(part)]
        same = again["decision_id"] == case.decision_id and _CANONICAL.encode(again) == case.decision
        return {"same": same, "decision_id": again["decision_id"], "decision": again, "now": today.get("verdict"),
                "differs": differs, "packs_changed": case.pack_hash != self._rules.knowledge.hash}  # fmt: skip

    @staticmethod
    def _again(rules: Rulebook, case: Any) -> dict[str, Any]:
        day = date.fromisoformat(case.as_of)
        return shapes.decided(rules, case.topic, case.facts, as_of=day, place=case.place, declined=case.declined)


def written(text: str, longest: int) -> str:
    """What somebody wrote, as it may be kept: without personal numbers and control characters. Raises InputError."""
    kept = mask(clean(text).strip())[0]
    if len(kept) > longest:
        raise InputError("api.too_long", "text", limit=longest)
    return kept


def as_json(case: Any, names: dict[str, str], titles: dict[str, str]) -> dict[str, Any]:
    """A case for the screen, as it is listed."""
    return {
        **{key: getattr(case, key) for key in _SHOWN},
        "title": titles.get(case.topic or "", ""),
        "owner": names.get(case.owner or ""),
        "forwarded_to": names.get(case.forwarded_to or ""),
        "from": case.sender.split(":")[0] if case.sender else None,
        "created_at": aware(case.created_at).isoformat(timespec="seconds"),
        "updated_at": aware(case.updated_at).isoformat(timespec="seconds"),
    }


def _visible(member: Member) -> Any:
    """An officer sees every case, an operator their own, nobody's, and what somebody wants to hand them."""
    if member.role == OFFICER:
        return sa.true()
    theirs = (_COLUMNS.owner == member.id, _COLUMNS.owner.is_(None), _COLUMNS.forwarded_to == member.id)
    return sa.or_(*theirs)


def _seen(connection: Connection, member: Member, number: int) -> Any:
    wanted = sa.select(Case.__table__).where(_COLUMNS.id == number, _visible(member))
    case = connection.execute(wanted).one_or_none() if 0 < number < 2**31 else None
    if case is None:
        raise ApiError(404, "staff.no_case")
    return case


def _target(member: Member | None, owner: str | None) -> str:
    if member is None or member.disabled or member.role not in (OPERATOR, OFFICER) or member.id == owner:
        raise InputError("staff.no_target", "to")
    return member.id


def _made(connection: Connection, made_as: str | None) -> int | None:
    """The case that this request made, if it did."""
    if made_as is None:
        return None
    found: int | None = connection.execute(sa.select(_COLUMNS.id).where(_COLUMNS.made_as == made_as)).scalar()
    return found


def _write(connection: Connection, case: Any, version: int, values: dict[str, Any]) -> None:
    same = (_COLUMNS.id == case.id, _COLUMNS.version == version)
    changed = sa.update(Case).where(*same).values(version=version + 1, updated_at=now(), **values)
    if version != case.version or connection.execute(changed).rowcount != 1:
        raise ApiError(409, "staff.case_changed")


def put_note(connection: Connection, number: int, author: str | None, event: str, text: str) -> None:
    row = {"case_id": number, "author": author, "event": event, "text": text, "created_at": now()}
    connection.execute(sa.insert(CaseNote).values(**row))


def put_new(connection: Connection, number: int, author: str | None, event: str, text: str) -> None:
    """Note it, unless the subject or a note of the case says so already."""
    noted = sa.exists().where(CaseNote.case_id == number, CaseNote.text == text)
    subject = sa.exists().where(_COLUMNS.id == number, _COLUMNS.subject == text)
    if text and not connection.execute(sa.select(sa.or_(noted, subject))).scalar():
        put_note(connection, number, author, event, text)


def left_open(connection: Connection, sender: str) -> int | None:
    """The latest case of a sender that is still to be dealt with and that nobody has."""
    which = (_COLUMNS.sender == sender, _COLUMNS.status == OPEN, _COLUMNS.owner.is_(None))
    wanted = sa.select(_COLUMNS.id).where(*which).order_by(_COLUMNS.id.desc()).limit(1)
    number: int | None = connection.execute(wanted).scalar()
    return number


def titles(rules: Rulebook) -> dict[str, str]:
    """Programme → how it is called."""
    return {name: one.title for name, one in rules.programmes.items()}
