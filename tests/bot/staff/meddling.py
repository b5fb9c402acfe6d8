"""What the audit is there to find out."""

import sqlalchemy as sa


def meddle(engine, *statements):
    """What somebody with all rights on the database can do."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER audit_unchanged")
            connection.exec_driver_sql("DROP TRIGGER audit_kept")
        else:
            connection.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER ALL")
        for statement in statements:
            connection.execute(sa.text(statement))
