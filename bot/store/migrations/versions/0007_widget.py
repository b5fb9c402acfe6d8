"""What came unasked stands among the turns, whether answers were of use, and who was erased can be asked often."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pushed = sa.Column("pushed", sa.Boolean, nullable=False, server_default=sa.false())
    if op.get_bind().dialect.name != "sqlite":
        op.add_column("turns", pushed)
    else:  # made anew, so that no number is given twice
        once = {"sqlite_autoincrement": True}
        with op.batch_alter_table("turns", recreate="always", table_kwargs=once) as turns:
            turns.add_column(pushed)
    op.execute(
        "INSERT INTO turns (sender, text, replies, pushed, created_at) "
        "SELECT sender, '', replies, true, created_at FROM pushed ORDER BY id"
    )
    op.drop_table("pushed")
    op.create_table(
        "feedback",
        sa.Column("turn", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sender", sa.String(255), nullable=False),
        sa.Column("useful", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(16)),
        sa.Column("words", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_feedback_sender", "feedback", ["sender"])
    op.create_index("ix_feedback_created_at", "feedback", ["created_at"])
    op.create_index("ix_audit_pseudonym", "audit", ["pseudonym"])
