"""Questions without an answer that an officer gave to a clause, as its lay questions: a file that the packs take up.

The file (var/review/lay_questions.yml) is what is looked through and applied; ``wengang staff questions`` does both.
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from sqlalchemy.engine import Engine

from bot.api.errors import ApiError
from bot.inputs import InputError, brief
from bot.staff.accounts import Member
from bot.staff.cases import written
from bot.store.audit_chain import AuditChain
from bot.store.handoff_tables import LayQuestion
from bot.store.models import now
from knowledge import Knowledge
from knowledge.text import normalise

GIVEN, DROPPED = "given", "dropped"
_LONGEST = 60  # characters of a lay question


def digest(question: str) -> str:
    """The same for a question with other marks, spaces, widths."""
    bare = "".join(char for char in normalise(question) if char.isalnum())
    return hashlib.sha256(bare.encode()).hexdigest()


class Review:
    """What officers make of unanswered questions. `file`: where those given to a clause are written."""

    def __init__(self, engine: Engine, knowledge: Knowledge, chain: AuditChain, file: Path) -> None:
        self._engine, self._knowledge, self._chain, self.file = engine, knowledge, chain, file

    def give(self, member: Member, question: str, clause: str, wording: str, on: date) -> None:
        """Give a question, in this wording, to a clause. Raises ApiError, InputError."""
        known = self._knowledge.clauses.get(clause)
        if known is None or known.kind == "heading":
            raise ApiError(404, "staff.unknown_clause", "clause", value=brief(clause))
        text = written(" ".join((wording or question).split()), _LONGEST)
        if not text:
            raise InputError("staff.empty", "question")
        if text not in known.questions:
            with self._listed() as listed:
                if not any(one["question"] == text and one["clause"] == clause for one in listed):
                    listed.append({"clause": clause, "question": text, "by": member.name, "on": on.isoformat()})
        self._note(member, question, GIVEN, clause)

    def drop(self, member: Member, question: str) -> None:
        """It is no question for the packs."""
        self._note(member, question, DROPPED, None)

    def _note(self, member: Member, question: str, state: str, clause: str | None) -> None:
        key = digest(question)
        row = {"state": state, "clause": clause, "author": member.id, "created_at": now()}
        with self._engine.begin() as connection:
            connection.execute(sa.delete(LayQuestion).where(LayQuestion.question == key))
            connection.execute(sa.insert(LayQuestion).values(question=key, **row))
            self._chain.append(connection, member.id, f"question_{state}", None, {"clause": clause})

    @contextmanager
    def _listed(self) -> Iterator[list[dict[str, str]]]:
        """The file's entries, to be added to; one process at a time. Whatever happens, it is as before or as after."""
        folder = self.file.parent
        folder.mkdir(parents=True, exist_ok=True)
        with _open_folder(folder) as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)
            listed = read(self.file.read_text(encoding="utf-8")) if self.file.exists() else []
            yield listed
            beside = self.file.with_name(f"{self.file.name}.new")
            with beside.open("w", encoding="utf-8") as file:
                yaml.safe_dump(listed, file, allow_unicode=True, sort_keys=False)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self.file)
            os.fsync(alone)


@contextmanager
def _open_folder(folder: Path) -> Iterator[int]:
    """Its descriptor: a lock on the file would be one on what is replaced."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read(text: str) -> list[dict[str, str]]:
    """The entries of a review file: {clause, question, by, on}."""
    return list(yaml.safe_load(text) or [])


def apply(listed: list[dict[str, str]], knowledge: Knowledge) -> int:
    """Write them into the clauses.yml of their notices, where they are not yet; return how many were written.

    The rest of the file stays as it is, character for character. Raises InputError for a clause that is no more.
    """
    files: dict[Path, str] = {}
    count = 0
    for one in listed:
        clause = knowledge.clauses.get(one["clause"])
        if clause is None:
            raise InputError("staff.unknown_clause", "clause", value=brief(one["clause"]))
        if one["question"] in clause.questions:
            continue
        path = knowledge.root / knowledge.notices[clause.document].folder / "clauses.yml"
        text = files.setdefault(path, path.read_text(encoding="utf-8"))
        files[path] = _with(text, clause.id, one["question"])
        count += 1
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return count


def _with(text: str, clause: str, question: str) -> str:
    """The file with one more lay question at the end of those of a clause."""
    entry = re.search(rf"^- id: {re.escape(clause)}\n(?:  .*\n|\n(?=  ))*", text, re.MULTILINE)
    if entry is None:
        raise InputError("staff.no_place", "clause", value=clause)
    block, line = entry.group().rstrip("\n") + "\n", f"    - {_scalar(question)}\n"
    found = re.search(r"^  questions:\n(?:    .*\n)*", block, re.MULTILINE)
    end = found.end() if found else len(block)
    changed = block[:end] + ("" if found else "  questions:\n") + line + block[end:]
    return text[: entry.start()] + changed + entry.group()[len(block) :] + text[entry.end() :]


def _scalar(question: str) -> str:
    dumped: str = yaml.safe_dump([question], allow_unicode=True, width=1000)
    return dumped[2:].rstrip("\n")


def lines(listed: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The entries as they are listed at the terminal."""
    for one in listed:
        yield f"{one['clause']}  {one['question']}  ({one['by']}, {one['on']})"
