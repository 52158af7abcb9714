"""
FastAPI (与 FastAPI 衔接): a router over the host's own flow, login and transaction; needs the extra ``fastapi``.
"""

from zhiwen_flow.integrations.fastapi.bodies import Limits
from zhiwen_flow.integrations.fastapi.calls import Recorded
from zhiwen_flow.integrations.fastapi.problems import Halted, Kind, language, problem, problem_of
from zhiwen_flow.integrations.fastapi.routes import zhiwen_router

__all__ = ["Halted", "Kind", "Limits", "Recorded", "language", "problem", "problem_of", "zhiwen_router"]
