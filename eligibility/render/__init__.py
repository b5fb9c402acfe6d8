"""A programme for whoever keeps it: its rule in plain Chinese, as sections of lines, as text, as a diagram."""

from eligibility.render.build import sheet_of, standing_of
from eligibility.render.sheet import Sheet

__all__ = ["Sheet", "sheet_of", "standing_of"]
