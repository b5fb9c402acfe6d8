"""Cases of callers, their notes, ready-made texts, and the packs of their day."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "pack_archives",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("files", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False, index=True),
        sa.Column("owner", sa.String(16), index=True),
        sa.Column("forwarded_to", sa.String(16), index=True),
        sa.Column("caller", sa.String(80), nullable=False),
        sa.Column("sender", sa.String(255), index=True),
        sa.Column("topic", sa.String(100)),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("declined", sa.JSON, nullable=False),
        sa.Column("as_of", sa.String(10)),
        sa.Column("place", sa.String(20)),
        sa.Column("pack_hash", sa.String(64)),
        sa.Column("decision_id", sa.String(64)),
        sa.Column("decision", sa.Text),
        sa.Column("outcome", sa.String(40)),
        sa.Column("follow_up", sa.String(10), index=True),
        sa.Column("created_at", _MOMENT, nullable=False, index=True),
        sa.Column("updated_at", _MOMENT, nullable=False, index=True),
    )
    op.create_table(
        "case_notes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("author", sa.String(16)),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "text_modules",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner", sa.String(16)),
        sa.Column("short", sa.String(20), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.UniqueConstraint("owner", "short", name="uq_text_modules_owner_short"),
    )
