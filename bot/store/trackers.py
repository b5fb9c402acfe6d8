"""Conversations kept by Rasa's own tracker store, in the database of the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.store.database import prepare_sqlite

if TYPE_CHECKING:
    from rasa.core.tracker_store import SQLTrackerStore


def tracker_store(url: str) -> SQLTrackerStore:
    """Return Rasa's SQL store on a migrated database (for one that cannot be reached it would wait for ever)."""
    import bot.rasa_patches  # noqa: F401 - first: it decides how Rasa is imported
    from rasa.core.tracker_store import SQLTrackerStore  # isort: skip - takes seconds

    store = SQLTrackerStore(host=url)
    if store.engine.dialect.name == "sqlite":
        sa.event.listen(store.engine, "connect", prepare_sqlite)
        store.engine.dispose()  # connections made before this do not have it
    return store
