"""Checking a campaign plan (方案检查): dates, chains of reports, the superior's plan, what is missing, what burdens."""

from zhiwen_flow.lint.findings import Bench, Finding, Rule, Severity, Vintage
from zhiwen_flow.lint.rules import lint, rules

__all__ = ["Bench", "Finding", "Rule", "Severity", "Vintage", "lint", "rules"]
