"""Where units of work are computed.

A unit is a function over a store, a context and one item. What describes it can be pickled, and
what is large goes through the object port: so a unit gives the same bytes wherever it runs.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from threading import local
from typing import Final, Generic, Protocol, TypeVar

from cityflow.settings import Settings
from cityflow.storage import Store
from cityflow.telemetry import get_logger
from cityflow_processor.early import CORES_NEEDED, cores
from cityflow_processor.freed import give_back_memory
from cityflow_processor.second import Second, SecondLost

S = TypeVar("S")
C = TypeVar("C")
I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

_WORKERS: Final = 2
# Waiting beside those at work, so that a slow unit does not leave the other thread idle.
_AHEAD: Final = 2

_log = get_logger(__name__)


@dataclass(frozen=True)
class Task(Generic[S, C, I, R]):
    """What units of one kind share: `prepare` makes their context, once where they run.

    `prepare` and `work` are module-level functions; `spec` and items can be pickled. Threads may
    share a context. `ordered`: each item waits for the one before. `alone`: a unit holds so much
    that no other runs beside it in one process. `is_large`: worth the start of another process.
    """

    prepare: Callable[[Store, S], C]
    work: Callable[[Store, C, I], R]
    spec: S
    ordered: bool = False
    alone: bool = False
    is_large: bool = False


class Engine(Protocol):
    """Computes units of work."""

    @property
    def sees_local_files(self) -> bool:
        """Whether units can open the files of this machine."""

    def expect_large(self, module: str) -> None:
        """Get ready for units of this module that are large, while they are still looked for."""

    def run(self, task: Task[S, C, I, R], items: Iterable[I]) -> Iterator[tuple[I, R]]:
        """Items with their results; the first error stops the rest."""

    def rest(self) -> None:
        """Give back what it holds between two runs, as no other follows for now."""


class LocalEngine:
    """Two threads of this process; for what is large, a thread here and a second process.

    With `settings`, by which another process can open the same store.
    """

    sees_local_files: Final = True

    def __init__(self, store: Store, settings: Settings | None = None) -> None:
        self._store = store
        self._settings = settings
        self._runs = count()
        self._second: Second | None = None

    def expect_large(self, module: str) -> None:
        """Start the second process, which loads the module."""
        if self._second is None:
            self._second = self._started(module)

    def run(self, task: Task[S, C, I, R], items: Iterable[I]) -> Generator[tuple[I, R], None, None]:
        """Items with their results, in order; the first error stops the rest."""
        if task.is_large and not task.ordered:
            self.expect_large(task.work.__module__)
        give_back_memory()
        context = task.prepare(self._store, task.spec)
        run, seats = next(self._runs), _Seats()
        by_two = not task.ordered and (self._second is not None or not task.alone)
        workers, most = (_WORKERS, _WORKERS + _AHEAD) if by_two else (1, 1)

        def compute(item: I) -> R:
            # One thread keeps to the second process: each that works here holds memory of its own.
            if seats.number() == _WORKERS and self._second is not None:
                try:
                    result: R = self._second.compute(run, task, item)
                    return result
                except SecondLost:
                    _log.warning("the second process was ended: going on without it")
                    self._second = None
            return task.work(self._store, context, item)

        def take_seat() -> None:
            # Before it takes a unit: while the second process loads, the other thread goes on.
            if seats.take() == _WORKERS and self._second is not None:
                self._second.wait_loaded()

        running: deque[tuple[I, Future[R]]] = deque()
        with ThreadPoolExecutor(workers, initializer=take_seat) as pool:
            try:
                for item in items:
                    running.append((item, pool.submit(compute, item)))
                    if len(running) >= most:
                        yield _finished(running.popleft())
                while running:
                    yield _finished(running.popleft())
            finally:
                pool.shutdown(cancel_futures=True)

    def _started(self, module: str) -> Second | None:
        """A second process, where there is a processor for it."""
        if self._settings is None or cores() < CORES_NEEDED:
            return None
        try:
            return Second(self._settings, module)
        except OSError as error:
            _log.warning("no second process could be started", reason=str(error))
            return None

    def rest(self) -> None:
        """End the second process: the next run of something large starts it again."""
        second, self._second = self._second, None
        if second is not None:
            second.close()
        give_back_memory()


class _Seats:
    """The number of each thread of a pool, from 1."""

    def __init__(self) -> None:
        self._next = count(1)
        self._here = local()

    def take(self) -> int:
        """Number the thread that asks."""
        self._here.number = next(self._next)
        return self.number()

    def number(self) -> int:
        """The number of the thread that asks, which has taken one."""
        number: int = self._here.number
        return number


def _finished(unit: tuple[I, Future[R]]) -> tuple[I, R]:
    return unit[0], unit[1].result()
