"""Where units of work are computed.

A unit is a function over a store, a context and one item. What describes it can be pickled, and
what is large goes through the object port: so a unit gives the same bytes wherever it runs.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from cityflow.storage import Store

S = TypeVar("S")
C = TypeVar("C")
I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

_WORKERS: Final = 2
# Waiting beside those at work, so that a slow unit does not leave the other thread idle.
_AHEAD: Final = 2


@dataclass(frozen=True)
class Task(Generic[S, C, I, R]):
    """What units of one kind share: `prepare` makes their context, once where they run.

    `prepare` and `work` are module-level functions; `spec` and items can be pickled. Threads may
    share a context. `ordered`: each item waits for the one before.
    """

    prepare: Callable[[Store, S], C]
    work: Callable[[Store, C, I], R]
    spec: S
    ordered: bool = False


class Engine(Protocol):
    """Computes units of work."""

    @property
    def sees_local_files(self) -> bool:
        """Whether units can open the files of this machine."""

    def run(self, task: Task[S, C, I, R], items: Iterable[I]) -> Iterator[tuple[I, R]]:
        """Items with their results; the first error stops the rest."""


class LocalEngine:
    """Two threads of this process: most of a unit is spent outside the interpreter."""

    sees_local_files: Final = True

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, task: Task[S, C, I, R], items: Iterable[I]) -> Iterator[tuple[I, R]]:
        """Items with their results, in order; the first error stops the rest."""
        context = task.prepare(self._store, task.spec)
        running: deque[tuple[I, Future[R]]] = deque()
        workers, most = (1, 1) if task.ordered else (_WORKERS, _WORKERS + _AHEAD)
        with ThreadPoolExecutor(workers) as pool:
            try:
                for item in items:
                    running.append((item, pool.submit(task.work, self._store, context, item)))
                    if len(running) >= most:
                        yield _finished(running.popleft())
                while running:
                    yield _finished(running.popleft())
            finally:
                pool.shutdown(cancel_futures=True)


def _finished(unit: tuple[I, Future[R]]) -> tuple[I, R]:
    return unit[0], unit[1].result()
