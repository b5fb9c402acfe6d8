"""For every test: random draws are the same on every run and have no time limit (a busy machine is no fault).

Tests that draw more, or otherwise, say so themselves (tests/eligibility/draws.py).
"""

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
