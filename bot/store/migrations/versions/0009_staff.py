"""The operators' console: accounts, sessions, the audit as a chain that is only appended to."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "staff_accounts",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False, unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(16), nullable=False, index=True),
        sa.Column("address", sa.String(32), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False, index=True),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("at_desk_at", _MOMENT),
    )
    op.create_table(
        "staff_failures",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(32), nullable=False, index=True),
        sa.Column("address", sa.String(32), nullable=False),
        sa.Column("at", _MOMENT, nullable=False, index=True),
    )
    op.create_index("ix_staff_failures_address_at", "staff_failures", ["address", "at"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": "0" * 64}])
    op.add_column("audit", sa.Column("number", sa.Integer))
    op.add_column("audit", sa.Column("actor", sa.String(16)))
    op.add_column("audit", sa.Column("hash", sa.String(64)))
    op.create_index("ix_audit_number", "audit", ["number"], unique=True)
    _append_only()


def _append_only() -> None:
    """No mistake of ours changes a row of the chain, or deletes one before its time (180 days at least)."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit "
            "WHEN OLD.number IS NOT NULL OR NEW.number IS NOT NULL "
            "BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END"
        )
        op.execute(
            "CREATE TRIGGER audit_kept BEFORE DELETE ON audit WHEN OLD.number IS NOT NULL "
            "AND julianday('now') - julianday(OLD.created_at) < 180 "
            "BEGIN SELECT RAISE(ABORT, 'the audit is only appended to'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF OLD.number IS NULL AND (TG_OP = 'DELETE' OR NEW.number IS NULL) THEN "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; ELSE RETURN NEW; END IF; END IF; "
        "IF TG_OP = 'DELETE' AND OLD.created_at < now() - interval '180 days' THEN RETURN OLD; END IF; "
        "RAISE EXCEPTION 'the audit is only appended to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()"
    )
