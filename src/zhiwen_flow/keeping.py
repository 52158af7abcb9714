"""
Keeping (保管): what is sealed is opened or erased by two persons, and closed families leave for an archive.

`Flow` is built on it.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from zhiwen_flow.archiving import Archived, Ordered, archive, finish
from zhiwen_flow.audit.findings import Progress, silent
from zhiwen_flow.deciding import Bench
from zhiwen_flow.model import Actor, Instance
from zhiwen_flow.notes import Note, two_persons
from zhiwen_flow.reads import Reads
from zhiwen_flow.sealing import Erased, erase, unseal
from zhiwen_flow.terms import EventKind


class Keeping(Reads):
    """The safekeeping of `Flow` (保管部分); see there."""

    def unseal(self, event: str, name: str, *, second: Actor, reason: str, **more: Any) -> Any:
        """
        Give a sealed value, and record first who looked at it and why (启封查看).

        Two persons act: the one who asks, and *second*. Who may do so is the host's to decide before it calls.

        Args:
            event: Id of the event.
            name: The sealed field; ``"verdicts"``, ``"payload"``, ``"reason"`` or ``"document"`` where that is sealed.
            second: The other person.
            reason: Why, in writing; it stands in the log.
            more: `actor`, `document`.

        Raises:
            MisuseError: the two are one, or there is no reason.
            UnknownNameError: no such event, or nothing of that name is sealed there any more.
        """
        note = self._note(EventKind.UNSEALED, event, name, second, reason, **more)
        return unseal(self.store, self.definitions.rules, note, id=self._stamps.id(), name=name)

    def erase(self, event: str, name: str, *, second: Actor, reason: str, **more: Any) -> Erased:
        """
        Erase a sealed value for good, and record who did it and why (清除封存内容); the chain still verifies.

        Args:
            event: Id of the event.
            name: The sealed field; ``"verdicts"``, ``"payload"``, ``"reason"`` or ``"document"`` where that is sealed.
            second: The other person.
            reason: Why, in writing; it stands in the log.
            more: `actor`, `document`.

        Raises:
            MisuseError: the two are one, or there is no reason.
            UnknownNameError: no such event.
        """
        note = self._note(EventKind.ERASED, event, name, second, reason, **more)
        return erase(self.store, self.definitions.rules, note, id=self._stamps.id(), name=name)

    def archive(
        self,
        before: dt.date,
        out: str | Path,
        *,
        reason: str,
        actor: Actor | None = None,
        document: str | None = None,
        sealed: str | Path | None = None,
        progress: Progress = silent,
    ) -> Archived:
        """
        Write families that have ended long since into a file, and take them out of the database (归档).

        Only families go whose every case has ended, that owe nothing, and whose events were all published. They can be
        read in the file from then on; their idempotency keys stay spent.

        Args:
            before: Families whose last event is older than this day, Beijing time.
            out: The file; nothing there is overwritten.
            reason: Why, in writing; it stands in the log.
            actor: Who orders it; the host's function by default.
            document: Number of the document behind it.
            sealed: File for the sealed values; without one they are erased.
            progress: Told how many events were written.

        Raises:
            MisuseError: the store is no database, or there is no reason, or nothing to archive.
            AuditError: a file cannot be written.
            StoreError: on PostgreSQL the account does not hold the role ``zhiwen_archivist``.
        """
        by, kept = actor or self._acting(), Path(sealed) if sealed is not None else None
        ordered = Ordered(before=before, actor=by, reason=reason, document=document, at=self._now())
        rules, id = self.definitions.rules, self._stamps.id()
        return archive(self.store, rules, ordered, Path(out), id=id, sealed=kept, progress=progress)

    def finish_archive(self, path: str | Path) -> Archived:
        """
        Go on with an archive that was cut short (续办归档); done already, nothing happens.

        Args:
            path: The archive file.

        Raises:
            AuditError: the file does not verify.
            StoreError: on PostgreSQL the account does not hold the role ``zhiwen_archivist``.
        """
        return finish(self.store, self.definitions.rules, Path(path), id=self._stamps.id(), at=self._now())

    def _note(
        self,
        kind: EventKind,
        event: str,
        name: str,
        second: Actor,
        reason: str,
        *,
        actor: Actor | None = None,
        document: str | None = None,
    ) -> Note:
        first, told = actor or self._acting(), {"event": event, "name": name}
        two_persons(first, second, reason)
        return Note(
            kind=kind, at=self._now(), actor=first, second=second, reason=reason, document=document, payload=told
        )

    def _placed(self, stream: str) -> tuple[Instance, Bench]:
        instance = self.instance(stream)
        return instance, self._benches.pinned(instance.pin, self.store.definition)
