"""Connections belong to one process: a forked child makes its own, never its parent's."""

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """What `make` gives, made once in each process that asks, however many threads ask at once."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: dict[int, T] = {}
        self._locks: dict[int, threading.Lock] = {}

    def get(self) -> T:
        """This process's own."""
        pid = os.getpid()
        with self._locks.setdefault(pid, threading.Lock()):
            if pid not in self._made:
                self._made[pid] = self._make()
            return self._made[pid]

    def pop(self) -> T | None:
        """Take this process's own away, if it was made: for closing it."""
        return self._made.pop(os.getpid(), None)
