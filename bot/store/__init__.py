"""What outlives a request: conversation events (Rasa's own table) and answered turns, in SQLite or PostgreSQL."""

from bot.store.database import StoreError, migrate, open_engine
from bot.store.turns import Turns

__all__ = ["StoreError", "Turns", "migrate", "open_engine"]
