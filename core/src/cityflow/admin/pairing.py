"""Two ordered walks side by side, and work in threads: memory holds little of either."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_WORKERS: Final = 8


def paired(
    here: Iterable[T], there: Iterable[T], name: Callable[[T], Any]
) -> Iterator[tuple[T | None, T | None]]:
    """What has the same name on both sides, together; both walks are in the order of names."""
    left, right = iter(here), iter(there)
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        if other is None or (one is not None and name(one) < name(other)):
            yield one, None
            one = next(left, None)
        elif one is None or name(other) < name(one):
            yield None, other
            other = next(right, None)
        else:
            yield one, other
            one, other = next(left, None), next(right, None)


def in_threads(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Results in the order of the items, a few at a time; the first error stops the rest."""
    with ThreadPoolExecutor(_WORKERS) as pool:
        waiting: deque[Future[R]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= 2 * _WORKERS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
