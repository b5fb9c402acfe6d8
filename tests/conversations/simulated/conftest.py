"""The situations of the engine's own tests are drawn from; they stand with them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "eligibility"))
