"""How many random examples a property is tried on: few and always the same in CI, many with WENGANG_VERIFY=1."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("ci", max_examples=100, derandomize=True, **_COMMON)
settings.register_profile("verify", max_examples=10_000, **_COMMON)
settings.register_profile("ci of each programme", max_examples=20, derandomize=True, **_COMMON)
settings.register_profile("verify of each programme", max_examples=700, **_COMMON)

VERIFY = os.environ.get("WENGANG_VERIFY") == "1"
DRAWS = settings.get_profile("verify" if VERIFY else "ci")
DRAWS_OF_EACH = settings.get_profile(f"{'verify' if VERIFY else 'ci'} of each programme")
