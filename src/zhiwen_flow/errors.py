"""
The errors that the library raises, as one tree.

    ZhiwenError
    ├── DefinitionError       a machine, rulebook, plan or directory file has faults (all of them named)
    ├── SettingsError         a host's settings have faults (all of them named)
    ├── MisuseError           the caller asked for what cannot be asked; nothing was recorded
    │   ├── UnknownNameError  no such machine, instance, trigger, measure, organ …
    │   ├── PayloadError      the payload does not fit the fields of the transition (all faults named)
    │   ├── PlanError         what is asked of a plan cannot be done with it (all faults named)
    │   ├── KeyReuseError     an idempotency key was used again for another request
    │   └── ClosedError       the flow or store was closed, or may not be written
    ├── RefusedError          raised by `Decision.raise_if_refused` only
    ├── BusinessIdError       the host's id names another instance already
    ├── StaleError            another command won the race three times
    ├── StoreError            the store cannot be reached, is read-only or too new
    │   ├── ClockError        the clock was set back; nothing was recorded
    │   └── CorruptStoreError what is stored contradicts itself
    ├── CalendarError         no calendar data for that year
    ├── AuditError            a log cannot be read at all
    ├── SinkError             a sink of published events cannot be reached now
    └── SignatureError        a received event is not signed by who may sign it, or too old

Imports nothing, so that every layer may raise.
"""

from __future__ import annotations

from typing import Any

SHOWN = 12
"""How many known names an error shows."""


class ZhiwenError(Exception):
    """Base of all errors of this library (本库错误的总类)."""


class Fault:
    """
    One fault of an input (一处差错): where it is, what it is, how to mend it.

    Args:
        where: File or object the fault is in.
        path: Table path inside it, for example ``transition[3].guards[0]``.
        what: What is wrong, one sentence without a full stop.
        mend: How to mend it, one sentence without a full stop.

    >>> print(Fault("a.toml", "state[0].label", "label is missing", "add `label = { zh, en }`"))
    a.toml: state[0].label: label is missing; add `label = { zh, en }`
    """

    __slots__ = ("mend", "path", "what", "where")

    def __init__(self, where: str, path: str, what: str, mend: str) -> None:
        self.where = where
        self.path = path
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        place = f"{self.where}: {self.path}" if self.path else self.where
        return f"{place}: {self.what}; {self.mend}" if self.mend else f"{place}: {self.what}"

    def __repr__(self) -> str:
        return f"Fault({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fault) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def as_dict(self) -> dict[str, str]:
        """Give the fault as plain data (转为字典)."""
        return {"where": self.where, "path": self.path, "what": self.what, "mend": self.mend}


class _FaultsError(ZhiwenError):
    """An error that carries every fault found, not just the first."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


class DefinitionError(_FaultsError, ValueError):
    """A definition file has faults (定义文件有差错); `faults` names all of them."""


class SettingsError(_FaultsError, ValueError):
    """A host's settings have faults (设置有差错); `faults` names all of them."""


class MisuseError(ZhiwenError):
    """The caller asked for what cannot be asked (用法错误); nothing was recorded."""


class UnknownNameError(MisuseError, LookupError):
    """
    No such thing (查无此名).

    Args:
        kind: What was looked for, for example ``"machine"``.
        name: The name that is not known.
        known: Names that are; the closest are shown.
    """

    def __init__(self, kind: str, name: str, known: Any = ()) -> None:
        self.kind = kind
        self.name = name
        names = sorted(map(str, known))
        shown = ", ".join(f"`{each}`" for each in names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
        super().__init__(f"no {kind} `{name}`; known: {shown}" if names else f"no {kind} `{name}`")


class PayloadError(_FaultsError, MisuseError, ValueError):
    """The payload does not fit the fields of the transition (填报内容不合要求)."""


class PlanError(_FaultsError, MisuseError, ValueError):
    """What is asked of a plan cannot be done with it (方案不能如此办理); nothing was changed."""


class KeyReuseError(MisuseError):
    """An idempotency key was used again for another request (幂等键被挪作他用)."""


class BusinessIdError(MisuseError):
    """
    The host's own id names another instance of the machine already (业务编号已有卷宗); nothing was recorded.

    Args:
        machine: Id of the machine.
        business_id: The host's id.
        stream: The instance that has it.
    """

    def __init__(self, machine: str, business_id: str, stream: str) -> None:
        self.stream = stream
        super().__init__(
            f"business id `{business_id}` already names the {machine} `{stream}`; go on with it, or give another id"
        )


class ClosedError(MisuseError):
    """The flow or its store was closed (已关闭)."""


class RefusedError(ZhiwenError):
    """
    The step was refused (不予通过); raised by `Decision.raise_if_refused` only.

    Args:
        decision: The refusal, with every verdict.
        text: Its explanation for officials.
    """

    def __init__(self, decision: Any, text: str) -> None:
        self.decision = decision
        super().__init__(text)


class StaleError(ZhiwenError):
    """
    Another command won the race three times (已被他人先行办理); `winner` is its event.
    """

    def __init__(self, stream: str, winner: Any = None) -> None:
        self.stream = stream
        self.winner = winner
        super().__init__(
            f"instance `{stream}` was changed by others while this command was decided; "
            "read it again and decide whether the command still makes sense"
        )


class StoreError(ZhiwenError):
    """The store cannot be reached, is read-only, or is of a newer schema (存储不可用)."""


class CorruptStoreError(StoreError):
    """What is stored contradicts itself (存储内容自相矛盾)."""


class ClockError(StoreError):
    """
    The clock was set back (时钟被回拨): an event would be older than the one before it. Nothing was recorded.

    Args:
        where: The instance.
        last: Moment of its last event.
        now: Moment that the clock gives.
    """

    def __init__(self, where: str, last: Any, now: Any) -> None:
        super().__init__(
            f"{where}: its last event is of {last}, and the clock gives {now}; "
            "set the clock right, then ask again with the same key"
        )


class CalendarError(ZhiwenError, LookupError):
    """There is no calendar data for that day (该日无日历数据)."""


class AuditError(ZhiwenError, ValueError):
    """A log cannot be read at all (日志无法读取)."""


class SinkError(ZhiwenError):
    """
    A sink cannot be reached now (发布出口不可用); what it has not confirmed is published later.
    """


class SignatureError(ZhiwenError, ValueError):
    """A received event is not signed by who may sign it, or is too old (签名不符或已过期)."""
