"""Packs kept by their hash, and decisions made again with the packs of their day.

Every file of the packs is kept once, when the first case is made with them; what is made again has the same id and the
same bytes, or is not what was told then.
"""

import io
import threading
import zipfile
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from bot.store.case_tables import PackArchive
from bot.store.models import now
from eligibility import Rulebook
from knowledge import Knowledge, load

_AT_HAND = 2  # older packs that stay loaded


class PacksLost(Exception):
    """The packs of a case are not kept, or are not what they were."""


class PacksKept:
    """The packs of a migrated database, and those of today (`rules`)."""

    def __init__(self, engine: Engine, rules: Rulebook) -> None:
        self._engine, self._rules = engine, rules
        self._loaded: OrderedDict[str, tuple[Rulebook, TemporaryDirectory[str]]] = OrderedDict()
        self._one = threading.Lock()

    def keep(self, connection: Connection) -> str:
        """See to it that today's packs are kept, in a transaction of the caller's; return their hash."""
        hash = self._rules.knowledge.hash
        if connection.execute(sa.select(PackArchive.hash).where(PackArchive.hash == hash)).first() is None:
            row = {"hash": hash, "files": zipped(self._rules.knowledge), "created_at": now()}
            try:
                with connection.begin_nested():
                    connection.execute(sa.insert(PackArchive).values(**row))
            except IntegrityError:
                pass  # somebody else was first
        return hash

    def rules(self, hash: str) -> Rulebook:
        """The rules of the packs with this hash; old ones take a second to load. Raises PacksLost."""
        if hash == self._rules.knowledge.hash:
            return self._rules
        with self._one:
            if hash not in self._loaded:
                self._loaded[hash] = self._load(hash)
            self._loaded.move_to_end(hash)
            while len(self._loaded) > _AT_HAND:
                self._loaded.popitem(last=False)[1][1].cleanup()
            return self._loaded[hash][0]

    def _load(self, hash: str) -> tuple[Rulebook, "TemporaryDirectory[str]"]:
        with self._engine.connect() as connection:
            files = connection.execute(sa.select(PackArchive.files).where(PackArchive.hash == hash)).scalar()
        if files is None:
            raise PacksLost(hash)
        folder = TemporaryDirectory(prefix="wengang-packs-")
        try:
            with zipfile.ZipFile(io.BytesIO(files)) as archive:
                archive.extractall(folder.name)
            knowledge = load(Path(folder.name))
        except (zipfile.BadZipFile, OSError, ValueError):
            folder.cleanup()
            raise PacksLost(hash) from None
        if knowledge.hash != hash:
            folder.cleanup()
            raise PacksLost(hash)
        return Rulebook(knowledge), folder


def zipped(knowledge: Knowledge) -> bytes:
    """Every file that counts for the hash of the packs, compressed; the same packs give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(knowledge.root.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                archive.writestr(zipfile.ZipInfo(path.relative_to(knowledge.root).as_posix()), path.read_bytes(),
                                 zipfile.ZIP_DEFLATED)  # fmt: skip
    return buffer.getvalue()
