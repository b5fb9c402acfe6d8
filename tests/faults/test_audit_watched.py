"""A house with several workers notices a broken chain by itself, once, when it starts."""

import json
import time
import urllib.request

import sqlalchemy as sa
from databases import migrated
from house import PATIENCE, House

from bot.store import open_engine
from bot.store.audit_chain import AuditChain
from bot.store.models import Audit

TOKEN = "metrics-token-0123456789"


def test_a_chain_that_was_broken_before_the_start_is_told(tmp_path):
    url = f"sqlite:///{tmp_path}/house.db"
    migrated(url)
    engine = open_engine(url)
    with engine.begin() as connection:
        for _ in range(3):
            AuditChain(b"s" * 32).append(connection, "a1", "case_made")
        connection.execute(sa.text("DROP TRIGGER audit_unchanged"))
        connection.execute(sa.text("UPDATE audit SET actor = 'a2' WHERE number = 2"))
    with House(tmp_path, workers=2, metrics_token=TOKEN) as house:
        asked = urllib.request.Request(f"http://127.0.0.1:{house.port}/metrics")
        asked.add_header("Authorization", f"Bearer {TOKEN}")
        until = time.monotonic() + PATIENCE
        while b"\nwengang_audit_chain_intact 0.0" not in urllib.request.urlopen(asked).read():
            assert time.monotonic() < until, house.log.read_text()
    logged = [json.loads(line) for line in house.log.read_text().splitlines() if "audit chain broken" in line]
    assert [(line["level"], line["number"], line["why"]) for line in logged] == [("error", 2, "changed")]
    with engine.connect() as connection:
        events = connection.execute(sa.select(Audit.event).order_by(Audit.number)).scalars().all()
    assert events == ["case_made"] * 3 + ["chain_broken"]
    engine.dispose()
