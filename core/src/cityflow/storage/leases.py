"""Leases save double work; correctness never rests on one.

An owner shows that it lives by beats. It is taken over when its process is known to be gone, or
when no beat came for `patience` seconds of the observer's own monotonic clock, so that wrong wall
clocks change nothing.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Final

from cityflow.contracts import Lease
from cityflow.errors import VersionConflict
from cityflow.storage import process, rules
from cityflow.storage.ports import Document, DocumentId, Store

PATIENCE_SECONDS: Final = 60.0

_NOBODY: Final = ""


@dataclass(frozen=True)
class HeldLease:
    """A lease this process holds, as last written."""

    id: DocumentId
    version: int
    lease: Lease


class Leases:
    """Leases of a store, as one observer sees them: keep one instance while waiting."""

    def __init__(
        self,
        store: Store,
        *,
        patience: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._documents = store.documents
        self._patience = patience
        self._clock = clock
        self._seen: dict[DocumentId, tuple[int, float]] = {}

    def acquire(self, stage: str, dataset: str, day: date) -> HeldLease | None:
        """Take the lease if it is free or its owner is gone; None if somebody works there."""
        id = DocumentId("lease", day, f"{stage}/{dataset}")
        document = self._documents.get(id)
        if document is None:
            return self._write(id, 0, Lease(owner=process.owner(), fence=1, beat=0))
        held = rules.parse(Lease, rules.name_of(id), document.body)
        if not self._is_free(document, held):
            return None
        mine = Lease(owner=process.owner(), fence=held.fence + 1, beat=0)
        return self._write(id, document.version, mine)

    def heartbeat(self, held: HeldLease) -> HeldLease | None:
        """Show that the owner lives; None if the lease was taken over."""
        beaten = held.lease.model_copy(update={"beat": held.lease.beat + 1})
        return self._write(held.id, held.version, beaten)

    def release(self, held: HeldLease) -> None:
        """Give the lease back; nothing happens if it was taken over."""
        with suppress(VersionConflict):
            freed = held.lease.model_copy(update={"owner": _NOBODY})
            self._documents.put_if(held.id, freed.model_dump(mode="json"), held.version)

    def _is_free(self, document: Document, held: Lease) -> bool:
        if held.owner == _NOBODY or process.is_gone(held.owner):
            return True
        version, since = self._seen.get(document.id, (0, 0.0))
        if version != document.version:
            self._seen[document.id] = (document.version, self._clock())
            return False
        return self._clock() - since >= self._patience

    def _write(self, id: DocumentId, version: int, lease: Lease) -> HeldLease | None:
        try:
            written = self._documents.put_if(id, lease.model_dump(mode="json"), version)
        except VersionConflict:
            return None
        self._seen.pop(id, None)
        return HeldLease(id, written, lease)
