"""The rulebook (规则库): dated, cited parameters of an institution."""

from zhiwen_flow.rulebook.book import Rulebook
from zhiwen_flow.rulebook.rows import AuthorityRow, Measure, PowerRow, Severity, Target, Unit

__all__ = ["AuthorityRow", "Measure", "PowerRow", "Rulebook", "Severity", "Target", "Unit"]
