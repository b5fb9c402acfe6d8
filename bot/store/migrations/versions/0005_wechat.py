"""Messages of the official account as they came in, whom its pseudonyms stand for, and which requests were seen."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "wechat_people",
        sa.Column("sender", sa.String(255), primary_key=True),
        sa.Column("openid", sa.String(64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_wechat_people_seen_at", "wechat_people", ["seen_at"])
    op.create_table(
        "wechat_messages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sender", sa.String(255), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("scene", sa.String(128)),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("sender", "number", name="uq_wechat_messages_sender_number"),
    )
    op.create_index("ix_wechat_messages_received_at", "wechat_messages", ["received_at"])
    op.create_index("ix_wechat_messages_due_at", "wechat_messages", ["due_at"])
    op.create_table(
        "wechat_requests",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("message", sa.String(64), nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_wechat_requests_seen_at", "wechat_requests", ["seen_at"])
