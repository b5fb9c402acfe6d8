"""``wengang staff``: accounts and the audit, at the terminal of the machine."""

import getpass
import os
import sys
from typing import TYPE_CHECKING

import typer

from bot.inputs import InputError
from bot.messages import say
from bot.settings import load

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from bot.staff.accounts import Accounts

staff = typer.Typer(help=say("command.staff"), no_args_is_help=False)
Name = typer.Argument(metavar="NAME", help=say("option.staff_name"))
_VARIABLE = "WENGANG_STAFF_PASSWORD"


@staff.command(help=say("command.staff_add"))
def add(name: str = Name, role: str = typer.Option(..., "--role", metavar="ROLE", help=say("option.role"))) -> None:
    """Make an account."""
    _accounts().add(name, role, _password())
    print(say("staff.added", name=name))


@staff.command("list", help=say("command.staff_list"))
def listed() -> None:
    """Every account."""
    for member in _accounts().all():
        print(say("staff.line_off" if member.disabled else "staff.line", name=member.name, role=member.role))


@staff.command(help=say("command.staff_disable"))
def disable(name: str = Name) -> None:
    """Nobody signs in with it any more; who is signed in is signed out."""
    _accounts().disable(name)
    print(say("staff.disabled", name=name))


@staff.command(help=say("command.staff_enable"))
def enable(name: str = Name) -> None:
    """It may be used again."""
    _accounts().enable(name)
    print(say("staff.enabled", name=name))


@staff.command(help=say("command.staff_reset"))
def reset(name: str = Name) -> None:
    """Give it a new password."""
    _accounts().reset(name, _password())
    print(say("staff.was_reset", name=name))


@staff.command(help=say("command.staff_audit"))
def audit(verify: bool = typer.Option(False, "--verify", help=say("option.verify"))) -> int:
    """Check the chain (`--verify`; exit code 1 when it is broken), or list its latest rows."""
    from bot.staff.audit_list import lines
    from bot.store.audit_chain import AuditChain

    settings, engine = load(), _engine()
    if not verify:
        print("\n".join(lines(engine)))
        return 0
    checked = AuditChain(settings.key()).verify(engine)
    number, digest = checked.head
    key = "staff.audit_holds" if checked.broken is None else f"staff.audit_{checked.why}"
    print(say(key, rows=checked.rows, broken=checked.broken, number=number, hash=digest))
    return 0 if checked.broken is None else 1


@staff.command(help=say("command.staff_questions"))
def questions(write: bool = typer.Option(False, "--apply", help=say("option.apply"))) -> None:
    """List the lay questions that officers gave to clauses, or write them into the packs."""
    from bot.staff import review
    from knowledge import load as load_packs

    file = load().review_file
    listed = review.read(file.read_text(encoding="utf-8")) if file.exists() else []
    if write:
        print(say("staff.applied", count=review.apply(listed, load_packs())))
    else:
        print("\n".join([*review.lines(listed), say("staff.listed", count=len(listed), path=file)]))


def _password() -> str:
    """From the environment, from a pipe, or asked twice at the terminal; never from the command line."""
    if given := os.environ.get(_VARIABLE):
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(say("staff.password"))
    if getpass.getpass(say("staff.password_again")) != first:
        raise InputError("staff.password_differs")
    return first


def _engine() -> "Engine":
    from bot.store import migrate, open_engine

    settings = load()
    migrate(settings.database_url)
    return open_engine(settings.database_url)


def _accounts() -> "Accounts":
    from bot.staff.accounts import Accounts
    from bot.store.audit_chain import AuditChain

    return Accounts(_engine(), AuditChain(load().key()))
