"""A cache of what never changes: bounded by weight, the least recently used goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Thread-safe. Holds at most `capacity` by `weigh` (any unit), so memory stays bounded."""

    def __init__(self, capacity: int, weigh: Callable[[V], int] = lambda value: 1) -> None:
        self._capacity = capacity
        self._weigh = weigh
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._weight = 0
        self._lock = Lock()

    @property
    def weight(self) -> int:
        """What is held now, in the unit of `weigh`."""
        return self._weight

    def get(self, key: K, load: Callable[[], V]) -> V:
        """The value of `key`; `load` makes it if it is not held (outside the lock)."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key][0]
        value = load()
        self._keep(key, value)
        return value

    def _keep(self, key: K, value: V) -> None:
        weight = self._weigh(value)
        if weight > self._capacity:
            return
        with self._lock:
            self._weight += weight - self._held.pop(key, (value, 0))[1]
            self._held[key] = (value, weight)
            while self._weight > self._capacity:
                self._weight -= self._held.popitem(last=False)[1][1]
