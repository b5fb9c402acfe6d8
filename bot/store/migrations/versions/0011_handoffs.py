"""Conversations that are handed to a human; what an officer made of unanswered questions."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "handoffs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sender", sa.String(255), nullable=False, index=True),
        sa.Column("active", sa.String(255), unique=True),
        sa.Column("state", sa.String(8), nullable=False, index=True),
        sa.Column("operator", sa.String(16), index=True),
        sa.Column("lease_until", _MOMENT),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("case_id", sa.Integer),
        sa.Column("asked_at", _MOMENT, nullable=False, index=True),
        sa.Column("queued_at", _MOMENT, nullable=False),
        sa.Column("taken_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
    )
    op.create_table(
        "handoff_messages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "handoff_id", sa.Integer, sa.ForeignKey("handoffs.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("sender", sa.String(255), nullable=False, index=True),
        sa.Column("author", sa.String(16), nullable=False),
        sa.Column("client_id", sa.String(64)),
        sa.Column("replies", sa.JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("handoff_id", "author", "client_id", name="uq_handoff_messages_client_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "lay_questions",
        sa.Column("question", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("clause", sa.String(100)),
        sa.Column("author", sa.String(16), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False, index=True),
    )
