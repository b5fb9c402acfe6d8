"""Conversations as what is remembered of them, in place of Rasa's table of all events; turns with what was said."""

import json
from itertools import groupby

import sqlalchemy as sa
from alembic import op

from bot.store.models import now
from bot.store.remembered import remembered

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "conversations",
        sa.Column("sender", sa.String(255), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_conversations_updated_at", "conversations", ["updated_at"])
    _take_over_conversations()
    op.drop_table("events")
    with op.batch_alter_table("turns") as turns:
        turns.add_column(sa.Column("text", sa.Text, nullable=False, server_default=""))
        turns.alter_column("client_message_id", existing_type=sa.String(64), nullable=True)
        turns.create_index("ix_turns_created_at", ["created_at"])
    with op.batch_alter_table("turns") as turns:
        turns.alter_column("text", existing_type=sa.Text, server_default=None)


def _take_over_conversations() -> None:
    """Nobody in the middle of an interview has to begin again."""
    table = sa.table("conversations", *map(sa.column, ("sender", "version", "events", "updated_at")))
    stored = op.get_bind().execute(sa.text("SELECT sender_id, data FROM events ORDER BY sender_id, id")).all()
    for sender, rows in groupby(stored, key=lambda row: row.sender_id):
        events = [event for event in (json.loads(row.data or "{}") for row in rows) if "event" in event]
        kept = json.dumps(remembered(events), ensure_ascii=False)
        op.get_bind().execute(sa.insert(table).values(sender=sender, version=1, events=kept, updated_at=now()))
