"""
Read events of earlier schemas as if they were of today's (旧格式事件的升格).

A stored event is never rewritten: its bytes are what its hash proves. What is read of it goes through pure steps, one
for each version of the body since its own, so that folding, decisions and views know one shape only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from zhiwen_flow.errors import StoreError

Step = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Gives a body of one version as one of the next; changes nothing that it is given."""


@attrs.frozen(kw_only=True)
class Upcasters:
    """
    The steps from every released schema to today's (升格步骤).

    >>> steps = {1: lambda body: {**body, "colour": "none"}}
    >>> Upcasters(current=2, steps=steps).upcast({"schema": 1, "id": "a"})
    {'schema': 2, 'id': 'a', 'colour': 'none'}

    Args:
        current: The version that is written today.
        steps: By version, the step to the next one; none may be missing between the first and *current*.
    """

    current: int
    steps: Mapping[int, Step] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        first = min(self.steps, default=self.current)
        if sorted(self.steps) != list(range(first, self.current)):
            raise ValueError(f"there must be one step for each version up to {self.current}, and none beyond")

    def knows(self, schema: int) -> bool:
        """Whether bodies of this version can be read (是否认得)."""
        return schema == self.current or schema in self.steps

    def upcast(self, body: dict[str, Any]) -> dict[str, Any]:
        """
        Give *body* as today's version would say it (升格); the same object where it is of today.

        Raises:
            StoreError: its version is newer than this program, or was never released.
        """
        while body["schema"] != self.current:
            schema = body["schema"]
            if schema not in self.steps:
                raise StoreError(f"an event has schema {schema}, this program knows {self.current}; update zhiwen_flow")
            body = {**self.steps[schema](body), "schema": schema + 1}
        return body


UPCASTERS = Upcasters(current=1)
"""The chain in use; whoever changes the shape of a body raises `current` and adds the step from the shape before."""


def upcast(body: dict[str, Any]) -> dict[str, Any]:
    """Give *body* as today's version would say it (升格); see `Upcasters.upcast`."""
    return UPCASTERS.upcast(body)


def is_known(schema: int) -> bool:
    """Whether bodies of this version can be read (是否认得)."""
    return UPCASTERS.knows(schema)


def is_today(schema: int) -> bool:
    """Whether bodies of this version are read as they are (是否现行格式)."""
    return schema == UPCASTERS.current
