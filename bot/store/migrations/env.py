"""Run by Alembic. The connection, in its transaction, comes from bot.store.database.migrate (the only caller)."""

from alembic import context

from bot.store.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
