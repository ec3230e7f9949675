"""The store, opened when it is first needed: the API starts while its database is still down.

A failed opening is not remembered; the next request tries again.
"""

from collections.abc import Callable
from threading import Lock

from cityflow.storage import Store


class LazyStore:
    """Calls `opener` at most once successfully; thread-safe."""

    def __init__(self, opener: Callable[[], Store]) -> None:
        self._opener = opener
        self._store: Store | None = None
        self._lock = Lock()

    def __call__(self) -> Store:
        """The store; raises StoreUnavailable while it cannot be opened."""
        with self._lock:
            if self._store is None:
                self._store = self._opener()
            return self._store
