"""
When a limit of the rulebook runs out (期限计算). Pure: limit + start + policy + calendar → last day.
"""

from __future__ import annotations
