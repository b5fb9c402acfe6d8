"""What the notices decide: a programme's rule evaluated over facts, exactly, with unknowns."""

from eligibility.errors import DecisionError, FactError
from eligibility.model import Decision
from eligibility.rulebook import Rulebook

__all__ = ["Decision", "DecisionError", "FactError", "Rulebook"]
