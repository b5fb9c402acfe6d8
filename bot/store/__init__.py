"""What outlives a request: what is remembered of conversations, and answered turns, in SQLite or PostgreSQL."""

from bot.store import (  # noqa: F401 - their tables belong to those that are migrated
    case_tables,
    handoff_tables,
    staff_tables,
)
from bot.store.conversations import Conflict, Conversations, InDatabase, InMemory
from bot.store.database import StoreError, migrate, open_engine

__all__ = ["Conflict", "Conversations", "InDatabase", "InMemory", "StoreError", "migrate", "open_engine"]
