"""Leases save double work; correctness never rests on one."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from cityflow.contracts import Lease
from cityflow.storage.ports import DocumentId, Store


@dataclass(frozen=True)
class HeldLease:
    """A lease this process holds."""

    id: DocumentId
    version: int
    lease: Lease


class Leases:
    """Leases of a store."""

    def __init__(
        self, store: Store, *, patience: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._documents = store.documents

    def acquire(self, stage: str, dataset: str, day: date) -> HeldLease | None:
        """Take it if it is free or its owner is gone; None if somebody works there."""
        raise NotImplementedError

    def heartbeat(self, held: HeldLease) -> HeldLease | None:
        """Show that the owner lives; None if the lease was taken over."""
        raise NotImplementedError

    def release(self, held: HeldLease) -> None:
        """Give it back."""
        raise NotImplementedError
