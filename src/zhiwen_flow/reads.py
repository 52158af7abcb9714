"""
Reading (查询): instances, events, obligations and deadlines, page by page, and reports on them.

`Flow` is built on it. Events are shown through `view`, and through nothing else.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from zhiwen_flow.audit.view import PUBLIC, Viewer, view
from zhiwen_flow.errors import (
    UnknownNameError,
)
from zhiwen_flow.handling import Handling, id_of
from zhiwen_flow.model import ZONE, Actor, Deadline, Decision, Instance, Obligation
from zhiwen_flow.reports import Reports
from zhiwen_flow.stores.protocol import Wanted, shown


class Reads(Handling):
    """The reads of `Flow` (查询部分); see there."""

    def instance(self, instance: str | Decision) -> Instance:
        """Read an instance; sealed facts are commitments (查卷宗)."""
        found = self.store.load(id_of(instance)).instance
        if found is None:
            raise UnknownNameError("instance", id_of(instance))
        return found

    def find(self, machine: str, business_id: str) -> Instance | None:
        """
        Find the instance of a machine by the host's own id (按业务编号查卷宗); None where there is none.

        Args:
            machine: Id of the machine.
            business_id: The id that the host gave when it was opened.

        >>> from zhiwen_flow import Actor, Flow
        >>> with Flow.open(actor=Actor(id="p-1", post="transport_leading_group_office.clerk")) as flow:
        ...     form = {"channel": "email", "content": "窗口无人", "anonymous": True}
        ...     opened = flow.start("complaint", form, business_id="XF-2011-17")
        ...     flow.find("complaint", "XF-2011-17").id == opened.stream
        True
        """
        return next(iter(self.store.instances(machine=machine, business_id=business_id, limit=1)), None)

    def instances(self, **where: Any) -> tuple[Instance, ...]:
        """Read instances by page: machine, state, parent, business_id, after, limit (卷宗清单)."""
        return self.store.instances(**where)

    def events(
        self,
        instance: str | Decision | None = None,
        *,
        viewer: Viewer = PUBLIC,
        after: int = 0,
        limit: int = 100,
        **wanted: Any,
    ) -> tuple[dict[str, Any], ...]:
        """
        Read events by page as *viewer* may see them (查日志).

        Args:
            instance: Of one instance, or of all.
            viewer: Who looks; the public by default.
            after: Global position to go on from.
            wanted: Parts of `Wanted`: machine, trigger, kind, post, organ, since, until, correlation.
        """
        stream = None if instance is None else id_of(instance)
        asked = Wanted(**wanted) if wanted else None
        found = self.store.events(stream=stream, wanted=asked, after=after, limit=limit)
        return tuple(view(each, viewer, sealed=shown(self.store.sealed(each.id))) for each in found)

    def obligations(self, instance: str | Decision | None = None, **page: Any) -> tuple[Obligation, ...]:
        """Read open obligations by page (待办义务)."""
        return self.store.obligations(stream=None if instance is None else id_of(instance), **page)

    def deadlines(
        self, *, due_by: dt.date | None = None, after: Deadline | None = None, limit: int = 100
    ) -> tuple[Deadline, ...]:
        """Read running deadlines by page, the earliest first (期限)."""
        return self.store.deadlines(due_by=due_by, after=after, limit=limit)

    def organ_of(self, actor: Actor) -> str | None:
        """Give the organ of an actor's post today (经办人所在机关); None where the directory does not know the post."""
        post = self.definitions.rules.directory.post(actor.post, self._now().astimezone(ZONE).date())
        return post.organ if post is not None else None

    @property
    def reports(self) -> Reports:
        """Reports on accountability (问责情况报告): eligibility, registers, statistics, what ends soon."""
        return Reports(
            store=self.store,
            book=self.definitions.rules.rulebook,
            book_of=lambda pin: self._benches.rules(pin, self.store.definition).rulebook,
            machine_of=self.machine_of,
            today=lambda: self._now().astimezone(ZONE).date(),
            calendar=self.definitions.rules.calendar,
        )
