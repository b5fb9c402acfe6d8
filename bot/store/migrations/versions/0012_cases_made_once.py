"""A request that makes a case has a number of its own: sent again it makes no second case."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    with op.batch_alter_table("cases") as table:
        table.add_column(sa.Column("made_as", sa.String(96)))
        table.create_unique_constraint("uq_cases_made_as", ["made_as"])
