"""
Reusable state machines for accountability work (治庸问责): every step is guarded by who may do it, explained when it is
refused, cited, and written to a tamper-evident log.
"""

from zhiwen_flow.audit.view import Viewer
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.directory import Directory
from zhiwen_flow.errors import (
    BusinessIdError,
    DefinitionError,
    KeyReuseError,
    MisuseError,
    PayloadError,
    RefusedError,
    StaleError,
    StoreError,
    UnknownNameError,
    ZhiwenError,
)
from zhiwen_flow.events import AuditEvent
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.registry import Guard, Registry, Request, Rule, guard
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.model import Actor, Command, Decision, Holder, Instance, Obligation, Verdict
from zhiwen_flow.reasons import Reason
from zhiwen_flow.rulebook import Rulebook
from zhiwen_flow.terms import Label, Outcome, Status

__all__ = [
    "Actor",
    "AuditEvent",
    "BusinessIdError",
    "Command",
    "Decision",
    "DefinitionError",
    "Definitions",
    "Directory",
    "Flow",
    "Guard",
    "Holder",
    "Instance",
    "KeyReuseError",
    "Label",
    "Machine",
    "MisuseError",
    "Obligation",
    "Outcome",
    "PayloadError",
    "Reason",
    "RefusedError",
    "Registry",
    "Request",
    "Rule",
    "Rulebook",
    "StaleError",
    "Status",
    "StoreError",
    "UnknownNameError",
    "Verdict",
    "Viewer",
    "ZhiwenError",
    "guard",
]
