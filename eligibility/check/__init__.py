"""Checks that a policy officer can trust: the packs held against the notices, the cases against the rules."""

from eligibility.check.finding import Finding, Report
from eligibility.check.mutation import Mutation, Score, mutate
from eligibility.check.runner import CHECKS, Result, check

__all__ = ["CHECKS", "Finding", "Mutation", "Report", "Result", "Score", "check", "mutate"]
