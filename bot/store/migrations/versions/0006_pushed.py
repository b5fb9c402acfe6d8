"""Replies that came unasked."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "pushed",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sender", sa.String(255), nullable=False),
        sa.Column("replies", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_pushed_sender_id", "pushed", ["sender", "id"])
    op.create_index("ix_pushed_created_at", "pushed", ["created_at"])
